//! Keeping the free image of a preview: pieces from the connection into a file that appears when it is whole (V6).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::atomic::NewFile;

/// A free image larger than this is not kept: previews are a few megabytes.
const LARGEST: u64 = 256 << 20;

/// A file on its way.
#[derive(Debug)]
pub(super) struct Keeping {
    path: PathBuf,
    part: NewFile,
    length: u64,
}

impl Keeping {
    /// Begins beside the file's final place.
    pub(super) fn begin(path: PathBuf) -> Result<Self, String> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let part = std::fs::create_dir_all(folder).and_then(|()| NewFile::private(&path));
        let part = part.map_err(|error| told(&path, &error))?;
        Ok(Self { path, part, length: 0 })
    }

    /// Adds the next piece; true when it was the last.
    pub(super) fn take(&mut self, offset: u64, total: u64, piece: &[u8]) -> Result<bool, String> {
        if offset != self.length || total > LARGEST {
            return Err("the preview's file arrived damaged; try again".to_owned());
        }
        self.part.write_all(piece).map_err(|error| told(&self.path, &error))?;
        self.length += piece.len() as u64;
        Ok(self.length >= total)
    }

    /// Puts the whole file in its place.
    pub(super) fn finish(self) -> Result<PathBuf, String> {
        let Self { path, part, .. } = self;
        part.place().map_err(|error| told(&path, &error))?;
        Ok(path)
    }
}

fn told(path: &Path, error: &io::Error) -> String {
    format!("the preview cannot be kept as {} ({error}); check space and permissions", path.display())
}
