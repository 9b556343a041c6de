//! Files that are either the old ones or the new ones, never half: written beside their place, synced, renamed, and the folder
//! synced too. [`NewFile`] is such a file on its way, [`replace_file`] one whose bytes are in memory (settings, passport, cart,
//! journals); deliveries, which go on after a crash, use the last steps of it.
//!
//! On Windows a file is synced through a handle that may write, and the names in a folder are the file system's own care.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

use crate::error::{Code, Explain};
use crate::path;

/// How the name of an unfinished file begins and ends.
const UNFINISHED: (&str, &str) = (".cadenza-", ".new");

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
        vec![("path", path::shown(self.path()))]
    }
}

/// Puts `bytes` in the place of `path`, readable by its owner only. After `Ok` they survive a power cut.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || {
        let mut new = NewFile::private(path)?;
        new.write_all(bytes)?;
        new.place()
    };
    write().map_err(|e| FileError::writing(path, e))
}

/// A file that is being written beside its place, in a folder that is there. Dropped, it is gone.
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
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        #[cfg(not(unix))]
        let _ = mode;
        Ok(Self { part: builder.tempfile_in(folder_of(place))?, place: place.to_owned() })
    }

    /// Where it lies until it is placed.
    pub fn path(&self) -> &Path {
        self.part.path()
    }

    /// The open file.
    pub fn file(&mut self) -> &mut File {
        self.part.as_file_mut()
    }

    /// Syncs it and gives it its name, which lasts once this returns.
    pub fn place(self) -> io::Result<()> {
        cadenza_failpoint::reach("file.written")?;
        self.part.as_file().sync_all()?;
        self.part.persist(&self.place).map_err(|failed| failed.error)?;
        cadenza_failpoint::reach("file.named")?;
        sync_folder_of(&self.place)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.as_file_mut().flush()
    }
}

/// Removes what a crash left unfinished in a folder that nobody else writes to.
pub fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let is_unfinished = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        name.starts_with(UNFINISHED.0.as_bytes()) && name.ends_with(UNFINISHED.1.as_bytes())
    };
    for entry in entries.filter(is_unfinished) {
        let _ = fs::remove_file(entry.path());
    }
}

/// Sees whether `bytes` more would fit where `path` lies, before something is begun that cannot be undone.
pub fn check_room(path: &Path, bytes: u64) -> Result<(), FileError> {
    match fs4::available_space(folder_of(path)) {
        Ok(free) if free < bytes => Err(FileError::DiskFull { path: path.to_owned() }),
        // A system that cannot tell is asked when it is written to.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A step is reached at which a test may end the player, or have it fail as a disk does.
pub fn reach(step: &'static str, path: &Path) -> Result<(), FileError> {
    cadenza_failpoint::reach(step).map_err(|e| FileError::writing(path, e))
}

/// Moves a finished, synced file to its place and makes the move last.
pub fn place_file(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to)
        .and_then(|()| cadenza_failpoint::reach("file.moved"))
        .and_then(|()| sync_folder_of(to))
        .map_err(|e| FileError::writing(to, e))
}

/// Removes a file for good; that it is gone already is fine.
pub fn remove_file(path: &Path) -> Result<(), FileError> {
    reach("file.removing", path)?;
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

/// Makes what somebody else wrote into a file survive a power cut.
pub fn sync_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

/// Makes the names in the folder of `path` survive a power cut.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder_of(path))?.sync_all() {
        // A stick or a network folder may keep its names without being told.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        done => done,
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
    fn a_replaced_file_is_the_new_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        replace_file(&path, b"old").unwrap();
        replace_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_dropped_unfinished_is_gone_and_the_old_one_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.cadenza");
        replace_file(&path, b"old").unwrap();
        let mut new = NewFile::private(&path).unwrap();
        new.write_all(b"ne").unwrap();
        drop(new);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_crash_left_unfinished_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.part");
        fs::write(&path, b"arriving").unwrap();
        let unfinished = NewFile::private(&path).unwrap();
        std::mem::forget(unfinished);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        sweep(folder.path());
        assert_eq!(fs::read(&path).unwrap(), b"arriving");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_a_private_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passport");
        replace_file(&path, b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // Windows syncs through a handle that may write only; here the call itself is seen to work.
    #[test]
    fn a_file_that_another_wrote_can_be_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        fs::write(&path, b"x").unwrap();
        sync_file(&path).unwrap();
        sync_folder_of(&path).unwrap();
        sync_folder_of(Path::new("a-bare-name")).unwrap();
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
