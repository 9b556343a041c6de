//! A passport by browser (G1 to G4): the form, and the registration file by its media type.
//!
//! The form goes on to the licensing center over TLS, as a player's would. A refusal shows the form again with everything in
//! it but the card number.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use cadenza_protocol::card::TypedNumber;
use cadenza_protocol::form::RegistrationForm;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Notice, PageForm, Pages, render, sentence};
use crate::api::{ApiFailure, RefusalCode};
use crate::call::{CallError, accepted};
use crate::door::guard::Visitor;
use crate::licensing::service::passport_response;

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/register", get(form).post(register))
}

/// The form as sent.
#[derive(Deserialize, Default)]
struct Registration {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    telephone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    card_number: TypedNumber,
    #[serde(default)]
    card_expiry: String,
    #[serde(default)]
    confidential: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    interests: String,
}

impl Registration {
    /// The same, as it is checked; interests were typed with commas between.
    fn typed(&self) -> RegistrationForm {
        let interests = self.interests.split(',').map(str::trim).filter(|interest| !interest.is_empty());
        RegistrationForm {
            name: self.name.clone(),
            address: self.address.clone(),
            telephone: self.telephone.clone(),
            email: self.email.clone(),
            card_number: self.card_number.clone(),
            card_expiry: self.card_expiry.clone(),
            confidential: self.confidential.clone(),
            region: self.region.clone(),
            interests: interests.map(str::to_owned).collect(),
        }
    }
}

struct Input<'a> {
    name: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    value: &'a str,
    required: bool,
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage<'a> {
    shop: &'a str,
    csrf: &'a str,
    who: Vec<Input<'a>>,
    line: Vec<Input<'a>>,
    card_expiry: &'a str,
    problem: Option<String>,
    field: &'a str,
}

async fn form(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    show(&pages, &headers, &Registration::default(), None)
}

async fn register(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Extension(visitor): Extension<Visitor>,
    PageForm(form): PageForm<Registration>,
) -> Result<Response, Notice> {
    pages.forms.check(&headers, &form.csrf)?;
    match ask(&pages, &form, visitor).await {
        Ok(file) => Ok(passport_response(&file)),
        Err(refusal) => {
            let (status, code) = (refusal.status, RefusalCode(refusal.error.code.clone()));
            let mut page = show(&pages, &headers, &form, Some(&refusal));
            *page.status_mut() = status;
            page.extensions_mut().insert(code);
            Ok(page)
        }
    }
}

async fn ask(
    pages: &Pages,
    form: &Registration,
    Visitor(visitor): Visitor,
) -> Result<Zeroizing<Vec<u8>>, ApiFailure> {
    let request = form.typed().check(pages.front.merchant.now())?;
    let url = format!("{}/v1/passports", pages.front.licensing_url.trim_end_matches('/'));
    let file = async {
        let question = pages.front.licensing.post(url).headers(pages.front.keeper.introduction(visitor));
        let answer = accepted(question.json(&request).send().await?).await?;
        Ok::<_, CallError>(Zeroizing::new(answer.bytes().await?.to_vec()))
    };
    let silence = "the licensing center does not answer; try again in a moment";
    file.await.map_err(|error| error.handed_on("no-licensing-center", silence))
}

fn show(pages: &Pages, headers: &HeaderMap, form: &Registration, refusal: Option<&ApiFailure>) -> Response {
    let session = pages.forms.session(headers);
    let input =
        |name, label, autocomplete, value, required| Input { name, label, autocomplete, value, required };
    let page = RegisterPage {
        shop: &pages.front.merchant.settings.name,
        csrf: &session.token,
        who: vec![
            input("name", "Full name", "name", &form.name, true),
            input("address", "Billing address", "street-address", &form.address, true),
            input("telephone", "Telephone", "tel", &form.telephone, true),
            input("email", "E-mail", "email", &form.email, true),
        ],
        line: vec![
            input(
                "confidential",
                "A line you would not like to see passed around; it is shown while your music plays",
                "off",
                &form.confidential,
                true,
            ),
            input("region", "Region (if you like)", "off", &form.region, false),
            input("interests", "Interests, with commas between (if you like)", "off", &form.interests, false),
        ],
        card_expiry: &form.card_expiry,
        problem: refusal.map(|r| sentence(&r.error.message)),
        field: refusal.and_then(|r| r.error.field.as_deref()).unwrap_or_default(),
    };
    ([(header::SET_COOKIE, session.set_cookie)], render(&page)).into_response()
}
