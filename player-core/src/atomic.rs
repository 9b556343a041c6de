//! Files that are either the old ones or the new ones, never half: written beside the target, synced, renamed, and the folder
//! synced too. Bytes come from memory (settings, passport, cart, journals); deliveries use the same last steps.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error::{Code, Explain};

/// Why a file could not be written or read.
#[derive(Debug, Error)]
pub enum FileError {
    /// The disk, or the person's share of it, is full.
    #[error("the disk that holds {} is full: free some space and try again; nothing is lost", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// Writing failed for another reason.
    #[error("{} cannot be written ({source}): check that the folder exists and that you may write there", path.display())]
    Write {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not there.
    #[error("there is no file {}: check the path", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("{} cannot be read ({source}): check the path and its permissions", path.display())]
    Read {
        /// What was being read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than such a file can be.
    #[error("{} is too large for what it should be: choose another file", path.display())]
    TooLarge {
        /// What was being read.
        path: PathBuf,
    },
}

impl FileError {
    /// A failure to write `path`, sorted by what the person can do about it.
    pub fn writing(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Write { path, source },
        }
    }

    /// A failure to read `path`.
    pub fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Read { path, source },
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::DiskFull { path }
            | Self::Write { path, .. }
            | Self::Missing { path }
            | Self::Read { path, .. }
            | Self::TooLarge { path } => path,
        }
    }
}

impl Explain for FileError {
    fn code(&self) -> Code {
        match self {
            Self::DiskFull { .. } => Code::DiskFull,
            Self::Write { .. } => Code::WriteFailed,
            Self::Missing { .. } => Code::NotFound,
            Self::Read { .. } => Code::FileUnreadable,
            Self::TooLarge { .. } => Code::FileBroken,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("path", self.path().display().to_string())]
    }
}

/// Puts `bytes` in the place of `path`, readable by its owner only. After `Ok` they survive a power cut.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let beside = beside(path);
    let written = write_synced(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if let Err(e) = written {
        // Best effort: the failure itself is what the person needs to hear of.
        let _ = fs::remove_file(&beside);
        return Err(FileError::writing(path, e));
    }
    sync_folder_of(path).map_err(|e| FileError::writing(path, e))
}

/// Sees whether `bytes` more would fit where `path` lies, before something is begun that cannot be undone.
pub fn check_room(path: &Path, bytes: u64) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match fs4::available_space(folder) {
        Ok(free) if free < bytes => Err(FileError::DiskFull { path: path.to_owned() }),
        // A system that cannot tell is asked when it is written to.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Moves a finished, synced file to its place and makes the move last.
pub fn place_file(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).and_then(|()| sync_folder_of(to)).map_err(|e| FileError::writing(to, e))
}

/// Removes a file for good; that it is gone already is fine.
pub fn remove_file(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path).map_err(|e| FileError::writing(path, e)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(FileError::writing(path, e)),
    }
}

/// Reads a whole file of at most `bound` bytes.
pub fn read_bounded(path: &Path, bound: u64) -> Result<Vec<u8>, FileError> {
    let length = fs::metadata(path).map_err(|e| FileError::reading(path, e))?.len();
    if length > bound {
        return Err(FileError::TooLarge { path: path.to_owned() });
    }
    fs::read(path).map_err(|e| FileError::reading(path, e))
}

/// Makes the names in the folder of `path` survive a power cut. On Windows the file system does that by itself.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Opens a file for writing that only its owner may read.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_the_new_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        replace_file(&path, b"old").unwrap();
        replace_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_names_the_file_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not-there").join("settings.toml");
        let error = replace_file(&path, b"x").unwrap_err();
        assert_eq!(error.code(), Code::WriteFailed);
        assert!(error.to_string().contains("settings.toml"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_full_disk_has_a_code_of_its_own() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(FileError::writing(Path::new("a"), full).code(), Code::DiskFull);
    }

    #[test]
    fn too_little_room_is_told_before_anything_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.part");
        assert!(check_room(&path, 1).is_ok());
        assert_eq!(check_room(&path, u64::MAX).unwrap_err().code(), Code::DiskFull);
    }

    #[test]
    fn reading_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::write(&path, [0; 11]).unwrap();
        assert!(matches!(read_bounded(&path, 10), Err(FileError::TooLarge { .. })));
        assert_eq!(read_bounded(&path, 11).unwrap().len(), 11);
    }
}
