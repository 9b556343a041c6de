//! What an image leaves behind when the player ends while it is being written: noted in the home folder before its first file is made, and
//! taken away at the next start. All of it is sealed ([`sealed`](super::sealed)), so nothing of it is worth keeping.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::image::ImageFiles;
use super::layout::{DiscLayout, SECTOR_BYTES};
use super::sealed::sealed_length;
use crate::atomic::{self, FileError};

const BOUND: u64 = 64 << 10;

/// The files of an image that is being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Where its samples will stand; until then they and the sheets lie beside it, without names.
    #[serde(with = "crate::path")]
    bin: PathBuf,
    /// Their length while they are sealed.
    sealed_length: u64,
}

impl Unfinished {
    /// What an image of this name in `folder` would leave.
    pub fn of(layout: &DiscLayout, folder: &Path, name: &str) -> Self {
        let ImageFiles { bin, .. } = ImageFiles::of(folder, name);
        // whoever looks for it after a crash may have another working folder
        let bin = std::path::absolute(&bin).unwrap_or(bin);
        Self { bin, sealed_length: sealed_length(layout.bytes()) }
    }

    /// Notes it at `note`; on disk when this returns.
    pub fn keep(&self, note: &Path) -> Result<(), FileError> {
        atomic::replace_file(note, &serde_json::to_vec(self).expect("paths and a length are plain data"))
    }

    /// The image is whole, or gone.
    pub fn forget(note: &Path) -> Result<(), FileError> {
        atomic::remove_file(note)
    }

    /// Takes away what the last run left, if it was cut off.
    pub fn sweep(note: &Path) {
        let Ok(bytes) = atomic::read_bounded(note, BOUND) else { return };
        if let Ok(left) = serde_json::from_slice::<Self>(&bytes) {
            tracing::info!(image = %left.bin.display(), "removing what an image that was cut off left behind");
            if let Some(folder) = left.bin.parent() {
                atomic::sweep(folder);
            }
            // a finished image is whole sectors long; one that is sealed hardly ever is
            let could_be_finished = left.sealed_length.is_multiple_of(SECTOR_BYTES);
            let is_ours = fs::metadata(&left.bin).is_ok_and(|stat| stat.len() == left.sealed_length);
            if is_ours && !could_be_finished {
                let _ = atomic::remove_file(&left.bin);
            }
        }
        let _ = Self::forget(note);
    }
}
