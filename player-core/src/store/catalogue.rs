//! What is for sale (requirement B1), as the merchant's JSON says it. Times in milliseconds, prices in hundredths of a currency.

use cadenza_protocol::id::MediaId;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

use super::client::{ExchangeError, StoreClient};

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
    /// Artist.
    pub artist: String,
    /// Year of publication.
    pub year: Option<u16>,
    /// Genre.
    pub genre: Option<String>,
    /// Dominant hue of the cover, OKLCH degrees 0 to 359.
    pub hue: u16,
    /// Its chroma, thousandths.
    pub chroma_milli: u16,
    /// Track whose art stands for the album.
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
    /// In order.
    pub tracks: Vec<TrackOffer>,
    /// Liner notes, when free to read.
    pub liner_notes: Option<String>,
    /// Credits, when free to read.
    pub credits: Option<String>,
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
    /// Dominant hue of the cover.
    pub hue: u16,
    /// Its chroma, thousandths.
    pub chroma_milli: u16,
    /// Best first; the first one's price is the track's price in lists.
    pub qualities: Vec<Quality>,
    /// Credits, when free to read.
    pub credits: Option<String>,
    /// Liner notes, when free to read.
    pub liner_notes: Option<String>,
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

impl StoreClient {
    /// Who sells here.
    pub async fn about(&self) -> Result<About, ExchangeError> {
        self.get("v1/about").await
    }

    /// Albums on sale.
    pub async fn store_front(&self) -> Result<StoreFront, ExchangeError> {
        self.get("v1/albums").await
    }

    /// One album with its tracks.
    pub async fn album(&self, id: &str) -> Result<AlbumPage, ExchangeError> {
        self.get(&format!("v1/albums/{}", escaped(id))).await
    }

    /// Tracks whose title, artist or album hold these words; all tracks for no words.
    pub async fn tracks(&self, words: &str) -> Result<TrackList, ExchangeError> {
        self.get(&format!("v1/tracks?q={}", escaped(words))).await
    }

    /// One track.
    pub async fn track(&self, id: MediaId) -> Result<TrackOffer, ExchangeError> {
        self.get(&format!("v1/tracks/{id}")).await
    }

    /// The cover of a track, about `size` pixels wide: media type and bytes.
    pub async fn art(&self, id: MediaId, size: u32) -> Result<(String, Vec<u8>), ExchangeError> {
        self.get_bytes(&format!("v1/art/{id}?size={size}")).await
    }

    /// A voucher to hear tracks before buying them (V1, V2).
    pub async fn preview(
        &self,
        media_ids: &[MediaId],
        kind: PreviewKind,
    ) -> Result<MediaVoucher, ExchangeError> {
        #[derive(Serialize)]
        struct Wanted<'a> {
            media_ids: &'a [MediaId],
            kind: &'static str,
        }
        let file: VoucherFile = self.post("v1/previews", &Wanted { media_ids, kind: kind.as_str() }).await?;
        Ok(file.verify(&self.address().root)?)
    }
}

/// `/` and all else that has a meaning in a URL, written out; blanks as `%20`, which every part of a URL understands.
fn escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_leave_their_place_in_the_address() {
        assert_eq!(escaped("a/b?c=d&e f"), "a%2Fb%3Fc%3Dd%26e%20f");
    }
}
