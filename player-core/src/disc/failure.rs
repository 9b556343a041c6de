//! How a job ends without a disc: refused, failed, or stopped by the listener.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::LayoutError;
use super::sectors::SectorError;
use crate::error::{Code, Explain};

/// Why no disc was made. Whatever it says, nothing half-made is left behind. No recording is counted either, unless the disk failed
/// after the samples could be read.
#[derive(Debug, thiserror::Error)]
pub enum BurnError {
    /// The list is no disc.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A track may not be recorded.
    #[error(transparent)]
    Restricted(#[from] RecordRefusal),
    /// A track cannot be read.
    #[error(transparent)]
    Track(#[from] SectorError),
    /// No room.
    #[error("the disk is full: {needed_mb} MB are needed in {}; make room there or choose another folder", folder.display())]
    DiskFull {
        /// The folder.
        folder: PathBuf,
        /// What the image takes.
        needed_mb: u64,
    },
    /// The folder cannot be written.
    #[error("the image cannot be written to {} ({source}); choose a folder you may write to", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The image cannot be read back.
    #[error("the image cannot be read back ({0}); check the disk and try again")]
    ReadBack(#[source] io::Error),
    /// What was read is not what was written.
    #[error("what was read back is not what was written; check the disk and try again")]
    Differs,
    /// One at a time.
    #[error("a disc is being written: wait until it is finished, or stop it")]
    Busy,
    /// The listener stopped it.
    #[error("stopped, and nothing was kept")]
    Cancelled,
    /// Drives come later.
    #[error("not available yet: writing to the drive {0}; write an image with --to image:DIR and burn that")]
    NotAvailableYet(String),
}

impl BurnError {
    pub(super) fn write(path: &Path, needed: u64, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                BurnError::DiskFull { folder: path.to_owned(), needed_mb: needed.div_ceil(1_000_000) }
            }
            _ => BurnError::Write { path: path.to_owned(), source },
        }
    }
}

impl Explain for BurnError {
    fn code(&self) -> Code {
        match self {
            BurnError::Layout(error) => error.code(),
            BurnError::Restricted(RecordRefusal::Unwritable(_)) => Code::WriteFailed,
            BurnError::Restricted(RecordRefusal::Never(_) | RecordRefusal::UsedUp { .. }) => {
                Code::RecordNotAllowed
            }
            BurnError::Track(_) => Code::DiscTrack,
            BurnError::DiskFull { .. } => Code::DiskFull,
            BurnError::Write { .. } => Code::DiscUnwritable,
            BurnError::ReadBack(_) | BurnError::Differs => Code::DiscVerify,
            BurnError::Busy => Code::DiscBusy,
            BurnError::Cancelled => Code::Cancelled,
            BurnError::NotAvailableYet(_) => Code::NotAvailableYet,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            BurnError::Layout(error) => error.fields(),
            BurnError::Restricted(RecordRefusal::Never(title) | RecordRefusal::UsedUp { title, .. }) => {
                vec![("title", title.clone())]
            }
            BurnError::DiskFull { folder: path, .. } | BurnError::Write { path, .. } => {
                vec![("path", path.display().to_string())]
            }
            BurnError::Restricted(RecordRefusal::Unwritable(_))
            | BurnError::Track(_)
            | BurnError::ReadBack(_)
            | BurnError::Differs
            | BurnError::Busy
            | BurnError::Cancelled
            | BurnError::NotAvailableYet(_) => Vec::new(),
        }
    }
}

/// Why tracks may not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordRefusal {
    /// Its author does not allow it.
    #[error("'{0}' may not be recorded to disc; take it off the list")]
    Never(String),
    /// All recordings that its author allows have been made.
    #[error("'{title}' may be recorded {allowed} times, and has been; take it off the list")]
    UsedUp {
        /// The track.
        title: String,
        /// Recordings that its author allows.
        allowed: u16,
    },
    /// The count cannot be kept.
    #[error("the count of recordings cannot be kept ({0}); check the disk of the music folder and try again")]
    Unwritable(String),
}

/// Stops a job from outside.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops the job at its next look.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Ends a job that was cancelled.
    ///
    /// # Errors
    /// [`BurnError::Cancelled`] if it was.
    pub fn check(&self) -> Result<(), BurnError> {
        if self.0.load(Ordering::Acquire) { Err(BurnError::Cancelled) } else { Ok(()) }
    }
}
