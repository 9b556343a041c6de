//! What a recording looks and measures like: the clip's waveform, and loudness after EBU R 128.

use cadenza_protocol::media::Loudness;
use ebur128::{EbuR128, Mode};

use crate::Recording;

/// Bars in a waveform.
pub const BARS: usize = 120;

/// Integrated loudness and true peak; `None` for silence.
pub fn loudness(recording: &Recording) -> Option<Loudness> {
    let mut meter =
        EbuR128::new(recording.channels.into(), recording.rate, Mode::I | Mode::TRUE_PEAK).ok()?;
    let samples = recording.floats(0, recording.frames());
    meter.add_frames_f32(&samples).ok()?;
    let lufs = meter.loudness_global().ok().filter(|l| l.is_finite())?;
    let peak = (0..u32::from(recording.channels)).filter_map(|c| meter.true_peak(c).ok()).fold(0.0, f64::max);
    let hundredths = |db: f64| (db.clamp(-300.0, 100.0) * 100.0).round() as i32;
    Some(Loudness { lufs_x100: hundredths(lufs), peak_db_x100: hundredths(20.0 * peak.log10()) })
}

/// Root-mean-square level of equal stretches, the loudest 100; one byte a bar.
pub fn waveform(samples: &[f32], channels: u8) -> Vec<u8> {
    let frame = usize::from(channels);
    let frames = samples.len() / frame;
    let level = |bar: usize| {
        let (from, to) = (bar * frames / BARS, (bar + 1) * frames / BARS);
        let part = &samples[from * frame..to * frame];
        let energy: f64 = part.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
        (energy / part.len().max(1) as f64).sqrt()
    };
    let levels: Vec<f64> = (0..BARS).map(level).collect();
    let loudest = levels.iter().copied().fold(1e-9, f64::max);
    levels.iter().map(|l| (l / loudest * 100.0).round() as u8).collect()
}
