//! The flow of sound: opening voices, filling the ring, joining one track to the next, noticing which is heard.

use std::sync::Arc;

use zeroize::Zeroize;

use super::{LOW_MS, PRELOAD_MS, PRIME_MS, PULLS_A_STEP, Session, Wish};
use crate::audio::mix::STEREO;
use crate::audio::output::OutputError;
use crate::audio::resample::ResampleError;
use crate::audio::source::{Pull, SourceError};
use crate::error::{Code, Explain};
use crate::playback::board::Heard;
use crate::playback::event::{Event, OnDeviceLoss};
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

    /// Makes the sound go on at a position of an entry.
    ///
    /// # Errors
    /// No device can be opened. Everything else is told as news.
    pub(super) fn resume(
        &mut self,
        entry: &Entry,
        position_ms: u64,
        softly: bool,
    ) -> Result<(), OutputError> {
        self.deferred = None;
        if self.voice.as_ref().is_none_or(|voice| voice.entry().key != entry.key) {
            (self.upcoming, self.preloaded) = (None, None);
            self.voice = self.open_from(Some(entry.key));
        }
        let Some(voice) = &mut self.voice else {
            self.stop();
            return Ok(());
        };
        let frame = (position_ms * u64::from(voice.rate_hz())).div_ceil(1_000);
        if frame != voice.next_frame()
            && let Err(error) = voice.seek(frame)
        {
            let (code, message) = (error.code(), error.to_string());
            self.tell_track_failed(entry, code, message);
            return Ok(());
        }
        let entry = voice.entry().clone();
        if self.wish == Wish::Playing && self.outlet.is_stale() {
            self.close_device();
        }
        self.rest_ms = position_ms;
        match self.outlet.line().is_some() {
            true => self.cut_to_voice(&entry, softly),
            false if self.wish == Wish::Playing => self.open_with_voice(softly)?,
            // Held with no device: one is opened when the listener goes on.
            false => self.park(Some((entry, position_ms))),
        }
        Ok(())
    }

    /// Prepares the first sound of the voice, then has the device cut over to it.
    fn cut_to_voice(&mut self, entry: &Entry, softly: bool) {
        let (Some(voice), Some(line)) = (&mut self.voice, self.outlet.line()) else { return };
        let frame = voice.next_frame();
        let prepared = voice.pull(&mut self.scratch);
        let ring_start = line.cut(voice.rate_hz(), softly);
        line.send(&mut self.scratch);
        line.feed().gauges().run(self.wish == Wish::Playing);
        self.begin_span(entry, frame, ring_start);
        self.take(prepared);
    }

    /// Opens the device with the first sound of the voice already in its ring, so that the first period it asks
    /// for is music. While a live source has nothing yet, the device is left alone.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open_with_voice(&mut self, softly: bool) -> Result<(), OutputError> {
        let Some(voice) = &mut self.voice else { return Ok(()) };
        let (entry, frame, rate_hz) = (voice.entry().clone(), voice.next_frame(), voice.rate_hz());
        let enough = rate_hz as usize * STEREO * PRIME_MS / 1_000;
        let scratch = &mut self.scratch;
        let mut prepared = voice.pull(scratch);
        while scratch.len() < enough && matches!(prepared, Ok(Pull::Frames(_))) {
            prepared = voice.pull(scratch);
        }
        if scratch.is_empty() && matches!(prepared, Ok(Pull::Waiting)) {
            (self.deferred, self.waiting) = (Some(softly), true);
            return Ok(());
        }
        let pauses = self.on_loss == OnDeviceLoss::Pause;
        let moves = self.on_loss == OnDeviceLoss::Move;
        let mut ring_start = Ok(0);
        let opened = self.outlet.open(moves, &mut |line, recovered_elsewhere| {
            ring_start = line.cut(rate_hz, softly);
            line.send(scratch);
            line.feed().gauges().run(!(recovered_elsewhere && pauses));
        });
        scratch.as_mut_slice().zeroize();
        scratch.clear();
        self.use_device(&opened?);
        self.begin_span(&entry, frame, ring_start);
        self.take(prepared);
        Ok(())
    }

    /// Posts what stands in the ring from here on.
    fn begin_span(&mut self, entry: &Entry, frame: u64, ring_start: Result<u64, ResampleError>) {
        let Some(voice) = &self.voice else { return };
        match ring_start {
            Ok(ring_start) => {
                let span = Span { ring_start, key: entry.key, frame, rate_hz: voice.rate_hz() };
                let heard = Heard { span, entry: entry.clone(), duration_ms: duration_ms(voice) };
                self.board.post().spans = [heard].into();
                self.filling = true;
                self.begun_at = Some(ring_start);
                self.announce(entry);
            }
            Err(error) => {
                self.tell_track_failed(entry, Code::RateUnsupported, error.to_string());
                self.stop();
            }
        }
    }

    /// Opens the device once a live source has its first sound.
    pub(super) fn open_when_ready(&mut self) {
        if self.wish == Wish::Playing
            && self.outlet.line().is_none()
            && let Some(softly) = self.deferred.take()
            && let Err(error) = self.open_with_voice(softly)
        {
            self.no_device(self.rest_ms, &error);
        }
    }

    /// Fills the ring; true when there is more to do at once.
    pub(super) fn fill(&mut self) -> bool {
        for _ in 0..PULLS_A_STEP {
            let Some(line) = self.outlet.line() else { return false };
            let low = u64::from(line.feed().gauges().rate_hz()) * LOW_MS / 1_000;
            if !self.filling && line.feed().ahead() < low {
                self.filling = true;
            }
            let all_pushed = line.push();
            self.tell_ready();
            if !self.filling || !all_pushed {
                return false;
            }
            let Some(line) = self.outlet.line() else { return false };
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

    /// Says that the first samples after a cut are in the ring, once they are.
    fn tell_ready(&mut self) {
        let begun = self.begun_at.zip(self.outlet.line()).is_some_and(|(at, line)| line.has_begun(at));
        if begun && let Some(voice) = &self.voice {
            self.begun_at = None;
            (self.news)(Event::Ready { id: voice.track().id.clone() });
        }
    }

    /// Takes what a pull brought; false when there is nothing more for now.
    pub(super) fn take(&mut self, pulled: Result<Pull, SourceError>) -> bool {
        self.waiting = false;
        match pulled {
            Ok(Pull::Frames(_)) => {
                self.barren = 0;
                if !self.scratch.is_empty()
                    && let Some(line) = self.outlet.line()
                {
                    line.send(&mut self.scratch);
                }
                self.tell_ready();
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
                let span =
                    Span { ring_start, key: entry.key, frame: voice.next_frame(), rate_hz: voice.rate_hz() };
                let duration_ms = duration_ms(&voice);
                self.board.post().spans.push_back(Heard { span, entry, duration_ms });
                self.voice = Some(voice);
                true
            }
            Err(error) => {
                let entry = voice.entry().clone();
                self.tell_track_failed(&entry, Code::RateUnsupported, error.to_string());
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
            self.announced = None;
            self.announce(&entry);
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
