//! A burning job: permission, writing, verification; progress and cancel on the way.
//!
//! Whether and how often a track may be recorded is its author's word (O3, D3). The count lives in a
//! [`RecordLedger`]: it is taken durably **before** the first sector is written, and stands for good **before** anything can be
//! read. Until then all that exists is sealed, so it is given back whatever ends the job, a crash included: that costs no
//! recording and gains none.

use std::path::{Path, PathBuf};

pub use super::failure::{BurnError, Cancel, RecordRefusal};
use super::image::{ImageFiles, NamedImage, SealedImage};
use super::layout::{DiscLayout, Sectors};
use super::unfinished::Unfinished;
use crate::library::TrackId;

/// Where a disc goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BurnTarget {
    /// `NAME.bin`, `NAME.cue` and `NAME.toc` in a folder.
    Image {
        /// The folder; made if it is not there.
        folder: PathBuf,
        /// Name of the files, without extension.
        name: String,
    },
    /// A drive.
    Drive(String),
}

impl BurnTarget {
    /// An image whose files are named by the disc's title.
    pub fn image_of(folder: PathBuf, title: &str) -> Self {
        Self::Image { folder, name: file_name(title) }
    }
}

/// Most letters of an image's file name.
const LONGEST_NAME: usize = 60;

/// The disc's title as a name that every file system takes.
fn file_name(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '\'' | '(' | ')');
    let name: String = title.chars().filter(kept).take(LONGEST_NAME).collect();
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { "disc".to_owned() } else { name.to_owned() }
}

/// Counts recordings; the library keeps one, and a list of the listener's own files needs none.
pub trait RecordLedger: Send + Sync {
    /// Takes one recording of each track, durably, before anything is written. All of them or none.
    ///
    /// # Errors
    /// A track may not be recorded (again), or the count cannot be kept.
    fn reserve(&self, tracks: &[TrackId]) -> Result<Reservation, RecordRefusal>;

    /// The recording is about to exist: from here on it can be read, and is not given back.
    ///
    /// # Errors
    /// The count cannot be kept; it stays taken.
    fn commit(&self, reservation: Reservation) -> Result<(), RecordRefusal>;

    /// Nothing readable was made: the count is given back.
    fn release(&self, reservation: Reservation);

    /// Notes what an image that is being written leaves behind if the player ends now; nothing, once it is whole or gone.
    ///
    /// # Errors
    /// The note cannot be kept.
    fn note_unfinished(&self, _left: Option<&Unfinished>) -> Result<(), RecordRefusal> {
        Ok(())
    }
}

/// A count that has been taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The ledger's number for it.
    pub id: u64,
    /// The tracks it covers.
    pub tracks: Vec<TrackId>,
}

/// Ledger for tracks without restrictions: the listener's own files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unrestricted;

impl RecordLedger for Unrestricted {
    fn reserve(&self, tracks: &[TrackId]) -> Result<Reservation, RecordRefusal> {
        Ok(Reservation { id: 0, tracks: tracks.to_vec() })
    }

    fn commit(&self, _: Reservation) -> Result<(), RecordRefusal> {
        Ok(())
    }

    fn release(&self, _: Reservation) {}
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnProgress {
    /// Sectors are being written.
    Writing {
        /// Track, from 1.
        track: usize,
        /// Sectors written.
        done: Sectors,
        /// Sectors in all.
        total: Sectors,
    },
    /// Sectors are being read back.
    Verifying {
        /// Sectors read.
        done: Sectors,
        /// Sectors in all.
        total: Sectors,
    },
}

impl BurnProgress {
    /// The same for a whole hundredth of the work: for those who do not tell of every sector.
    #[must_use]
    pub fn hundredth(self) -> (bool, usize, u32) {
        let part = |done: Sectors, total: Sectors| done.0 / (total.0 / 100).max(1);
        match self {
            Self::Writing { track, done, total } => (false, track, part(done, total)),
            Self::Verifying { done, total } => (true, 0, part(done, total)),
        }
    }
}

/// A job.
#[derive(Debug, Clone)]
pub struct BurnJob {
    /// What to write.
    pub layout: DiscLayout,
    /// Where to.
    pub target: BurnTarget,
    /// Whether to read it back.
    pub verify: bool,
}

/// What a job has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnReport {
    /// Its files.
    pub files: ImageFiles,
    /// Tracks on it.
    pub tracks: usize,
    /// Its length.
    pub length: Sectors,
    /// Whether it was read back and found right.
    pub verified: bool,
}

/// Does a job on the calling thread; `progress` hears how far it is.
///
/// # Errors
/// See [`BurnError`].
pub fn burn(
    job: &BurnJob,
    ledger: &dyn RecordLedger,
    cancel: &Cancel,
    progress: &mut dyn FnMut(BurnProgress),
) -> Result<BurnReport, BurnError> {
    let (folder, name) = match &job.target {
        BurnTarget::Image { folder, name } => (folder, name),
        BurnTarget::Drive(drive) => return Err(BurnError::NotAvailableYet(drive.clone())),
    };
    let tracks: Vec<TrackId> = job.layout.tracks.iter().map(|placed| placed.track.id).collect();
    let reservation = ledger.reserve(&tracks)?;
    let files = match make(job, folder, name, ledger, cancel, progress) {
        Ok(image) => keep(image, ledger, reservation),
        Err(error) => {
            ledger.release(reservation);
            Err(error)
        }
    };
    if let Err(refusal) = ledger.note_unfinished(None) {
        tracing::warn!(%refusal, "the note of an unfinished image stays; the next start looks after it");
    }
    Ok(BurnReport { files: files?, tracks: tracks.len(), length: job.layout.length, verified: job.verify })
}

/// The whole image, sealed.
fn make<'j>(
    job: &'j BurnJob,
    folder: &Path,
    name: &'j str,
    ledger: &dyn RecordLedger,
    cancel: &Cancel,
    progress: &mut dyn FnMut(BurnProgress),
) -> Result<NamedImage<'j>, BurnError> {
    let total = job.layout.length;
    ledger.note_unfinished(Some(&Unfinished::of(&job.layout, folder, name)))?;
    let mut image = SealedImage::begin(&job.layout, folder, name)?;
    image.fill(cancel, |track, done| progress(BurnProgress::Writing { track, done, total }))?;
    if job.verify {
        image.verify(cancel, |done| progress(BurnProgress::Verifying { done, total }))?;
    }
    image.place()
}

/// Counted, then readable.
fn keep(
    image: NamedImage<'_>,
    ledger: &dyn RecordLedger,
    reservation: Reservation,
) -> Result<ImageFiles, BurnError> {
    if let Err(refusal) = ledger.commit(reservation) {
        image.remove();
        return Err(refusal.into());
    }
    image.open()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_s_title_becomes_a_harmless_file_name() {
        assert_eq!(file_name("For the car: vol. 1"), "For the car vol. 1");
        assert_eq!(file_name("../../etc"), "etc");
        assert_eq!(file_name("///"), "disc");
        assert!(file_name(&"é".repeat(300)).chars().count() <= LONGEST_NAME);
    }
}
