//! How large a picture may be that a program of ours opens (requirement F4). A small file can be a huge picture.

/// Most pixels: 4000 a side, if it is square.
pub const MOST_PIXELS: u64 = 16_000_000;
/// Most memory that opening one may take, bytes.
pub const MOST_MEMORY: u64 = 128 << 20;

/// Longest side, pixels: what makes one smaller works in whole rows and columns, so a thin one takes as much as a large one.
pub const LONGEST_SIDE: u32 = 10_000;

/// Whether a picture of this size is opened.
pub const fn is_opened(width: u32, height: u32) -> bool {
    width <= LONGEST_SIDE && height <= LONGEST_SIDE && width as u64 * height as u64 <= MOST_PIXELS
}

#[cfg(test)]
mod tests {
    use super::*;

    // F4
    #[test]
    fn neither_a_large_picture_nor_a_thin_one_is_opened() {
        assert!(is_opened(4_000, 4_000) && is_opened(10_000, 1_600) && is_opened(1_600, 10_000));
        for (width, height) in [(4_001, 4_000), (16_000_000, 1), (1, 16_000_000), (10_001, 1), (1, 10_001)] {
            assert!(!is_opened(width, height) && !is_opened(height, width), "{width} x {height}");
        }
    }
}
