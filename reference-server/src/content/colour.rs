//! The colour of a sleeve: its dominant hue in OKLCH, worked out once when a cover is published.
//!
//! Pixels vote for their hue with their chroma; the winning direction is averaged over its neighbourhood.
//! OKLab as published by Björn Ottosson (2020).

use image::{DynamicImage, imageops::FilterType};
use serde::{Deserialize, Serialize};

const BINS: usize = 36;
const SAMPLE: u32 = 64;

/// Dominant hue and its chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SleeveColour {
    /// OKLCH hue, degrees 0 to 359.
    pub hue: u16,
    /// OKLCH chroma, thousandths; below 20 the cover is grey.
    pub chroma_milli: u16,
}

impl SleeveColour {
    /// A cover without colour, or no cover.
    pub const GREY: Self = Self { hue: 256, chroma_milli: 0 };

    /// Looks at a cover.
    pub fn of(cover: &DynamicImage) -> Self {
        let small = cover.resize_exact(SAMPLE, SAMPLE, FilterType::Triangle).to_rgb8();
        let colours: Vec<(f32, f32)> = small.pixels().map(|p| oklab_ab(p.0)).collect();
        let mut votes = [0.0_f32; BINS];
        for &(a, b) in &colours {
            votes[bin(a, b)] += a.hypot(b);
        }
        let around = |i: usize| votes[(i + BINS - 1) % BINS] + votes[i] + votes[(i + 1) % BINS];
        let Some(best) = (0..BINS).max_by(|&i, &j| around(i).total_cmp(&around(j))) else {
            return Self::GREY;
        };
        let near = |i: usize| (i + BINS - best + 1) % BINS <= 2;
        let winners: Vec<_> =
            colours.iter().filter(|&&(a, b)| a.hypot(b) > 0.02 && near(bin(a, b))).collect();
        if winners.len() < colours.len() / 200 {
            return Self::GREY;
        }
        let (a, b) = winners.iter().fold((0.0, 0.0), |sum, &&(a, b)| (sum.0 + a, sum.1 + b));
        let count = winners.len() as f32;
        Self { hue: degrees(a, b) as u16 % 360, chroma_milli: ((a / count).hypot(b / count) * 1000.0) as u16 }
    }
}

fn bin(a: f32, b: f32) -> usize {
    (degrees(a, b) / 360.0 * BINS as f32) as usize % BINS
}

fn degrees(a: f32, b: f32) -> f32 {
    b.atan2(a).to_degrees().rem_euclid(360.0)
}

fn oklab_ab(rgb: [u8; 3]) -> (f32, f32) {
    let linear = |v: u8| {
        let v = f32::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let [r, g, b] = rgb.map(linear);
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    (
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    )
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn plain(rgb: [u8; 3]) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_pixel(100, 100, Rgb(rgb)))
    }

    #[test]
    fn a_blue_sleeve_is_blue_and_a_red_one_red() {
        assert!((250..=270).contains(&SleeveColour::of(&plain([0x1d, 0x4f, 0x91])).hue));
        assert!((20..=40).contains(&SleeveColour::of(&plain([220, 30, 20])).hue));
    }

    #[test]
    fn a_grey_sleeve_has_no_chroma() {
        assert_eq!(SleeveColour::of(&plain([128, 128, 128])), SleeveColour::GREY);
    }
}
