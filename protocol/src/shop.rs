//! What a merchant says in JSON about what is for sale and what was sold (requirements B1 to B4). Times in milliseconds, prices
//! in hundredths of a currency.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/about` | [`About`] |
//! | `GET /v1/albums` | [`StoreFront`] |
//! | `GET /v1/albums/{album_id}` | [`AlbumPage`] |
//! | `GET /v1/tracks?q=words` | [`TrackList`] |
//! | `GET /v1/tracks/{media_id}` | [`TrackOffer`] |
//! | `GET /v1/tracks/{media_id}/waveform` | bytes 0 to 100, one per slice of the clip |
//! | `GET /v1/art/{media_id}?size=96,320,1200` | the cover as PNG or JPEG |
//! | `POST /v1/previews` | a [`VoucherFile`](crate::voucher::VoucherFile), or 503 `no-stream` |
//! | `POST /v1/orders` | [`OrderAnswer`](crate::pay::OrderAnswer), or 402 with `card-declined`, `card-expired`, `payment-timeout`; 422 `invalid-form` with `field`; 409 `price-changed` with `total_cents`, what it comes to now, when that is not the order's own `total_cents` and `currency` |
//! | `POST /v1/orders/find` with `idempotency_key` | [`Order`]; 404 when none came, 402 as above when it was refused |
//! | `GET /v1/orders/{order_id}` | [`Order`] |
//! | `GET /v1/orders/{order_id}/voucher` | a [`VoucherFile`](crate::voucher::VoucherFile) |
//! | `GET /v1/vouchers/{voucher_id}/delivery` | a [`DeliveryAddress`](crate::voucher::DeliveryAddress): where to fetch from now |
//! | `POST /v1/counts` | how often limited purchases were used, both ways: [`crate::counts`] |
//!
//! How an order's card is shown is in [`crate::pay`]; what a cart costs is [`price`]'s; an order may be signed by the buyer's passport,
//! [`signed_order`].

pub mod list;
pub mod money;
pub mod price;
pub mod signed_order;
pub mod sold;

use serde::{Deserialize, Serialize};

use crate::id::{MediaId, VoucherId};
use crate::wire::base64_array;

/// Who sells here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Name of the shop.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// Where passports come from.
    pub licensing_url: String,
    /// The same shop for browsers.
    pub web_url: String,
}

/// The store's first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFront {
    /// ISO 4217.
    pub currency: String,
    /// Albums by title.
    pub albums: Vec<AlbumCard>,
}

/// An album as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlbumCard {
    /// Names the album, in URLs.
    pub id: String,
    /// Title.
    pub title: String,
    /// Album artist, or the artists of its tracks.
    pub artist: String,
    /// Year of publication.
    pub year: Option<u16>,
    /// Genre.
    pub genre: Option<String>,
    /// Dominant hue of the cover, OKLCH degrees 0 to 359.
    pub hue: u16,
    /// Its chroma, thousandths; below 20 the cover counts as grey.
    pub chroma_milli: u16,
    /// Track whose art stands for the album: `/v1/art/{art}`; `None` when there is no cover.
    pub art: Option<MediaId>,
    /// Tracks on sale.
    pub track_count: u16,
    /// All tracks together.
    pub duration_ms: u64,
    /// Price of the whole album, per quality, best first.
    pub prices: Vec<AlbumPrice>,
}

/// What a whole album costs in one quality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlbumPrice {
    /// `lossless`, `lossy`.
    pub quality: String,
    /// When all its tracks are bought together.
    pub price_cents: u64,
}

/// An album's own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlbumPage {
    /// The album.
    #[serde(flatten)]
    pub card: AlbumCard,
    /// ISO 4217.
    pub currency: String,
    /// Whose music it is: fingerprint of the content manager's key.
    #[serde(with = "base64_array")]
    pub content_manager_key: [u8; 32],
    /// In order.
    pub tracks: Vec<TrackOffer>,
    /// Liner notes, when free to read.
    pub liner_notes: Option<String>,
    /// Credits, when free to read.
    pub credits: Option<String>,
    /// Biography of the artist, when free to read.
    pub biography: Option<String>,
    /// Label.
    pub label: Option<String>,
    /// Copyright line.
    pub copyright: Option<String>,
}

/// Tracks that were searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackList {
    /// ISO 4217.
    pub currency: String,
    /// By album and number.
    pub tracks: Vec<TrackOffer>,
}

/// A track as it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackOffer {
    /// The track.
    pub media_id: MediaId,
    /// Its album.
    pub album_id: String,
    /// The album's title.
    pub album: String,
    /// Number on the album.
    pub number: u16,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Composer.
    pub composer: Option<String>,
    /// Whole song.
    pub duration_ms: u64,
    /// The part that can be heard before buying.
    pub clip: Clip,
    /// Loudness of the clip over time, 0 to 100.
    #[serde(default)]
    pub waveform: Vec<u8>,
    /// Dominant hue of the cover, OKLCH degrees.
    pub hue: u16,
    /// Its chroma, thousandths.
    pub chroma_milli: u16,
    /// Best first; the first one's price is the track's price in lists.
    pub qualities: Vec<Quality>,
    /// Credits of this track, when free to read.
    pub credits: Option<String>,
    /// Liner notes of this track, when free to read.
    pub liner_notes: Option<String>,
    /// Biography of its artist, when free to read.
    pub biography: Option<String>,
    /// Whether a buyer may record it to disc.
    pub may_record: bool,
}

/// Where the clip lies and how it fades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    /// Start within the song.
    pub start_ms: u32,
    /// Length.
    pub duration_ms: u32,
    /// Fade-in, performed by the player.
    pub fade_in_ms: u32,
    /// Fade-out, performed by the player.
    pub fade_out_ms: u32,
}

/// One quality on sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// `lossless`, `lossy`.
    pub name: String,
    /// `flac`, `ogg-opus`.
    pub codec: String,
    /// Hertz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u8,
    /// Bits per sample; 0 where the codec has none.
    pub bits: u8,
    /// Bits per second, on average.
    pub bit_rate: u32,
    /// Size of the audio image, bytes.
    pub size_bytes: u64,
    /// Price.
    pub price_cents: u64,
}

/// One track in one quality, as ordered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderedTrack {
    /// What.
    pub media_id: MediaId,
    /// Quality name.
    pub quality: String,
}

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum OrderState {
    /// Not decided yet.
    Open,
    /// Paid: what was bought can be retrieved.
    Paid,
    /// Given up; nothing was charged.
    Refused,
    /// Its money is on its way back; nothing more can be retrieved.
    Refunding,
    /// Its money was given back. What was delivered before stays with the buyer, nothing more can be retrieved.
    Refunded,
}

/// A word that names no [`OrderState`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no state of an order; is the store newer than this program?")]
pub struct UnknownOrderState(pub String);

impl OrderState {
    /// The word on the wire and in the merchant's tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Refused => "refused",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }

    /// Whether its money went back, or is about to.
    pub const fn is_refunded(self) -> bool {
        matches!(self, Self::Refunding | Self::Refunded)
    }
}

impl TryFrom<String> for OrderState {
    type Error = UnknownOrderState;

    fn try_from(word: String) -> Result<Self, UnknownOrderState> {
        match word.as_str() {
            "open" => Ok(Self::Open),
            "paid" => Ok(Self::Paid),
            "refused" => Ok(Self::Refused),
            "refunding" => Ok(Self::Refunding),
            "refunded" => Ok(Self::Refunded),
            _ => Err(UnknownOrderState(word)),
        }
    }
}

impl From<OrderState> for &'static str {
    fn from(state: OrderState) -> Self {
        state.word()
    }
}

/// An order that money was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Whoever knows it may retrieve what was bought.
    pub order_id: String,
    /// Where it is: paid, or refunded since.
    pub state: OrderState,
    /// All items.
    pub total_cents: u64,
    /// ISO 4217.
    pub currency: String,
    /// E.g. `Visa •••• 4242`.
    #[serde(default)]
    pub paid_with: String,
    /// What was bought.
    pub items: Vec<OrderItem>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    /// The track.
    pub media_id: MediaId,
    /// Its transaction, and the name of its voucher.
    pub voucher_id: VoucherId,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Quality name.
    pub quality: String,
    /// Price.
    pub price_cents: u64,
}
