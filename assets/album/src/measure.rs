//! What one measures on a finished recording before letting it out of the house.

use ebur128::{EbuR128, Mode};

use crate::synth::RATE;

/// Below this a frame counts as silent: 60 dB under full scale.
const SILENT: i16 = 33;

/// Figures of one recording, worked out on its 16-bit samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub seconds: f64,
    /// Integrated loudness, EBU R 128.
    pub lufs: f64,
    /// Loudness range, EBU Tech 3342, in LU.
    pub range_lu: f64,
    pub true_peak_db: f64,
    /// Silence before the first and after the last sound, in seconds.
    pub lead: f64,
    pub tail: f64,
    /// The longest silence in between, in seconds.
    pub gap: f64,
    /// Mean of all samples, in steps of 16 bits: how far from zero the sound rests.
    pub offset: f64,
    /// Peak over RMS.
    pub crest_db: f64,
}

/// Measures interleaved stereo at 44.1 kHz.
pub fn of(samples: &[i16]) -> Result<Measure, ebur128::Error> {
    let mut meter = EbuR128::new(2, RATE, Mode::I | Mode::LRA | Mode::TRUE_PEAK)?;
    meter.add_frames_i16(samples)?;
    let true_peak = meter.true_peak(0)?.max(meter.true_peak(1)?);
    let (lead, tail, gap) = silences(samples);
    let count = samples.len().max(1) as f64;
    let sum: f64 = samples.iter().map(|&sample| f64::from(sample)).sum();
    let power: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    Ok(Measure {
        seconds: count / 2.0 / f64::from(RATE),
        lufs: meter.loudness_global()?,
        range_lu: meter.loudness_range()?,
        true_peak_db: 20.0 * true_peak.log10(),
        lead,
        tail,
        gap,
        offset: sum / count,
        crest_db: 20.0 * (f64::from(peak) / (power / count).sqrt().max(1e-9)).log10(),
    })
}

/// Seconds of silence: before, after, and the longest in between.
fn silences(samples: &[i16]) -> (f64, f64, f64) {
    let mut sounding = samples
        .chunks_exact(2)
        .enumerate()
        .filter(|(_, frame)| frame.iter().any(|sample| sample.unsigned_abs() >= SILENT.unsigned_abs()))
        .map(|(index, _)| index);
    let frames = samples.len() / 2;
    let Some(first) = sounding.next() else {
        return (frames as f64 / f64::from(RATE), 0.0, 0.0);
    };
    let (mut last, mut longest) = (first, 0);
    for index in sounding {
        longest = longest.max(index - last - 1);
        last = index;
    }
    let seconds = |frames: usize| frames as f64 / f64::from(RATE);
    (seconds(first), seconds(frames - 1 - last), seconds(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_are_found_before_within_and_after() {
        let mut samples = vec![0i16; 2 * RATE as usize];
        let loud = |frames: usize| vec![1000i16; 2 * frames];
        samples.extend(loud(100));
        samples.extend(vec![2i16; RATE as usize]);
        samples.extend(loud(100));
        samples.extend(vec![0i16; RATE as usize / 2]);
        let (lead, tail, gap) = silences(&samples);
        assert!((lead - 1.0).abs() < 1e-9 && (gap - 0.5).abs() < 1e-9 && (tail - 0.25).abs() < 1e-9);
    }
}
