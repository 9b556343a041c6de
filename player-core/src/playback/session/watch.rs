//! The device under the flow: chosen, lost, found again (M4, F11).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{IDLE, Session, Wish};
use crate::audio::output::{DeviceChoice, OutputError};
use crate::playback::device::Opened;
use crate::playback::event::Event;
use crate::playback::queue::Entry;
use crate::playback::track::TrackKind;

/// Longest time that the last sound is given to leave the system's buffers, and how often it is looked at.
const PLAY_OUT: Duration = Duration::from_millis(1_500);
const PLAY_OUT_LOOK: Duration = Duration::from_millis(10);

impl Session {
    /// Moves the sound, or what will be heard of it, to another device.
    pub(super) fn choose_device(&mut self, choice: DeviceChoice) {
        let heard = self.heard_or_voice();
        self.close_device();
        self.outlet.choose(choice);
        self.outlet.prepare();
        if let Some((entry, position_ms)) = heard {
            self.go_on(&entry, position_ms);
        }
    }

    /// Notices a device that has failed, and tries to get it back.
    pub(super) fn tend_device(&mut self, now: Duration) {
        let playing = self.wish == Wish::Playing;
        if self.outlet.has_failed(now, playing) {
            let heard = self.heard_or_voice();
            let lost = self.outlet.name().unwrap_or_default().to_owned();
            self.close_device();
            self.park(heard);
            if playing {
                self.tell_device_lost(&OutputError::NotConnected(lost));
                self.outlet.retry_from(now);
            }
        }
        if !self.outlet.is_retry_due(now) {
            return;
        }
        let Some((entry, position_ms)) = self.heard_or_voice().filter(|_| playing) else {
            self.outlet.give_up();
            return;
        };
        match self.resume(&entry, position_ms, true) {
            // A live source has nothing yet; the device is opened when it has.
            Ok(()) if self.deferred.is_some() => self.outlet.give_up(),
            Ok(()) if self.outlet.line().is_some_and(|line| !line.feed().gauges().is_wanted()) => {
                self.pause()
            }
            Ok(()) => {}
            Err(_) => self.outlet.retry_after(now),
        }
    }

    /// Gives a device back to the system when nothing has been wanted of it for a while. A live preview keeps it:
    /// going on means asking its server again.
    pub(super) fn rest_device(&mut self, now: Duration) {
        let live = self.voice.as_ref().is_some_and(|voice| voice.track().kind == TrackKind::Preview);
        if self.wish == Wish::Playing || live || !self.outlet.may_rest() {
            self.idle_since = None;
        } else if now.saturating_sub(*self.idle_since.get_or_insert(now)) >= IDLE {
            let heard = self.heard_or_voice();
            self.close_device();
            self.park(heard);
            self.idle_since = None;
        }
    }

    /// Fades out and waits until the system has played what it holds of ours: a sound server has a fifth of a
    /// second in hand, and would cut it off, fade and all, when the stream is dropped.
    pub fn play_out(&mut self) {
        self.stop();
        let until = Instant::now() + PLAY_OUT;
        while self.outlet.may_rest() && !self.outlet.is_stale() && Instant::now() < until {
            std::thread::park_timeout(PLAY_OUT_LOOK);
        }
    }

    /// Nothing to play on: stops, and remembers the position.
    pub(super) fn no_device(&mut self, position_ms: u64, error: &OutputError) {
        self.stop();
        self.rest_ms = position_ms;
        self.tell_device_lost(error);
    }

    pub(super) fn use_device(&mut self, opened: &Opened) {
        {
            let mut posted = self.board.post();
            posted.gauges = Some(Arc::clone(&opened.gauges));
            posted.device = Some(opened.name.clone());
        }
        (self.news)(Event::Device { name: opened.name.clone() });
    }

    pub(super) fn close_device(&mut self) {
        self.outlet.close();
        let mut posted = self.board.post();
        posted.before = posted.totals();
        posted.gauges = None;
        posted.device = None;
        posted.spans.clear();
    }

    /// Remembers where the sound was while there is no device.
    pub(super) fn park(&mut self, heard: Option<(Entry, u64)>) {
        if let Some((entry, position_ms)) = heard {
            self.rest_ms = position_ms;
            self.board.post().resting = (Some(entry), position_ms);
        }
    }
}
