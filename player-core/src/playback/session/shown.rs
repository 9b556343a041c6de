//! What the session shows of itself: the board, and the news.

use super::{Session, Wish};
use crate::audio::output::OutputError;
use crate::error::{Code, Explain};
use crate::playback::event::{Event, PlaybackState};
use crate::playback::queue::{Entry, EntryKey};

impl Session {
    pub(super) fn heard(&self) -> Option<(Entry, u64)> {
        self.board.post().heard().map(|(heard, position_ms)| (heard.entry.clone(), position_ms))
    }

    pub(super) fn heard_or_voice(&self) -> Option<(Entry, u64)> {
        self.heard().or_else(|| self.voice.as_ref().map(|voice| (voice.entry().clone(), self.rest_ms)))
    }

    pub(super) fn current_key(&self) -> Option<EntryKey> {
        self.queue.current().map(|entry| entry.key)
    }

    pub(super) fn position_ms(&self) -> u64 {
        self.heard().map_or(self.rest_ms, |(_, position_ms)| position_ms)
    }

    pub(super) fn state(&mut self) -> PlaybackState {
        match (self.wish, self.outlet.line()) {
            (Wish::Stopped, _) => PlaybackState::Stopped,
            (Wish::Paused, _) => PlaybackState::Paused,
            (Wish::Playing, None) => PlaybackState::Buffering,
            (Wish::Playing, Some(line)) => {
                let dry = line.feed().ahead() == 0 || line.feed().gauges().is_starved();
                if self.waiting && dry { PlaybackState::Buffering } else { PlaybackState::Playing }
            }
        }
    }

    pub(super) fn post_state(&mut self) {
        let state = self.state();
        let changed = std::mem::replace(&mut self.board.post().state, state) != state;
        if changed {
            (self.news)(Event::State(state));
        }
    }

    pub(super) fn post_resting(&mut self) {
        self.board.post().resting = (self.queue.current().cloned(), self.rest_ms);
    }

    pub(super) fn post_queue(&mut self) {
        {
            let mut posted = self.board.post();
            posted.queue = self.queue.entries().into();
            posted.shuffled = self.queue.is_shuffled();
            posted.repeat = self.queue.repeat();
        }
        (self.news)(Event::Queue);
    }

    pub(super) fn tell_track_failed(&mut self, entry: &Entry, code: Code, message: String) {
        (self.news)(Event::TrackFailed { id: entry.track.id.clone(), code, message });
    }

    pub(super) fn tell_device_lost(&mut self, error: &OutputError) {
        (self.news)(Event::DeviceLost { code: error.code(), message: error.to_string() });
    }

    /// Says which track is heard, unless that has been said.
    pub(super) fn announce(&mut self, entry: &Entry) {
        if self.announced.replace(entry.key) != Some(entry.key) {
            (self.news)(Event::Track { key: entry.key, id: entry.track.id.clone() });
        }
    }
}
