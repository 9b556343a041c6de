//! The payment processor's page (C8): where a browser shows a card. The shop's page sends the browser here with what is to be paid
//! ([`CardWish`]), and the browser goes back with a token; the number is in no answer, no cookie and no address.
//!
//! A card that is mistyped brings the form back with everything in it but the number. What the bank says of a card the shop's page tells, which
//! asks it. Served over HTTP on loopback only, like the shop's pages; behind a TLS-terminating proxy elsewhere.

use std::sync::Arc;

use askama::Template;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use cadenza_protocol::card::{TypedCard, TypedNumber};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::view::money;
use super::wish::CardWish;
use super::{FORM_LIMIT, font_file, guard, render, sentence, style};
use crate::api::ApiFailure;
use crate::door::allowance::Wait;
use crate::door::guard::{Visitor, in_words};
use crate::payment::PaymentProcess;

/// The page's routes; `hosts` are the names under which browsers may ask.
pub fn router(process: Arc<PaymentProcess>, hosts: Vec<String>) -> Router {
    Router::new()
        .route("/pay", post(ask))
        .route("/card", post(take))
        .route("/style.css", get(style))
        .route("/fonts/{name}", get(font_file))
        .fallback(async || TillNotice::out_of_date())
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(from_fn(guard::headers))
        .layer(from_fn_with_state(Arc::new(hosts), guard::known_host))
        .with_state(process)
}

/// The page for someone who asked too often.
pub fn too_often(what: &str, wait: Wait) -> Response {
    let message = sentence(&in_words(what, wait));
    let notice = TillNotice { status: StatusCode::TOO_MANY_REQUESTS, headline: "Not so fast", message };
    ([(header::RETRY_AFTER, wait.0.to_string())], notice).into_response()
}

#[derive(Deserialize)]
struct Wish {
    wish: String,
}

/// The form as sent.
#[derive(Deserialize)]
struct CardForm {
    wish: String,
    name: String,
    number: TypedNumber,
    expiry: String,
}

#[derive(Template)]
#[template(path = "till_card.html")]
struct CardPage<'a> {
    wish: &'a str,
    amount: Option<String>,
    shop: &'a str,
    site: &'a str,
    name: &'a str,
    expiry: &'a str,
    problem: Option<String>,
    field: &'a str,
}

#[derive(Template)]
#[template(path = "till_done.html")]
struct DonePage<'a> {
    amount: Option<String>,
    shop: &'a str,
    site: &'a str,
    back: &'a str,
    state: &'a str,
    token: Zeroizing<String>,
    brand: &'a str,
    last4: &'a str,
}

async fn ask(Form(Wish { wish: field }): Form<Wish>) -> Response {
    match CardWish::read(&field) {
        Some(wish) => show(&field, &wish, None, None),
        None => TillNotice::out_of_date().into_response(),
    }
}

async fn take(
    State(process): State<Arc<PaymentProcess>>,
    Extension(Visitor(visitor)): Extension<Visitor>,
    Form(form): Form<CardForm>,
) -> Response {
    let Some(wish) = CardWish::read(&form.wish) else { return TillNotice::out_of_date().into_response() };
    let card = TypedCard { number: form.number, expiry: form.expiry, name: form.name };
    let issued = match process.show(&card, wish.purpose.clone(), visitor) {
        Ok(issued) => issued,
        Err(refusal) => return show(&form.wish, &wish, Some(&card), Some(&refusal)),
    };
    let page = DonePage {
        amount: amount(&wish),
        shop: &wish.shop,
        site: &site(&wish),
        back: &wish.back,
        state: &wish.state,
        token: issued.token.to_text(),
        brand: &issued.mark.brand,
        last4: &issued.mark.last4,
    };
    ([(header::CONTENT_SECURITY_POLICY, guard::policy(&site(&wish)))], render(&page)).into_response()
}

fn show(field: &str, wish: &CardWish, typed: Option<&TypedCard>, refusal: Option<&ApiFailure>) -> Response {
    let page = CardPage {
        wish: field,
        amount: amount(wish),
        shop: &wish.shop,
        site: &site(wish),
        name: typed.map(|card| card.name.as_str()).unwrap_or_default(),
        expiry: typed.map(|card| card.expiry.as_str()).unwrap_or_default(),
        problem: refusal.map(|refusal| sentence(&refusal.error.message)),
        field: refusal.and_then(|refusal| refusal.error.field.as_deref()).unwrap_or_default(),
    };
    let status = refusal.map_or(StatusCode::OK, |refusal| refusal.status);
    (status, render(&page)).into_response()
}

/// Where it goes back to, in words.
fn site(wish: &CardWish) -> String {
    wish.site().unwrap_or_default()
}

/// What is paid; nothing where a card is only asked about.
fn amount(wish: &CardWish) -> Option<String> {
    let cents = wish.purpose.amount_cents;
    (cents > 0).then(|| money(cents, wish.purpose.currency.as_str()))
}

/// A page that says what went wrong.
struct TillNotice {
    status: StatusCode,
    headline: &'static str,
    message: String,
}

impl TillNotice {
    fn out_of_date() -> Self {
        let message =
            "Go back to the store and choose what you want to buy again. No card was charged here.".into();
        Self { status: StatusCode::BAD_REQUEST, headline: "There is nothing to pay here", message }
    }
}

#[derive(Template)]
#[template(path = "till_notice.html")]
struct NoticePage<'a> {
    headline: &'a str,
    message: &'a str,
}

impl IntoResponse for TillNotice {
    fn into_response(self) -> Response {
        let page = NoticePage { headline: self.headline, message: &self.message };
        (self.status, render(&page)).into_response()
    }
}
