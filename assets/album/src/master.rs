//! From the synthesizer's sound to a finished 16-bit recording.
//!
//! Order: remove what lies under 20 Hz, cut the silence at both ends, fade the tail, a slow
//! gentle compressor, then gain and limiter until the whole measures the wanted loudness
//! (EBU R 128 / BS.1770), and TPDF dither. Measured with the `ebur128` crate.

use ebur128::{EbuR128, Mode};

use crate::chance::Chance;
use crate::limiter;
use crate::measure::{self, Measure};
use crate::synth::{RATE, Stereo};

/// Integrated loudness we aim at, in LUFS.
const LOUDNESS: f64 = -14.0;
/// True peak we stay under, in dBTP; the last tenth is for dither and the meter.
const CEILING_DB: f64 = -1.1;
/// Under this a sound counts as silence, relative to its peak.
const SILENCE_DB: f64 = -62.0;
/// Left before the first sound.
const LEAD: usize = RATE as usize / 8;
/// Length of the closing fade.
const FADE: usize = RATE as usize * 3 / 2;

/// A finished recording: interleaved 16-bit stereo at 44.1 kHz.
#[derive(Debug)]
pub struct Master {
    pub samples: Vec<i16>,
    /// Seconds cut off the front, which move every time that was worked out before.
    pub cut: f64,
    pub measure: Measure,
    /// Deepest gain reduction of the limiter, in dB.
    pub limited_db: f64,
}

/// Why a recording could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    #[error("the synthesizer gave silence; is the sound font a General MIDI one?")]
    Silence,
    #[error("loudness could not be measured: {0}")]
    Meter(#[from] ebur128::Error),
}

/// Finishes one recording; `seed` is for the dither.
pub fn master(mut sound: Stereo, seed: u64) -> Result<Master, MasterError> {
    rumble_filter(&mut sound);
    let cut = trim(&mut sound)?;
    compress(&mut sound);
    let mut gain_db = LOUDNESS - loudness(&sound)?;
    let mut finished = Stereo::default();
    let mut limited = 1.0;
    for _ in 0..6 {
        finished = scaled(&sound, gain_db);
        limited = limiter::limit(&mut finished, decibels(CEILING_DB));
        let missing = LOUDNESS - loudness(&finished)?;
        if missing.abs() < 0.03 {
            break;
        }
        gain_db += missing;
    }
    fade(&mut finished);
    let samples = dither(&finished, seed);
    let measure = measure::of(&samples)?;
    Ok(Master { samples, cut, measure, limited_db: 20.0 * limited.log10() })
}

fn decibels(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

fn scaled(sound: &Stereo, db: f64) -> Stereo {
    let gain = decibels(db) as f32;
    Stereo(sound.0.iter().map(|frame| frame.map(|sample| sample * gain)).collect())
}

fn loudness(sound: &Stereo) -> Result<f64, MasterError> {
    let mut meter = EbuR128::new(2, RATE, Mode::I)?;
    meter.add_frames_f32(sound.0.as_flattened())?;
    let lufs = meter.loudness_global()?;
    if lufs.is_finite() { Ok(lufs) } else { Err(MasterError::Silence) }
}

/// Butterworth high-pass of second order at 20 Hz: no offset, no thumps under the music.
fn rumble_filter(sound: &mut Stereo) {
    let w = (std::f64::consts::PI * 20.0 / f64::from(RATE)).tan();
    let scale = 1.0 / (1.0 + std::f64::consts::SQRT_2 * w + w * w);
    let a1 = 2.0 * (w * w - 1.0) * scale;
    let a2 = (1.0 - std::f64::consts::SQRT_2 * w + w * w) * scale;
    for channel in 0..2 {
        let (mut s1, mut s2) = (0.0, 0.0);
        for frame in &mut sound.0 {
            let x = f64::from(frame[channel]);
            let y = scale * x + s1;
            s1 = -2.0 * scale * x - a1 * y + s2;
            s2 = scale * x - a2 * y;
            frame[channel] = y as f32;
        }
    }
}

/// Cuts silence at both ends; answers the seconds cut at the front.
fn trim(sound: &mut Stereo) -> Result<f64, MasterError> {
    let level = |frame: &[f32; 2]| frame[0].abs().max(frame[1].abs());
    let peak = sound.0.iter().map(level).fold(0.0, f32::max);
    let silence = peak * decibels(SILENCE_DB) as f32;
    let heard = |frame: &[f32; 2]| level(frame) > silence && peak > 1e-4;
    let first = sound.0.iter().position(heard).ok_or(MasterError::Silence)?;
    let last = sound.0.iter().rposition(heard).unwrap_or(first);
    let from = first.saturating_sub(LEAD);
    let to = (last + RATE as usize / 4).min(sound.0.len());
    sound.0 = sound.0[from..to].to_vec();
    Ok(from as f64 / f64::from(RATE))
}

/// A raised-cosine fade to nothing over the tail.
fn fade(sound: &mut Stereo) {
    let length = FADE.min(sound.0.len());
    let start = sound.0.len() - length;
    for (index, frame) in sound.0[start..].iter_mut().enumerate() {
        let share = index as f64 / length as f64;
        let gain = 0.5 + 0.5 * (share * std::f64::consts::PI).cos();
        *frame = frame.map(|sample| (f64::from(sample) * gain) as f32);
    }
}

/// Slow levelling, 1.6 to 1 with a wide knee: what a hand on the fader would do.
fn compress(sound: &mut Stereo) {
    const RATIO: f64 = 1.6;
    const KNEE: f64 = 10.0;
    let rate = f64::from(RATE);
    let energy = sound.0.iter().map(|f| f64::from(f[0] * f[0] + f[1] * f[1])).sum::<f64>();
    let mean_db = 10.0 * (energy / sound.0.len().max(1) as f64 + 1e-12).log10();
    let threshold = mean_db + 2.0;
    let (attack, recover) = ((-1.0 / (0.012 * rate)).exp(), (-1.0 / (0.45 * rate)).exp());
    let window = (-1.0 / (0.02 * rate)).exp();
    let (mut power, mut gain_db) = (0.0f64, 0.0f64);
    for frame in &mut sound.0 {
        power = window * power + (1.0 - window) * f64::from(frame[0] * frame[0] + frame[1] * frame[1]);
        let over = 10.0 * (power + 1e-12).log10() - threshold;
        let bent = if over <= -KNEE / 2.0 {
            0.0
        } else if over >= KNEE / 2.0 {
            over
        } else {
            (over + KNEE / 2.0).powi(2) / (2.0 * KNEE)
        };
        let goal = -bent * (1.0 - 1.0 / RATIO);
        let pace = if goal < gain_db { attack } else { recover };
        gain_db = goal + (gain_db - goal) * pace;
        let gain = decibels(gain_db) as f32;
        *frame = frame.map(|sample| sample * gain);
    }
}

/// Rounds to 16 bits with triangular noise of two steps' width, none in digital silence.
fn dither(sound: &Stereo, seed: u64) -> Vec<i16> {
    let mut chance = Chance::new(seed ^ 0xd17e);
    sound
        .0
        .as_flattened()
        .iter()
        .map(|&sample| {
            let noise = chance.even() - chance.even();
            let scaled = f64::from(sample) * 32767.0 + noise;
            scaled.round().clamp(-32768.0, 32767.0) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plucked() -> Stereo {
        let mut frames = vec![[0.0; 2]; RATE as usize];
        for index in 0..RATE * 8 {
            let t = f64::from(index) / f64::from(RATE);
            let beat = t % 0.5;
            let sample = (t * 261.6 * std::f64::consts::TAU).sin() * (-beat * 6.0).exp() * 0.2;
            let end = 1.0 - t / 8.0;
            frames.push([(sample * end) as f32 + 0.01, (sample * end * 0.8) as f32 + 0.01]);
        }
        frames.extend(vec![[0.0; 2]; RATE as usize]);
        Stereo(frames)
    }

    #[test]
    fn a_master_has_the_wanted_loudness_peak_and_edges() {
        let master = master(plucked(), 1).unwrap();
        assert!((master.measure.lufs - LOUDNESS).abs() < 0.3, "{:?}", master.measure);
        assert!(master.measure.true_peak_db <= -1.0, "{:?}", master.measure);
        let offset = master.samples.iter().map(|&s| f64::from(s)).sum::<f64>() / master.samples.len() as f64;
        assert!(offset.abs() < 3.0, "offset {offset}");
        assert!(master.samples[master.samples.len() - 2].abs() <= 2);
    }

    #[test]
    fn silence_is_refused() {
        let silent = Stereo(vec![[0.0; 2]; RATE as usize]);
        assert!(matches!(master(silent, 1), Err(MasterError::Silence)));
    }
}
