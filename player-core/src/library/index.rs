//! The index on disk: `sled`, with small values, synced after every change that a person would miss.
//!
//! It only repeats what the files say, except playlists, queue and counters; so a database that cannot be opened is put aside
//! and made again from the files. On Linux sled's own `flush` does not reach the disk: its file is synced after it.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::{Db, Tree};
use thiserror::Error;

use super::track::{TrackId, TrackRecord};
use crate::atomic::{self, FileError};
use crate::error::{Code, Explain};

/// Bytes of sled's page cache: the tracks are in memory anyway.
const CACHE_BYTES: u64 = 8 << 20;
/// Entries written between two syncs of a large import.
const BATCH: usize = 2_000;

/// Why the index could not keep something.
#[derive(Debug, Error)]
pub enum IndexError {
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
    /// sled's own trouble.
    #[error("the library index {} cannot be written ({reason}): restart Cadenza; it repairs the index from your music folder", path.display())]
    Broken {
        /// Its folder.
        path: PathBuf,
        /// In sled's words.
        reason: String,
    },
}

impl Explain for IndexError {
    fn code(&self) -> Code {
        match self {
            Self::File(e) => e.code(),
            Self::Broken { .. } => Code::LibraryBroken,
        }
    }
}

/// The open index.
#[derive(Debug)]
pub struct Index {
    folder: PathBuf,
    db: Db,
    tracks: Tree,
    facts: Tree,
}

/// An index, and whether it starts empty so that the music folder has to be read.
#[derive(Debug)]
pub struct Opened {
    /// The index.
    pub index: Index,
    /// True when there was none, or none that could be read.
    pub is_new: bool,
}

impl Index {
    /// Opens the index in `folder`; one that is damaged is put aside as `library.damaged`.
    pub fn open(folder: &Path) -> Result<Opened, IndexError> {
        let was_there = folder.join("db").exists();
        match Self::try_open(folder) {
            Ok(index) => Ok(Opened { index, is_new: !was_there }),
            Err(IndexError::Broken { reason, .. }) if was_there => {
                tracing::warn!(%reason, "the library index is damaged; making a new one from the music folder");
                let aside = folder.with_extension("damaged");
                let moved = remove_folder(&aside).and_then(|()| std::fs::rename(folder, &aside));
                moved.map_err(|e| FileError::writing(folder, e))?;
                Ok(Opened { index: Self::try_open(folder)?, is_new: true })
            }
            Err(e) => Err(e),
        }
    }

    fn try_open(folder: &Path) -> Result<Self, IndexError> {
        let told = |e: sled::Error| told(folder, e);
        let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = config.open().map_err(told)?;
        let tracks = db.open_tree("tracks").map_err(told)?;
        let facts = db.open_tree("facts").map_err(told)?;
        Ok(Self { folder: folder.to_owned(), db, tracks, facts })
    }

    /// Every track, in the order of their ids. An entry that cannot be read is left out; the next scan brings it back.
    pub fn tracks(&self) -> Vec<TrackRecord> {
        let entries = self.tracks.iter().values().filter_map(Result::ok);
        entries.filter_map(|bytes| serde_json::from_slice(&bytes).ok()).collect()
    }

    /// Adds or replaces tracks.
    pub fn put_tracks(&self, records: &[TrackRecord]) -> Result<(), IndexError> {
        for part in records.chunks(BATCH) {
            let mut batch = sled::Batch::default();
            for record in part {
                batch.insert(record.id.as_bytes(), to_json(record));
            }
            self.tracks.apply_batch(batch).map_err(|e| told(&self.folder, e))?;
        }
        self.sync()
    }

    /// Takes tracks out.
    pub fn remove_tracks(&self, ids: &[TrackId]) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        ids.iter().for_each(|id| batch.remove(id.as_bytes()));
        self.tracks.apply_batch(batch).map_err(|e| told(&self.folder, e))?;
        self.sync()
    }

    /// A small fact under a name, e.g. `playlist/...` or `queue`.
    pub fn fact<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let bytes = self.facts.get(name).ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    /// All facts whose names start alike.
    pub fn facts<T: DeserializeOwned>(&self, prefix: &str) -> Vec<T> {
        let entries = self.facts.scan_prefix(prefix).values().filter_map(Result::ok);
        entries.filter_map(|bytes| serde_json::from_slice(&bytes).ok()).collect()
    }

    /// Keeps a fact; on disk when this returns.
    pub fn keep_fact<T: Serialize>(&self, name: &str, fact: &T) -> Result<(), IndexError> {
        self.facts.insert(name, to_json(fact)).map_err(|e| told(&self.folder, e))?;
        self.sync()
    }

    /// Takes a fact out.
    pub fn drop_fact(&self, name: &str) -> Result<(), IndexError> {
        self.facts.remove(name).map_err(|e| told(&self.folder, e))?;
        self.sync()
    }

    /// Flushes, then syncs sled's file itself.
    pub fn sync(&self) -> Result<(), IndexError> {
        atomic::reach("index.changed", &self.folder)?;
        self.db.flush().map_err(|e| told(&self.folder, e))?;
        atomic::reach("index.flushed", &self.folder)?;
        let file = self.folder.join("db");
        atomic::sync_file(&file).map_err(|e| FileError::writing(&file, e).into())
    }
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("what the index keeps is plain data")
}

fn told(folder: &Path, error: sled::Error) -> IndexError {
    match error {
        sled::Error::Io(e) if is_about_the_disk(&e) => FileError::writing(folder, e).into(),
        other => IndexError::Broken { path: folder.to_owned(), reason: other.to_string() },
    }
}

/// Trouble that a new index would have as well.
fn is_about_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem
            | Kind::WouldBlock
    )
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
