//! The processor as a service: every verdict is kept under its key, so a repeated request gets the same answer and pays once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use cadenza_protocol::card::Card;
use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::pay::{CardMark, KeyName, Purpose, ShownCard, Till};
use cadenza_protocol::secret::Secret;

use super::messages::{
    CAPTURED, Instrument, NOT_AUTHORIZED, Payment, PaymentKey, PaymentRequest, REFUNDED, TOKEN_REFUSED,
};
use super::tokens::{Tokens, Trial};
use super::verdicts::{self, New, PaymentState, Verdict};
use super::{Decision, Means, PaymentProcessor, Processors};
use crate::api::{ApiFailure, JsonBody, reach};
use crate::clock::Clock;
use crate::db::Database;
use crate::door::allowance::Allowance;
use crate::tls::{Caller, Revocations, RoleGate, role_gate};

/// A bank that says nothing is given up on after this long; callers lose patience much earlier.
const BANK_LIMIT: Duration = Duration::from_secs(30);

/// The running payment processor.
#[derive(Debug)]
pub struct PaymentProcess {
    processors: Processors,
    pub(super) database: Database,
    pub(super) clock: Clock,
    pub(super) tokens: Tokens,
    /// Its doors for whoever pays.
    counter_url: String,
    page_url: String,
    /// Never leaves this process.
    pub(super) card_key: Secret<32>,
    /// Fingerprint of the licensing center's root.
    pub(super) center: [u8; 32],
    pub(super) comparisons: Allowance,
}

/// What a processor is made of.
#[derive(Debug)]
pub struct ProcessParts<'a> {
    /// Its verdicts.
    pub database: Database,
    /// Its clock.
    pub clock: Clock,
    /// What it makes fingerprints of cards with.
    pub card_key: Secret<32>,
    /// The licensing center's root.
    pub root: &'a Certificate,
    /// Cards of one address that the bank may decline in an hour.
    pub declined_cards_per_hour: u32,
    /// Where players show cards.
    pub counter_url: String,
    /// Where browsers do.
    pub page_url: String,
}

/// Cards that a licensing center may have compared, in a minute.
const COMPARISONS_PER_MINUTE: u32 = 120;

impl PaymentProcess {
    /// A processor that nobody has shown a card to.
    pub fn new(parts: ProcessParts<'_>) -> Self {
        let ProcessParts { database, clock, card_key, root, declined_cards_per_hour, counter_url, page_url } =
            parts;
        let declined = Allowance::new("declined cards", declined_cards_per_hour, 3_600, clock.clone());
        Self {
            processors: Processors::default(),
            database,
            card_key,
            center: root.fingerprint(),
            comparisons: Allowance::new("compared cards", COMPARISONS_PER_MINUTE, 60, clock.clone()),
            tokens: Tokens::new(declined),
            counter_url,
            page_url,
            clock,
        }
    }
}

/// The service's routes with `more`, for merchants and the licensing center only.
pub(super) fn router(
    process: Arc<PaymentProcess>,
    root: Certificate,
    revocations: Revocations,
    more: Router<Arc<PaymentProcess>>,
) -> Router {
    let gate = RoleGate {
        root,
        clock: process.clock.clone(),
        revocations: Some(revocations.for_payments()),
        roles: &[Role::Merchant, Role::LicensingCenter],
    };
    // who was withdrawn takes nothing any more, and still gives back what it took
    let gate_back = RoleGate { revocations: None, ..gate.clone() };
    Router::new()
        .route("/v1/till", get(till))
        .route("/v1/authorize", post(authorize))
        .route("/v1/capture", post(capture))
        .merge(more)
        .layer(from_fn_with_state(gate, role_gate))
        .merge(
            Router::new()
                .route("/v1/void", post(void))
                .route("/v1/refund", post(refund))
                .layer(from_fn_with_state(gate_back, role_gate)),
        )
        .with_state(process)
}

/// Where whoever pays this caller shows a card.
async fn till(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
) -> Json<Till> {
    let (processor, page) = (process.counter_url.clone(), process.page_url.clone());
    Json(Till { payee: KeyName::of(&caller.certificate), processor, page })
}

async fn authorize(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<PaymentRequest>,
) -> Result<Json<Payment>, ApiFailure> {
    let PaymentRequest { idempotency_key, amount_cents, currency, instrument } = request;
    let key = scoped(&caller, &idempotency_key);
    if let Some(kept) = verdicts::kept(&process.database, &key).await? {
        return kept.answer(amount_cents);
    }
    let (means, trial) = match instrument {
        Instrument::Card(shown) => {
            let currency = currency.parse().map_err(|_| token_refused())?;
            let purpose = Purpose {
                payee: KeyName::of(&caller.certificate),
                order: shown.order,
                amount_cents,
                currency,
            };
            let (card, trial) = process.seen(&shown, &purpose)?;
            (Means::Card(card), Some(trial))
        }
        Instrument::Wallet { token } => (Means::Wallet(token), None),
    };
    let decision = process.decide(&means, trial).await?;
    let state = match decision {
        Decision::Approved => PaymentState::Authorized,
        Decision::Declined => PaymentState::Declined,
        Decision::ExpiredCard => PaymentState::ExpiredCard,
    };
    let mark = process.mark(&means);
    reach("pay.decided")?;
    process.keep(&key, &caller, state, amount_cents, &currency, &mark).await?;
    reach("pay.set-aside")?;
    // whoever came first under this key has decided, also if that was a void
    let kept = process.kept(&key).await?;
    tracing::info!(payer = %caller.certificate.subject(), amount = amount_cents, verdict = kept.state.word(), "payment decided");
    kept.answer(amount_cents)
}

/// Takes what was set aside, and says what it was paid with.
async fn capture(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(key): JsonBody<PaymentKey>,
) -> Result<Json<Payment>, ApiFailure> {
    let key = scoped(&caller, &key.idempotency_key);
    if !verdicts::advance(&process.database, &key, PaymentState::Authorized, PaymentState::Captured).await? {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            NOT_AUTHORIZED,
            "there is no authorized payment to capture; authorize it again",
        ));
    }
    reach("pay.captured")?;
    Ok(Json(process.kept(&key).await?.payment()))
}

async fn void(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(key): JsonBody<PaymentKey>,
) -> Result<StatusCode, ApiFailure> {
    let key = scoped(&caller, &key.idempotency_key);
    // a void that overtakes its authorisation leaves a mark, so the late one pays nothing
    let nothing = CardMark { brand: "none".into(), last4: "----".into() };
    process.keep(&key, &caller, PaymentState::Voided, 0, "", &nothing).await?;
    verdicts::advance(&process.database, &key, PaymentState::Authorized, PaymentState::Voided).await?;
    reach("pay.voided")?;
    match process.kept(&key).await?.state {
        PaymentState::Captured => {
            Err(ApiFailure::new(StatusCode::CONFLICT, CAPTURED, "this payment was taken already; refund it"))
        }
        PaymentState::Refunded => Err(ApiFailure::new(
            StatusCode::CONFLICT,
            REFUNDED,
            "this payment was taken and given back already",
        )),
        PaymentState::Authorized
        | PaymentState::Voided
        | PaymentState::Declined
        | PaymentState::ExpiredCard => Ok(StatusCode::NO_CONTENT),
    }
}

/// Gives back what was taken, once, however often it is asked for.
async fn refund(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(key): JsonBody<PaymentKey>,
) -> Result<StatusCode, ApiFailure> {
    let key = scoped(&caller, &key.idempotency_key);
    if !verdicts::advance(&process.database, &key, PaymentState::Captured, PaymentState::Refunded).await? {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "not-captured",
            "this payment was not taken, so there is nothing to give back; void it",
        ));
    }
    reach("pay.refunded")?;
    Ok(StatusCode::NO_CONTENT)
}

impl PaymentProcess {
    /// The card that was shown for this purpose. Its token is spent with that.
    pub(super) fn seen(&self, shown: &ShownCard, purpose: &Purpose) -> Result<(Card, Trial), ApiFailure> {
        self.tokens.spend(&shown.token, purpose, self.clock.now()).ok_or_else(token_refused)
    }

    /// The bank's word. Only a card that it declines counts against whoever showed it.
    pub(super) async fn decide(&self, means: &Means, trial: Option<Trial>) -> Result<Decision, ApiFailure> {
        let asked = tokio::time::timeout(BANK_LIMIT, self.processors.decide(means));
        let decision = asked.await.map_err(|_| {
            ApiFailure::new(
                StatusCode::GATEWAY_TIMEOUT,
                "payment-timeout",
                "the bank did not answer; nothing was charged, try again",
            )
        })?;
        match (decision, trial) {
            (Decision::Declined | Decision::ExpiredCard, Some(trial)) => trial.was_declined(),
            (Decision::Approved, _) | (_, None) => {}
        }
        Ok(decision)
    }

    /// What may be kept of it.
    pub(super) fn mark(&self, means: &Means) -> CardMark {
        self.processors.mark(means)
    }

    async fn kept(&self, key: &str) -> Result<Verdict, ApiFailure> {
        verdicts::kept(&self.database, key).await?.ok_or_else(|| ApiFailure::internal("a verdict vanished"))
    }

    async fn keep(
        &self,
        key: &str,
        caller: &Caller,
        state: PaymentState,
        amount_cents: u64,
        currency: &str,
        mark: &CardMark,
    ) -> Result<(), ApiFailure> {
        let (payer, at) = (caller.certificate.subject(), self.clock.now().0);
        let new = New { key, payer: &payer, state, amount_cents, currency, mark, at };
        verdicts::keep(&self.database, new).await
    }
}

fn token_refused() -> ApiFailure {
    let why = "the card has to be entered again: it was entered for another amount, or more than ten minutes ago; nothing was charged";
    ApiFailure::new(StatusCode::PAYMENT_REQUIRED, TOKEN_REFUSED, why)
}

/// Two callers cannot meet in one key.
fn scoped(caller: &Caller, key: &str) -> String {
    format!("{}/{}", caller.key(), key.chars().take(128).collect::<String>())
}
