//! Between merchant and content manager (requirements B2, B10, O8): reserve, authorize, expire, deliver, refund.
//!
//! JSON over mutual TLS, `POST /v1/commerce/...`. `reserve` takes a [`ReserveRequest`] and gives a [`Reservation`]; `authorize` takes
//! an [`AuthorizeRequest`] and gives an [`AuthorizeReply`]; `expire` and `refund` take the same and give nothing; `deliver` takes a
//! [`DeliverRequest`] and gives a [`VoucherFile`](crate::voucher::VoucherFile). A reservation is *pending* until it is authorized; then *purchased and not delivered*; then *purchased
//! and delivered*; a refund ends it. The authorization token is a secret of these two and changes at every step.

use serde::{Deserialize, Serialize};

use crate::id::{MediaId, VoucherId};
use crate::secret::{ReceiptToken, Secret};
use crate::shop::money::Currency;
use crate::shop::sold::Sold;
use crate::signed::SignedMessage;
use crate::time::UnixTime;
use crate::wire::base64_array;

/// Secret of merchant and content manager: whoever knows it may authorize or expire the reservation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationToken(#[serde(with = "token")] Secret<32>);

impl AuthorizationToken {
    /// A new token.
    pub fn random() -> Self {
        Self(Secret::random())
    }

    /// A token with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// The bytes, for the moment of use.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

mod token {
    use super::{Secret, base64_array};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(secret: &Secret<32>, s: S) -> Result<S::Ok, S::Error> {
        base64_array::serialize(secret.expose(), s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Secret<32>, D::Error> {
        base64_array::deserialize(d).map(Secret::from_bytes)
    }
}

/// Asks for a reservation: one thing that is sold, at its retail price. The content manager holds all of it against its own inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveRequest {
    /// What the price is for.
    pub sold: Sold,
    /// Which quality.
    pub quality: String,
    /// Of all amounts.
    pub currency: Currency,
    /// What the buyer pays for all of it, cents.
    pub retail_cents: u64,
    /// Its tracks: one, all of the album, or all of it that the buyer has not bought yet.
    pub tracks: Vec<ReservedTrack>,
    /// The order as the buyer's passport signed it ([`SignedOrder`](crate::shop::signed_order::SignedOrder)), where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<SignedMessage>,
    /// For the rest of an album: the purchases that count, of those which the order shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<VoucherId>,
}

/// One track of what is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedTrack {
    /// Which song.
    pub media_id: MediaId,
    /// 1 or 2.
    pub channels: u8,
    /// What this merchant asks for the track alone, cents.
    pub alone_cents: u64,
    /// Its share of the retail price, cents: [`shares`](crate::shop::money::shares) of it by what the tracks cost alone.
    pub share_cents: u64,
}

/// What is reserved: a packet for each track, in the order of the request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// One for each track.
    pub packets: Vec<VoucherPacket>,
}

/// One reserved track: the source's voucher packet.
#[derive(Debug, Serialize, Deserialize)]
pub struct VoucherPacket {
    /// Tracks the transaction.
    pub voucher_id: VoucherId,
    /// When the reservation began.
    pub timestamp: UnixTime,
    /// Seconds until it lapses unless it is authorized.
    pub lifetime_seconds: u32,
    /// What the merchant will owe for it, cents: its share of what is owed for all that is sold.
    pub cost_cents: u64,
    /// For the next step with this reservation.
    pub authorization: AuthorizationToken,
    /// For the buyer, once paid.
    pub receipt: ReceiptToken,
}

/// Paid: enable delivery. Also the message that expires or refunds a reservation, at its own path.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    /// Which reservation.
    pub voucher_id: VoucherId,
    /// The latest token.
    pub authorization: AuthorizationToken,
}

/// Done; the next token.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuthorizeReply {
    /// Which reservation.
    pub voucher_id: VoucherId,
    /// For further changes.
    pub authorization: AuthorizationToken,
}

/// Asks for the media voucher of paid reservations.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverRequest {
    /// Each with its receipt; 1 to 100.
    pub items: Vec<DeliverItem>,
}

/// One paid reservation.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverItem {
    /// Which.
    pub voucher_id: VoucherId,
    /// Proof that it was paid for.
    pub receipt: ReceiptToken,
}
