//! The library: what is on this computer (requirements M6, M7).

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AlbumId, Allowance, AudioFormat, MediaId, PlaylistId, Sleeve, TrackId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LibraryTrack {
    pub track_id: TrackId,
    /// Null for own files.
    pub media_id: Option<MediaId>,
    pub album_id: AlbumId,
    pub title: String,
    pub artist: String,
    pub album: String,
    pub number: Option<u16>,
    pub genre: Option<String>,
    pub year: Option<u16>,
    pub duration_ms: u32,
    pub sleeve: Sleeve,
    pub format: AudioFormat,
    pub size_bytes: u32,
    /// How often it may be played and put on a disc.
    pub play: Allowance,
    pub record: Allowance,
    /// Seconds since 1970.
    pub added_at: u32,
    /// Times heard to the end.
    pub play_count: u32,
    pub last_played_at: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LibraryAlbum {
    pub album_id: AlbumId,
    /// The same album where it is sold, when the store told of it.
    pub store_album_id: Option<AlbumId>,
    pub title: String,
    pub artist: String,
    pub year: Option<u16>,
    pub genre: Option<String>,
    pub sleeve: Sleeve,
    pub track_count: u32,
    pub duration_ms: u32,
    /// Seconds since 1970, of the newest track.
    pub added_at: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LibraryArtist {
    pub name: String,
    pub album_count: u32,
    pub track_count: u32,
    /// Of one of the albums.
    pub sleeve: Sleeve,
}

/// Which tracks, and which part of the list; every field narrows, null does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TrackQuery {
    /// Words that must all appear in title, artist or album.
    pub text: Option<String>,
    pub album_id: Option<AlbumId>,
    pub artist: Option<String>,
    /// First row wanted.
    pub offset: u32,
    /// Rows wanted, at most 500.
    pub limit: u32,
}

/// Most rows of one part of a list.
const LARGEST_PAGE: usize = 500;

impl TrackQuery {
    /// How many rows to give.
    pub fn rows(&self) -> usize {
        (self.limit as usize).min(LARGEST_PAGE)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TrackSort {
    pub by: TrackOrder,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TrackOrder {
    Title,
    Artist,
    /// By album, then number.
    Album,
    Duration,
    Added,
    PlayCount,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TrackPage {
    pub tracks: Vec<LibraryTrack>,
    /// Rows in the whole list.
    pub total: u32,
    /// Of the whole list, in seconds.
    pub total_seconds: u32,
}

/// Texts of a track for the listening panel; null where there is none, or where it is for buyers only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TrackTexts {
    pub lyrics: Option<Vec<LyricLine>>,
    pub liner_notes: Option<String>,
    pub credits: Option<String>,
    pub commentary: Option<String>,
    /// Of the artist.
    pub biography: Option<String>,
}

/// A line of lyrics or programme notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LyricLine {
    /// When it is sung; null when the lyrics are not synchronised.
    pub start_ms: Option<u32>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Playlist {
    pub playlist_id: PlaylistId,
    pub name: String,
    pub track_count: u32,
    pub duration_ms: u32,
    /// Of its first track.
    pub sleeve: Option<Sleeve>,
}

/// A playlist's own page. The same track may stand in it more than once, so places count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlaylistPage {
    pub playlist: Playlist,
    pub tracks: Vec<LibraryTrack>,
}
