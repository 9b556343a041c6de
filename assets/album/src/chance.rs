//! A small generator of random numbers with a seed, so that every render of a
//! score is the same to the bit. Not for secrets.

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// Evenly spread over 0 to 1.
    pub fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Bell-shaped around 0 with spread 1, never past 3.
    pub fn bell(&mut self) -> f64 {
        let sum: f64 = (0..12).map(|_| self.even()).sum();
        (sum - 6.0).clamp(-3.0, 3.0)
    }
}
