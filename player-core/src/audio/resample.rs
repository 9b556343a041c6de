//! Sample-rate conversion, only when the device (or a disc) runs at another rate than the source.
//!
//! Stereo frames in, stereo frames out, by rubato's FFT resampler: the ratio is fixed, so it is both its best and
//! its fastest. Its delay is trimmed from the start and the tail is pushed out at the end, so that `n` frames in
//! become exactly `round(n * to / from)` frames out, aligned to the first. Two tracks of one rate that join
//! without a gap run through the same converter without a stop, so the join stays seamless.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};
use zeroize::Zeroize;

use super::mix::STEREO;
use crate::error::{Code, Explain};

/// Frames converted at a time, about: rubato rounds it to the ratio.
const CHUNK_FRAMES: usize = 1_024;

/// A rate or a pair of rates that cannot be converted.
#[derive(Debug, thiserror::Error)]
#[error("audio at {from_hz} Hz cannot be converted to {to_hz} Hz; choose another output device")]
pub struct ResampleError {
    from_hz: u32,
    to_hz: u32,
}

impl Explain for ResampleError {
    fn code(&self) -> Code {
        Code::RateUnsupported
    }
}

/// A running conversion between two fixed rates.
pub struct Resampler {
    fft: Fft<f32>,
    from_hz: u32,
    to_hz: u32,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Frames of start-up delay still to drop.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// Makes a converter, at rest.
    ///
    /// # Errors
    /// The rates have no usable ratio.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, ResampleError> {
        // An even number of the smallest blocks: only then is the filter's delay a whole number of frames.
        let block = (from_hz / greatest_common_divisor(from_hz, to_hz).max(1)) as usize;
        let chunk = block * 2 * (CHUNK_FRAMES / (2 * block.max(1))).max(1);
        let fft = Fft::new(from_hz as usize, to_hz as usize, chunk, STEREO, FixedSync::Both)
            .map_err(|_| ResampleError { from_hz, to_hz })?;
        let delay = fft.output_delay();
        let output = vec![0.0; fft.output_frames_max() * STEREO];
        let input = Vec::with_capacity(2 * fft.input_frames_max() * STEREO);
        Ok(Resampler { fft, from_hz, to_hz, input, output, delay, taken: 0, given: 0 })
    }

    /// Whether this converts between these rates.
    #[must_use]
    pub fn converts(&self, from_hz: u32, to_hz: u32) -> bool {
        (self.from_hz, self.to_hz) == (from_hz, to_hz)
    }

    /// Forgets what it has heard, for a seek.
    pub fn reset(&mut self) {
        self.fft.reset();
        self.input.zeroize();
        self.delay = self.fft.output_delay();
        (self.taken, self.given) = (0, 0);
    }

    /// Converts `samples` and appends what is ready to `out`.
    pub fn convert(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.taken += (samples.len() / STEREO) as u64;
        self.input.extend_from_slice(samples);
        let mut from = 0;
        loop {
            let chunk = self.fft.input_frames_next() * STEREO;
            if self.input.len() - from < chunk {
                break;
            }
            self.process(from, None, out);
            from += chunk;
        }
        let left = self.input.len() - from;
        self.input.copy_within(from.., 0);
        self.input[left..].zeroize();
        self.input.truncate(left);
    }

    /// Appends the frames still inside: after it, as many have come out as belong to those that went in.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let due =
            (self.taken * u64::from(self.to_hz) + u64::from(self.from_hz) / 2) / u64::from(self.from_hz);
        while self.given < due {
            let partial = self.input.len() / STEREO;
            let before = out.len();
            self.process(0, Some(partial), out);
            self.input.zeroize();
            let surplus = self.given.saturating_sub(due) as usize * STEREO;
            out.truncate(out.len().saturating_sub(surplus).max(before));
        }
        self.reset();
    }

    fn process(&mut self, from: usize, partial: Option<usize>, out: &mut Vec<f32>) {
        let needed = self.fft.input_frames_next();
        let mut padded;
        let input = if partial.is_some() {
            padded = self.input[from..].to_vec();
            padded.resize(needed * STEREO, 0.0);
            &padded[..]
        } else {
            &self.input[from..from + needed * STEREO]
        };
        let frames_out = self.fft.output_frames_next();
        let (Ok(input), Ok(mut output)) = (
            InterleavedSlice::new(input, STEREO, needed),
            InterleavedSlice::new_mut(&mut self.output[..], STEREO, frames_out),
        ) else {
            return;
        };
        let indexing = Indexing::new();
        let indexing = partial.map(|frames| indexing.partial_len(frames));
        let written = match self.fft.process_into_buffer(&input, &mut output, indexing.as_ref()) {
            Ok((_, written)) => written,
            // Sizes were asked for just above; should it refuse them all the same, time is kept with silence.
            Err(_) => frames_out,
        };
        let dropped = self.delay.min(written);
        self.delay -= dropped;
        out.extend_from_slice(&self.output[dropped * STEREO..written * STEREO]);
        self.given += (written - dropped) as u64;
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resampler({} Hz to {} Hz)", self.from_hz, self.to_hz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate_hz: u32, frames: usize) -> Vec<f32> {
        (0..frames)
            .flat_map(|n| {
                let s = (n as f64 * 997.0 * std::f64::consts::TAU / f64::from(rate_hz)).sin() as f32 * 0.5;
                [s, -s]
            })
            .collect()
    }

    // M3
    #[test]
    fn length_and_phase_are_exact_at_every_usual_rate() {
        for (from, to) in
            [(44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (44_100, 192_000), (22_050, 48_000)]
        {
            let frames = from as usize + 777;
            let mut resampler = Resampler::new(from, to).expect("usual rates");
            let mut out = Vec::new();
            for block in sine(from, frames).chunks(STEREO * 1_111) {
                resampler.convert(block, &mut out);
            }
            resampler.finish(&mut out);
            let due = (frames as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(out.len() / STEREO, due, "{from} to {to}");
            let ideal = sine(to, due);
            let middle = 2_000 * STEREO..(due - 4_000) * STEREO;
            let worst = out[middle.clone()]
                .iter()
                .zip(&ideal[middle])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-4, "{from} to {to}: {worst}");
        }
    }
}
