//! The line from voices to the ring: one converter for the device's rate, and the map from ring frames back to
//! tracks.
//!
//! Tracks that join without a gap flow through the same converter, so nothing is lost or added between them, and
//! the map says at which ring frame the next one begins.

use std::sync::Arc;

use zeroize::Zeroize;

use super::queue::EntryKey;
use crate::audio::mix::STEREO;
use crate::audio::resample::{ResampleError, Resampler};
use crate::audio::ring::{Feed, Gauges};

/// A stretch of one track in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Ring frame at which it begins.
    pub(super) ring_start: u64,
    /// The queue entry it belongs to.
    pub(super) key: EntryKey,
    /// Frame of the track that stands there.
    pub(super) frame: u64,
    /// Rate of the track.
    pub(super) rate_hz: u32,
}

impl Span {
    /// Position in the track when the device is at ring frame `read`.
    pub(super) fn position_ms(&self, read: u64, device_hz: u32) -> u64 {
        let into = read.saturating_sub(self.ring_start) * 1_000 / u64::from(device_hz.max(1));
        self.frame * 1_000 / u64::from(self.rate_hz.max(1)) + into
    }
}

/// Converted sound on its way into the ring.
#[derive(Debug)]
pub(super) struct Line {
    feed: Feed,
    device_hz: u32,
    resampler: Option<Resampler>,
    /// Rate of what is flowing now.
    source_hz: u32,
    /// Ring frame at which frame 0 of the flow stands, and frames that have gone in since.
    flow: (u64, u64),
    pending: Vec<f32>,
    pushed: usize,
    /// Frames to push behind the last cut before the device has come to it.
    ahead_of_cut: u64,
}

/// Sound pushed behind a cut before the device has come to it: enough to go on with at once. The rest waits, so
/// that a slider being dragged, with many cuts in one device period, does not fill the ring with what nobody hears.
const BEHIND_CUT_MS: u64 = 200;
/// The same behind a second cut in one device period, and further ones, in frames.
const BEHIND_NEXT_CUT: u64 = 512;

impl Line {
    /// A line into a fresh ring.
    pub(super) fn new(feed: Feed) -> Self {
        let device_hz = feed.gauges().rate_hz();
        Line {
            feed,
            device_hz,
            resampler: None,
            source_hz: device_hz,
            flow: (0, 0),
            pending: Vec::new(),
            pushed: 0,
            ahead_of_cut: 0,
        }
    }

    /// The counters of the ring.
    pub(super) fn gauges(&self) -> &Arc<Gauges> {
        self.feed.gauges()
    }

    /// Frames that stand in the ring ahead of the device, those before a cut left out.
    pub(super) fn ahead(&self) -> u64 {
        self.feed.ahead()
    }

    /// The ring at its end.
    pub(super) fn feed(&mut self) -> &mut Feed {
        &mut self.feed
    }

    /// Whether sound of the flow that began at ring frame `at` has reached the ring.
    pub(super) fn has_begun(&self, at: u64) -> bool {
        self.feed.gauges().written() > at
    }

    /// Whether sound is held back until the device has come to the last cut.
    pub(super) fn is_holding(&self) -> bool {
        self.feed.behind_cut().is_some() && self.pushed < self.pending.len()
    }

    /// Drops what has not been heard yet, as soon as the device has faded it out, and starts a new flow at
    /// `source_hz`. Returns the ring frame at which it starts.
    pub(super) fn cut(&mut self, source_hz: u32, softly: bool) -> Result<u64, ResampleError> {
        self.pending.as_mut_slice().zeroize();
        self.pending.clear();
        self.pushed = 0;
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
        self.ahead_of_cut = match self.feed.behind_cut() {
            Some(_) => BEHIND_NEXT_CUT,
            None => u64::from(self.device_hz) * BEHIND_CUT_MS / 1_000,
        };
        let at = self.feed.cut(softly);
        self.begin(source_hz, at)?;
        Ok(at)
    }

    /// Goes over to the next track without a gap. Returns the ring frame at which it starts.
    pub(super) fn join(&mut self, source_hz: u32) -> Result<u64, ResampleError> {
        if source_hz != self.source_hz {
            self.finish();
            let at = self.position();
            self.begin(source_hz, at)?;
        }
        Ok(self.position())
    }

    fn begin(&mut self, source_hz: u32, at: u64) -> Result<(), ResampleError> {
        self.source_hz = source_hz;
        self.flow = (at, 0);
        if source_hz == self.device_hz {
            self.resampler = None;
        } else if !self.resampler.as_ref().is_some_and(|r| r.converts(source_hz, self.device_hz)) {
            self.resampler = Some(Resampler::new(source_hz, self.device_hz)?);
        }
        Ok(())
    }

    /// Ring frame at which the next frame that goes in will stand.
    fn position(&self) -> u64 {
        let (base, frames) = self.flow;
        let (from, to) = (u64::from(self.source_hz), u64::from(self.device_hz));
        base + (frames * to + from / 2) / from
    }

    /// Converts stereo frames, wipes them, and pushes what fits.
    pub(super) fn send(&mut self, samples: &mut Vec<f32>) {
        self.flow.1 += (samples.len() / STEREO) as u64;
        match &mut self.resampler {
            Some(resampler) => resampler.convert(samples, &mut self.pending),
            None => self.pending.extend_from_slice(samples),
        }
        samples.as_mut_slice().zeroize();
        samples.clear();
        self.push();
    }

    /// Pushes out what the converter still holds; nothing of this flow follows.
    pub(super) fn finish(&mut self) {
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut self.pending);
        }
        self.flow = (self.position(), 0);
        self.push();
    }

    /// Moves converted frames into the ring, as far as there is room. True when none are left over.
    pub(super) fn push(&mut self) -> bool {
        let left = &self.pending[self.pushed..];
        let most = match self.feed.behind_cut() {
            Some(behind) => self.ahead_of_cut.saturating_sub(behind) as usize * STEREO,
            None => left.len(),
        };
        self.pushed += self.feed.push(&left[..most.min(left.len())]) * STEREO;
        if self.pushed == self.pending.len() {
            self.pending.as_mut_slice().zeroize();
            self.pending.clear();
            self.pushed = 0;
            return true;
        }
        false
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.pending.zeroize();
    }
}
