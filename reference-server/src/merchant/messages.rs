//! Wishes that only the merchant reads; what it answers, and at which addresses, is in [`cadenza_protocol::shop`].

use cadenza_protocol::card::TypedCard;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::OrderedTrack;
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

/// An order. The same key twice is one order.
#[derive(Debug, Deserialize)]
pub struct OrderRequest {
    /// 1 to 100 tracks.
    pub items: Vec<OrderedTrack>,
    /// The card, unless a wallet pays.
    pub card: Option<TypedCard>,
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
