//! One track of the library, as the index keeps it: what lists, searches and the transport bar need without opening the file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cadenza_protocol::id::{IdError, MediaId, VoucherId, hex};
use cadenza_protocol::media::{Allowance, Loudness};
use cadenza_protocol::time::UnixTime;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Names a track of the library: the media id of a purchase, or 128 bits made from the path of the listener's own file.
/// Written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(MediaId);

impl TrackId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(MediaId::from_bytes(bytes))
    }

    /// The 16 bytes: the key in the index.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id of an own file: the same path is the same track.
    pub fn of_own_file(path: &Path) -> Self {
        let digest = digest(&SHA256, path.as_os_str().as_encoded_bytes());
        let first: [u8; 16] = digest.as_ref()[..16].try_into().expect("a SHA-256 has 32 bytes");
        Self::from_bytes(first)
    }
}

impl From<MediaId> for TrackId {
    fn from(id: MediaId) -> Self {
        Self(id)
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrackId({})", hex(self.as_bytes()))
    }
}

impl FromStr for TrackId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(Self)
    }
}

/// One track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Its name in lists and playlists.
    pub id: TrackId,
    /// Where it comes from.
    pub origin: Origin,
    /// Its file: relative to the music folder for a purchase, absolute for an own file.
    #[serde(with = "crate::path")]
    pub path: PathBuf,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Album; empty when there is none.
    pub album: String,
    /// Artist of the whole album, when told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album_artist: Option<String>,
    /// Composer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composer: Option<String>,
    /// Genre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genre: Option<String>,
    /// Year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// Number on its disc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u16>,
    /// Disc of the album.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disc: Option<u16>,
    /// International Standard Recording Code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isrc: Option<String>,
    /// Length in milliseconds.
    pub duration_ms: u32,
    /// What the audio is made of.
    pub format: AudioFormat,
    /// Measured loudness, when its author told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudness: Option<Loudness>,
    /// Size of the file.
    pub size_bytes: u64,
    /// When the file was last changed, for noticing that it was.
    pub modified: UnixTime,
    /// When it came into the library.
    pub added_at: UnixTime,
    /// Whether it has a cover.
    pub has_cover: bool,
}

/// Where a track comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Origin {
    /// Bought.
    Purchase {
        /// What.
        media_id: MediaId,
        /// In which transaction.
        voucher_id: VoucherId,
        /// In which quality, e.g. `lossless`.
        quality: String,
        /// When it arrived.
        delivered_at: UnixTime,
        /// How often it may be played.
        play: Allowance,
        /// How often it may be recorded.
        record: Allowance,
        /// How often it may be exported.
        export: Allowance,
    },
    /// The listener's own file.
    Own,
}

/// What audio is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioFormat {
    /// As a person writes it: `FLAC`, `Opus`, `MP3`.
    pub codec: String,
    /// Hertz.
    pub sample_rate: u32,
    /// Bits per sample; 0 where the codec has none.
    pub bits: u8,
    /// Bits per second on average; 0 when not known.
    pub bit_rate: u32,
    /// Channels.
    pub channels: u8,
}

impl TrackRecord {
    /// The media id of a purchase.
    pub fn media_id(&self) -> Option<MediaId> {
        match &self.origin {
            Origin::Purchase { media_id, .. } => Some(*media_id),
            Origin::Own => None,
        }
    }

    /// The transaction of a purchase.
    pub fn voucher_id(&self) -> Option<VoucherId> {
        match &self.origin {
            Origin::Purchase { voucher_id, .. } => Some(*voucher_id),
            Origin::Own => None,
        }
    }

    /// Whether its author allows something so many times.
    pub fn is_limited(&self) -> bool {
        [self.may_play(), self.may_record()].iter().any(|allowed| matches!(allowed, Allowance::Times(_)))
    }

    /// How often it may be played; an own file as often as one likes.
    pub fn may_play(&self) -> Allowance {
        match &self.origin {
            Origin::Purchase { play, .. } => *play,
            Origin::Own => Allowance::Unlimited,
        }
    }

    /// How often it may be recorded.
    pub fn may_record(&self) -> Allowance {
        match &self.origin {
            Origin::Purchase { record, .. } => *record,
            Origin::Own => Allowance::Unlimited,
        }
    }

    /// For choosing between two versions of the same song: lossless first, then resolution, then bit rate.
    pub fn quality_rank(&self) -> (bool, u8, u32, u32) {
        let AudioFormat { codec, bits, sample_rate, bit_rate, .. } = &self.format;
        (codec == "FLAC", *bits, *sample_rate, *bit_rate)
    }

    /// Whose album it is on.
    pub fn album_by(&self) -> &str {
        self.album_artist.as_deref().unwrap_or(&self.artist)
    }
}
