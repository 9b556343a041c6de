//! The colour of a sleeve: the dominant hue of a cover in OKLCH, which the page around it takes. The content manager works it out when a
//! cover is published, the player for the covers of its own library.
//!
//! Pixels vote for their hue with their chroma, and the winning direction is averaged over its neighbourhood. OKLab as published by
//! Björn Ottosson (2020). Whoever decodes the picture hands in its pixels, scaled down to [`SIDE`].

use serde::{Deserialize, Serialize};

/// A cover is looked at in this many pixels a side.
pub const SIDE: u32 = 64;
/// A sleeve with less chroma than this counts as grey, thousandths.
pub const GREY_BELOW: u16 = 20;

/// Hues told apart while voting.
const BINS: usize = 36;
/// A colour that covers less than this part of the picture is an accident.
const SMALLEST_PART: usize = 200;

/// Dominant hue and its chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SleeveColour {
    /// OKLCH hue, degrees 0 to 359.
    pub hue: u16,
    /// OKLCH chroma, thousandths.
    #[serde(alias = "chroma")]
    pub chroma_milli: u16,
}

impl SleeveColour {
    /// No cover, or one without colour.
    pub const NONE: Self = Self { hue: 256, chroma_milli: 0 };

    /// Looks at the pixels of a cover: red, green and blue as sRGB.
    pub fn of(pixels: impl ExactSizeIterator<Item = [u8; 3]>) -> Self {
        let fewest = pixels.len() / SMALLEST_PART;
        let grey = f32::from(GREY_BELOW) / 1000.0;
        let coloured: Vec<Ab> = pixels.map(Ab::of).filter(|ab| ab.chroma() > grey).collect();
        let mut votes = [0.0_f32; BINS];
        for ab in &coloured {
            votes[ab.bin()] += ab.chroma();
        }
        let around = |bin: usize| votes[(bin + BINS - 1) % BINS] + votes[bin] + votes[(bin + 1) % BINS];
        let best = (0..BINS).max_by(|a, b| around(*a).total_cmp(&around(*b))).unwrap_or_default();
        let winners: Vec<&Ab> =
            coloured.iter().filter(|ab| (ab.bin() + BINS + 1 - best) % BINS <= 2).collect();
        if winners.is_empty() || winners.len() < fewest {
            return Self::NONE;
        }
        let count = winners.len() as f32;
        let mean = Ab {
            a: winners.iter().map(|ab| ab.a).sum::<f32>() / count,
            b: winners.iter().map(|ab| ab.b).sum::<f32>() / count,
        };
        Self { hue: mean.degrees() as u16 % 360, chroma_milli: (mean.chroma() * 1000.0) as u16 }
    }
}

/// The two colour axes of OKLab.
struct Ab {
    a: f32,
    b: f32,
}

impl Ab {
    fn of(rgb: [u8; 3]) -> Self {
        let [r, g, b] = rgb.map(linear);
        let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
        Self {
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    fn chroma(&self) -> f32 {
        self.a.hypot(self.b)
    }

    fn degrees(&self) -> f32 {
        self.b.atan2(self.a).to_degrees().rem_euclid(360.0)
    }

    fn bin(&self) -> usize {
        (self.degrees() / 360.0 * BINS as f32) as usize % BINS
    }
}

/// The sRGB transfer curve, undone.
fn linear(value: u8) -> f32 {
    let value = f32::from(value) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(rgb: [u8; 3]) -> Vec<[u8; 3]> {
        vec![rgb; (SIDE * SIDE) as usize]
    }

    fn of(pixels: Vec<[u8; 3]>) -> SleeveColour {
        SleeveColour::of(pixels.into_iter())
    }

    #[test]
    fn a_blue_sleeve_is_blue_and_a_red_one_red() {
        assert!((250..=270).contains(&of(plain([0x1d, 0x4f, 0x91])).hue));
        assert!((20..=40).contains(&of(plain([220, 30, 20])).hue));
    }

    #[test]
    fn a_grey_sleeve_and_no_sleeve_have_no_colour() {
        assert_eq!(of(plain([128, 128, 128])), SleeveColour::NONE);
        assert_eq!(of(Vec::new()), SleeveColour::NONE);
    }

    #[test]
    fn a_few_red_pixels_do_not_colour_a_grey_sleeve() {
        let mut pixels = plain([128, 128, 128]);
        pixels[..10].fill([220, 30, 20]);
        assert_eq!(of(pixels), SleeveColour::NONE);
    }
}
