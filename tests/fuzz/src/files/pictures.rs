//! Covers: as the store makes sizes of them when a song is published, and as the window does of what a file or a store gave.

use cadenza_server::content::art;

#[path = "../../../../src-tauri/src/sleeve/picture.rs"]
#[allow(dead_code, missing_docs)]
mod window;

/// A whole picture.
pub fn read(data: &[u8]) {
    if let Ok((_, sizes)) = art::render(data, true) {
        assert_eq!(sizes.iter().map(|(size, _)| *size).collect::<Vec<_>>(), art::SIZES);
    }
    let _ = window::colour_of(data);
    let picture = window::Picture { media_type: "image/png".into(), bytes: data.into() };
    if let Some(small) = picture.at_most(96) {
        assert!(small.bytes.len() <= data.len().max(64 << 10), "a small picture is small");
    }
}
