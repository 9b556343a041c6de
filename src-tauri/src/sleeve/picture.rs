//! One cover: what a file or the store gave, and a smaller one made of it.

use std::io::Cursor;
use std::sync::Arc;

use cadenza_protocol::colour::{SIDE, SleeveColour};
use cadenza_protocol::picture;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};
use parking_lot::Mutex;

/// One is opened at a time, however many the page asks for.
static OPENING: Mutex<()> = Mutex::new(());
/// Of the smaller ones.
const JPEG_QUALITY: u8 = 88;

/// A picture as it is sent to the page.
#[derive(Debug, Clone)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Arc<[u8]>,
}

impl Picture {
    /// The same picture with no side longer than `size`; none of one that cannot be opened within our bounds: the page would try
    /// without any.
    #[must_use]
    pub fn at_most(self, size: u32) -> Option<Self> {
        let _turn = OPENING.lock();
        let image = open(&self.bytes)?;
        if image.width().max(image.height()) <= size { Some(self) } else { Self::smaller(&image, size) }
    }

    fn smaller(image: &DynamicImage, size: u32) -> Option<Self> {
        let small = image.resize(size, size, FilterType::CatmullRom).to_rgb8();
        let mut bytes = Vec::new();
        small.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)).ok()?;
        Some(Self { media_type: "image/jpeg".into(), bytes: bytes.into() })
    }
}

/// The colour that a page takes from a cover; one that cannot be read has none.
pub fn colour_of(cover: &[u8]) -> SleeveColour {
    let _turn = OPENING.lock();
    let Some(image) = open(cover) else { return SleeveColour::NONE };
    let small = image.resize_exact(SIDE, SIDE, FilterType::Triangle).to_rgb8();
    SleeveColour::of(small.pixels().map(|pixel| pixel.0))
}

/// Opens a picture of either kind, within bounds.
fn open(bytes: &[u8]) -> Option<DynamicImage> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let (width, height) = reader()?.into_dimensions().ok()?;
    if !picture::is_opened(width, height) {
        return None;
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(picture::MOST_MEMORY);
    reader.limits(limits);
    reader.decode().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Picture {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        Picture { media_type: "image/png".into(), bytes: bytes.into_inner().into() }
    }

    #[test]
    fn a_large_cover_becomes_small_and_a_small_one_stays() {
        let small = open(&png(1000, 800).at_most(96).unwrap().bytes).unwrap();
        assert_eq!((small.width(), small.height()), (96, 77));
        assert_eq!(png(50, 50).at_most(96).unwrap().media_type, "image/png");
    }

    #[test]
    fn what_cannot_be_made_smaller_is_not_shown() {
        let broken = Picture { media_type: "image/png".into(), bytes: b"not a picture".as_slice().into() };
        assert!(broken.at_most(96).is_none());
        let bomb = png(5_000, 5_000);
        assert!(bomb.bytes.len() < 500_000, "{} bytes", bomb.bytes.len());
        assert_eq!(colour_of(&bomb.bytes), SleeveColour::NONE);
        assert!(bomb.at_most(96).is_none());
        for thin in [png(5_000_000, 1), png(1, 5_000_000)] {
            assert_eq!(colour_of(&thin.bytes), SleeveColour::NONE);
            assert!(thin.at_most(96).is_none());
        }
    }

    #[test]
    fn the_page_takes_the_colour_of_the_cover_and_none_from_a_broken_one() {
        let mut bytes = Cursor::new(Vec::new());
        let blue = image::RgbImage::from_pixel(80, 80, image::Rgb([0x1d, 0x4f, 0x91]));
        blue.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        assert!((250..=270).contains(&colour_of(&bytes.into_inner()).hue));
        assert_eq!(colour_of(b"no picture"), SleeveColour::NONE);
    }
}
