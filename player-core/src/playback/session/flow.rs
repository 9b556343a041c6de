//! The flow of sound: opening voices, filling the ring, joining one track to the next, noticing which is heard.

use std::sync::Arc;

use super::{PRELOAD_MS, PULLS_A_STEP, Session, LOW_MS, Wish};
use crate::audio::source::{Pull, SourceError};
use crate::playback::board::Heard;
use crate::playback::event::Event;
use crate::playback::line::Span;
use crate::playback::queue::{Entry, EntryKey};
use crate::playback::voice::Voice;

impl Session {
    /// Opens the first entry from `key` on that can be opened; tells of those that cannot.
    pub(super) fn open_from(&mut self, key: Option<EntryKey>) -> Option<Voice> {
        let mut next = key;
        for _ in 0..self.queue.entries().len() {
            let entry = self.queue.entry(next?)?.clone();
            match Voice::open(entry.clone(), self.normalisation, self.waker.clone()) {
                Ok(voice) => return Some(voice),
                Err(error) => {
                    self.tell_track_failed(&entry, error.code(), error.to_string());
                    next = self.queue.after(entry.key);
                }
            }
        }
        None
    }

    /// Makes the ring go on at a position of an entry: the sound is prepared first, then the old one is cut off.
    pub(super) fn resume(&mut self, entry: &Entry, position_ms: u64, softly: bool) {
        if self.voice.as_ref().is_none_or(|voice| voice.entry().key != entry.key) {
            (self.upcoming, self.preloaded) = (None, None);
            self.voice = self.open_from(Some(entry.key));
        }
        let Some(voice) = &mut self.voice else {
            self.stop();
            return;
        };
        let frame = (position_ms * u64::from(voice.rate_hz())).div_ceil(1_000);
        if frame != voice.next_frame()
            && let Err(error) = voice.seek(frame)
        {
            let (code, message) = (error.code(), error.to_string());
            self.tell_track_failed(entry, code, message);
            return;
        }
        let entry = voice.entry().clone();
        let Some(line) = self.outlet.line() else {
            // Between two devices: the next one starts here.
            self.rest_ms = position_ms;
            return;
        };
        let (start, rate_hz) = (voice.next_frame(), voice.rate_hz());
        let prepared = voice.pull(&mut self.scratch);
        let duration_ms = duration_ms(voice);
        match line.cut(rate_hz, softly) {
            Ok(ring_start) => {
                let span = Span { ring_start, key: entry.key, frame: start, rate_hz };
                let mut posted = self.board.post();
                posted.spans.clear();
                posted.spans.push_back(Heard { span, entry: entry.clone(), duration_ms });
            }
            Err(error) => {
                let message = error.to_string();
                self.tell_track_failed(&entry, "rate-unsupported", message);
                self.stop();
                return;
            }
        }
        line.feed().gauges().run(self.wish == Wish::Playing);
        self.filling = true;
        self.announce_ready = true;
        (self.news)(Event::Track { key: entry.key, id: entry.track.id.clone() });
        self.take(prepared);
    }

    /// Fills the ring; true when there is more to do at once.
    pub(super) fn fill(&mut self) -> bool {
        for _ in 0..PULLS_A_STEP {
            let Some(line) = self.outlet.line() else { return false };
            let low = u64::from(line.feed().gauges().rate_hz()) * LOW_MS / 1_000;
            if !self.filling && line.feed().ahead() < low {
                self.filling = true;
            }
            if !self.filling || !line.push() {
                return false;
            }
            if line.feed().wanted() == 0 {
                self.filling = false;
                return false;
            }
            let Some(voice) = &mut self.voice else { return false };
            if voice.has_ended() {
                if !self.advance() {
                    return false;
                }
                continue;
            }
            let pulled = voice.pull(&mut self.scratch);
            if !self.take(pulled) {
                return false;
            }
        }
        true
    }

    /// Takes what a pull brought; false when there is nothing more for now.
    pub(super) fn take(&mut self, pulled: Result<Pull, SourceError>) -> bool {
        self.waiting = false;
        match pulled {
            Ok(Pull::Frames(_)) => {
                self.barren = 0;
                if let Some(line) = self.outlet.line() {
                    line.send(&mut self.scratch);
                }
                if std::mem::take(&mut self.announce_ready)
                    && let Some(voice) = &self.voice
                {
                    (self.news)(Event::Ready { id: voice.track().id.clone() });
                }
                true
            }
            Ok(Pull::Waiting) => {
                self.waiting = true;
                false
            }
            Ok(Pull::End) => self.advance(),
            Err(error) => {
                if let Some(voice) = &self.voice {
                    let entry = voice.entry().clone();
                    self.tell_track_failed(&entry, error.code(), error.to_string());
                }
                self.advance()
            }
        }
    }

    /// The voice has given its last frame: joins the next one to it, or announces the end. False at the end.
    pub(super) fn advance(&mut self) -> bool {
        let Some(ended) = self.voice.as_ref().map(|voice| voice.entry().key) else { return false };
        let next = self.queue.after_end_of(ended);
        self.barren += 1;
        let next = next.filter(|_| self.barren <= self.queue.entries().len() + 1);
        let voice = match self.upcoming.take() {
            Some(voice) if Some(voice.entry().key) == next => Some(voice),
            _ => self.open_from(next),
        };
        self.preloaded = None;
        let Some(line) = self.outlet.line() else { return false };
        let Some(voice) = voice else {
            line.finish();
            line.feed().end(true);
            if let Some(voice) = &mut self.voice {
                voice.close();
            }
            return false;
        };
        line.feed().end(false);
        match line.join(voice.rate_hz()) {
            Ok(ring_start) => {
                let entry = voice.entry().clone();
                let span = Span { ring_start, key: entry.key, frame: voice.next_frame(), rate_hz: voice.rate_hz() };
                let duration_ms = duration_ms(&voice);
                self.board.post().spans.push_back(Heard { span, entry, duration_ms });
                self.voice = Some(voice);
                true
            }
            Err(error) => {
                let entry = voice.entry().clone();
                self.tell_track_failed(&entry, "rate-unsupported", error.to_string());
                false
            }
        }
    }

    /// Opens the next track while this one still has a while to go.
    pub(super) fn preload(&mut self) {
        let Some(voice) = &self.voice else { return };
        let Some(frames) = voice.duration_frames() else { return };
        let left_ms = frames.saturating_sub(voice.next_frame()) * 1_000 / u64::from(voice.rate_hz());
        let next = self.queue.after_end_of(voice.entry().key);
        if self.upcoming.as_ref().is_some_and(|upcoming| Some(upcoming.entry().key) != next) {
            self.upcoming = None;
        }
        if left_ms > PRELOAD_MS || voice.has_ended() || self.wish != Wish::Playing || self.preloaded == next {
            return;
        }
        self.preloaded = next;
        if let Some(entry) = next.and_then(|key| self.queue.entry(key)) {
            // A track that fails to open now is tried again, and reported, when its turn has come.
            self.upcoming = Voice::open(entry.clone(), self.normalisation, self.waker.clone()).ok();
        }
    }

    /// Notices which track is heard, and the end.
    pub(super) fn follow(&mut self) {
        let Some(line) = self.outlet.line() else { return };
        let gauges = Arc::clone(line.feed().gauges());
        let mut crossed = None;
        {
            let mut posted = self.board.post();
            while posted.spans.get(1).is_some_and(|next| next.span.ring_start <= gauges.read()) {
                posted.spans.pop_front();
                crossed = posted.spans.front().map(|heard| heard.entry.clone());
            }
            // A live source learns its length on the way.
            if let (Some(voice), Some(last)) = (&self.voice, posted.spans.back_mut())
                && last.entry.key == voice.entry().key
            {
                last.duration_ms = duration_ms(voice).or(last.duration_ms);
            }
        }
        if let Some(entry) = crossed {
            self.queue.select(entry.key);
            (self.news)(Event::Track { key: entry.key, id: entry.track.id.clone() });
        }
        if self.wish == Wish::Playing && gauges.is_drained() {
            self.stop();
            if let Some(first) = self.queue.first() {
                self.queue.select(first);
            }
            self.post_resting();
            self.post_state();
            (self.news)(Event::Ended);
        }
    }
}

fn duration_ms(voice: &Voice) -> Option<u64> {
    voice.duration_frames().map(|frames| frames * 1_000 / u64::from(voice.rate_hz()))
}
