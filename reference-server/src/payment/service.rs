//! The processor as a service: every verdict is kept under its key, so a repeated request gets the same answer and pays once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::secret::Secret;

use super::messages::{Payment, PaymentKey, PaymentMark, PaymentRequest};
use super::{Decision, PaymentProcessor, Processors};
use crate::api::{ApiFailure, JsonBody};
use crate::clock::Clock;
use crate::db::{Database, UnknownWord};
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
    Router::new()
        .route("/v1/authorize", post(authorize))
        .route("/v1/capture", post(capture))
        .route("/v1/void", post(void))
        .merge(more)
        .layer(from_fn_with_state(gate, role_gate))
        .with_state(process)
}

async fn authorize(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<PaymentRequest>,
) -> Result<Json<Payment>, ApiFailure> {
    let key = scoped(&caller, &request.idempotency_key);
    if let Some(kept) = kept_verdict(&process, &key).await? {
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
    keep(&process, &key, &caller, state, request.amount_cents, &request.currency, &mark).await?;
    // whoever came first under this key has decided, also if that was a void
    let kept =
        kept_verdict(&process, &key).await?.ok_or_else(|| ApiFailure::internal("a verdict vanished"))?;
    tracing::info!(payer = %caller.certificate.subject(), amount = request.amount_cents, verdict = kept.state.word(), "payment decided");
    kept.answer(&request)
}

async fn capture(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(key): JsonBody<PaymentKey>,
) -> Result<StatusCode, ApiFailure> {
    let changed = sqlx::query("UPDATE payments SET state = 'captured' WHERE idempotency_key = $1 AND state IN ('authorized', 'captured')")
        .bind(scoped(&caller, &key.idempotency_key))
        .execute(process.database.pool())
        .await?;
    if changed.rows_affected() == 0 {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "not-authorized",
            "there is no authorized payment to capture; authorize it again",
        ));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn void(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(key): JsonBody<PaymentKey>,
) -> Result<StatusCode, ApiFailure> {
    let key = scoped(&caller, &key.idempotency_key);
    // a void that overtakes its authorisation leaves a mark, so the late one pays nothing
    let nothing = PaymentMark { brand: "none".into(), last4: "----".into() };
    keep(&process, &key, &caller, PaymentState::Voided, 0, "", &nothing).await?;
    sqlx::query("UPDATE payments SET state = 'voided' WHERE idempotency_key = $1 AND state = 'authorized'")
        .bind(key)
        .execute(process.database.pool())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PaymentState {
    /// The money is set aside.
    Authorized,
    /// The money is taken.
    Captured,
    /// Given back, or given up before it was set aside.
    Voided,
    /// The bank said no.
    Declined,
    /// The bank said that the card has expired.
    ExpiredCard,
}

impl PaymentState {
    /// The word in the table.
    const fn word(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Declined => "declined",
            Self::ExpiredCard => "expired-card",
        }
    }
}

impl TryFrom<String> for PaymentState {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        match word.as_str() {
            "authorized" => Ok(Self::Authorized),
            "captured" => Ok(Self::Captured),
            "voided" => Ok(Self::Voided),
            "declined" => Ok(Self::Declined),
            "expired-card" => Ok(Self::ExpiredCard),
            _ => Err(UnknownWord(word)),
        }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Verdict {
    payment_id: String,
    amount_cents: i64,
    #[sqlx(try_from = "String")]
    state: PaymentState,
    brand: String,
    last4: String,
}

impl Verdict {
    fn answer(self, request: &PaymentRequest) -> Result<Json<Payment>, ApiFailure> {
        let payment_required =
            |code, message: &str| Err(ApiFailure::new(StatusCode::PAYMENT_REQUIRED, code, message));
        match self.state {
            PaymentState::Declined => {
                payment_required("card-declined", "the bank declined this card; try another one")
            }
            PaymentState::ExpiredCard => {
                payment_required("card-expired", "the bank says this card has expired; use another one")
            }
            PaymentState::Voided => payment_required(
                "payment-timeout",
                "this payment was given up; nothing was charged, try again",
            ),
            PaymentState::Authorized | PaymentState::Captured
                if u64::try_from(self.amount_cents) != Ok(request.amount_cents) =>
            {
                Err(ApiFailure::new(
                    StatusCode::CONFLICT,
                    "key-reused",
                    "this payment key was used for another amount",
                ))
            }
            PaymentState::Authorized | PaymentState::Captured => Ok(Json(Payment {
                payment_id: self.payment_id,
                mark: PaymentMark { brand: self.brand, last4: self.last4 },
            })),
        }
    }
}

async fn kept_verdict(process: &PaymentProcess, key: &str) -> Result<Option<Verdict>, sqlx::Error> {
    sqlx::query_as(
        "SELECT payment_id, amount_cents, state, brand, last4 FROM payments WHERE idempotency_key = $1",
    )
    .bind(key)
    .fetch_optional(process.database.pool())
    .await
}

async fn keep(
    process: &PaymentProcess,
    key: &str,
    caller: &Caller,
    state: PaymentState,
    amount_cents: u64,
    currency: &str,
    mark: &PaymentMark,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO payments (idempotency_key, payment_id, payer, amount_cents, currency, state, brand, last4, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (idempotency_key) DO NOTHING",
    )
    .bind(key)
    .bind(hex(Secret::<16>::random().expose()))
    .bind(caller.certificate.subject())
    .bind(i64::try_from(amount_cents).unwrap_or(i64::MAX))
    .bind(currency)
    .bind(state.word())
    .bind(&mark.brand)
    .bind(&mark.last4)
    .bind(process.clock.now().0)
    .execute(process.database.pool())
    .await
    .map(drop)
}

/// Two callers cannot meet in one key.
fn scoped(caller: &Caller, key: &str) -> String {
    format!("{}/{}", caller.key(), key.chars().take(128).collect::<String>())
}
