//! The device under the flow: chosen, lost, found again (M4, F11).

use std::sync::Arc;
use std::time::Duration;

use super::{Session, Wish};
use crate::audio::output::{DeviceChoice, OutputError};
use crate::playback::device::{Opened, Outlet};
use crate::playback::event::{Event, OnDeviceLoss};
use crate::playback::queue::Entry;

impl Session {
    pub(super) fn choose_device(&mut self, choice: DeviceChoice) {
        let heard = self.heard_or_voice();
        self.close_device();
        self.outlet.choose(choice);
        self.reopen(heard);
    }

    pub(super) fn tend_device(&mut self, now: Duration) {
        let playing = self.wish == Wish::Playing;
        if self.outlet.has_failed(now, playing) {
            let heard = self.heard_or_voice();
            let lost = self.outlet.name().unwrap_or_default().to_owned();
            self.close_device();
            self.tell_device_lost(&OutputError::NotConnected(lost));
            self.outlet.retry_from(now);
            self.park(heard);
        }
        if !self.outlet.is_retry_due(now) {
            return;
        }
        let opened = match (self.outlet.open(), self.on_loss) {
            (Err(_), OnDeviceLoss::Move) => self.outlet.open_default(),
            (opened, _) => opened,
        };
        match opened {
            Ok(opened) => {
                if opened.moved && self.on_loss == OnDeviceLoss::Pause {
                    self.pause();
                }
                self.use_device(&opened);
                let resting = self.board.post().resting.clone();
                if let (Some(entry), position_ms) = resting
                    && self.voice.is_some()
                {
                    self.resume(&entry, position_ms, true);
                }
            }
            Err(_) => self.outlet.retry_from(now + Outlet::RETRY),
        }
    }

    /// Opens the device that is chosen now, and goes on where the sound was.
    pub(super) fn reopen(&mut self, heard: Option<(Entry, u64)>) {
        match self.outlet.open() {
            Ok(opened) => {
                self.use_device(&opened);
                if let Some((entry, position_ms)) = heard.filter(|_| self.voice.is_some()) {
                    self.resume(&entry, position_ms, true);
                }
            }
            Err(error) => {
                let position_ms = heard.map_or(0, |(_, position_ms)| position_ms);
                self.stop();
                self.rest_ms = position_ms;
                self.tell_device_lost(&error);
            }
        }
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
