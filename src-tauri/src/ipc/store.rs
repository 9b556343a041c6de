//! The store, the cart, orders and deliveries (requirements V1, B1 to B9).

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AlbumId, AppError, AudioFormat, MediaId, OrderId, Sleeve};

/// Whether the store answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreState {
    pub status: StoreStatus,
    /// True for the store that comes with the player.
    pub bundled: bool,
    /// Its address, for the settings page; null while it starts.
    pub address: Option<String>,
    /// Why it does not answer.
    pub error: Option<AppError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StoreStatus {
    Starting,
    Reachable,
    Unreachable,
}

/// The store's first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreFront {
    /// ISO 4217, e.g. `USD`; all prices are in its hundredths.
    pub currency: String,
    pub albums: Vec<AlbumCard>,
}

/// An album as it stands in a grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AlbumCard {
    pub id: AlbumId,
    pub title: String,
    pub artist: String,
    pub year: Option<u16>,
    pub genre: Option<String>,
    pub sleeve: Sleeve,
    pub track_count: u16,
    pub duration_ms: u32,
    /// The whole album in its first quality.
    pub price_cents: u32,
    /// How many of its tracks are owned already.
    pub owned_tracks: u16,
}

/// An album's own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreAlbum {
    pub card: AlbumCard,
    pub currency: String,
    pub tracks: Vec<StoreTrack>,
    pub liner_notes: Option<String>,
    pub credits: Option<String>,
    /// Of the artist.
    pub biography: Option<String>,
    pub label: Option<String>,
    pub copyright: Option<String>,
}

/// A track as it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreTrack {
    pub media_id: MediaId,
    pub album_id: AlbumId,
    pub album: String,
    pub number: u16,
    pub title: String,
    pub artist: String,
    pub composer: Option<String>,
    pub duration_ms: u32,
    pub clip: Clip,
    /// Loudness of the clip over time, about 64 values from 0 to 100, for the small waveform.
    pub waveform: Vec<u8>,
    pub sleeve: Sleeve,
    /// Best first. The first one's price is the track's price in lists.
    pub qualities: Vec<Quality>,
    /// Whether a buyer may put it on a disc.
    pub may_record: bool,
    pub ownership: Ownership,
}

/// The part of the song that can be heard before buying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Clip {
    /// Where in the song it starts.
    pub start_ms: u32,
    pub duration_ms: u32,
}

/// One quality on sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// `lossless`, `lossy`: what `cart_add` takes.
    pub name: String,
    pub format: AudioFormat,
    pub size_bytes: u32,
    pub price_cents: u32,
}

/// How a track of the store stands with this listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Ownership {
    None,
    InCart,
    /// Bought, on its way: `DownloadChanged` tells how far.
    Arriving,
    Owned,
}

/// What a search of the store finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreResults {
    /// ISO 4217.
    pub currency: String,
    pub albums: Vec<AlbumCard>,
    pub tracks: Vec<StoreTrack>,
}

/// A track and the quality wanted; null takes the best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CartChoice {
    pub media_id: MediaId,
    pub quality: Option<String>,
}

/// What is about to be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    pub currency: String,
    pub items: Vec<CartItem>,
    /// What the items cost one by one.
    pub items_cents: u32,
    /// What whole albums save.
    pub saving_cents: u32,
    /// What will be asked.
    pub total_cents: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CartItem {
    pub media_id: MediaId,
    pub album_id: AlbumId,
    pub title: String,
    pub artist: String,
    pub album: String,
    pub sleeve: Sleeve,
    pub duration_ms: u32,
    /// The quality chosen.
    pub quality: String,
    pub price_cents: u32,
    /// The others to choose from.
    pub qualities: Vec<Quality>,
    /// Whether a buyer may put it on a disc.
    pub may_record: bool,
}

/// A card as typed; goes to the payment processor only (C8).
#[derive(Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCard {
    pub number: String,
    /// `MM/YY`.
    pub expiry: String,
    pub name: String,
}

impl std::fmt::Debug for PaymentCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PaymentCard { .. }")
    }
}

/// A paid order; its tracks are delivered one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: OrderId,
    /// Seconds since 1970.
    pub placed_at: u32,
    pub currency: String,
    pub total_cents: u32,
    /// Brand and last four digits.
    pub paid_with: String,
    pub state: OrderState,
    pub items: Vec<OrderItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OrderState {
    /// Paid, tracks on their way.
    Arriving,
    /// Everything is in the library.
    Delivered,
    /// Paid, but something did not arrive: retry it, nothing is lost (B7).
    Incomplete,
    /// The money is on its way back: what was delivered plays, nothing more can be fetched.
    Refunding,
    /// The money was given back: the same.
    Refunded,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    pub media_id: MediaId,
    pub title: String,
    pub artist: String,
    pub quality: String,
    pub price_cents: u32,
    pub sleeve: Sleeve,
}

/// One track on its way from the delivery server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    pub media_id: MediaId,
    pub order_id: Option<OrderId>,
    pub title: String,
    pub artist: String,
    pub album: String,
    pub sleeve: Sleeve,
    pub quality: String,
    pub state: DownloadState,
    pub received_bytes: u32,
    /// 0 until the delivery server has said it.
    pub total_bytes: u32,
    /// Why it failed.
    pub error: Option<AppError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DownloadState {
    Waiting,
    /// Proving to the delivery server who is asking.
    Redeeming,
    Receiving,
    /// Comparing signature and hash.
    Checking,
    /// In the library, ready to play.
    Ready,
    /// Can be tried again; what has arrived is kept.
    Failed,
}

/// A `cadenza:` link that waits for a yes. Nobody was contacted for it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AskedLink {
    /// To answer by.
    pub number: u32,
    pub wanted: WantedByLink,
    /// Titles of what would be fetched, where they are known here.
    pub titles: Vec<String>,
    /// Host and port of the store that would be asked, once it is named.
    pub store: Option<String>,
    /// Another host that the link names; it is not asked.
    pub elsewhere: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WantedByLink {
    /// To play a clip.
    Clip,
    /// To bring home what an order bought.
    Order,
}
