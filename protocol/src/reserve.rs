//! Between merchant and content manager (requirements B2, O8): reserve, authorize, expire, deliver.
//!
//! JSON over mutual TLS. A reservation is *pending* until it is authorized; then *purchased and not delivered*; then *purchased
//! and delivered*. The authorization token is a secret of these two and changes at every step.

use serde::{Deserialize, Serialize};

use crate::id::{MediaId, VoucherId};
use crate::secret::{ReceiptToken, Secret};
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

/// Asks for a reservation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReserveRequest {
    /// Which song.
    pub media_id: MediaId,
    /// Which quality.
    pub quality: String,
    /// 1 or 2.
    pub channels: u8,
}

/// A reservation: the source's voucher packet.
#[derive(Debug, Serialize, Deserialize)]
pub struct VoucherPacket {
    /// Tracks the transaction.
    pub voucher_id: VoucherId,
    /// When the reservation began.
    pub timestamp: UnixTime,
    /// Seconds until it lapses unless it is authorized.
    pub lifetime_seconds: u32,
    /// For the next step with this reservation.
    pub authorization: AuthorizationToken,
    /// For the buyer, once paid.
    pub receipt: ReceiptToken,
}

/// Paid: enable delivery. Also the message that expires a reservation, at its own path.
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
