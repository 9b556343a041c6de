//! Fades: one curve, used sample by sample wherever sound starts or stops.
//!
//! The curve is a **raised cosine**, `(1 - cos(pi x)) / 2`. A fade here always goes from or to silence, with no
//! second signal to keep the power up against, so an equal-power (quarter sine) law has no purpose; and it would
//! leave silence with a corner, which is heard as a tick when the fade is short. The raised cosine has no slope
//! at either end, so even a 5 ms fade adds no audible spectrum of its own.
//!
//! - [`ClipFades`] are the author's: fade-in and fade-out durations of a clip (the source's "clip and song
//!   information 214", performed by the player). They depend only on the position in the track.
//! - [`Ramp`] is the transport's: pause, resume, stop, seek. It depends on what was commanded.

use std::f32::consts::PI;

/// Gain of a fade that has run for `x` of its length, 0 to 1.
#[must_use]
pub fn raised_cosine(x: f32) -> f32 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        0.5 - 0.5 * (PI * x).cos()
    }
}

/// Durations of the fades at the two ends of a clip. Zero means that the end is played as it was authored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClipFades {
    /// From silence at the clip's first frame to full gain.
    pub fade_in_ms: u32,
    /// From full gain to silence at the clip's last frame.
    pub fade_out_ms: u32,
}

impl ClipFades {
    /// No fade at either end.
    pub const NONE: ClipFades = ClipFades { fade_in_ms: 0, fade_out_ms: 0 };

    /// The same fades in frames, for a clip of `frames` frames. Fades that would overlap are shortened in
    /// proportion until they meet.
    #[must_use]
    pub fn over(self, frames: Option<u64>, rate_hz: u32) -> ClipEnvelope {
        let at = |ms: u32| u64::from(ms) * u64::from(rate_hz) / 1000;
        let (mut rise, mut fall) = (at(self.fade_in_ms), at(self.fade_out_ms));
        if let Some(frames) = frames
            && rise + fall > frames
        {
            let sum = rise + fall;
            rise = rise * frames / sum;
            fall = frames - rise;
        }
        ClipEnvelope { rise, fall, frames }
    }
}

/// Gain of a clip as a function of the frame, in the rate it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipEnvelope {
    rise: u64,
    fall: u64,
    /// Length of the clip; without it there is no end to fade to.
    frames: Option<u64>,
}

impl ClipEnvelope {
    /// Gain at a frame counted from the start of the clip.
    #[must_use]
    pub fn gain(&self, frame: u64) -> f32 {
        let mut gain = 1.0;
        if frame < self.rise {
            gain = raised_cosine((frame as f32 + 0.5) / self.rise as f32);
        }
        if let Some(frames) = self.frames {
            let left = frames.saturating_sub(frame);
            if left <= self.fall && self.fall > 0 {
                gain *= raised_cosine((left as f32 - 0.5) / self.fall as f32);
            }
        }
        gain
    }

    /// Applies the envelope to interleaved samples that start at `first`. Frames outside the fades are not
    /// touched, so they stay bit exact.
    pub fn apply(&self, samples: &mut [f32], channels: usize, first: u64) {
        let last = first + (samples.len() / channels) as u64;
        let falls = self.frames.map_or(u64::MAX, |frames| frames.saturating_sub(self.fall));
        if first >= self.rise && last <= falls {
            return;
        }
        for (frame, gain_of) in samples.chunks_exact_mut(channels).zip(first..) {
            if gain_of < self.rise || gain_of >= falls {
                let gain = self.gain(gain_of);
                frame.iter_mut().for_each(|sample| *sample *= gain);
            }
        }
    }
}

/// A gain that is at rest at 0 or 1, or on its way between them, one frame at a time.
///
/// A new direction in the middle of a fade starts from the gain reached, so the gain never jumps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Position on the curve: 0 silent, 1 full.
    x: f32,
    /// Change of `x` with each frame; zero when at rest.
    step: f32,
}

impl Ramp {
    /// Silent, at rest.
    pub const SILENT: Ramp = Ramp { x: 0.0, step: 0.0 };
    /// Full gain, at rest.
    pub const FULL: Ramp = Ramp { x: 1.0, step: 0.0 };

    /// Sets off for full gain, so that a whole rise takes `frames`.
    pub fn rise(&mut self, frames: u32) {
        self.step = if self.x >= 1.0 { 0.0 } else { 1.0 / frames.max(1) as f32 };
    }

    /// Sets off for silence, so that a whole fall takes `frames`.
    pub fn fall(&mut self, frames: u32) {
        self.step = if self.x <= 0.0 { 0.0 } else { -1.0 / frames.max(1) as f32 };
    }

    /// Sets off for silence, so that it is reached from the present gain in `frames`.
    pub fn fall_from_here(&mut self, frames: u32) {
        self.step = if self.x <= 0.0 { 0.0 } else { -self.x / frames.max(1) as f32 };
    }

    /// True when nothing but silence will come until the next `rise`.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.x <= 0.0 && self.step <= 0.0
    }

    /// True when samples pass unchanged.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.x >= 1.0 && self.step >= 0.0
    }

    /// True on the way down.
    #[must_use]
    pub fn is_falling(&self) -> bool {
        self.step < 0.0
    }

    /// Frames until the ramp comes to rest.
    #[must_use]
    pub fn frames_left(&self) -> usize {
        if self.step > 0.0 {
            ((1.0 - self.x) / self.step).ceil() as usize
        } else if self.step < 0.0 {
            (self.x / -self.step).ceil() as usize
        } else {
            0
        }
    }

    /// Gain of the next frame; advances by one frame.
    pub fn next_gain(&mut self) -> f32 {
        self.x += self.step;
        if self.x >= 1.0 {
            *self = Ramp::FULL;
        } else if self.x <= 0.0 {
            *self = Ramp::SILENT;
        }
        raised_cosine(self.x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // O3, V5
    #[test]
    fn a_clip_rises_and_falls_in_the_time_its_author_set() {
        let envelope = ClipFades { fade_in_ms: 100, fade_out_ms: 200 }.over(Some(48_000), 48_000);
        assert!(envelope.gain(0) < 1e-5);
        assert!((envelope.gain(2_399) - 0.5).abs() < 1e-3, "half way at half the time");
        assert_eq!(envelope.gain(4_800), 1.0);
        assert_eq!(envelope.gain(38_399), 1.0);
        assert!((envelope.gain(43_200) - 0.5).abs() < 1e-3);
        assert!(envelope.gain(47_999) < 1e-5);
    }

    #[test]
    fn fades_longer_than_the_clip_meet_in_proportion() {
        let envelope = ClipFades { fade_in_ms: 1_000, fade_out_ms: 3_000 }.over(Some(1_000), 1_000);
        let peak = (0..1_000).max_by(|a, b| envelope.gain(*a).total_cmp(&envelope.gain(*b)));
        assert!(peak.is_some_and(|frame| (245..=255).contains(&frame)));
    }

    #[test]
    fn frames_between_the_fades_are_left_alone() {
        let envelope = ClipFades { fade_in_ms: 10, fade_out_ms: 10 }.over(Some(1_000), 1_000);
        let mut samples = vec![0.123_456_7_f32; 2_000];
        envelope.apply(&mut samples, 2, 0);
        assert!(samples[20..1_980].iter().all(|s| *s == 0.123_456_7));
        assert!(samples[0] < 0.001 && samples[1_999] < 0.001);
    }

    // V5
    #[test]
    fn turning_round_in_the_middle_of_a_fade_never_jumps() {
        let mut ramp = Ramp::SILENT;
        ramp.rise(100);
        let mut last = 0.0;
        for frame in 0..300 {
            if frame == 40 {
                ramp.fall(100);
            }
            if frame == 60 {
                ramp.rise(50);
            }
            let gain = ramp.next_gain();
            assert!((gain - last).abs() < 0.04, "frame {frame}: {last} to {gain}");
            last = gain;
        }
        assert!(ramp.is_full());
    }
}
