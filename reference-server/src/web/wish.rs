//! How a browser goes from a shop's page to the payment processor's, where the card is typed, and back: by forms, without a script, and without the shop
//! seeing the card or the processor seeing more than what is paid.
//!
//! ```text
//! shop's page ── POST, one field `wish` ──▶ processor's page: card ── POST `state`, `token` ──▶ shop, at `back`
//! ```
//! `wish` is base64 of JSON ([`CardWish`]); `state` in it is the shop's own, sealed, and comes back as it was. A browser may not send the
//! shop's cookie with a form of another site: then the shop shows one more button, so that a form which was begun in another browser ends nowhere.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cadenza_protocol::pay::{CardToken, Purpose};
use cadenza_protocol::secret::Secret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::guard::{Forms, is_known};
use super::{Notice, render};
use crate::rest::seal;
use crate::text::{from_base64, to_base64};

/// What a shop's page asks of the processor's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CardWish {
    /// What the card is for.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// The shop's name, as it gives it.
    pub shop: String,
    /// Where the token goes.
    pub back: String,
    /// What goes there with it.
    pub state: String,
}

impl CardWish {
    /// As it stands in a form.
    pub fn to_field(&self) -> String {
        to_base64(&serde_json::to_vec(self).expect("a wish is JSON"))
    }

    /// What somebody's form says; `None` if it is none, or leads to something that is no page.
    pub fn read(field: &str) -> Option<Self> {
        let wish: Self = serde_json::from_slice(&from_base64(field)?).ok()?;
        wish.site().is_some().then_some(wish)
    }

    /// The site that it goes back to, for the page's policy and for the reader.
    pub fn site(&self) -> Option<String> {
        let back = Url::parse(&self.back).ok()?;
        let is_page = matches!(back.scheme(), "http" | "https") && back.has_host();
        is_page.then(|| back.origin().ascii_serialization())
    }
}

/// What comes back to the shop.
#[derive(Deserialize)]
pub(super) struct Returned {
    state: String,
    token: String,
    #[serde(default)]
    again: String,
}

/// Seals what a shop gives away and gets back, until this process ends.
#[derive(Debug)]
pub(super) struct Sealer(Secret<32>);

#[derive(askama::Template)]
#[template(path = "again.html")]
struct AgainPage<'a> {
    shop: &'a str,
    to: &'a str,
    state: &'a str,
    token: &'a str,
}

/// What a form that comes back leads to.
pub(super) enum Coming<T> {
    /// It is this browser's: what was sealed, and the token.
    Back(T, CardToken),
    /// One more page, so that the browser shows who it is.
    OnceMore(Response),
}

/// What is sealed knows in which browser it was begun.
pub(super) trait Begun {
    /// The form token of that browser.
    fn csrf(&self) -> &str;
}

impl Sealer {
    pub fn new() -> Self {
        Self(Secret::random())
    }

    /// `what` keeps one page's state out of another's.
    pub fn seal(&self, what: &str, state: &impl Serialize) -> String {
        let text = serde_json::to_vec(state).expect("a form is JSON");
        to_base64(&seal::seal(&self.0, what, &text).expect("AES-256-GCM seals some kilobytes"))
    }

    /// Reads a form that comes back to the page `what`.
    pub fn back<T: DeserializeOwned + Begun>(
        &self,
        forms: &Forms,
        headers: &HeaderMap,
        (shop, what): (&str, &str),
        returned: &Returned,
    ) -> Result<Coming<T>, Notice> {
        let opened = from_base64(&returned.state).and_then(|sealed| seal::open(&self.0, what, &sealed).ok());
        let state: Option<T> = opened.and_then(|text| serde_json::from_slice(&text).ok());
        let (Some(state), Some(token)) = (state, CardToken::parse(&returned.token)) else {
            return Err(Notice::out_of_date());
        };
        match forms.check(headers, state.csrf()) {
            Ok(()) => Ok(Coming::Back(state, token)),
            Err(_) if returned.again.is_empty() && !is_known(headers) => {
                let page = AgainPage { shop, to: what, state: &returned.state, token: &returned.token };
                Ok(Coming::OnceMore(render(&page).into_response()))
            }
            Err(refusal) => Err(refusal),
        }
    }
}
