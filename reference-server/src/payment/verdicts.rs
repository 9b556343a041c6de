//! What became of each payment, one row under its key: whoever came first under a key has decided.

use axum::Json;
use axum::http::StatusCode;
use cadenza_protocol::id::hex;
use cadenza_protocol::pay::CardMark;
use cadenza_protocol::secret::Secret;

use super::messages::{KEY_REUSED, Payment, REFUNDED};
use crate::api::ApiFailure;
use crate::db::{Database, UnknownWord};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaymentState {
    /// The money is set aside.
    Authorized,
    /// The money is taken.
    Captured,
    /// Given back, or given up before it was set aside.
    Voided,
    /// Taken, and given back.
    Refunded,
    /// The bank said no.
    Declined,
    /// The bank said that the card has expired.
    ExpiredCard,
}

impl PaymentState {
    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
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
            "refunded" => Ok(Self::Refunded),
            "declined" => Ok(Self::Declined),
            "expired-card" => Ok(Self::ExpiredCard),
            _ => Err(UnknownWord(word)),
        }
    }
}

/// A row.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Verdict {
    payment_id: String,
    amount_cents: i64,
    #[sqlx(try_from = "String")]
    pub state: PaymentState,
    brand: String,
    last4: String,
}

impl Verdict {
    /// The payment, whatever became of it.
    pub fn payment(self) -> Payment {
        let mark = CardMark { brand: self.brand, last4: self.last4 };
        Payment { payment_id: self.payment_id, mark }
    }

    /// What whoever wants to pay hears.
    pub fn answer(self, amount_cents: u64) -> Result<Json<Payment>, ApiFailure> {
        let payment_required = |code, message| Err(payment_required(code, message));
        match self.state {
            PaymentState::Declined => Err(declined()),
            PaymentState::ExpiredCard => Err(expired()),
            PaymentState::Voided => payment_required(
                "payment-timeout",
                "this payment was given up; nothing was charged, try again",
            ),
            PaymentState::Refunded => {
                payment_required(REFUNDED, "this payment was taken and given back; order again to pay anew")
            }
            PaymentState::Authorized | PaymentState::Captured
                if u64::try_from(self.amount_cents) != Ok(amount_cents) =>
            {
                Err(ApiFailure::new(
                    StatusCode::CONFLICT,
                    KEY_REUSED,
                    "this payment key was used for another amount",
                ))
            }
            PaymentState::Authorized | PaymentState::Captured => Ok(Json(self.payment())),
        }
    }
}

/// The bank said no.
pub(super) fn declined() -> ApiFailure {
    payment_required("card-declined", "the bank declined this card; try another one")
}

/// The bank said that the card has expired.
pub(super) fn expired() -> ApiFailure {
    payment_required("card-expired", "the bank says this card has expired; use another one")
}

fn payment_required(code: &str, message: &str) -> ApiFailure {
    ApiFailure::new(StatusCode::PAYMENT_REQUIRED, code, message)
}

/// The row under a key.
pub(super) async fn kept(database: &Database, key: &str) -> Result<Option<Verdict>, sqlx::Error> {
    sqlx::query_as(
        "SELECT payment_id, amount_cents, state, brand, last4 FROM payments WHERE idempotency_key = $1",
    )
    .bind(key)
    .fetch_optional(database.pool())
    .await
}

/// A row to be.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub key: &'a str,
    pub payer: &'a str,
    pub state: PaymentState,
    pub amount_cents: u64,
    pub currency: &'a str,
    pub mark: &'a CardMark,
    pub at: i64,
}

/// Writes a row, unless there is one under its key.
pub(super) async fn keep(database: &Database, new: New<'_>) -> Result<(), ApiFailure> {
    sqlx::query(
        "INSERT INTO payments (idempotency_key, payment_id, payer, amount_cents, currency, state, brand, last4, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (idempotency_key) DO NOTHING",
    )
    .bind(new.key)
    .bind(hex(Secret::<16>::random().expose()))
    .bind(new.payer)
    .bind(i64::try_from(new.amount_cents).map_err(ApiFailure::internal)?)
    .bind(new.currency)
    .bind(new.state.word())
    .bind(&new.mark.brand)
    .bind(&new.mark.last4)
    .bind(new.at)
    .execute(database.pool())
    .await?;
    Ok(())
}

/// Moves a payment on from one of the states that it may come from; whether it was in one.
pub(super) async fn advance(
    database: &Database,
    key: &str,
    from: PaymentState,
    to: PaymentState,
) -> Result<bool, sqlx::Error> {
    let moved =
        sqlx::query("UPDATE payments SET state = $1 WHERE idempotency_key = $2 AND state IN ($3, $1)")
            .bind(to.word())
            .bind(key)
            .bind(from.word())
            .execute(database.pool())
            .await?;
    Ok(moved.rows_affected() == 1)
}
