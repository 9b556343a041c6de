//! What an item of a media data file can be: type and subtype (requirement O1).
//!
//! In the table of contents two bytes, type then subtype, with the numbers given here for good.

use crate::wire::WireError;

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $kind:ident = $code:literal $words:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $kind,)* }

        impl $name {
            /// Every kind.
            pub const ALL: &[$name] = &[$($name::$kind),*];

            /// Its number in the format.
            pub const fn code(self) -> u8 {
                match self { $($name::$kind => $code,)* }
            }

            /// Its name in words.
            pub const fn words(self) -> &'static str {
                match self { $($name::$kind => $words,)* }
            }

            fn from_code(code: u8) -> Result<Self, WireError> {
                match code {
                    $($code => Ok($name::$kind),)*
                    _ => Err(WireError::Invalid { field: "item subtype" }),
                }
            }
        }
    };
}

kinds!(
    /// Texts, UTF-8. At most one of each kind in each language, `Other` excepted.
    TextKind {
        /// Title of the song.
        Title = 1 "title",
        /// Performing artist.
        Artist = 2 "artist",
        /// Album.
        Album = 3 "album",
        /// Artist of the album as a whole.
        AlbumArtist = 4 "album artist",
        /// Composer.
        Composer = 5 "composer",
        /// Genre.
        Genre = 6 "genre",
        /// Year of release, four digits.
        Year = 7 "year",
        /// Number on its disc.
        TrackNumber = 8 "track number",
        /// Tracks on its disc.
        TrackCount = 9 "track count",
        /// Disc in a set.
        DiscNumber = 10 "disc number",
        /// International Standard Recording Code, 12 characters (ISO 3901).
        Isrc = 11 "ISRC",
        /// Publisher.
        Label = 12 "label",
        /// Copyright line.
        Copyright = 13 "copyright",
        /// Lyrics, plain or with LRC times.
        Lyrics = 14 "lyrics",
        /// Liner notes.
        LinerNotes = 15 "liner notes",
        /// Who played, wrote, recorded.
        Credits = 16 "credits",
        /// Commentary.
        Commentary = 17 "commentary",
        /// Price in cents and currency (ISO 4217) per quality, as the author suggests: one `quality currency cents` a line. A price without its
        /// currency is none.
        Prices = 18 "prices",
        /// Who the artist is.
        Biography = 19 "biography",
        /// Anything else.
        Other = 255 "text",
    }
);

kinds!(
    /// Pictures, by media type; and the clip's shape.
    GraphicKind {
        /// Cover art.
        Cover = 1 "cover art",
        /// Advertisement.
        Advertisement = 2 "advertisement",
        /// Promotional art, optionally for a region and interests.
        Promotional = 3 "promotional art",
        /// The clip's loudness over time: one byte a bar, 0 to 100.
        Waveform = 4 "waveform",
    }
);

kinds!(
    /// The two items of a media chunk, always in this order.
    AudioKind {
        /// Parameters of the image that follows.
        Parameters = 1 "audio parameters",
        /// The audio image.
        Image = 2 "audio image",
    }
);

/// Type and subtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemKind {
    /// Type 1.
    Text(TextKind),
    /// Type 2.
    Graphic(GraphicKind),
    /// Type 3.
    Audio(AudioKind),
}

impl ItemKind {
    /// The two bytes.
    pub const fn codes(self) -> [u8; 2] {
        match self {
            ItemKind::Text(k) => [1, k.code()],
            ItemKind::Graphic(k) => [2, k.code()],
            ItemKind::Audio(k) => [3, k.code()],
        }
    }

    /// Reads the two bytes.
    pub fn from_codes([kind, subtype]: [u8; 2]) -> Result<Self, WireError> {
        match kind {
            1 => TextKind::from_code(subtype).map(ItemKind::Text),
            2 => GraphicKind::from_code(subtype).map(ItemKind::Graphic),
            3 => AudioKind::from_code(subtype).map(ItemKind::Audio),
            _ => Err(WireError::Invalid { field: "item type" }),
        }
    }

    /// The item's name in words.
    pub const fn words(self) -> &'static str {
        match self {
            ItemKind::Text(k) => k.words(),
            ItemKind::Graphic(k) => k.words(),
            ItemKind::Audio(k) => k.words(),
        }
    }

    /// Longest content, in bytes as stored.
    pub const fn bound(self) -> u64 {
        match self {
            ItemKind::Text(_) | ItemKind::Audio(AudioKind::Parameters) => super::MAX_TEXT,
            ItemKind::Graphic(_) => super::MAX_GRAPHIC,
            ItemKind::Audio(AudioKind::Image) => super::MAX_IMAGE,
        }
    }
}
