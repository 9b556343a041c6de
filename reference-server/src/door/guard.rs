//! Middleware: who asks too often is told when to come back, before the service has any work with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use cadenza_protocol::api::ApiError;

use super::allowance::{Allowance, Wait};
use super::{Doorkeeper, LimitSettings};
use crate::clock::Clock;
use crate::tls::Peer;

/// What is counted of an address, at all doors of a process together.
#[derive(Debug)]
pub struct Allowances {
    keeper: Arc<Doorkeeper>,
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
}

/// Who asks, for handlers that ask others in turn.
#[derive(Debug, Clone, Copy)]
pub struct Visitor(pub IpAddr);

struct Guard {
    keeper: Arc<Doorkeeper>,
    rules: Vec<Rule>,
    refuse: fn(&str, Wait) -> Response,
}

const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;

impl Allowances {
    /// As the keeper's settings say.
    pub fn new(keeper: Arc<Doorkeeper>, clock: &Clock) -> Self {
        let LimitSettings {
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
        let rules = vec![
            self.paid("/buy", &self.orders),
            self.paid("/register/card", &self.registrations),
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
        self.guarded(router, vec![rule(Method::POST, "/v1/redeem", &self.redemptions)], in_json)
    }

    fn paid(&self, path: &'static str, every: &Arc<Allowance>) -> Rule {
        Rule { declined: Some(self.declined.clone()), ..rule(Method::POST, path, every) }
    }

    fn guarded(&self, router: Router, rules: Vec<Rule>, refuse: fn(&str, Wait) -> Response) -> Router {
        let guard = Guard { keeper: self.keeper.clone(), rules, refuse };
        router.layer(from_fn_with_state(Arc::new(guard), limit))
    }
}

fn rule(method: Method, path: &'static str, every: &Arc<Allowance>) -> Rule {
    Rule { method, path, every: every.clone(), declined: None }
}

async fn limit(
    State(guard): State<Arc<Guard>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let matches =
        |rule: &&Rule| rule.method == *request.method() && request.uri().path().starts_with(rule.path);
    let Some(rule) = guard.rules.iter().find(matches).cloned() else { return next.run(request).await };
    if guard.keeper.introduced(request.headers()) {
        return next.run(request).await;
    }
    let visitor = guard.keeper.visitor(peer.address.ip(), request.headers());
    // a declined card is charged before it is known to be one, so that many at once are not all let through
    for allowance in std::iter::once(&rule.every).chain(&rule.declined) {
        if let Err(wait) = allowance.take(visitor) {
            guard.keeper.turn_away(allowance.name());
            tracing::warn!(%visitor, what = allowance.name(), seconds = wait.0, "asked too often");
            return (guard.refuse)(allowance.name(), wait);
        }
    }
    request.extensions_mut().insert(Visitor(visitor));
    let response = next.run(request).await;
    if let Some(declined) = &rule.declined
        && response.status() != StatusCode::PAYMENT_REQUIRED
    {
        declined.give_back(visitor);
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

fn in_json(what: &str, wait: Wait) -> Response {
    let error = ApiError::new("too-many-requests", in_words(what, wait));
    let headers = [(header::RETRY_AFTER, wait.0.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, Json(error)).into_response()
}
