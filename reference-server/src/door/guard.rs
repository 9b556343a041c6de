//! Middleware: who asks too often is told when to come back, before the service has any work with it.
//!
//! Each request of an address counts, and some count as something besides. A form that was not begun here, as another site's page makes a
//! browser send it, is given back: the browser's owner did not ask for it. So are forms that led to nothing because of how they were filled in.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::allowance::{Allowance, Wait};
use super::{Doorkeeper, LimitSettings};
use crate::api::{ApiFailure, RefusalCode};
use crate::clock::Clock;
use crate::tls::Peer;

/// What is counted of an address, at all doors of a process together.
#[derive(Debug)]
pub struct Allowances {
    keeper: Arc<Doorkeeper>,
    requests: Arc<Allowance>,
    orders: Arc<Allowance>,
    cards: Arc<Allowance>,
    declined: Arc<Allowance>,
    registrations: Arc<Allowance>,
    previews: Arc<Allowance>,
    redemptions: Arc<Allowance>,
}

/// Requests whose path begins so, and what they count as.
#[derive(Debug, Clone)]
struct Rule {
    method: Method,
    path: &'static str,
    every: Arc<Allowance>,
    /// Counts only if the answer is that the bank declined the card.
    declined: Option<Arc<Allowance>>,
    /// A browser sends it: a 403 is for one that was not begun here.
    is_form: bool,
}

/// Who asks, for handlers that ask others in turn.
#[derive(Debug, Clone, Copy)]
pub struct Visitor(pub IpAddr);

/// What a request was counted as, for a handler that finds more of it inside.
#[derive(Debug, Clone, Default)]
pub struct Charge(Option<(Arc<Doorkeeper>, Arc<Allowance>, IpAddr)>);

struct Guard {
    keeper: Arc<Doorkeeper>,
    requests: Arc<Allowance>,
    rules: Vec<Rule>,
    refuse: fn(&str, Wait) -> Response,
}

/// What the bank says of a card that somebody may be trying out.
const DECLINED: [&str; 2] = ["card-declined", "card-expired"];
/// Nothing was done, for what was sent could not be meant. Not a 403 from elsewhere than a form: it may answer a guess.
const NOT_MEANT: [StatusCode; 3] =
    [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE, StatusCode::UNPROCESSABLE_ENTITY];

const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;

impl Allowances {
    /// As the keeper's settings say.
    pub fn new(keeper: Arc<Doorkeeper>, clock: &Clock) -> Self {
        let LimitSettings {
            requests_per_minute,
            orders_per_minute,
            cards_per_minute,
            declined_cards_per_hour,
            registrations_per_hour,
            previews_per_minute,
            redemptions_per_minute,
            ..
        } = *keeper.settings();
        let of = |name, most, seconds| Arc::new(Allowance::new(name, most, seconds, clock.clone()));
        Self {
            requests: of("requests", requests_per_minute, MINUTE),
            orders: of("orders", orders_per_minute, MINUTE),
            cards: of("cards", cards_per_minute, MINUTE),
            declined: of("declined cards", declined_cards_per_hour, HOUR),
            registrations: of("registrations", registrations_per_hour, HOUR),
            previews: of("previews", previews_per_minute, MINUTE),
            redemptions: of("redemptions", redemptions_per_minute, MINUTE),
            keeper,
        }
    }

    /// Who keeps the doors.
    pub fn keeper(&self) -> &Arc<Doorkeeper> {
        &self.keeper
    }

    /// All requests of an address, for doors that do not speak HTTP.
    pub fn requests(&self) -> Arc<Allowance> {
        self.requests.clone()
    }

    /// The merchant's API with its limits.
    pub fn at_store(&self, router: Router) -> Router {
        let rules = vec![
            rule(Method::POST, "/v1/orders/find", &self.orders), // asks no bank, whatever it answers
            self.paid("/v1/orders", &self.orders),
            rule(Method::POST, "/v1/previews", &self.previews),
        ];
        self.guarded(router, rules, in_json)
    }

    /// The storefront with its limits; `refuse` makes a page of a refusal.
    pub fn at_storefront(&self, router: Router, refuse: fn(&str, Wait) -> Response) -> Router {
        let form = |path, every| Rule { is_form: true, ..self.paid(path, every) };
        let rules = vec![
            form("/buy", &self.orders),
            form("/register/card", &self.registrations),
            rule(Method::GET, "/preview/", &self.previews),
        ];
        self.guarded(router, rules, refuse)
    }

    /// The licensing center with its limits.
    pub fn at_licensing(&self, router: Router) -> Router {
        let rules = vec![self.paid("/v1/passports", &self.registrations)];
        self.guarded(router, rules, in_json)
    }

    /// The payment processor's door for players with its limits. Declined cards it counts itself, whoever asks the bank.
    pub fn at_counter(&self, router: Router) -> Router {
        self.guarded(router, vec![rule(Method::POST, "/v1/tokens", &self.cards)], in_json)
    }

    /// Its page for browsers, likewise.
    pub fn at_till(&self, router: Router, refuse: fn(&str, Wait) -> Response) -> Router {
        self.guarded(router, vec![rule(Method::POST, "/card", &self.cards)], refuse)
    }

    /// A delivery server's redeem and download with its limits.
    pub fn at_delivery(&self, router: Router) -> Router {
        let rules = vec![rule(Method::POST, "/v1/redeem", &self.redemptions)];
        self.guarded(router, rules, in_json)
    }

    fn paid(&self, path: &'static str, every: &Arc<Allowance>) -> Rule {
        Rule { declined: Some(self.declined.clone()), ..rule(Method::POST, path, every) }
    }

    fn guarded(&self, router: Router, rules: Vec<Rule>, refuse: fn(&str, Wait) -> Response) -> Router {
        let (keeper, requests) = (self.keeper.clone(), self.requests.clone());
        let guard = Guard { keeper, requests, rules, refuse };
        router.layer(from_fn_with_state(Arc::new(guard), limit))
    }
}

fn rule(method: Method, path: &'static str, every: &Arc<Allowance>) -> Rule {
    Rule { method, path, every: every.clone(), declined: None, is_form: false }
}

impl Charge {
    /// It counts as so many more, if so many are left.
    pub fn more(&self, times: usize) -> Result<(), ApiFailure> {
        let Some((keeper, allowance, visitor)) = self.0.as_ref().filter(|_| times > 0) else { return Ok(()) };
        allowance.take_many(*visitor, u32::try_from(times).unwrap_or(u32::MAX)).map_err(|wait| {
            keeper.turn_away(allowance.name());
            too_many(allowance.name(), wait)
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Charge {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

async fn limit(
    State(guard): State<Arc<Guard>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    if guard.keeper.introduced(request.headers()) {
        return next.run(request).await;
    }
    // a HEAD does what the GET does, and keeps the answer's body to itself
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let matches = |rule: &&Rule| rule.method == *method && request.uri().path().starts_with(rule.path);
    let rule = guard.rules.iter().find(matches).cloned();
    let visitor = guard.keeper.visitor(peer.address.ip(), request.headers());
    let every = rule.as_ref().map(|rule| &rule.every);
    let declined = rule.as_ref().and_then(|rule| rule.declined.as_ref());
    // a declined card is charged before it is known to be one, so that many at once are not all let through
    for allowance in std::iter::once(&guard.requests).chain(every).chain(declined) {
        if let Err(wait) = allowance.take(visitor) {
            guard.keeper.turn_away(allowance.name());
            tracing::warn!(%visitor, what = allowance.name(), seconds = wait.0, "asked too often");
            return (guard.refuse)(allowance.name(), wait);
        }
    }
    request.extensions_mut().insert(Visitor(visitor));
    if let Some(every) = every {
        request.extensions_mut().insert(Charge(Some((guard.keeper.clone(), every.clone(), visitor))));
    }
    let response = next.run(request).await;
    let code = response.extensions().get::<RefusalCode>();
    if let Some(declined) = declined
        && !code.is_some_and(|RefusalCode(code)| DECLINED.contains(&code.as_str()))
    {
        declined.give_back(visitor);
    }
    let is_form = rule.as_ref().is_some_and(|rule| rule.is_form);
    let is_meant = !NOT_MEANT.contains(&response.status());
    if let (Some(every), Some(_)) = (every, declined)
        && (!is_meant || (is_form && response.status() == StatusCode::FORBIDDEN))
    {
        every.give_back(visitor);
    }
    response
}

/// What a person reads.
pub fn in_words(what: &str, wait: Wait) -> String {
    format!(
        "there were too many {what} from this network address; nothing was done, try again in {} seconds",
        wait.0
    )
}

/// What a program reads.
pub fn too_many(what: &str, wait: Wait) -> ApiFailure {
    let words = in_words(what, wait);
    ApiFailure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", words).retry_after(wait.0)
}

fn in_json(what: &str, wait: Wait) -> Response {
    too_many(what, wait).into_response()
}
