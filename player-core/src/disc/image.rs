//! A disc image in a folder: `NAME.bin`, `NAME.cue`, `NAME.toc`.
//!
//! The samples are written sealed under a temporary name in the same folder, read back, synced and renamed; then the recording
//! counts, and only then are they opened ([`sealed`](super::sealed)). The sheets come last: whoever sees a sheet sees a whole image.
//! Whatever stops the writing takes the files away.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::failure::{BurnError, Cancel};
use super::layout::{DiscLayout, SECTOR_BYTES, Sectors};
use super::sealed::{BLOCK, NamedSectors, SealedSectors, sealed_length};
use super::sectors::SectorStream;
use super::sheet;
use crate::atomic::{self, NewFile};

/// Room for the two sheets.
const SHEET_BYTES: u64 = 256 * 1024;

/// The files of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFiles {
    /// Samples.
    pub bin: PathBuf,
    /// CUE sheet.
    pub cue: PathBuf,
    /// cdrdao TOC.
    pub toc: PathBuf,
}

impl ImageFiles {
    /// The files of an image of this name in a folder.
    pub(super) fn of(folder: &Path, name: &str) -> Self {
        let with = |extension: &str| folder.join(format!("{name}.{extension}"));
        Self { bin: with("bin"), cue: with("cue"), toc: with("toc") }
    }
}

/// An image that nobody can read yet and that has no name; dropped, it is gone.
#[derive(Debug)]
pub struct SealedImage<'a> {
    layout: &'a DiscLayout,
    name: &'a str,
    sectors: SealedSectors,
    files: ImageFiles,
}

/// An image that has its name, and that nobody can read yet.
#[derive(Debug)]
pub struct NamedImage<'a> {
    layout: &'a DiscLayout,
    name: &'a str,
    sectors: NamedSectors,
    files: ImageFiles,
}

impl<'a> SealedImage<'a> {
    /// Begins the image of a layout in `folder`. `name` is that of the files, without extension.
    ///
    /// # Errors
    /// The folder cannot be written, or is full.
    pub fn begin(layout: &'a DiscLayout, folder: &Path, name: &'a str) -> Result<Self, BurnError> {
        let needed = sealed_length(layout.bytes()) + SHEET_BYTES;
        let failed = |error| BurnError::write(folder, needed, error);
        fs::create_dir_all(folder).map_err(failed)?;
        check_space(folder, needed)?;
        let files = ImageFiles::of(folder, name);
        let sectors = SealedSectors::begin(&files.bin).map_err(failed)?;
        Ok(Self { layout, name, sectors, files })
    }

    /// Writes all sectors.
    ///
    /// # Errors
    /// The disk is full, a track cannot be read, or the job was cancelled.
    pub fn fill(
        &mut self,
        cancel: &Cancel,
        mut progress: impl FnMut(usize, Sectors),
    ) -> Result<(), BurnError> {
        let needed = sealed_length(self.layout.bytes()) + SHEET_BYTES;
        let failed = |error| BurnError::write(&self.files.bin, needed, error);
        let mut stream = SectorStream::new(self.layout);
        let mut buffer = vec![0; BLOCK];
        let mut done = 0;
        loop {
            cancel.check()?;
            let bytes = stream.fill(&mut buffer)?;
            if bytes == 0 {
                break;
            }
            self.sectors.write(&mut buffer[..bytes]).map_err(failed)?;
            done += bytes as u64 / SECTOR_BYTES;
            progress(stream.track_number(), Sectors(done as u32));
        }
        self.sectors.sync().map_err(failed)
    }

    /// Reads the samples back from the disk and sees that they are what was written.
    ///
    /// # Errors
    /// They differ or cannot be read, or the job was cancelled.
    pub fn verify(&self, cancel: &Cancel, progress: impl FnMut(Sectors)) -> Result<(), BurnError> {
        self.sectors.verify(cancel, progress)
    }

    /// Gives the image its name, sealed as it is.
    ///
    /// # Errors
    /// A file of that name cannot be replaced.
    pub fn place(self) -> Result<NamedImage<'a>, BurnError> {
        let Self { layout, name, sectors, files } = self;
        let sectors =
            sectors.place(&files.bin).map_err(|error| BurnError::write(&files.bin, SHEET_BYTES, error))?;
        Ok(NamedImage { layout, name, sectors, files })
    }
}

impl NamedImage<'_> {
    /// Opens the samples where they stand, and adds the sheets. From here on the image can be read, so the recording has to be counted.
    ///
    /// # Errors
    /// The disk fails; nothing is left.
    pub fn open(self) -> Result<ImageFiles, BurnError> {
        let Self { layout, name, sectors, files } = self;
        let opened =
            cadenza_failpoint::reach("burn.counted").and_then(|()| sectors.unseal()).and_then(|()| {
                let bin_name = format!("{name}.bin");
                let toc = sheet_at(&files.toc, &sheet::toc(layout, &bin_name))?;
                let cue = sheet_at(&files.cue, &sheet::cue(layout, &bin_name))?;
                cadenza_failpoint::reach("burn.opened")?;
                toc.place()?;
                cue.place()?;
                cadenza_failpoint::reach("burn.whole")
            });
        if let Err(error) = opened {
            // Samples without a sheet are no image, and neither is a sheet without samples.
            for file in [&files.bin, &files.toc, &files.cue] {
                let _ = fs::remove_file(file);
            }
            return Err(BurnError::write(&files.bin, SHEET_BYTES, error));
        }
        Ok(files)
    }

    /// Takes it away, unread.
    pub fn remove(self) {
        let _ = atomic::remove_file(&self.files.bin);
    }
}

fn sheet_at(place: &Path, text: &str) -> std::io::Result<NewFile> {
    let mut file = NewFile::public(place)?;
    file.write_all(text.as_bytes()).map(|()| file)
}

fn check_space(folder: &Path, needed: u64) -> Result<(), BurnError> {
    // A file system that does not tell is given the benefit of the doubt: a full one still ends in the same error.
    match fs4::available_space(folder) {
        Ok(available) if available < needed => {
            Err(BurnError::DiskFull { folder: folder.to_owned(), needed_mb: needed.div_ceil(1_000_000) })
        }
        _ => Ok(()),
    }
}
