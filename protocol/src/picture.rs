//! How large a picture may be that a program of ours opens (requirement F4). A small file can be a huge picture.

/// Most pixels: 4000 a side, if it is square.
pub const MOST_PIXELS: u64 = 16_000_000;
/// Most memory that opening one may take, bytes.
pub const MOST_MEMORY: u64 = 128 << 20;

/// Whether a picture of this size is opened.
pub const fn is_opened(width: u32, height: u32) -> bool {
    width as u64 * height as u64 <= MOST_PIXELS
}
