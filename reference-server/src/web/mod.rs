//! The storefront for browsers (S6, B4): plain pages, no script, in the look of the player.
//!
//! It stands before the merchant and the licensing center as one more client of both. Served over HTTP on loopback
//! only; behind a TLS-terminating proxy elsewhere. [`guard`] keeps strange hosts, forged forms and caches away, [`shop`] shows
//! the shelves, [`buy`] takes payment and hands out vouchers, [`register`] hands out passports. No form here has a field for a card: [`wish`] sends the browser to
//! the payment processor's own page, [`till`], and takes it back.

mod buy;
mod cart;
mod guard;
mod register;
mod shop;
pub mod till;
mod view;
mod wish;

use std::sync::Arc;

use askama::Template;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};

use serde::de::DeserializeOwned;

use crate::api::ApiFailure;
use crate::door::Doorkeeper;
use crate::door::allowance::Wait;
use crate::door::guard::{Allowances, in_words};
use crate::merchant::Merchant;
use guard::Forms;
use wish::Sealer;

include!(concat!(env!("OUT_DIR"), "/fonts.rs"));

const FORM_LIMIT: usize = 96 << 10;
const STYLE: &str = include_str!("../../templates/style.css");

/// What the pages need.
#[derive(Debug)]
pub struct Storefront {
    /// The shop that they show.
    pub merchant: Arc<Merchant>,
    /// An HTTPS client that accepts licensing centers only.
    pub licensing: reqwest::Client,
    /// Where the licensing center is.
    pub licensing_url: String,
    /// Where players fetch vouchers.
    pub store_url: String,
    /// The host names under which browsers may ask.
    pub hosts: Vec<String>,
    /// Who keeps the doors of this process.
    pub keeper: Arc<Doorkeeper>,
}

#[derive(Debug)]
pub(super) struct Pages {
    front: Storefront,
    forms: Forms,
    sealer: Sealer,
}

/// The storefront's routes, with their limits. Each answer, also of a limit, has the headers of a page.
pub fn router(front: Storefront, limits: &Allowances) -> Router {
    let hosts = Arc::new(front.hosts.clone());
    let pages = Arc::new(Pages { front, forms: Forms::new(), sealer: Sealer::new() });
    let pages = Router::new()
        .merge(shop::routes())
        .merge(buy::routes())
        .merge(register::routes())
        .route("/style.css", get(style))
        .route("/fonts/{name}", get(font_file))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(from_fn_with_state(hosts, guard::known_host))
        .with_state(pages);
    limits.at_storefront(pages, too_often).layer(from_fn(guard::headers))
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], STYLE)
        .into_response()
}

async fn font_file(Path(name): Path<String>) -> Response {
    match FONTS.iter().find(|(known, _)| *known == name) {
        Some((_, bytes)) => {
            ([(header::CONTENT_TYPE, "font/woff2"), (header::CACHE_CONTROL, "max-age=604800")], *bytes)
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The page for someone who asked too often.
pub fn too_often(what: &str, wait: Wait) -> Response {
    let notice = Notice {
        status: StatusCode::TOO_MANY_REQUESTS,
        headline: "Not so fast".into(),
        message: sentence(&in_words(what, wait)),
    };
    ([(header::RETRY_AFTER, wait.0.to_string())], notice).into_response()
}

async fn nothing_here() -> Notice {
    Notice {
        status: StatusCode::NOT_FOUND,
        headline: "There is no such page".into(),
        message: "The address may be mistyped, or the page has moved.".into(),
    }
}

async fn wrong_method() -> Notice {
    Notice {
        status: StatusCode::METHOD_NOT_ALLOWED,
        headline: "That did not work".into(),
        message: "This page takes no such request. Go back to the store and start from there.".into(),
    }
}

/// A form whose refusals are pages.
#[derive(Debug)]
pub(super) struct PageForm<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for PageForm<T> {
    type Rejection = Notice;

    async fn from_request(request: Request, state: &S) -> Result<Self, Notice> {
        match Form::from_request(request, state).await {
            Ok(Form(form)) => Ok(Self(form)),
            // never the rejection's own text: it may repeat a card number
            Err(rejection) => Err(Notice {
                status: rejection.status(),
                headline: "This form did not arrive whole".into(),
                message:
                    "Go back to the store, open the form again and fill in each field. Nothing was charged."
                        .into(),
            }),
        }
    }
}

/// A page that says what went wrong and leads back.
#[derive(Debug)]
pub(super) struct Notice {
    status: StatusCode,
    headline: String,
    message: String,
}

impl From<ApiFailure> for Notice {
    fn from(failure: ApiFailure) -> Self {
        let headline = match failure.status {
            StatusCode::NOT_FOUND => "This is not here",
            StatusCode::SERVICE_UNAVAILABLE => "Not now",
            StatusCode::FORBIDDEN => "This page is out of date",
            _ => "That did not work",
        };
        Self { status: failure.status, headline: headline.into(), message: sentence(&failure.error.message) }
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    shop: &'a str,
    headline: &'a str,
    message: &'a str,
}

impl IntoResponse for Notice {
    fn into_response(self) -> Response {
        let page = NoticePage { shop: "Cadenza", headline: &self.headline, message: &self.message };
        (self.status, render(&page)).into_response()
    }
}

/// A page, or the plainest words if its template fails.
fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be shown. Try again in a moment.")
                .into_response()
        }
    }
}

/// An error's words as a sentence on a page.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
