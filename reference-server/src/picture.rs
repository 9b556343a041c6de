//! Pictures that authors bring: opened within the bounds of [`cadenza_protocol::picture`], which say how large one may be (requirement F4).

use std::io::Cursor;

use cadenza_protocol::picture;
use image::error::{LimitError, LimitErrorKind};
use image::{DynamicImage, ImageError, ImageReader, Limits};

/// Opens a PNG or JPEG. One that is too large is refused before any of its pixels are read.
pub fn open(bytes: &[u8]) -> Result<DynamicImage, ImageError> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let (width, height) = reader()?.into_dimensions()?;
    if !picture::is_opened(width, height) {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)));
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(picture::MOST_MEMORY);
    reader.limits(limits);
    reader.decode()
}
