//! Channels: every source becomes stereo for the ring, and stereo becomes what the device has.
//!
//! Surround is folded down with the coefficients of ITU-R BS.775 (centre and surrounds at -3 dB, the low
//! frequency channel left out), scaled so that full scale in every channel does not clip. Mono is heard from
//! both sides at its own level. Stereo passes unchanged.

use std::f32::consts::FRAC_1_SQRT_2;

/// Channels of the ring, of the resampler and of a disc.
pub const STEREO: usize = 2;

/// Makes interleaved samples of `channels` channels stereo, in place. The order is WAVE's: left, right, centre,
/// low frequency, back or side left, right.
pub fn to_stereo(samples: &mut Vec<f32>, channels: usize) {
    match channels {
        0 | STEREO => {}
        1 => {
            let mono = samples.len();
            samples.resize(mono * STEREO, 0.0);
            for frame in (0..mono).rev() {
                let sample = samples[frame];
                samples[frame * STEREO] = sample;
                samples[frame * STEREO + 1] = sample;
            }
        }
        _ => fold_down(samples, channels),
    }
}

fn fold_down(samples: &mut Vec<f32>, channels: usize) {
    let (mut left, mut right) = ([0.0_f32; 8], [0.0_f32; 8]);
    for channel in 0..channels.min(8) {
        (left[channel], right[channel]) = match (channels, channel) {
            (_, 0) => (1.0, 0.0),
            (_, 1) => (0.0, 1.0),
            (4, 2) => (FRAC_1_SQRT_2, 0.0),
            (4, 3) => (0.0, FRAC_1_SQRT_2),
            (_, 2) => (FRAC_1_SQRT_2, FRAC_1_SQRT_2),
            (5, 3) => (FRAC_1_SQRT_2, 0.0),
            (5, 4) => (0.0, FRAC_1_SQRT_2),
            (_, 3) => (0.0, 0.0),
            (_, even) if even % 2 == 0 => (FRAC_1_SQRT_2, 0.0),
            _ => (0.0, FRAC_1_SQRT_2),
        };
    }
    let scale = 1.0 / left.iter().sum::<f32>();
    let frames = samples.len() / channels;
    for frame in 0..frames {
        let (mut l, mut r) = (0.0, 0.0);
        for (channel, sample) in samples[frame * channels..(frame + 1) * channels].iter().enumerate().take(8)
        {
            l += sample * left[channel];
            r += sample * right[channel];
        }
        samples[frame * STEREO] = l * scale;
        samples[frame * STEREO + 1] = r * scale;
    }
    samples.truncate(frames * STEREO);
}

/// One stereo frame in a device frame of any width. Further loudspeakers stay silent.
#[inline]
pub fn to_device(left: f32, right: f32, frame: &mut [f32]) {
    match frame {
        [only] => *only = 0.5 * (left + right),
        [first, second, rest @ ..] => {
            (*first, *second) = (left, right);
            rest.fill(0.0);
        }
        [] => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_is_heard_from_both_sides() {
        let mut samples = vec![0.1, -0.2, 0.3];
        to_stereo(&mut samples, 1);
        assert_eq!(samples, [0.1, 0.1, -0.2, -0.2, 0.3, 0.3]);
    }

    #[test]
    fn full_scale_surround_does_not_clip() {
        for channels in 3..=8 {
            let mut samples = vec![1.0; channels * 10];
            to_stereo(&mut samples, channels);
            assert_eq!(samples.len(), 20);
            assert!(samples.iter().all(|s| *s <= 1.000_001), "{channels} channels");
        }
    }

    #[test]
    fn a_mono_device_hears_both_sides() {
        let mut frame = [9.0];
        to_device(0.5, 0.25, &mut frame);
        assert_eq!(frame, [0.375]);
    }
}
