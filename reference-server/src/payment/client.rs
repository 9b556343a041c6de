//! The merchant's and the licensing center's way to the payment processor, with little patience: a bank that does not
//! answer within [`PATIENCE`] is told to forget the payment, and the buyer hears that nothing was charged.

use std::time::Duration;

use axum::http::StatusCode;
use cadenza_protocol::api::ApiError;
use cadenza_protocol::pay::{CardMark, ShownCard, Till};
use serde::Serialize;

use super::fingerprints::{KeepCard, Same, SameCard};
use super::messages::{CAPTURED, NOT_AUTHORIZED, Payment, PaymentKey, PaymentRequest, REFUNDED};
use crate::api::ApiFailure;
use crate::tls::ServiceClient;

/// How long a payment may take.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// A connection to the payment processor.
#[derive(Debug, Clone)]
pub struct PaymentClient {
    http: ServiceClient,
    base: String,
}

/// What became of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// The money is taken.
    Taken(Payment),
    /// There was none to take.
    NotAuthorized,
    /// Nobody knows yet: ask again.
    Unconfirmed,
}

/// What became of giving money back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenBack {
    /// It was not taken.
    NeverTaken,
    /// It was taken, and refunded.
    Refunded,
    /// Nobody knows yet: ask again.
    Unconfirmed,
}

enum Settled {
    Done(reqwest::Response),
    Refused(ApiError),
    Unanswered,
}

/// Why there is no payment.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The processor said no: `card-declined`, `card-expired`, ...
    #[error("{}", .0.message)]
    Refused(ApiError),
    /// It did not answer in time; the payment was voided.
    #[error("the bank did not answer in time; nothing was charged, try again or use another card")]
    TimedOut,
}

impl PaymentError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(error) => &error.code,
            Self::TimedOut => "payment-timeout",
        }
    }
}

impl From<PaymentError> for ApiFailure {
    fn from(error: PaymentError) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, error.code(), error.to_string())
    }
}

async fn answered(
    answer: Result<reqwest::Response, reqwest::Error>,
) -> Result<reqwest::Response, PaymentError> {
    let answer = answer.map_err(|error| {
        tracing::warn!(%error, "the payment processor did not answer");
        PaymentError::TimedOut
    })?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(answer.json().await.map_or(PaymentError::TimedOut, PaymentError::Refused))
}

impl PaymentClient {
    /// `http` shows the caller's certificate; `base` is the processor's URL.
    pub fn new(http: ServiceClient, base: &str) -> Self {
        Self { http, base: base.trim_end_matches('/').to_owned() }
    }

    /// Sets the money aside, or says why not. Safe to repeat with the same key.
    pub async fn authorize(&self, request: &PaymentRequest) -> Result<Payment, PaymentError> {
        let answer = match self.post("authorize", request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "the payment processor did not answer");
                self.void(&request.idempotency_key).await;
                return Err(PaymentError::TimedOut);
            }
        };
        if answer.status().is_success() {
            return answer.json().await.map_err(|_| PaymentError::TimedOut);
        }
        Err(answer.json().await.map_or(PaymentError::TimedOut, PaymentError::Refused))
    }

    /// Takes the money that was set aside.
    pub async fn capture(&self, idempotency_key: &str) -> Capture {
        let answer = match self.settle("capture", idempotency_key).await {
            Settled::Done(answer) => answer,
            Settled::Refused(error) if error.code == NOT_AUTHORIZED => return Capture::NotAuthorized,
            Settled::Refused(_) | Settled::Unanswered => return Capture::Unconfirmed,
        };
        answer.json().await.map_or(Capture::Unconfirmed, Capture::Taken)
    }

    /// Gives up what was set aside, or makes sure that a late authorisation sets none aside.
    pub async fn void(&self, idempotency_key: &str) -> bool {
        matches!(self.settle("void", idempotency_key).await, Settled::Done(_))
    }

    /// Where whoever pays us shows a card.
    pub async fn till(&self) -> Result<Till, PaymentError> {
        let asked = self.http.get(format!("{}/v1/till", self.base)).timeout(PATIENCE).send().await;
        answered(asked).await?.json().await.map_err(|_| PaymentError::TimedOut)
    }

    /// Has a card that the bank approves kept under a reference, so that it is recognised later.
    pub async fn keep_card(&self, card: ShownCard, reference: &str) -> Result<CardMark, PaymentError> {
        let wish = KeepCard { card, reference: reference.to_owned() };
        answered(self.post("cards/keep", &wish).await).await?.json().await.map_err(|_| PaymentError::TimedOut)
    }

    /// Which of these references were kept for the same card, and what the bank says of it.
    pub async fn same_card(&self, card: ShownCard, references: Vec<String>) -> Result<Same, PaymentError> {
        let question = SameCard { card, references };
        answered(self.post("cards/same", &question).await)
            .await?
            .json()
            .await
            .map_err(|_| PaymentError::TimedOut)
    }

    /// Gives back what was taken. Safe to repeat.
    pub async fn refund(&self, idempotency_key: &str) -> bool {
        matches!(self.settle("refund", idempotency_key).await, Settled::Done(_))
    }

    /// Whatever stands under this key, no money of the buyer's stays: voided, or refunded where it was taken already.
    pub async fn give_back(&self, idempotency_key: &str) -> GivenBack {
        match self.settle("void", idempotency_key).await {
            Settled::Done(_) => GivenBack::NeverTaken,
            Settled::Refused(error) if error.code == CAPTURED && self.refund(idempotency_key).await => {
                GivenBack::Refunded
            }
            Settled::Refused(error) if error.code == REFUNDED => GivenBack::Refunded,
            Settled::Refused(_) | Settled::Unanswered => GivenBack::Unconfirmed,
        }
    }

    async fn settle(&self, what: &str, idempotency_key: &str) -> Settled {
        let key = PaymentKey { idempotency_key: idempotency_key.to_owned() };
        match self.post(what, &key).await {
            Ok(answer) if answer.status().is_success() => Settled::Done(answer),
            Ok(answer) => match answer.json::<ApiError>().await {
                Ok(error) => {
                    tracing::warn!(what, code = %error.code, "the payment processor refused");
                    Settled::Refused(error)
                }
                Err(_) => Settled::Unanswered,
            },
            Err(error) => {
                tracing::warn!(what, %error, "the payment processor did not confirm");
                Settled::Unanswered
            }
        }
    }

    async fn post(&self, what: &str, body: &impl Serialize) -> Result<reqwest::Response, reqwest::Error> {
        self.http.post(format!("{}/v1/{what}", self.base)).timeout(PATIENCE).json(body).send().await
    }
}
