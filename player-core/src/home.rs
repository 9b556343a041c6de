//! The home folder: where everything of one listener lies, and the lock that lets one player write there.
//!
//! ```text
//! passport.cadpassport   the passport, locked by its passphrase
//! licensing-root.pem     the root that the passport was checked against, pinned from then on
//! music/                 bought tracks, *.cadenza; own files stay where they are
//! deliveries/            orders and vouchers on their way, one small file each; *.part while they arrive
//! library/               sled: index, playlists, queue, counters; can be made again from music/
//! record-ledger          how often restricted tracks were recorded
//! burning.json           what a disc image that is being written would leave behind
//! cart.json              the cart
//! orders.json            past orders
//! previews/              previews that were kept
//! store/                 the data of the store that comes with the program
//! settings.toml          what the listener chose
//! cadenza.lock           held by the running player
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use thiserror::Error;

use crate::atomic;
use crate::error::{Code, Explain};
use crate::path;

/// Why a home folder cannot be used.
#[derive(Debug, Error)]
pub enum HomeError {
    /// Another player holds it.
    #[error(
        "another Cadenza is using {}: close it, wait until it has finished, or choose another folder with --home",
        folder.display()
    )]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be created or written.
    #[error(
        "the folder {} cannot be used ({source}): check that you may write there, or choose another with --home",
        folder.display()
    )]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system names no place for data of programs.
    #[error("this system names no folder for a person's data: choose one with --home")]
    Nowhere,
}

impl Explain for HomeError {
    fn code(&self) -> Code {
        match self {
            Self::Busy { .. } => Code::HomeBusy,
            Self::Unusable { .. } | Self::Nowhere => Code::HomeUnusable,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Busy { folder } | Self::Unusable { folder, .. } => {
                vec![("path", path::shown(folder))]
            }
            Self::Nowhere => Vec::new(),
        }
    }
}

/// Where everything lies in a home folder, whether a player has it open or not. Nobody else knows these names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeFolder(PathBuf);

impl HomeFolder {
    /// This folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder that was asked for, or the one that this system keeps for a person's data.
    pub fn chosen(folder: Option<&Path>) -> Result<Self, HomeError> {
        match folder {
            Some(folder) => Ok(Self::at(folder)),
            None => default_folder().map(Self).ok_or(HomeError::Nowhere),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The passport's default place.
    pub fn passport(&self) -> PathBuf {
        self.0.join("passport.cadpassport")
    }

    /// Where bought tracks lie.
    pub fn music(&self) -> PathBuf {
        self.0.join("music")
    }

    /// Orders and vouchers that are not finished.
    pub fn deliveries(&self) -> PathBuf {
        self.0.join("deliveries")
    }

    /// Past orders.
    pub fn orders(&self) -> PathBuf {
        self.0.join("orders.json")
    }

    /// The sled database.
    pub fn library(&self) -> PathBuf {
        self.0.join("library")
    }

    /// How often restricted tracks were recorded and played.
    pub fn record_ledger(&self) -> PathBuf {
        self.0.join("record-ledger")
    }

    /// What a disc image that is being written would leave behind.
    pub fn burning(&self) -> PathBuf {
        self.0.join("burning.json")
    }

    /// The cart.
    pub fn cart(&self) -> PathBuf {
        self.0.join("cart.json")
    }

    /// The pinned root of the passport's licensing center.
    pub fn licensing_root(&self) -> PathBuf {
        self.0.join("licensing-root.pem")
    }

    /// The settings.
    pub fn settings(&self) -> PathBuf {
        self.0.join("settings.toml")
    }

    /// Previews that were kept.
    pub fn previews(&self) -> PathBuf {
        self.0.join("previews")
    }

    /// The data of the store that comes with the program.
    pub fn bundled_store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// The file in which that store says where it is reached.
    pub fn bundled_store_ready(&self) -> PathBuf {
        self.bundled_store().join("ready.json")
    }

    fn lock(&self) -> PathBuf {
        self.0.join("cadenza.lock")
    }
}

/// An open home folder. One at a time: the lock goes when this is dropped, or when the process ends however it ends.
#[derive(Debug)]
pub struct Home {
    folder: HomeFolder,
    _lock: File,
}

impl Home {
    /// Opens the folder, creating what is missing.
    pub fn open(folder: &HomeFolder) -> Result<Self, HomeError> {
        let unusable = |source| HomeError::Unusable { folder: folder.path().to_owned(), source };
        create_private_folder(folder.path()).map_err(unusable)?;
        // Absolute, because a later change of the working folder must not move the home.
        let folder = HomeFolder(std::path::absolute(folder.path()).map_err(unusable)?);
        let lock = lock(&folder)?;
        for sub in [folder.music(), folder.deliveries()] {
            create_private_folder(&sub).map_err(unusable)?;
        }
        for ours in [folder.path(), &folder.music(), &folder.deliveries(), &folder.previews()] {
            atomic::sweep(ours);
        }
        Ok(Self { folder, _lock: lock })
    }
}

impl Deref for Home {
    type Target = HomeFolder;

    fn deref(&self) -> &HomeFolder {
        &self.folder
    }
}

fn lock(folder: &HomeFolder) -> Result<File, HomeError> {
    let path = || folder.path().to_owned();
    let unusable = |source| HomeError::Unusable { folder: path(), source };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(folder.lock()).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HomeError::Busy { folder: path() }),
        Err(TryLockError::Error(e)) => Err(unusable(e)),
    }
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// `~/.local/share/cadenza`, `~/Library/Application Support/Cadenza`, `%APPDATA%\Cadenza`.
fn default_folder() -> Option<PathBuf> {
    let name = if cfg!(any(windows, target_os = "macos")) { "Cadenza" } else { "cadenza" };
    let folder = choose_native_strategy().ok()?.data_dir().join(name);
    folder.is_absolute().then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_player_is_told_that_the_folder_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let home = HomeFolder::at(folder.path());
        let first = Home::open(&home).unwrap();
        let refused = Home::open(&home).unwrap_err();
        assert_eq!(refused.code(), Code::HomeBusy);
        drop(first);
        assert!(Home::open(&home).is_ok());
    }

    #[test]
    fn a_home_that_is_a_file_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"x").unwrap();
        let refused = Home::open(&HomeFolder::at(path)).unwrap_err();
        assert_eq!(refused.code(), Code::HomeUnusable);
        assert!(refused.to_string().contains("file"), "{refused}");
    }
}
