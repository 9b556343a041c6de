//! Files that are either whole or not there: written beside their place, synced, renamed, and the folder synced too.
//!
//! The player has one of its own (`player-core/src/atomic.rs`): neither knows the other, and `protocol`, which both know, does no
//! input or output. On Windows the names in a folder are the file system's own care.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Puts `bytes` in the place of `path`, readable by its owner only.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = NewFile::private(path)?;
    new.write_all(bytes)?;
    new.place()
}

/// A file that is being written beside its place; its folder is made if it is not there. Dropped, the file is gone.
#[derive(Debug)]
pub struct NewFile {
    part: NamedTempFile,
    place: PathBuf,
}

impl NewFile {
    /// Begins a file that only its owner may read.
    pub fn private(place: &Path) -> io::Result<Self> {
        Self::begin(place, 0o600)
    }

    /// Begins a file that everyone may read.
    pub fn public(place: &Path) -> io::Result<Self> {
        Self::begin(place, 0o644)
    }

    fn begin(place: &Path, mode: u32) -> io::Result<Self> {
        let folder = folder_of(place);
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".cadenza-").suffix(".new");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        #[cfg(not(unix))]
        let _ = mode;
        Ok(Self { part: builder.tempfile_in(folder)?, place: place.to_owned() })
    }

    /// The open file.
    pub fn file(&mut self) -> &mut File {
        self.part.as_file_mut()
    }

    /// The same file once more, from its first byte.
    pub fn again(&self) -> io::Result<File> {
        self.part.reopen()
    }

    /// Syncs it and gives it its name, which lasts once this returns.
    pub fn place(self) -> io::Result<()> {
        cadenza_failpoint::reach("file.written")?;
        self.part.as_file().sync_all()?;
        self.part.persist(&self.place).map_err(|failed| failed.error)?;
        cadenza_failpoint::reach("file.named")?;
        if cfg!(unix) { File::open(folder_of(&self.place))?.sync_all() } else { Ok(()) }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// The folder of a file; a bare name lies in the working folder.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placed_file_takes_the_old_one_s_place_and_a_dropped_one_leaves_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("account.pem");
        write_private(&path, b"old").unwrap();
        let mut dropped = NewFile::public(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        write_private(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
