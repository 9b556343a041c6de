//! The processor as a service: every verdict is kept under its key, so a repeated request gets the same answer and pays once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::secret::Secret;

use super::messages::{CAPTURED, NOT_AUTHORIZED, Payment, PaymentKey, PaymentMark, PaymentRequest, REFUNDED};
use super::verdicts::{self, New, PaymentState, Verdict};
use super::{Decision, PaymentProcessor, Processors};
use crate::api::{ApiFailure, JsonBody};
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
    clock: Clock,
    /// Never leaves this process.
    pub(super) card_key: Secret<32>,
    /// Fingerprint of the licensing center's root.
    pub(super) center: [u8; 32],
    pub(super) comparisons: Allowance,
}

/// Cards that a licensing center may have compared, in a minute.
const COMPARISONS_PER_MINUTE: u32 = 120;

impl PaymentProcess {
    /// A processor that keeps its verdicts in `database`, and its fingerprints of cards under `card_key`.
    pub fn new(database: Database, clock: Clock, card_key: Secret<32>, root: &Certificate) -> Self {
        let comparisons = Allowance::new("compared cards", COMPARISONS_PER_MINUTE, 60, clock.clone());
        let center = root.fingerprint();
        Self { processors: Processors::default(), database, clock, card_key, center, comparisons }
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

async fn authorize(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<PaymentRequest>,
) -> Result<Json<Payment>, ApiFailure> {
    let key = scoped(&caller, &request.idempotency_key);
    if let Some(kept) = verdicts::kept(&process.database, &key).await? {
        return kept.answer(&request);
    }
    let decision =
        tokio::time::timeout(BANK_LIMIT, process.processors.decide(&request)).await.map_err(|_| {
            ApiFailure::new(
                StatusCode::GATEWAY_TIMEOUT,
                "payment-timeout",
                "the bank did not answer; nothing was charged, try again",
            )
        })?;
    let mark = process.processors.mark(&request);
    let state = match decision {
        Decision::Approved => PaymentState::Authorized,
        Decision::Declined => PaymentState::Declined,
        Decision::ExpiredCard => PaymentState::ExpiredCard,
    };
    process.keep(&key, &caller, state, request.amount_cents, &request.currency, &mark).await?;
    // whoever came first under this key has decided, also if that was a void
    let kept = process.kept(&key).await?;
    tracing::info!(payer = %caller.certificate.subject(), amount = request.amount_cents, verdict = kept.state.word(), "payment decided");
    kept.answer(&request)
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
    Ok(Json(process.kept(&key).await?.payment()))
}

async fn void(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(key): JsonBody<PaymentKey>,
) -> Result<StatusCode, ApiFailure> {
    let key = scoped(&caller, &key.idempotency_key);
    // a void that overtakes its authorisation leaves a mark, so the late one pays nothing
    let nothing = PaymentMark { brand: "none".into(), last4: "----".into() };
    process.keep(&key, &caller, PaymentState::Voided, 0, "", &nothing).await?;
    verdicts::advance(&process.database, &key, PaymentState::Authorized, PaymentState::Voided).await?;
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
    Ok(StatusCode::NO_CONTENT)
}

impl PaymentProcess {
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
        mark: &PaymentMark,
    ) -> Result<(), ApiFailure> {
        let (payer, at) = (caller.certificate.subject(), self.clock.now().0);
        let new = New { key, payer: &payer, state, amount_cents, currency, mark, at };
        verdicts::keep(&self.database, new).await
    }
}

/// Two callers cannot meet in one key.
fn scoped(caller: &Caller, key: &str) -> String {
    format!("{}/{}", caller.key(), key.chars().take(128).collect::<String>())
}
