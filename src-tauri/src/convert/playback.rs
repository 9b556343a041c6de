//! The transport's shapes.

use cadenza_player::playback::{
    Entry, Knob, PlaybackState as Engine, Repeat as CoreRepeat, Status, Track, TrackKind,
};
use cadenza_player::player::Shown;
use cadenza_protocol::preview::PreviewKind as CorePreviewKind;

use super::{audio_format, clip, small};
use crate::ipc::{
    AlbumId, AppError, AudioFormat, MediaId, NowPlaying, OwnerLine, PlaybackKind, PlaybackState,
    PlaybackStatus, Position, PreviewKind, QueueEntry, Repeat, Sleeve, TrackId,
};
use crate::sleeve::{self, SleeveColour};

/// The transport bar.
pub fn playback_state(
    status: &Status,
    track: Option<NowPlaying>,
    owner: Option<OwnerLine>,
    knob: Knob,
    error: Option<AppError>,
) -> PlaybackState {
    PlaybackState {
        moment: 0,
        status: match status.state {
            Engine::Stopped => PlaybackStatus::Stopped,
            Engine::Playing => PlaybackStatus::Playing,
            Engine::Buffering => PlaybackStatus::Loading,
            Engine::Paused => PlaybackStatus::Paused,
        },
        track,
        entry_id: status.current.as_ref().map(|entry| small(entry.key.number())),
        can_previous: status.current.is_some(),
        can_next: status.can_next(),
        volume: knob.percent(),
        muted: knob.is_muted(),
        shuffle: status.shuffled,
        repeat: match status.repeat {
            CoreRepeat::Off => Repeat::Off,
            CoreRepeat::All => Repeat::All,
            CoreRepeat::One => Repeat::One,
        },
        owner,
        error,
    }
}

/// What comes after the last track, as the core takes it.
pub fn repeat(repeat: Repeat) -> CoreRepeat {
    match repeat {
        Repeat::Off => CoreRepeat::Off,
        Repeat::All => CoreRepeat::All,
        Repeat::One => CoreRepeat::One,
    }
}

/// How much of a track to stream, as the core takes it.
pub fn preview_kind(kind: PreviewKind) -> CorePreviewKind {
    match kind {
        PreviewKind::Clip => CorePreviewKind::Clip,
        PreviewKind::Song => CorePreviewKind::Song,
    }
}

/// The running time.
pub fn position(status: &Status) -> Position {
    let duration_ms = small(status.length_ms());
    Position { position_ms: small(status.time_ms()), duration_ms, buffered_ms: duration_ms }
}

/// An entry of the queue, with its track as it is shown.
pub fn queue_entry(entry: &Entry, shown: NowPlaying) -> QueueEntry {
    QueueEntry {
        entry_id: small(entry.key.number()),
        kind: shown.kind,
        track_id: shown.track_id,
        title: shown.title,
        artist: shown.artist,
        album: shown.album,
        sleeve: shown.sleeve,
        duration_ms: shown.duration_ms,
    }
}

/// A track as it is shown.
pub fn now_playing(track: &Track, shown: Shown, sleeve: Sleeve) -> NowPlaying {
    let album = shown.record.as_ref().map(|record| super::album_id(record));
    NowPlaying {
        kind: match track.kind {
            TrackKind::Preview => PlaybackKind::Preview,
            TrackKind::Purchased => PlaybackKind::Purchased,
            TrackKind::Own => PlaybackKind::Own,
        },
        track_id: TrackId(track.id.to_string()),
        media_id: shown.media_id.map(|id| MediaId(id.to_string())),
        album_id: album.or_else(|| shown.offer.as_ref().map(|offer| AlbumId(offer.album_id.clone()))),
        title: shown.title,
        artist: shown.artist,
        album: shown.album,
        sleeve,
        duration_ms: small(shown.length_ms),
        clip: shown.clip.as_ref().map(clip),
        waveform: shown.waveform,
        format: shown.record.as_ref().map_or_else(preview_format, |record| audio_format(&record.format)),
    }
}

/// A track of which there is no cover.
pub fn no_sleeve() -> Sleeve {
    sleeve::of_library(None, SleeveColour::NONE)
}

/// Previews are Opus at the rate that Opus always has.
fn preview_format() -> AudioFormat {
    AudioFormat { codec: "Opus".into(), sample_rate: 48_000, bits: 0, bit_rate: 0, channels: 2 }
}
