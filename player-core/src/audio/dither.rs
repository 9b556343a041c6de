//! From `f32` to 16-bit integers, without distortion and without touching what is 16 bit already.
//!
//! Rounding alone makes an error that follows the music and is heard as distortion in quiet passages. Noise with
//! a triangular distribution two steps wide (TPDF), added before rounding, makes the error independent of the
//! music (Lipshitz, Wannamaker and Vanderkooy, JAES 40/5, 1992). A sample that stands on a 16-bit step has no
//! error to hide: it passes unchanged, so 16-bit audio at unity gain is bit exact and digital silence stays silent.

/// One step of 16 bits in units of full scale, inverted.
const STEPS: f32 = 32_768.0;

/// A quantiser with its noise generator. Wait-free, so that a device callback may use it.
#[derive(Debug, Clone)]
pub struct Dither {
    state: u32,
}

impl Dither {
    /// A generator; any seed will do.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Dither { state: seed | 1 }
    }

    /// The 16-bit value of a sample, clipped at full scale.
    #[inline]
    pub fn quantise(&mut self, sample: f32) -> i16 {
        let scaled = sample * STEPS;
        // `as` saturates at the ends of the range, and makes 0 of what is not a number.
        if scaled as i32 as f32 == scaled { scaled as i16 } else { (scaled + self.triangle()).round() as i16 }
    }

    /// Noise between -1 and 1 step, most often near 0.
    #[inline]
    fn triangle(&mut self) -> f32 {
        self.uniform() - self.uniform()
    }

    /// xorshift32, as a fraction of one step.
    #[inline]
    fn uniform(&mut self) -> f32 {
        let mut x = self.state;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.state = x;
        (x >> 8) as f32 * (1.0 / 16_777_216.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // D2
    #[test]
    fn sixteen_bit_samples_come_back_bit_for_bit() {
        let mut dither = Dither::new(1);
        for value in i16::MIN..=i16::MAX {
            assert_eq!(dither.quantise(f32::from(value) / STEPS), value);
        }
    }

    // D2
    #[test]
    fn a_level_between_two_steps_is_right_on_average() {
        let mut dither = Dither::new(99);
        let sum: i64 = (0..200_000).map(|_| i64::from(dither.quantise(10.25 / STEPS))).sum();
        let mean = sum as f64 / 200_000.0;
        assert!((mean - 10.25).abs() < 0.01, "{mean}");
    }

    #[test]
    fn too_loud_is_clipped_not_wrapped() {
        let mut dither = Dither::new(5);
        assert_eq!(dither.quantise(1.5), i16::MAX);
        assert_eq!(dither.quantise(-1.5), i16::MIN);
        assert_eq!(dither.quantise(f32::NAN), 0);
    }
}
