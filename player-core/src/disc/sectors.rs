//! The bytes of a disc: 44.1 kHz, 16 bits, stereo, little-endian, sector after sector.
//!
//! Each track is opened when its first sector is due and closed after its last, so keys and clear audio exist only
//! for the piece in hand. 16-bit audio at 44.1 kHz passes bit for bit; other rates are converted, and what is not
//! on a 16-bit step is dithered.

use zeroize::Zeroize;

use super::layout::{DISC_RATE_HZ, DiscLayout, Placed, SECTOR_BYTES, SECTOR_FRAMES};
use crate::audio::dither::Dither;
use crate::audio::mix::{STEREO, to_stereo};
use crate::audio::resample::Resampler;
use crate::audio::source::{PcmSource, Pull, SourceError};

/// A track stopped being what it was when the disc was laid out.
#[derive(Debug, thiserror::Error)]
pub enum SectorError {
    /// It cannot be read on.
    #[error("'{title}': {reason}")]
    Source {
        /// The track.
        title: String,
        /// What is wrong.
        #[source]
        reason: SourceError,
    },
    /// It is longer or shorter than planned.
    #[error("'{title}' is not as long as it was when the disc was planned; plan the disc again")]
    Length {
        /// The track.
        title: String,
    },
}

/// Sectors of a disc, front to back.
pub struct SectorStream<'a> {
    layout: &'a DiscLayout,
    next_track: usize,
    current: Option<Reader<'a>>,
    /// Frame of the disc that is written next.
    frame: u64,
    dither: Dither,
}

impl<'a> SectorStream<'a> {
    /// The sectors of a layout.
    #[must_use]
    pub fn new(layout: &'a DiscLayout) -> Self {
        SectorStream { layout, next_track: 0, current: None, frame: 0, dither: Dither::new(0xd15c) }
    }

    /// Number of the track that is being written, from 1.
    #[must_use]
    pub fn track_number(&self) -> usize {
        self.next_track
    }

    /// Fills `out`, a whole number of sectors, and returns the bytes written: fewer at the end, then none.
    ///
    /// # Errors
    /// A track cannot be read as planned.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<usize, SectorError> {
        let left = self.layout.bytes() - self.frame * 4;
        let bytes = (out.len() as u64 / SECTOR_BYTES * SECTOR_BYTES).min(left) as usize;
        let mut done = 0;
        while done < bytes {
            let frames = (bytes - done) / 4;
            let written = self.some_frames(&mut out[done..bytes], frames as u64)?;
            self.frame += written;
            done += written as usize * 4;
        }
        Ok(bytes)
    }

    /// Writes some frames, up to the next boundary of a track and `most` at most.
    fn some_frames(&mut self, out: &mut [u8], most: u64) -> Result<u64, SectorError> {
        if let Some(reader) = &mut self.current {
            let frames = most.min(reader.placed.frames.end - self.frame);
            if frames > 0 {
                let samples = reader.some_samples(frames)?;
                for (bytes, sample) in out.chunks_exact_mut(2).zip(samples) {
                    bytes.copy_from_slice(&self.dither.quantise(*sample).to_le_bytes());
                }
                return Ok((samples.len() / STEREO) as u64);
            }
            reader.expect_end()?;
            self.current = None;
        }
        match self.layout.tracks.get(self.next_track) {
            Some(placed) if placed.frames.start <= self.frame => {
                self.current = Some(Reader::open(placed)?);
                self.next_track += 1;
                Ok(0)
            }
            next => {
                let until = next.map_or(u64::MAX, |placed| placed.frames.start) - self.frame;
                let frames = most.min(until);
                out[..frames as usize * 4].fill(0);
                Ok(frames)
            }
        }
    }
}

impl std::fmt::Debug for SectorStream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SectorStream(sector {} of {})", self.frame / SECTOR_FRAMES, self.layout.length)
    }
}

/// One open track at the disc's rate.
struct Reader<'a> {
    placed: &'a Placed,
    source: Box<dyn PcmSource>,
    channels: usize,
    resampler: Option<Resampler>,
    /// Stereo frames at the disc's rate that have not been asked for yet, from `taken` on.
    ready: Vec<f32>,
    taken: usize,
    block: Vec<f32>,
    ended: bool,
}

impl<'a> Reader<'a> {
    fn open(placed: &'a Placed) -> Result<Self, SectorError> {
        let failed = |reason| SectorError::Source { title: placed.track.title.clone(), reason };
        let source = (placed.track.open)().map_err(failed)?;
        let spec = source.spec();
        let resampler = match spec.rate_hz {
            DISC_RATE_HZ => None,
            rate_hz => Some(
                Resampler::new(rate_hz, DISC_RATE_HZ)
                    .map_err(|error| failed(SourceError::Unsupported(error.to_string())))?,
            ),
        };
        Ok(Reader {
            placed,
            source,
            channels: usize::from(spec.channels),
            resampler,
            ready: Vec::new(),
            taken: 0,
            block: Vec::new(),
            ended: false,
        })
    }

    /// The next stereo frames: at least one, and `most` at most.
    fn some_samples(&mut self, most: u64) -> Result<&[f32], SectorError> {
        if self.taken == self.ready.len() && !self.pull()? {
            return Err(SectorError::Length { title: self.placed.track.title.clone() });
        }
        let from = self.taken;
        self.taken = self.ready.len().min(from + most as usize * STEREO);
        Ok(&self.ready[from..self.taken])
    }

    /// A track that has more than it was measured to have has changed meanwhile.
    fn expect_end(&mut self) -> Result<(), SectorError> {
        if self.taken < self.ready.len() || self.pull()? {
            return Err(SectorError::Length { title: self.placed.track.title.clone() });
        }
        Ok(())
    }

    /// Gets more frames ready; false at the end.
    fn pull(&mut self) -> Result<bool, SectorError> {
        self.ready.as_mut_slice().zeroize();
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !self.ended {
            let pulled = self
                .source
                .read(&mut self.block)
                .map_err(|reason| SectorError::Source { title: self.placed.track.title.clone(), reason })?;
            match pulled {
                Pull::Frames(_) => {
                    to_stereo(&mut self.block, self.channels);
                    match &mut self.resampler {
                        Some(resampler) => {
                            resampler.convert(&self.block, &mut self.ready);
                            self.block.as_mut_slice().zeroize();
                            self.block.clear();
                        }
                        None => std::mem::swap(&mut self.block, &mut self.ready),
                    }
                }
                Pull::End => {
                    self.ended = true;
                    if let Some(resampler) = &mut self.resampler {
                        resampler.finish(&mut self.ready);
                    }
                }
                Pull::Waiting => {
                    let reason = SourceError::Unsupported("a live stream cannot go on a disc".to_owned());
                    return Err(SectorError::Source { title: self.placed.track.title.clone(), reason });
                }
            }
        }
        Ok(!self.ready.is_empty())
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.ready.zeroize();
        self.block.zeroize();
    }
}
