//! A look-ahead limiter that keeps the true peak (ITU-R BS.1770-4, Annex 2) under a ceiling.
//!
//! The signal is watched at four times its rate. The gain needed in each frame is
//! held over the look-ahead, then smoothed by a window as long: it is fully down when the
//! peak comes and never jumps, so nothing is heard but the missing peak.

use crate::synth::{RATE, Stereo};

/// 5 ms: long enough not to distort a low note, short enough to stay unheard.
const AHEAD: usize = RATE as usize / 200;
/// How fast the gain comes back: time constant in seconds.
const RELEASE: f64 = 0.18;
/// Taps of one phase of the interpolator.
const TAPS: usize = 16;
const PHASES: usize = 4;

/// Turns the loudest moments down so that no true peak passes `ceiling` (1.0 is full scale).
/// Answers the deepest reduction, as a factor.
pub fn limit(sound: &mut Stereo, ceiling: f64) -> f64 {
    let needed = needed_gain(&sound.0, ceiling);
    let held = least_ahead(&needed, AHEAD);
    let eased = release(&held);
    let gain = smooth(&eased, AHEAD);
    let mut deepest = 1.0f64;
    for (frame, gain) in sound.0.iter_mut().zip(&gain) {
        deepest = deepest.min(*gain);
        frame.iter_mut().for_each(|sample| *sample = (f64::from(*sample) * gain) as f32);
    }
    deepest
}

/// The gain each frame would need on its own.
fn needed_gain(frames: &[[f32; 2]], ceiling: f64) -> Vec<f64> {
    let kernel = kernel();
    let near = ceiling as f32 * 0.5;
    let mut needed = vec![1.0; frames.len()];
    for (at, needed) in needed.iter_mut().enumerate() {
        let from = at.saturating_sub(TAPS / 2);
        let window = &frames[from..(at + TAPS / 2 + 1).min(frames.len())];
        if window.iter().all(|f| f[0].abs() < near && f[1].abs() < near) {
            continue;
        }
        let peak = true_peak(frames, at, &kernel);
        if peak > ceiling {
            *needed = ceiling / peak;
        }
    }
    needed
}

/// The highest value between this frame and the next, both channels.
fn true_peak(frames: &[[f32; 2]], at: usize, kernel: &[[f64; TAPS]; PHASES]) -> f64 {
    let mut peak = 0.0f64;
    for phase in kernel {
        let mut sum = [0.0f64; 2];
        for (tap, weight) in phase.iter().enumerate() {
            let index = (at + tap + 1).checked_sub(TAPS / 2);
            if let Some(frame) = index.and_then(|index| frames.get(index)) {
                sum[0] += f64::from(frame[0]) * weight;
                sum[1] += f64::from(frame[1]) * weight;
            }
        }
        peak = peak.max(sum[0].abs()).max(sum[1].abs());
    }
    peak
}

/// Windowed sinc for the offsets 0, 1/4, 1/2, 3/4 of a frame.
fn kernel() -> [[f64; TAPS]; PHASES] {
    let mut kernel = [[0.0; TAPS]; PHASES];
    for (phase, taps) in kernel.iter_mut().enumerate() {
        let offset = phase as f64 / PHASES as f64;
        for (tap, weight) in taps.iter_mut().enumerate() {
            let x = tap as f64 + 1.0 - TAPS as f64 / 2.0 - offset;
            let angle = std::f64::consts::PI * x;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
            let window = 0.5 + 0.5 * (angle / (TAPS as f64 / 2.0)).cos();
            *weight = sinc * window;
        }
        let sum: f64 = taps.iter().sum();
        taps.iter_mut().for_each(|weight| *weight /= sum);
    }
    kernel
}

/// The least gain from this frame to `ahead` frames on.
fn least_ahead(needed: &[f64], ahead: usize) -> Vec<f64> {
    let mut queue = std::collections::VecDeque::<usize>::new();
    let mut least = vec![1.0; needed.len()];
    for at in (0..needed.len()).rev() {
        while queue.back().is_some_and(|&later| needed[later] >= needed[at]) {
            queue.pop_back();
        }
        queue.push_back(at);
        while queue.front().is_some_and(|&later| later > at + ahead) {
            queue.pop_front();
        }
        least[at] = queue.front().map_or(1.0, |&index| needed[index]);
    }
    least
}

/// Down at once, back slowly.
fn release(held: &[f64]) -> Vec<f64> {
    let keep = (-1.0 / (RELEASE * f64::from(RATE))).exp();
    let mut now = 1.0f64;
    held.iter()
        .map(|&goal| {
            now = if goal < now { goal } else { goal + (now - goal) * keep };
            now
        })
        .collect()
}

/// Mean of the last `length` frames: what was a step becomes a ramp that ends in time.
fn smooth(gain: &[f64], length: usize) -> Vec<f64> {
    let mut sum = length as f64;
    (0..gain.len())
        .map(|at| {
            sum += gain[at] - if at >= length { gain[at - length] } else { 1.0 };
            (sum / length as f64).min(1.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency: f64, level: f64, phase: f64) -> Stereo {
        let sample = |frame: u32| {
            let turn = f64::from(frame) * frequency / f64::from(RATE);
            ((turn * std::f64::consts::TAU + phase).sin() * level) as f32
        };
        Stereo((0..RATE).map(|frame| [sample(frame); 2]).collect())
    }

    #[test]
    fn a_quiet_sound_passes_untouched() {
        let quiet = tone(441.0, 0.4, 0.0);
        let mut limited = quiet.clone();
        assert_eq!(limit(&mut limited, 0.89), 1.0);
        assert_eq!(limited.0, quiet.0);
    }

    #[test]
    fn peaks_between_the_samples_are_seen() {
        // A quarter of the rate at 45 degrees: samples reach 0.707 of the wave's height.
        let mut sound = tone(11_025.0, 1.2, std::f64::consts::FRAC_PI_4);
        limit(&mut sound, 0.8);
        let highest = sound.0[RATE as usize / 2..].iter().map(|f| f[0].abs()).fold(0.0, f32::max);
        assert!((0.54..0.58).contains(&highest), "{highest}");
    }

    #[test]
    fn the_gain_is_down_before_the_peak_comes_and_returns_after() {
        let mut sound = tone(300.0, 0.3, 0.0);
        sound.0[20_000] = [1.5, -1.5];
        let deepest = limit(&mut sound, 0.9);
        assert!((0.5..0.75).contains(&deepest));
        assert!(sound.0[20_000][0] <= 0.9);
        let end = sound.0[44_000..].iter().map(|f| f[0].abs()).fold(0.0, f32::max);
        assert!(end > 0.28);
    }
}
