//! The dominant hue of a cover in OKLCH (OKLab as published by Björn Ottosson, 2020): pixels vote for their hue with
//! their chroma, and the winning direction is averaged.

use image::imageops::FilterType;
use serde::{Deserialize, Serialize};

/// Hues told apart while voting.
const BINS: usize = 36;
/// The cover is looked at in this many pixels a side.
const SIDE: u32 = 48;
/// Below this chroma a pixel is grey and has no vote.
const GREY: f32 = 0.02;
/// The hue of a sleeve without colour.
const NEUTRAL_HUE: u16 = 256;

/// The colour that a page takes from a cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SleeveColour {
    /// Degrees, 0 to 359.
    pub hue: u16,
    /// Thousandths.
    pub chroma: u16,
}

impl SleeveColour {
    /// No cover, or one without colour.
    pub const NONE: Self = Self { hue: NEUTRAL_HUE, chroma: 0 };

    /// Looks at a cover; one that cannot be read has no colour.
    pub fn of(cover: &[u8]) -> Self {
        let Some(image) = super::picture::open(cover) else { return Self::NONE };
        let small = image.resize_exact(SIDE, SIDE, FilterType::Triangle).to_rgb8();
        let coloured: Vec<Ab> = small.pixels().map(|p| Ab::of(p.0)).filter(|ab| ab.chroma() > GREY).collect();
        let mut votes = [0.0_f32; BINS];
        for ab in &coloured {
            votes[ab.bin()] += ab.chroma();
        }
        let around = |bin: usize| votes[(bin + BINS - 1) % BINS] + votes[bin] + votes[(bin + 1) % BINS];
        let Some(best) = (0..BINS).max_by(|a, b| around(*a).total_cmp(&around(*b))) else {
            return Self::NONE;
        };
        let winners: Vec<&Ab> =
            coloured.iter().filter(|ab| (ab.bin() + BINS + 1 - best) % BINS <= 2).collect();
        if winners.len() < (SIDE * SIDE / 200) as usize {
            return Self::NONE;
        }
        let count = winners.len() as f32;
        let mean = Ab {
            a: winners.iter().map(|ab| ab.a).sum::<f32>() / count,
            b: winners.iter().map(|ab| ab.b).sum::<f32>() / count,
        };
        Self { hue: mean.degrees() as u16 % 360, chroma: (mean.chroma() * 1000.0) as u16 }
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
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

    use super::*;

    fn plain(rgb: [u8; 3]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(80, 80, Rgb(rgb)));
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn the_page_takes_the_colour_of_the_cover() {
        assert!((250..=270).contains(&SleeveColour::of(&plain([0x1d, 0x4f, 0x91])).hue));
        assert!((20..=40).contains(&SleeveColour::of(&plain([220, 30, 20])).hue));
    }

    #[test]
    fn a_grey_cover_and_a_broken_one_leave_the_page_neutral() {
        assert_eq!(SleeveColour::of(&plain([128, 128, 128])), SleeveColour::NONE);
        assert_eq!(SleeveColour::of(b"no picture"), SleeveColour::NONE);
    }
}
