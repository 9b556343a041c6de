//! What merchant and licensing center say to the payment processor: JSON over mutual TLS.
//!
//! `POST /v1/authorize` [`PaymentRequest`] gives a [`Payment`], or 402 with `card-declined` or `card-expired`;
//! `POST /v1/capture` takes a [`PaymentKey`] and gives the [`Payment`], or 409 [`NOT_AUTHORIZED`]; `/v1/void` takes one, 409
//! [`CAPTURED`] when the money was taken already and [`REFUNDED`] when it was given back since; `/v1/refund` gives that back. All of them may be repeated with the same key.

use cadenza_protocol::card::Card;
use serde::{Deserialize, Serialize};

/// Refuses a capture: nothing was set aside under this key, or not any more.
pub const NOT_AUTHORIZED: &str = "not-authorized";
/// Refuses a void: the money was taken.
pub const CAPTURED: &str = "captured";
/// Refuses to give up, or to set aside again, money that was taken and given back.
pub const REFUNDED: &str = "payment-refunded";

/// What is paid with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instrument {
    /// A card.
    Card(Card),
    /// A wallet's one-time token.
    Wallet {
        /// Issued by the wallet.
        token: String,
    },
}

/// Asks for money to be set aside. An amount of 0 only asks whether the card is good.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

/// What may be kept of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMark {
    /// E.g. `Visa`.
    pub brand: String,
    /// Last four digits.
    pub last4: String,
}

/// Money set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The processor's name for it.
    pub payment_id: String,
    /// What it was paid with.
    pub mark: PaymentMark,
}

/// Names an earlier request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentKey {
    /// Its key.
    pub idempotency_key: String,
}
