//! The payment processor (S7, B3): a test card processor and a test wallet behind one interface, as a service of its own.
//!
//! Merchant and licensing center reach it by mutual TLS through [`client::PaymentClient`]. A card number exists only inside
//! [`CardNumber`](cadenza_protocol::card::CardNumber) on its way here; what stays are brand and last four digits (C8), and of a
//! registered card its fingerprint ([`fingerprints`]), here alone.

pub mod client;
pub mod fingerprints;
pub mod messages;
mod service;
mod test_cards;
mod test_wallet;
mod verdicts;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use cadenza_protocol::cert::Certificate;

use messages::{Instrument, PaymentMark, PaymentRequest};

use crate::tls::Revocations;

pub use service::PaymentProcess;

/// The service's routes, for merchants and the licensing center only.
pub fn router(process: Arc<PaymentProcess>, root: Certificate, revocations: Revocations) -> Router {
    service::router(process, root, revocations, fingerprints::routes())
}

/// What a processor decides about a request that is well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The money is set aside.
    Approved,
    /// The bank says no.
    Declined,
    /// The bank says the card has expired.
    ExpiredCard,
}

/// A way of paying: decides one request.
pub trait PaymentProcessor {
    /// Decides. May take long; the caller bounds it.
    fn decide(&self, request: &PaymentRequest) -> impl Future<Output = Decision> + Send;

    /// What may be kept of the instrument.
    fn mark(&self, request: &PaymentRequest) -> PaymentMark;
}

/// Both processors, chosen by the instrument.
#[derive(Debug, Default)]
pub struct Processors {
    cards: test_cards::TestCards,
    wallet: test_wallet::TestWallet,
}

impl PaymentProcessor for Processors {
    async fn decide(&self, request: &PaymentRequest) -> Decision {
        match request.instrument {
            Instrument::Card(_) => self.cards.decide(request).await,
            Instrument::Wallet { .. } => self.wallet.decide(request).await,
        }
    }

    fn mark(&self, request: &PaymentRequest) -> PaymentMark {
        match request.instrument {
            Instrument::Card(_) => self.cards.mark(request),
            Instrument::Wallet { .. } => self.wallet.mark(request),
        }
    }
}
