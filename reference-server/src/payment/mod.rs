//! The payment processor (S7, B3): a test card processor and a test wallet behind one interface, as a service of its own.
//!
//! Whoever pays shows a card at its [`counter`], or on its page in a browser, and nowhere else (C8). Merchant and licensing center reach it by
//! mutual TLS through [`client::PaymentClient`] with the token that the buyer got; what they hear of a card are brand and last four digits. A card waits under its
//! token for ten minutes ([`tokens`]); what stays of a registered one is its fingerprint ([`fingerprints`]), here alone.

pub mod client;
pub mod counter;
pub mod fingerprints;
pub mod messages;
mod service;
mod test_cards;
mod test_wallet;
mod tokens;
mod verdicts;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use cadenza_protocol::card::Card;
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::pay::CardMark;

use crate::tls::Revocations;

pub use service::{PaymentProcess, ProcessParts};

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

/// What pays: the card behind a token, or a wallet's token.
#[derive(Debug)]
pub enum Means {
    /// A card.
    Card(Card),
    /// A wallet's one-time token.
    Wallet(String),
}

/// A way of paying: decides one request.
pub trait PaymentProcessor {
    /// Decides. May take long; the caller bounds it.
    fn decide(&self, means: &Means) -> impl Future<Output = Decision> + Send;

    /// What may be kept of the means.
    fn mark(&self, means: &Means) -> CardMark;
}

/// Both processors, chosen by what pays.
#[derive(Debug, Default)]
pub struct Processors {
    cards: test_cards::TestCards,
    wallet: test_wallet::TestWallet,
}

impl PaymentProcessor for Processors {
    async fn decide(&self, means: &Means) -> Decision {
        match means {
            Means::Card(_) => self.cards.decide(means).await,
            Means::Wallet(_) => self.wallet.decide(means).await,
        }
    }

    fn mark(&self, means: &Means) -> CardMark {
        match means {
            Means::Card(_) => self.cards.mark(means),
            Means::Wallet(_) => self.wallet.mark(means),
        }
    }
}
