//! The transport: what plays, where it is, what comes next (requirements V5, M2, M5).

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AlbumId, AppError, AudioFormat, Clip, MediaId, OwnerLine, Sleeve, TrackId};

/// Everything the transport bar shows but the running time, which comes through `subscribe_position`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlaybackState {
    /// Number of this look at the transport. A lower one is older, whichever arrives first.
    pub moment: u32,
    pub status: PlaybackStatus,
    /// Null when stopped with an empty queue.
    pub track: Option<NowPlaying>,
    /// Which entry of the queue plays.
    pub entry_id: Option<u32>,
    pub can_previous: bool,
    pub can_next: bool,
    /// 0 to 100.
    pub volume: u8,
    pub muted: bool,
    pub shuffle: bool,
    pub repeat: Repeat,
    /// The owner's line: there while purchased music plays, null otherwise (M5).
    pub owner: Option<OwnerLine>,
    /// Why it stopped by itself.
    pub error: Option<AppError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PlaybackStatus {
    Stopped,
    /// Opening the file, or waiting for the stream.
    Loading,
    Playing,
    Paused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Repeat {
    Off,
    All,
    One,
}

/// What kind of sound this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PlaybackKind {
    /// Streamed from the store, free.
    Preview,
    /// Bought, decrypted while it plays.
    Purchased,
    /// The listener's own file.
    Own,
}

/// The track in the transport bar and the listening panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NowPlaying {
    pub kind: PlaybackKind,
    /// For `track_texts`, in every kind.
    pub track_id: TrackId,
    /// Null for own files.
    pub media_id: Option<MediaId>,
    pub album_id: Option<AlbumId>,
    pub title: String,
    pub artist: String,
    pub album: String,
    pub sleeve: Sleeve,
    /// What is being played: of the clip for a preview of the clip, of the song otherwise.
    pub duration_ms: u32,
    /// Where a previewed clip lies in the song; null when the whole song plays.
    pub clip: Option<Clip>,
    /// Loudness over time, 0 to 100; empty when not known.
    pub waveform: Vec<u8>,
    pub format: AudioFormat,
}

/// A tick of the clock, a few times a second while playing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// What has really been heard.
    pub position_ms: u32,
    pub duration_ms: u32,
    /// How far it could play on without the network; the duration for files.
    pub buffered_ms: u32,
}

/// How much of a track to stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PreviewKind {
    Clip,
    /// Where the store allows it.
    Song,
}

/// The play queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    /// Number of this look, counted together with those at the transport.
    pub moment: u32,
    /// In the order of play.
    pub entries: Vec<QueueEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueEntry {
    /// Stays with the entry while it is moved; the same track may stand twice.
    pub entry_id: u32,
    pub kind: PlaybackKind,
    pub track_id: TrackId,
    pub title: String,
    pub artist: String,
    pub album: String,
    pub sleeve: Sleeve,
    pub duration_ms: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum QueuePlace {
    /// Right after the one that plays.
    Next,
    Last,
}
