//! Covers in the sizes that lists, pages and the player ask for, made once at publishing.
//!
//! Bytes come from the media file's cover item, stay within stated bounds, and go to the object store as
//! `art/{sha-256 of the cover}/{size}.jpg`: tracks of one album share them.

use cadenza_protocol::colour::{SIDE, SleeveColour};
use cadenza_protocol::id::hex;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageError, Rgb, RgbImage};
use ring::digest::{SHA256, digest};
use tokio::sync::Semaphore;

use super::files::{MediaFiles, MediaFilesError};
use crate::picture;

/// Longest edges, pixels.
pub const SIZES: [u32; 3] = [96, 320, 1200];
/// One cover is opened at a time, however many are published.
static OPENING: Semaphore = Semaphore::const_new(1);
const JPEG_QUALITY: u8 = 88;

/// Why a cover is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArtError {
    /// Not a picture that can be read.
    #[error(
        "the cover is not a readable PNG or JPEG of at most 16 million pixels and 10,000 on a side; replace it and author the file again: {0}"
    )]
    Picture(#[from] image::ImageError),
    /// The store failed.
    #[error(transparent)]
    Files(#[from] MediaFilesError),
}

/// A cover that is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArt {
    /// Name of the cover: SHA-256 of its bytes.
    pub name: String,
    /// Its colour.
    pub colour: SleeveColour,
}

/// Resizes a cover and stores it in every size.
pub async fn store(files: &MediaFiles, cover: Vec<u8>) -> Result<StoredArt, ArtError> {
    let name = hex(digest(&SHA256, &cover).as_ref());
    let known = files.read_bytes(&object(&name, SIZES[0])).await?.is_some();
    let turn = OPENING.acquire().await.map_err(|e| MediaFilesError::Io(std::io::Error::other(e)))?;
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn; // until it is done, whoever still waits for it
        render(&cover, !known)
    });
    let (colour, pictures) = work.await.map_err(|e| MediaFilesError::Io(std::io::Error::other(e)))??;
    for (size, jpeg) in pictures {
        files.store_bytes(&object(&name, size), jpeg).await?;
    }
    Ok(StoredArt { name, colour })
}

/// The stored size that is at least as large as asked for, or the largest.
pub fn fitting_size(asked: u32) -> u32 {
    SIZES.into_iter().find(|size| *size >= asked).unwrap_or(SIZES[SIZES.len() - 1])
}

/// Name of one size in the object store.
pub fn object(name: &str, size: u32) -> String {
    format!("art/{name}/{size}.jpg")
}

/// JPEGs with their longest edges.
pub type Pictures = Vec<(u32, Vec<u8>)>;

/// A cover's colour, and the JPEGs of its sizes if all are wanted.
pub fn render(cover: &[u8], all_sizes: bool) -> Result<(SleeveColour, Pictures), ImageError> {
    let cover = DynamicImage::ImageRgb8(on_white(&picture::open(cover)?));
    let mut pictures = Vec::new();
    for size in SIZES.into_iter().filter(|_| all_sizes) {
        let fits = cover.width().max(cover.height()) <= size;
        let resized = if fits { cover.clone() } else { cover.resize(size, size, FilterType::Lanczos3) };
        let mut jpeg = Vec::new();
        resized.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY))?;
        pictures.push((size, jpeg));
    }
    let small = cover.resize_exact(SIDE, SIDE, FilterType::Triangle).to_rgb8();
    Ok((SleeveColour::of(small.pixels().map(|pixel| pixel.0)), pictures))
}

/// JPEG has no see-through parts: they become paper, not black.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        let over = |ink: u32| u8::try_from((ink * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder, Rgba, RgbaImage};

    use super::*;

    /// A black picture of one bit a pixel's worth of bytes, without ever having it whole.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels = vec![0; width as usize * height as usize];
        let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
        encoder.write_image(&pixels, width, height, ExtendedColorType::L8).unwrap();
        bytes
    }

    // F4
    #[test]
    fn a_small_file_that_is_a_huge_picture_is_refused_before_it_is_opened() {
        let bomb = png(7_000, 7_000);
        assert!(bomb.len() < 500_000, "{} bytes", bomb.len());
        assert!(matches!(render(&bomb, true), Err(ImageError::Limits(_))));
        for thin in [png(16_000_000, 1), png(1, 16_000_000)] {
            assert!(matches!(render(&thin, true), Err(ImageError::Limits(_))));
        }
        assert!(render(&png(3_000, 1_000), true).is_ok());
    }

    #[test]
    fn see_through_parts_of_a_cover_become_white_paper() {
        let cover = RgbaImage::from_fn(3, 1, |x, _| Rgba([200, 0, 0, [0, 128, 255][x as usize]]));
        let shown = on_white(&DynamicImage::ImageRgba8(cover));
        let colours: Vec<[u8; 3]> = shown.pixels().map(|pixel| pixel.0).collect();
        assert_eq!(colours, [[255, 255, 255], [227, 127, 127], [200, 0, 0]]);
    }
}
