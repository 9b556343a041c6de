//! Playing what is owned and hearing what is not, and what the transport bar shows of it (V1, V5, M2, M5).

use std::sync::Arc;

use cadenza_player::library::TrackId;
use cadenza_player::playback::{Command, Entry, EntryKey, Track};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::voucher::MediaVoucher;

use super::Core;
use crate::convert;
use crate::events::PlaybackChanged;
use crate::ipc::{AppError, NowPlaying, PlaybackState, Queue, QueueEntry};
use crate::window;

/// What the page was told of the transport.
#[derive(Debug, Default)]
pub struct Told {
    /// The highest number given to a look.
    moment: u32,
    playback: Option<PlaybackState>,
}

impl Told {
    fn next_moment(&mut self) -> u32 {
        self.moment += 1;
        self.moment
    }
}

/// Title and artist of what plays.
fn plays(state: &PlaybackState) -> Option<(&str, &str)> {
    state.track.as_ref().map(|track| (&*track.title, &*track.artist))
}

impl Core {
    /// Streams previews of these tracks.
    pub async fn preview(
        &self,
        ids: &[MediaId],
        start: u32,
        kind: PreviewKind,
    ) -> Result<PlaybackState, AppError> {
        let tracks = self.player.preview_tracks(ids, kind).await?;
        Ok(self.play_between(tracks, start).await)
    }

    /// Streams what a preview voucher is for.
    pub async fn preview_voucher(
        &self,
        voucher: &MediaVoucher,
        start: u32,
    ) -> Result<PlaybackState, AppError> {
        let tracks = self.player.preview_of_voucher(voucher).await?;
        Ok(self.play_between(tracks, start).await)
    }

    /// Plays tracks of the library; they become the queue.
    pub async fn play(&self, ids: &[TrackId], start: u32) -> Result<PlaybackState, AppError> {
        let (tracks, start) = (self.player.playback_tracks(ids)?, start as usize);
        self.transport.begin(Command::Load { tracks, start, position_ms: 0, play: true }).await;
        Ok(self.answer())
    }

    /// Plays a track that has just arrived, unless something is being heard.
    pub async fn play_when_idle(&self, id: MediaId) -> Result<(), AppError> {
        if self.transport.status().is_sounding() {
            return Ok(());
        }
        self.play(&[id.into()], 0).await.map(drop)
    }

    /// Stops bought music, because its keys go.
    pub async fn stop_purchased(&self) {
        if self.transport.status().is_purchased() {
            self.transport.wish(Command::Stop).await;
        }
    }

    /// Carries a wish out; the transport as it stands then.
    pub async fn wish(&self, command: Command) -> PlaybackState {
        self.transport.wish(command).await;
        self.answer()
    }

    /// An entry of the queue, as the page names it.
    pub fn entry(&self, number: u32) -> Result<EntryKey, AppError> {
        Ok(self.transport.status().entry(number.into())?)
    }

    /// Previews leave the queue as it is: it comes back after them.
    async fn play_between(&self, tracks: Vec<Arc<Track>>, start: u32) -> PlaybackState {
        self.transport.begin(Command::Interrupt { tracks, start: start as usize }).await;
        self.answer()
    }

    /// The transport, as the answer to a wish. The engine may not have carried all of it out yet: what follows comes as news.
    pub fn answer(&self) -> PlaybackState {
        self.look().0
    }

    /// Tells the page how the transport stands, if that is not what it was told last.
    pub fn tell_playback(&self) {
        if let (now, true) = self.look() {
            self.tell(PlaybackChanged(now));
        }
    }

    /// The transport as it stands, and whether that is new. What differs from the look before has the next number: an answer that
    /// was overtaken by news on its way to the page is known by its lower one.
    fn look(&self) -> (PlaybackState, bool) {
        let mut told = self.told.lock();
        let mut now = self.playback_state();
        now.moment = told.playback.as_ref().map_or(0, |before| before.moment);
        let is_new = told.playback.as_ref() != Some(&now);
        if is_new {
            now.moment = told.next_moment();
            let before = told.playback.replace(now.clone());
            if plays(&now) != before.as_ref().and_then(plays) {
                window::entitle(&self.app, plays(&now));
            }
        }
        (now, is_new)
    }

    /// The transport as the page shows it.
    fn playback_state(&self) -> PlaybackState {
        let status = self.transport.status();
        let track = status.current.as_ref().map(|entry| self.shown(&entry.track, status.duration_ms));
        let owner = convert::owner(&self.player).filter(|_| status.shows_owner());
        convert::playback_state(&status, track, owner, self.transport.knob(), self.transport.failure())
    }

    /// The play queue.
    pub fn queue(&self) -> Queue {
        let mut told = self.told.lock();
        let entries = self.transport.status().queue.iter().map(|entry| self.queue_entry(entry)).collect();
        Queue { moment: told.next_moment(), entries }
    }

    fn queue_entry(&self, entry: &Entry) -> QueueEntry {
        convert::queue_entry(entry, self.shown(&entry.track, None))
    }

    fn shown(&self, track: &Track, heard_ms: Option<u64>) -> NowPlaying {
        let shown = self.player.shown(track, heard_ms);
        let sleeve = match (&shown.record, &shown.offer) {
            (Some(record), _) => self.sleeve_of(record),
            (None, Some(offer)) => self.sleeve_on_sale(offer.media_id),
            (None, None) => convert::no_sleeve(),
        };
        convert::now_playing(track, shown, sleeve)
    }
}
