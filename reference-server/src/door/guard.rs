//! Middleware: who asks too often is told when to come back, before the service has any work with it.
//!
//! Each request of an address counts, and some count as something besides. What a page elsewhere made a browser send is refused before
//! it counts: the browser's owner did not ask for it. Nor do forms and cards count that led to nothing because of how they were filled in.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use url::Url;

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
    /// Browsers send it from our own pages only.
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
    refusals: Refusals,
}

/// How a door says no.
#[derive(Debug, Clone, Copy)]
pub struct Refusals {
    /// To who asks too often for something.
    pub too_often: fn(&str, Wait) -> Response,
    /// To what another site's page sends.
    pub foreign: fn() -> Response,
}

/// What a program reads.
const IN_JSON: Refusals = Refusals { too_often: in_json, foreign: foreign_in_json };

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
        self.guarded(router, rules, IN_JSON)
    }

    /// The storefront with its limits; `pages` makes pages of refusals.
    pub fn at_storefront(&self, router: Router, pages: Refusals) -> Router {
        let form = |path, every| Rule { is_form: true, ..self.paid(path, every) };
        let rules = vec![
            form("/buy", &self.orders),
            form("/register", &self.registrations),
            rule(Method::GET, "/preview/", &self.previews),
        ];
        self.guarded(router, rules, pages)
    }

    /// The licensing center with its limits.
    pub fn at_licensing(&self, router: Router) -> Router {
        let rules = vec![self.paid("/v1/passports", &self.registrations)];
        self.guarded(router, rules, IN_JSON)
    }

    /// A delivery server's redeem and download with its limits.
    pub fn at_delivery(&self, router: Router) -> Router {
        let rules = vec![rule(Method::POST, "/v1/redeem", &self.redemptions)];
        self.guarded(router, rules, IN_JSON)
    }

    fn paid(&self, path: &'static str, every: &Arc<Allowance>) -> Rule {
        Rule { declined: Some(self.declined.clone()), ..rule(Method::POST, path, every) }
    }

    fn guarded(&self, router: Router, rules: Vec<Rule>, refusals: Refusals) -> Router {
        let (keeper, requests) = (self.keeper.clone(), self.requests.clone());
        let guard = Guard { keeper, requests, rules, refusals };
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
    let is_proxied = guard.keeper.settings().proxies.contains(&peer.address.ip().to_canonical());
    if rule.as_ref().is_some_and(|rule| rule.is_form) && is_foreign(request.headers(), is_proxied) {
        return (guard.refusals.foreign)();
    }
    let visitor = guard.keeper.visitor(peer.address.ip(), request.headers());
    let every = rule.as_ref().map(|rule| &rule.every);
    let declined = rule.as_ref().and_then(|rule| rule.declined.as_ref());
    // a declined card is charged before it is known to be one, so that many at once are not all let through
    for allowance in std::iter::once(&guard.requests).chain(every).chain(declined) {
        if let Err(wait) = allowance.take(visitor) {
            guard.keeper.turn_away(allowance.name());
            tracing::warn!(%visitor, what = allowance.name(), seconds = wait.0, "asked too often");
            return (guard.refusals.too_often)(allowance.name(), wait);
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

/// Whether a browser sends this for another site's page. Our pages give no referrer, so an origin may be `null`; behind a proxy the host
/// may have another name.
fn is_foreign(headers: &HeaderMap, is_proxied: bool) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin").filter(|origin| *origin != "null" && !is_proxied) else {
        return false;
    };
    let asked = text("host").and_then(|host| Url::parse(&format!("http://{host}")).ok());
    let from = Url::parse(origin).ok();
    from.as_ref().and_then(Url::host) != asked.as_ref().and_then(Url::host)
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

fn foreign_in_json() -> Response {
    let why = "this was sent by another site's page; nothing was done";
    ApiFailure::new(StatusCode::FORBIDDEN, "other-site", why).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn said(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    // F12
    #[test]
    fn what_another_site_made_a_browser_send_is_known_and_our_own_forms_are_not_taken_for_it() {
        let host = ("host", "shop.example:8080");
        let ours: &[&[(&str, &str)]] = &[
            &[host],
            &[host, ("sec-fetch-site", "same-origin")],
            &[host, ("origin", "null")],
            &[host, ("origin", "https://shop.example")],
        ];
        assert!(ours.iter().all(|headers| !is_foreign(&said(headers), false)));
        let foreign: &[&[(&str, &str)]] = &[
            &[host, ("sec-fetch-site", "cross-site")],
            &[host, ("sec-fetch-site", "same-site"), ("origin", "null")],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "https://shop.example.evil.example")],
        ];
        assert!(foreign.iter().all(|headers| is_foreign(&said(headers), false)));
        let behind_a_proxy = said(&[("host", "127.0.0.1:9"), ("origin", "https://shop.example")]);
        assert!(!is_foreign(&behind_a_proxy, true));
    }
}
