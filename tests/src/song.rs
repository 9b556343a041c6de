//! Test songs: every sample is known, so what comes out at the far end can be compared bit by bit.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use crate::programs::tool;

/// Frames a second of every test song.
pub const RATE: u32 = 44_100;

/// Stereo, 16 bit, interleaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples(pub Vec<i16>);

impl Samples {
    /// Two steady tones and a little noise: like music, nothing repeats, and it is not full scale.
    pub fn music(seconds: u32, seed: u32) -> Self {
        let mut noise = seed.wrapping_mul(2_654_435_761).max(1);
        let frames = (0..seconds * RATE).flat_map(|frame| {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
            let at = f64::from(frame) / f64::from(RATE);
            let swell = 0.6 + 0.4 * (TAU * 0.31 * at).sin();
            let root = 196.0 + f64::from(seed % 7) * 11.0;
            let left = swell * (0.4 * (TAU * root * at).sin() + 0.02 * hiss);
            let right = swell * (0.4 * (TAU * root * 1.5 * at).sin() - 0.02 * hiss);
            [sample(left), sample(right)]
        });
        Self(frames.collect())
    }

    /// One tone of unchanging loudness, by which a fade can be measured.
    pub fn steady_tone(seconds: u32) -> Self {
        let frames = (0..seconds * RATE).flat_map(|frame| {
            let value = sample(0.5 * (TAU * 1_000.0 * f64::from(frame) / f64::from(RATE)).sin());
            [value, value]
        });
        Self(frames.collect())
    }

    /// The samples as they lie in a file: little endian.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    /// Samples from such bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
    }

    /// Writes them as a FLAC file, through the FLAC project's own encoder.
    pub fn write_flac(&self, path: &Path) {
        let raw = path.with_extension("raw");
        fs::write(&raw, self.bytes()).expect("room for a test song");
        let (raw_name, flac_name) = (raw.to_string_lossy(), path.to_string_lossy());
        let mut words = vec!["--silent", "--force", "--force-raw-format", "--endian=little"];
        words.extend(["--sign=signed", "--channels=2", "--bps=16", "--sample-rate=44100"]);
        words.extend(["-o", &flac_name, &raw_name]);
        tool("flac", &words).succeeded();
        fs::remove_file(raw).expect("the raw file is ours");
    }

    /// Reads the PCM of a FLAC file through the FLAC project's own decoder.
    pub fn read_flac(path: &Path) -> Self {
        let name = path.to_string_lossy();
        let mut words = vec!["--silent", "--decode", "--stdout", "--force-raw-format"];
        words.extend(["--endian=little", "--sign=signed", &name]);
        Self::from_bytes(tool("flac", &words).succeeded().bytes())
    }

    /// Without the silence at both ends.
    pub fn between_silences(self) -> Self {
        let loud = |sample: &i16| sample.unsigned_abs() > 64;
        let first = self.0.iter().position(loud).unwrap_or(0) / 2 * 2;
        let last = self.0.iter().rposition(loud).map_or(0, |place| place / 2 * 2 + 2);
        Self(self.0[first..last.max(first)].to_vec())
    }

    /// How long they sound.
    pub fn seconds(&self) -> f64 {
        self.0.len() as f64 / 2.0 / f64::from(RATE)
    }

    /// The loudest sample of the last so many frames, 1 is full scale.
    pub fn peak_of_last_frames(&self, frames: usize) -> f64 {
        let from = self.0.len().saturating_sub(frames * 2);
        self.0[from..].iter().fold(0.0, |peak: f64, sample| peak.max(f64::from(*sample).abs() / 32_768.0))
    }

    /// Where these and other samples first differ.
    pub fn first_difference(&self, other: &Self) -> Option<usize> {
        self.0.iter().zip(&other.0).position(|(mine, theirs)| mine != theirs)
    }
}

/// What the player's recording output heard: 32-bit float, stereo.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    rate_hz: u32,
    samples: Vec<f32>,
}

impl Recording {
    /// Reads the WAV file that the recording output wrote: 32-bit float, stereo.
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).expect("the player has recorded");
        assert_eq!(&bytes[..4], b"RIFF", "{} is a WAV file", path.display());
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let data = bytes.windows(4).position(|window| window == b"data").expect("a WAV file holds data");
        let quads = bytes[data + 8..].chunks_exact(4);
        let samples = quads.map(|quad| f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]));
        Self { rate_hz: word(24), samples: samples.collect() }
    }

    /// What was heard after so many frames.
    pub fn after(mut self, frames: usize) -> Self {
        self.samples.drain(..(frames * 2).min(self.samples.len()));
        self
    }

    /// The 16-bit samples behind it; fails if anything between the file and the device changed one.
    #[track_caller]
    pub fn exact(&self) -> Samples {
        let samples = self.samples.iter().enumerate().map(|(place, value)| {
            let scaled = value * 32_768.0;
            assert!(scaled.fract() == 0.0, "sample {place} is not a 16-bit value: {value}");
            scaled as i16
        });
        Samples(samples.collect())
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / 2.0 / f64::from(self.rate_hz)
    }

    /// Loudness (root mean square, 1 is full scale) of the left channel between two times.
    pub fn rms(&self, from_ms: u32, to_ms: u32) -> f64 {
        let at = |ms: u32| (u64::from(ms) * u64::from(self.rate_hz) / 1000) as usize * 2;
        let last = self.samples.len();
        let part = &self.samples[at(from_ms).min(last)..at(to_ms).min(last)];
        let squares: f64 = part.iter().step_by(2).map(|value| f64::from(*value).powi(2)).sum();
        (squares / (part.len() / 2).max(1) as f64).sqrt()
    }
}

fn sample(value: f64) -> i16 {
    (value * 32_767.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_survives_flac_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let song = Samples::music(1, 3);
        song.write_flac(&folder.path().join("song.flac"));
        assert_eq!(Samples::read_flac(&folder.path().join("song.flac")), song);
    }
}
