//! What merchant and licensing center say to the payment processor: JSON over mutual TLS. No card is in it: whoever pays has shown it to the
//! processor ([`cadenza_protocol::pay`]).
//!
//! `GET /v1/till` gives a [`Till`](cadenza_protocol::pay::Till) for whoever asks; `POST /v1/authorize` [`PaymentRequest`] gives a [`Payment`], or 402 with `card-declined`, `card-expired` or [`TOKEN_REFUSED`];
//! `POST /v1/capture` takes a [`PaymentKey`] and gives the [`Payment`], or 409 [`NOT_AUTHORIZED`]; `/v1/void` takes one, 409
//! [`CAPTURED`] when the money was taken already and [`REFUNDED`] when it was given back since; `/v1/refund` gives that back. All of them may be repeated with the same key.

use cadenza_protocol::pay::{CardMark, ShownCard};
use serde::{Deserialize, Serialize};

/// Refuses a payment whose key names another one, of another amount.
pub const KEY_REUSED: &str = "key-reused";
/// Refuses a capture: nothing was set aside under this key, or not any more.
pub const NOT_AUTHORIZED: &str = "not-authorized";
/// Refuses a void: the money was taken.
pub const CAPTURED: &str = "captured";
/// Refuses to give up, or to set aside again, money that was taken and given back.
pub const REFUNDED: &str = "payment-refunded";

/// Refuses a token: it is for something else, was used, or ten minutes are over.
pub const TOKEN_REFUSED: &str = "order-refused";

/// What is paid with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instrument {
    /// A card that the processor has seen.
    Card(ShownCard),
    /// A wallet's one-time token.
    Wallet {
        /// Issued by the wallet.
        token: String,
    },
}

/// Asks for money to be set aside.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// The same key never pays twice.
    pub idempotency_key: String,
    /// Amount in cents.
    pub amount_cents: u64,
    /// ISO 4217.
    pub currency: String,
    /// What is paid with.
    pub instrument: Instrument,
}

/// Money set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The processor's name for it.
    pub payment_id: String,
    /// What it was paid with.
    pub mark: CardMark,
}

/// Names an earlier request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentKey {
    /// Its key.
    pub idempotency_key: String,
}
