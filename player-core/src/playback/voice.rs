//! One open track on its way to the ring: source, clip fades, loudness, stereo.
//!
//! A voice lives from just before its track is heard until it has been read to its end; the media key inside its
//! source lives as long and no longer.

use std::sync::Arc;

use zeroize::Zeroize;

use super::queue::Entry;
use super::track::Track;
use crate::audio::fade::{ClipEnvelope, ClipFades};
use crate::audio::loudness::Normalisation;
use crate::audio::mix::{STEREO, to_stereo};
use crate::audio::source::{PcmSource, PcmSpec, Pull, SourceError, Waker};

/// A track that is open.
pub(super) struct Voice {
    entry: Entry,
    source: Box<dyn PcmSource>,
    spec: PcmSpec,
    gain: f32,
    envelope: ClipEnvelope,
    shaped_for: (ClipFades, Option<u64>),
    /// Frame of the source that the next pull brings.
    next: u64,
    ended: bool,
    block: Vec<f32>,
}

impl Voice {
    /// Opens the track of a queue entry.
    pub(super) fn open(
        entry: Entry,
        normalisation: Normalisation,
        waker: Waker,
    ) -> Result<Self, SourceError> {
        let mut source = (entry.track.open)()?;
        source.set_waker(waker);
        let spec = source.spec();
        let gain = normalisation.gain(entry.track.loudness);
        let mut voice = Voice {
            entry,
            source,
            spec,
            gain,
            envelope: ClipFades::NONE.over(None, spec.rate_hz),
            shaped_for: (ClipFades::NONE, None),
            next: 0,
            ended: false,
            block: Vec::new(),
        };
        voice.shape();
        Ok(voice)
    }

    /// Its place in the queue.
    pub(super) fn entry(&self) -> &Entry {
        &self.entry
    }

    /// What it plays.
    pub(super) fn track(&self) -> &Arc<Track> {
        &self.entry.track
    }

    /// Rate of its frames.
    pub(super) fn rate_hz(&self) -> u32 {
        self.spec.rate_hz
    }

    /// Whether the last frame has been pulled.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Frame that the next pull starts at.
    pub(super) fn next_frame(&self) -> u64 {
        self.next
    }

    /// Length, as the source knows it or as the catalogue said.
    pub(super) fn duration_frames(&self) -> Option<u64> {
        self.source
            .duration_frames()
            .or_else(|| self.entry.track.duration_ms.map(|ms| ms * u64::from(self.spec.rate_hz) / 1_000))
    }

    /// Appends the next frames as stereo, faded and levelled.
    pub(super) fn pull(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
        let pulled = self.source.read(&mut self.block)?;
        match pulled {
            Pull::Frames(frames) => {
                self.shape();
                let channels = usize::from(self.spec.channels);
                self.envelope.apply(&mut self.block, channels, self.next);
                if self.gain != 1.0 {
                    self.block.iter_mut().for_each(|sample| *sample *= self.gain);
                }
                to_stereo(&mut self.block, channels);
                debug_assert_eq!(self.block.len(), frames * STEREO);
                out.extend_from_slice(&self.block);
                self.next += frames as u64;
                self.block.as_mut_slice().zeroize();
                self.block.clear();
            }
            Pull::Waiting => {}
            Pull::End => self.ended = true,
        }
        Ok(pulled)
    }

    /// Moves to a frame of the source.
    pub(super) fn seek(&mut self, frame: u64) -> Result<(), SourceError> {
        let frame = self.source.duration_frames().map_or(frame, |frames| frame.min(frames));
        self.next = self.source.seek(frame)?.frame;
        self.ended = false;
        Ok(())
    }

    /// Sets the track's level; true when it is another one than before.
    pub(super) fn level(&mut self, normalisation: Normalisation) -> bool {
        let gain = normalisation.gain(self.entry.track.loudness);
        std::mem::replace(&mut self.gain, gain) != gain
    }

    /// Counts as read to its end, whatever its source still has (it failed, or nothing follows).
    pub(super) fn close(&mut self) {
        self.ended = true;
    }

    /// Passes a pause on to a live source.
    pub(super) fn hold(&mut self, held: bool) {
        self.source.hold(held);
    }

    /// Makes the envelope anew when the source has learnt its length or its fades.
    fn shape(&mut self) {
        let fades = self.source.fades().unwrap_or(self.entry.track.fades);
        let wanted = (fades, self.source.duration_frames());
        if self.shaped_for != wanted {
            self.envelope = fades.over(wanted.1, self.spec.rate_hz);
            self.shaped_for = wanted;
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.block.zeroize();
    }
}
