//! Between merchant and content manager (requirements B2, O8): inventory, reserve, authorize, expire, deliver.
//!
//! JSON over mutual TLS. A reservation is *pending* until it is authorized; then *purchased and not delivered*; then *purchased
//! and delivered*. The authorization token is a secret of these two and changes at every step.

use serde::{Deserialize, Serialize};

use crate::id::{MediaId, VoucherId};
use crate::media::ClipTimes;
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

/// One song the content manager is willing to deliver for a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItem {
    /// Which song.
    pub media_id: MediaId,
    /// Its clear texts.
    pub title: String,
    /// Performing artist.
    pub artist: String,
    /// Album, may be empty.
    pub album: String,
    /// Artist of the album as a whole.
    pub album_artist: String,
    /// Genre, may be empty.
    pub genre: String,
    /// Year of release, 0 if unknown.
    pub year: u16,
    /// Number on its disc, 0 if unknown.
    pub track_number: u16,
    /// Clip and song times.
    pub clip: ClipTimes,
    /// What can be bought.
    pub qualities: Vec<InventoryQuality>,
    /// ISO 4217 code of all prices.
    pub currency: String,
    /// What the whole album costs, if it is sold whole, in cents.
    pub album_cents: Option<u32>,
}

/// One quality that can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryQuality {
    /// Its name in the file.
    pub quality: String,
    /// Codec in words: `flac`, `ogg-opus`.
    pub codec: crate::media::Codec,
    /// Frames a second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u8,
    /// Bits a sample, 0 for lossy codecs.
    pub bits: u8,
    /// Mean bit rate in bit/s.
    pub bit_rate: u32,
    /// Bytes of the image.
    pub size: u64,
    /// What the content manager charges the merchant, in cents.
    pub cost_cents: u32,
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
