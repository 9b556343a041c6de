//! Wishes that only the merchant reads; what it answers, and at which addresses, is in [`cadenza_protocol::shop`].

use cadenza_protocol::id::MediaId;
use cadenza_protocol::pay::CardToken;
use cadenza_protocol::shop::OrderedTrack;
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::signed::SignedMessage;
use serde::{Deserialize, Serialize};

/// Asks for something to listen to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRequest {
    /// 1 to 100 tracks.
    pub media_ids: Vec<MediaId>,
    /// `clip` or `song`.
    pub kind: crate::content::messages::PreviewKind,
}

/// An order. The same key twice is one order. What has no field here is refused: nobody sends a card in vain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// 1 to 100 tracks.
    pub items: Vec<OrderedTrack>,
    /// What the buyer was shown for all of them, hundredths: nothing else is charged.
    pub total_cents: u64,
    /// In this.
    pub currency: Currency,
    /// For the card that the payment processor has seen; without it, or a wallet, the answer is what the order costs.
    pub token: Option<CardToken>,
    /// A wallet's one-time token.
    pub wallet: Option<WalletFields>,
    /// 8 to 100 characters that the buyer draws once per order.
    pub idempotency_key: String,
    /// The same order, signed by the buyer's passport ([`SignedOrder`](cadenza_protocol::shop::signed_order::SignedOrder)).
    pub signed: Option<SignedMessage>,
}

/// Asks for an order by the key that its buyer drew: for one whose answer was lost.
#[derive(Debug, Deserialize)]
pub struct FindOrder {
    /// As in the order.
    pub idempotency_key: String,
}

/// A wallet's token.
#[derive(Deserialize)]
pub struct WalletFields {
    /// One-time.
    pub token: String,
}

impl std::fmt::Debug for WalletFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WalletFields(hidden)")
    }
}
