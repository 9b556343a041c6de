//! A disc image in a folder: `NAME.bin`, `NAME.cue`, `NAME.toc`.
//!
//! Everything is written under a temporary name in the same folder, synced, and renamed at the end, the sheets
//! after the samples they speak of: whoever sees a sheet sees a whole image. Whatever stops the writing takes the
//! temporary files away.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use ring::digest::{Context, Digest, SHA256};

use super::failure::{BurnError, Cancel};
use super::layout::{DiscLayout, SECTOR_BYTES, Sectors};
use super::sectors::SectorStream;
use super::sheet;
use crate::atomic::NewFile;

/// Sectors written at a time.
const SECTORS_A_WRITE: usize = 64;
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

/// An image that is whole but does not have its name yet; dropped, it is gone.
#[derive(Debug)]
pub struct WrittenImage {
    bin: NewFile,
    cue: NewFile,
    toc: NewFile,
    files: ImageFiles,
    digest: Option<Digest>,
}

/// Writes the image of a layout into `folder`. `name` is that of the files, without extension.
///
/// # Errors
/// The folder cannot be written, is full, a track cannot be read, or the job was cancelled.
pub fn write(
    layout: &DiscLayout,
    folder: &Path,
    name: &str,
    verify: bool,
    cancel: &Cancel,
    mut progress: impl FnMut(usize, Sectors),
) -> Result<WrittenImage, BurnError> {
    let needed = layout.bytes() + SHEET_BYTES;
    let failed = |error| BurnError::write(folder, needed, error);
    fs::create_dir_all(folder).map_err(failed)?;
    check_space(folder, needed)?;
    let with = |extension: &str| folder.join(format!("{name}.{extension}"));
    let files = ImageFiles { bin: with("bin"), cue: with("cue"), toc: with("toc") };

    let mut bin = NewFile::public(&files.bin).map_err(failed)?;
    let mut stream = SectorStream::new(layout);
    let mut buffer = vec![0; SECTORS_A_WRITE * SECTOR_BYTES as usize];
    let mut digest = verify.then(|| Context::new(&SHA256));
    let mut done = 0;
    loop {
        cancel.check()?;
        let bytes = stream.fill(&mut buffer)?;
        if bytes == 0 {
            break;
        }
        bin.write_all(&buffer[..bytes]).map_err(failed)?;
        if let Some(digest) = &mut digest {
            digest.update(&buffer[..bytes]);
        }
        done += bytes as u64 / SECTOR_BYTES;
        progress(stream.track_number(), Sectors(done as u32));
    }
    bin.file().sync_all().map_err(failed)?;

    let bin_name = format!("{name}.bin");
    let sheet = |place: &Path, text: String| {
        let mut file = NewFile::public(place)?;
        file.write_all(text.as_bytes()).map(|()| file)
    };
    let cue = sheet(&files.cue, sheet::cue(layout, &bin_name)).map_err(failed)?;
    let toc = sheet(&files.toc, sheet::toc(layout, &bin_name)).map_err(failed)?;
    Ok(WrittenImage { bin, cue, toc, files, digest: digest.map(Context::finish) })
}

impl WrittenImage {
    /// Reads the samples back from the disk and compares them with what was written.
    ///
    /// # Errors
    /// They differ or cannot be read, or the job was cancelled.
    pub fn verify(&self, cancel: &Cancel, mut progress: impl FnMut(Sectors)) -> Result<(), BurnError> {
        let Some(digest) = &self.digest else { return Ok(()) };
        let mut file = BufReader::with_capacity(0, File::open(self.bin.path()).map_err(BurnError::ReadBack)?);
        let mut buffer = vec![0; SECTORS_A_WRITE * SECTOR_BYTES as usize];
        let mut read = Context::new(&SHA256);
        let mut bytes = 0;
        loop {
            cancel.check()?;
            match file.read(&mut buffer).map_err(BurnError::ReadBack)? {
                0 => break,
                some => {
                    read.update(&buffer[..some]);
                    bytes += some as u64;
                    progress(Sectors((bytes / SECTOR_BYTES) as u32));
                }
            }
        }
        if read.finish().as_ref() == digest.as_ref() { Ok(()) } else { Err(BurnError::Differs) }
    }

    /// Gives the image its name.
    ///
    /// # Errors
    /// A file of that name cannot be replaced.
    pub fn keep(self) -> Result<ImageFiles, BurnError> {
        let WrittenImage { bin, cue, toc, files, .. } = self;
        let failed = |error| BurnError::write(&files.bin, SHEET_BYTES, error);
        bin.place().map_err(failed)?;
        if let Err(error) = toc.place().and_then(|()| cue.place()) {
            // Samples without a sheet are no image.
            let _ = fs::remove_file(&files.bin);
            return Err(failed(error));
        }
        Ok(files)
    }
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
