//! A passport by browser (G1 to G4): the form, and the registration file by its media type.
//!
//! The card is typed on the payment processor's page ([`super::wish`]); meanwhile the browser carries the form, sealed. Both go on to the licensing center over TLS,
//! as a player's would. A refusal shows the form again with everything in it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use cadenza_protocol::form::{Application, Details};
use cadenza_protocol::pay::{CardToken, OrderName, Purpose, ShownCard, Till};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::wish::{Begun, CardWish, Coming, Returned};
use super::{Notice, PageForm, Pages, guard, render, sentence};
use crate::api::{ApiFailure, RefusalCode};
use crate::call::{CallError, accepted};
use crate::door::guard::Visitor;
use crate::licensing::service::passport_response;

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/register", get(form).post(register)).route("/register/card", post(card))
}

/// The form as sent.
#[derive(Serialize, Deserialize, Default)]
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
    confidential: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    interests: String,
}

impl Registration {
    /// The same, as it is checked; interests were typed with commas between.
    fn details(&self) -> Details {
        let interests = self.interests.split(',').map(str::trim).filter(|interest| !interest.is_empty());
        Details {
            name: self.name.clone(),
            address: self.address.clone(),
            telephone: self.telephone.clone(),
            email: self.email.clone(),
            confidential: self.confidential.clone(),
            region: self.region.clone(),
            interests: interests.map(str::to_owned).collect(),
        }
    }
}

/// The form, while the card is shown elsewhere.
#[derive(Serialize, Deserialize)]
struct Registering {
    form: Registration,
    order: OrderName,
}

impl Begun for Registering {
    fn csrf(&self) -> &str {
        &self.form.csrf
    }
}

#[derive(Template)]
#[template(path = "card.html")]
struct ToTheCard<'a> {
    shop: &'a str,
    page_url: String,
    wish: String,
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
    problem: Option<String>,
    field: &'a str,
}

async fn form(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    show(&pages, &headers, &Registration::default(), None)
}

/// The first half: who it is. The card comes next.
async fn register(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    PageForm(form): PageForm<Registration>,
) -> Result<Response, Notice> {
    pages.forms.check(&headers, &form.csrf)?;
    let asked = async {
        form.details().check()?;
        till(&pages).await
    };
    let till = match asked.await {
        Ok(till) => till,
        Err(refusal) => return Ok(refused(&pages, &headers, &form, &refusal)),
    };
    let registering = Registering { form, order: OrderName::random() };
    let back = format!("{}/register/card", guard::origin(&headers));
    let wish = CardWish {
        purpose: Purpose::of_asking(till.payee, registering.order),
        shop: "The licensing center".into(),
        back,
        state: pages.sealer.seal("/register/card", &registering),
    };
    let page_url = format!("{}/pay", till.page.trim_end_matches('/'));
    let page = ToTheCard { shop: &pages.front.merchant.settings.name, page_url, wish: wish.to_field() };
    Ok(([(header::CONTENT_SECURITY_POLICY, guard::policy(&till.page))], render(&page)).into_response())
}

/// The second half: the browser comes back from the payment processor.
async fn card(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Extension(visitor): Extension<Visitor>,
    PageForm(returned): PageForm<Returned>,
) -> Result<Response, Notice> {
    let page = (pages.front.merchant.settings.name.as_str(), "/register/card");
    let (registering, token): (Registering, _) =
        match pages.sealer.back(&pages.forms, &headers, page, &returned)? {
            Coming::Back(registering, token) => (registering, token),
            Coming::OnceMore(page) => return Ok(page),
        };
    match ask(&pages, &registering, token, visitor).await {
        Ok(file) => Ok(passport_response(&file)),
        Err(refusal) => Ok(refused(&pages, &headers, &registering.form, &refusal)),
    }
}

async fn ask(
    pages: &Pages,
    registering: &Registering,
    token: CardToken,
    Visitor(visitor): Visitor,
) -> Result<Zeroizing<Vec<u8>>, ApiFailure> {
    let card = ShownCard { order: registering.order, token };
    let application = Application { details: registering.form.details().check()?, card };
    let url = format!("{}/v1/passports", pages.front.licensing_url.trim_end_matches('/'));
    let file = async {
        let question = pages.front.licensing.post(url).headers(pages.front.keeper.introduction(visitor));
        let answer = accepted(question.json(&application).send().await?).await?;
        Ok::<_, CallError>(Zeroizing::new(answer.bytes().await?.to_vec()))
    };
    file.await.map_err(|error| error.handed_on("no-licensing-center", SILENCE))
}

/// Where the licensing center has cards shown.
async fn till(pages: &Pages) -> Result<Till, ApiFailure> {
    let url = format!("{}/v1/till", pages.front.licensing_url.trim_end_matches('/'));
    let till = async {
        let answer = accepted(pages.front.licensing.get(url).send().await?).await?;
        Ok::<_, CallError>(answer.json().await?)
    };
    till.await.map_err(|error| error.handed_on("no-licensing-center", SILENCE))
}

const SILENCE: &str = "the licensing center does not answer; try again in a moment";

fn refused(pages: &Pages, headers: &HeaderMap, form: &Registration, refusal: &ApiFailure) -> Response {
    let mut page = show(pages, headers, form, Some(refusal));
    *page.status_mut() = refusal.status;
    page.extensions_mut().insert(RefusalCode(refusal.error.code.clone()));
    page
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
        problem: refusal.map(|r| sentence(&r.error.message)),
        field: refusal.and_then(|r| r.error.field.as_deref()).unwrap_or_default(),
    };
    ([(header::SET_COOKIE, session.set_cookie)], render(&page)).into_response()
}
