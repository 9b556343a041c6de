//! Ids and small shapes that several pages share.

use serde::{Deserialize, Serialize};
use specta::Type;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A media id of the store, 32 lower-case hexadecimal digits.
    MediaId
}
text_id! {
    /// A track of the library. A purchase has its media id here, an own file an id of the library.
    TrackId
}
text_id! {
    /// An album, of the store or of the library.
    AlbumId
}
text_id! {
    /// A playlist of the library.
    PlaylistId
}
text_id! {
    /// An order at the merchant.
    OrderId
}

/// A cover and the colour it gives to the page around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Sleeve {
    /// Address for an `<img>`; add `?size=96` and the like for a smaller one. Null: no cover.
    pub cover: Option<String>,
    /// Dominant hue in OKLCH, 0 to 359 degrees.
    pub hue: u16,
    /// Its chroma in thousandths, 0 (grey) to about 400.
    pub chroma: u16,
}

/// What an audio image is made of, in one quality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudioFormat {
    /// `FLAC`, `Opus`, `MP3` and so on, as a person writes it.
    pub codec: String,
    /// Hertz.
    pub sample_rate: u32,
    /// Bits per sample; 0 where the codec has none (lossy).
    pub bits: u8,
    /// Bits per second on average; 0 when not known.
    pub bit_rate: u32,
    /// Number of channels.
    pub channels: u8,
}

/// How often something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Allowance {
    /// Not at all.
    Never,
    /// This many times more.
    Times {
        /// Times left.
        left: u16,
    },
    /// As often as one likes.
    Unlimited,
}
