//! Playing what is owned and hearing what is not, and what the transport bar shows of it (V1, V5, M2, M5).

use std::sync::{Arc, PoisonError};

use cadenza_player::library::TrackId;
use cadenza_player::playback::{
    Entry, PlaybackState as Engine, Repeat as CoreRepeat, Track, TrackKind, stream,
};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::preview::PreviewKind as CorePreviewKind;
use cadenza_protocol::voucher::MediaVoucher;

use super::Core;
use super::collection::album_id;
use super::waveforms::Waveforms;
use crate::convert;
use crate::events::PlaybackChanged;
use crate::ipc::{
    self, AlbumId, AppError, AudioFormat, NowPlaying, PlaybackKind, PlaybackState, PlaybackStatus,
    PreviewKind, Queue, QueueEntry, Repeat, Sleeve,
};
use crate::sleeve::{self, SleeveColour};

impl Core {
    /// Streams previews of these tracks.
    pub async fn preview(
        &self,
        ids: &[MediaId],
        start: u32,
        kind: PreviewKind,
    ) -> Result<PlaybackState, AppError> {
        self.store.known().await;
        for id in ids {
            // So that the transport can show what it plays.
            self.offer(*id).await?;
        }
        let setup = self.player.stream_setup()?;
        let tracks = self.player.preview_tracks(ids, convert::preview_kind(kind), &setup).await;
        self.store.learn(&tracks);
        self.play_tracks(tracks?, start).await
    }

    /// Streams what a preview voucher is for.
    pub async fn preview_voucher(
        &self,
        voucher: &MediaVoucher,
        start: u32,
    ) -> Result<PlaybackState, AppError> {
        for track in &voucher.tracks {
            self.offer(track.media_id).await?;
        }
        let tracks = stream::tracks(voucher, CorePreviewKind::Clip, &self.player.stream_setup()?);
        self.play_tracks(tracks.into_iter().map(Arc::new).collect(), start).await
    }

    /// Plays tracks of the library.
    pub async fn play(&self, ids: &[TrackId], start: u32) -> Result<PlaybackState, AppError> {
        self.play_tracks(self.player.playback_tracks(ids)?, start).await
    }

    /// Plays a track that has just arrived, unless something is being heard.
    pub async fn play_when_idle(&self, id: MediaId) -> Result<(), AppError> {
        match self.transport.status().state {
            Engine::Playing | Engine::Buffering => Ok(()),
            Engine::Stopped | Engine::Paused => self.play(&[id.into()], 0).await.map(drop),
        }
    }

    /// Stops bought music, because its keys go.
    pub async fn stop_purchased(&self) {
        let current = self.transport.status().current;
        if current.is_some_and(|entry| entry.track.kind == TrackKind::Purchased) {
            self.transport.wish(cadenza_player::playback::Command::Stop).await;
        }
    }

    async fn play_tracks(&self, tracks: Vec<Arc<Track>>, start: u32) -> Result<PlaybackState, AppError> {
        self.transport.load(tracks, start).await;
        Ok(self.answer())
    }

    /// The transport, as the answer to a wish. The engine may not have carried all of it out yet: what follows comes as news.
    pub fn answer(&self) -> PlaybackState {
        let now = self.playback_state();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(now.clone());
        now
    }

    /// Tells the page how the transport stands, if that is not what it was told last.
    pub fn tell_playback(&self) {
        let now = self.playback_state();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_ref() != Some(&now) {
            self.tell(PlaybackChanged(now.clone()));
            *told = Some(now);
        }
    }

    /// The transport as the page shows it.
    pub fn playback_state(&self) -> PlaybackState {
        let status = self.transport.status();
        let (volume, muted) = self.transport.volume();
        let current = status.current.as_ref();
        let index = current.and_then(|entry| status.queue.iter().position(|other| other.key == entry.key));
        let is_last = index.is_none_or(|index| index + 1 >= status.queue.len());
        let is_heard = status.state != Engine::Stopped;
        let is_bought = current.is_some_and(|entry| entry.track.kind == TrackKind::Purchased);
        PlaybackState {
            status: match status.state {
                Engine::Stopped => PlaybackStatus::Stopped,
                Engine::Playing => PlaybackStatus::Playing,
                Engine::Buffering => PlaybackStatus::Loading,
                Engine::Paused => PlaybackStatus::Paused,
            },
            track: current.map(|entry| self.now_playing(&entry.track, status.duration_ms)),
            queue_index: index.and_then(|index| u32::try_from(index).ok()),
            queue_length: u32::try_from(status.queue.len()).unwrap_or(u32::MAX),
            can_previous: current.is_some(),
            can_next: current.is_some() && (!is_last || status.shuffled || status.repeat != CoreRepeat::Off),
            volume,
            muted,
            shuffle: status.shuffled,
            repeat: match status.repeat {
                CoreRepeat::Off => Repeat::Off,
                CoreRepeat::All => Repeat::All,
                CoreRepeat::One => Repeat::One,
            },
            owner: if is_heard && is_bought { convert::owner(&self.player) } else { None },
            error: self.transport.failure(),
        }
    }

    /// The play queue.
    pub fn queue(&self) -> Queue {
        let status = self.transport.status();
        let current = status
            .current
            .as_ref()
            .and_then(|entry| status.queue.iter().position(|other| other.key == entry.key));
        Queue {
            entries: status.queue.iter().map(|entry| self.queue_entry(entry)).collect(),
            current: current.and_then(|index| u32::try_from(index).ok()),
        }
    }

    fn queue_entry(&self, entry: &Entry) -> QueueEntry {
        let shown = self.now_playing(&entry.track, None);
        QueueEntry {
            entry_id: entry_id(entry),
            kind: shown.kind,
            track_id: shown.track_id,
            title: shown.title,
            artist: shown.artist,
            album: shown.album,
            sleeve: shown.sleeve,
            duration_ms: shown.duration_ms,
        }
    }

    fn now_playing(&self, track: &Track, heard_ms: Option<u64>) -> NowPlaying {
        let id = track.id.as_str();
        let media_id: Option<MediaId> = id.parse().ok();
        let offer = media_id.and_then(|id| self.offers.track(id));
        let record = id.parse().ok().and_then(|id| self.player.library().track(id));
        let record = record.filter(|_| track.kind != TrackKind::Preview);
        let is_preview = track.kind == TrackKind::Preview;
        let clip = offer.as_ref().filter(|_| is_preview).map(convert::clip);
        let length = heard_ms.or(track.duration_ms).map(convert::small).or(clip.map(|clip| clip.duration_ms));
        // A whole song is being previewed: nothing is cut out of it.
        let clip = clip.filter(|clip| length.is_none_or(|length| length <= clip.duration_ms + 1_000));
        let (sleeve, album_id, format) = match (&record, &offer) {
            (Some(record), _) => (
                self.collection.sleeves().of_track(record),
                Some(album_id(record)),
                convert::audio_format(&record.format),
            ),
            (None, Some(offer)) => {
                let sleeve = sleeve::of_store(Some(id), offer.hue, offer.chroma_milli);
                (sleeve, Some(AlbumId(offer.album_id.clone())), preview_format())
            }
            (None, None) => (no_sleeve(), None, preview_format()),
        };
        let said = |kept: &Option<String>, offered: fn(&cadenza_protocol::shop::TrackOffer) -> &String| {
            kept.clone().or_else(|| offer.as_ref().map(|offer| offered(offer).clone())).unwrap_or_default()
        };
        let title = if track.title.is_empty() {
            offer.as_ref().map(|o| o.title.clone()).unwrap_or_default()
        } else {
            track.title.clone()
        };
        NowPlaying {
            kind: match track.kind {
                TrackKind::Preview => PlaybackKind::Preview,
                TrackKind::Purchased => PlaybackKind::Purchased,
                TrackKind::Own => PlaybackKind::Own,
            },
            track_id: ipc::TrackId(id.to_owned()),
            media_id: media_id
                .filter(|_| track.kind != TrackKind::Own)
                .map(|id| ipc::MediaId(id.to_string())),
            album_id,
            title,
            artist: said(&track.artist, |offer| &offer.artist),
            album: said(&track.album, |offer| &offer.album),
            sleeve,
            duration_ms: length.unwrap_or(0),
            clip,
            waveform: match &record {
                Some(record) => Waveforms::of(&self.player, record.id),
                None => offer.filter(|_| is_preview).map(|offer| offer.waveform).unwrap_or_default(),
            },
            format,
        }
    }
}

/// An entry's number, as the page names it.
pub fn entry_id(entry: &Entry) -> u32 {
    convert::small(entry.key.number())
}

fn no_sleeve() -> Sleeve {
    sleeve::of_library(None, SleeveColour::NONE)
}

/// Previews are Opus at the rate that Opus always has.
fn preview_format() -> AudioFormat {
    AudioFormat { codec: "Opus".into(), sample_rate: 48_000, bits: 0, bit_rate: 0, channels: 2 }
}
