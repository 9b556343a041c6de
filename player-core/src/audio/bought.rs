//! A bought track on its way to sound: opened with the passport's keys, decrypted while it is read (requirement M1).
//!
//! It is opened on the engine's thread, when it is about to be heard. The media keys are unwrapped with the open passport and
//! live in the reader; with it they are dropped and wiped. Locking the passport closes the reader, whatever the engine is
//! doing, and keeps the next one from opening (C7).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapLabel};
use cadenza_protocol::media::ImageReader;
use parking_lot::{Mutex, MutexGuard};
use thiserror::Error;

use super::decode::FileSource;
use super::source::{PcmSource, SourceError};
use crate::error::{Code, Explain};
use crate::library::TrackRecord;
use crate::library::scan::{self, OpenedMedia, ScanError};
use crate::passport::VaultError;
use crate::passport::open::{OpenPassport, OpenedWithKeys};
use crate::path::shown;

/// Why a bought track does not open.
#[derive(Debug, Error)]
pub enum BoughtError {
    /// Its file is gone.
    #[error("the file of '{title}' is not there ({}): put it back, or download the track again", path.display())]
    Missing {
        /// The track.
        title: String,
        /// Where its file should be.
        path: PathBuf,
    },
    /// Its file cannot be read.
    #[error("the file of '{title}' cannot be read ({reason}): check the disk that holds {}", path.display())]
    Unreadable {
        /// The track.
        title: String,
        /// Its file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Its file is not what was delivered.
    #[error("'{title}' cannot be played: {reason}")]
    Broken {
        /// The track.
        title: String,
        /// Its file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The passport is locked, or somebody else's.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Explain for BoughtError {
    fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::NotFound,
            Self::Unreadable { .. } => Code::FileUnreadable,
            Self::Broken { .. } => Code::FileBroken,
            Self::Vault(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Missing { title, path }
            | Self::Unreadable { title, path, .. }
            | Self::Broken { title, path, .. } => vec![("title", title.clone()), ("path", shown(path))],
            Self::Vault(e) => e.fields(),
        }
    }
}

impl From<BoughtError> for SourceError {
    fn from(error: BoughtError) -> Self {
        Self::Refused { code: error.code(), message: error.to_string() }
    }
}

/// Opens and checks the file of a bought track.
pub fn open(track: &TrackRecord, path: &Path, root: &Certificate) -> Result<OpenedMedia, BoughtError> {
    scan::open(path, root).map_err(|e| told(track, path, e))
}

/// The keys of an opened file, for as long as the passport is open.
pub fn keys(
    track: &TrackRecord,
    media: &OpenedMedia,
    passport: &OpenPassport,
) -> Result<KeyBundle, BoughtError> {
    let block = media.transaction().ok_or_else(|| told(track, &track.path, ScanError::NotBought))?;
    let facts = &block.facts;
    let grant = &facts.grant;
    let label = WrapLabel::purchase(&grant.media_id, &grant.voucher_id, &grant.encryption_fingerprint);
    Ok(passport.unwrap_keys(&facts.wrapped_keys, &label)?)
}

/// Everything that is needed to open a bought track again and again, on any thread.
#[derive(Clone)]
pub struct BoughtTrack {
    track: Arc<TrackRecord>,
    path: PathBuf,
    passport: Arc<OpenPassport>,
    root: Certificate,
}

impl std::fmt::Debug for BoughtTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BoughtTrack({})", self.track.id)
    }
}

impl BoughtTrack {
    /// The track whose file is `path`, for whoever holds this passport.
    pub const fn new(
        track: Arc<TrackRecord>,
        path: PathBuf,
        passport: Arc<OpenPassport>,
        root: Certificate,
    ) -> Self {
        Self { track, path, passport, root }
    }

    /// The track.
    pub fn track(&self) -> &TrackRecord {
        &self.track
    }

    /// A reader of the bought image's clear bytes; the keys live in it.
    pub fn open(&self) -> Result<BoughtImage, BoughtError> {
        let media = open(&self.track, &self.path, &self.root)?;
        let keys = keys(&self.track, &media, &self.passport)?;
        let quality = media.transaction().map(|t| t.facts.grant.quality.clone()).unwrap_or_default();
        let image = media
            .into_image(&quality, Some(&keys))
            .map_err(|e| told(&self.track, &self.path, ScanError::Media(e)))?;
        let reading = Arc::new(Reading(Mutex::new(Image { clear: Some(image), failed: None })));
        let opened: Weak<Reading> = Arc::downgrade(&reading);
        self.passport.charge(opened)?;
        Ok(BoughtImage(reading))
    }

    /// The same, decoded: what the engine pulls from.
    pub fn source(&self) -> Result<Box<dyn PcmSource>, SourceError> {
        let extension = if self.track.format.codec == "FLAC" { "flac" } else { "ogg" };
        let image = self.open()?;
        let reading = Arc::clone(&image.0);
        match FileSource::open(Box::new(image), Some(extension)) {
            Ok(source) => Ok(Box::new(source)),
            // Who probes a format takes a failed read for a format that it does not know.
            Err(error) => {
                Err(reading.image().failed.take().map_or(error, |reason| self.broken(reason).into()))
            }
        }
    }

    fn broken(&self, reason: String) -> BoughtError {
        BoughtError::Broken { title: self.track.title.clone(), path: self.path.clone(), reason }
    }
}

/// The clear bytes of a bought track, until the passport is locked.
pub struct BoughtImage(Arc<Reading>);

/// What is shared by whoever reads and whoever locks: one lock around the reader and what became of it.
struct Reading(Mutex<Image>);

struct Image {
    /// The decrypting reader; none once the passport was locked.
    clear: Option<ImageReader<BufReader<File>>>,
    /// The first read that failed.
    failed: Option<String>,
}

impl std::fmt::Debug for BoughtImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoughtImage(hidden)")
    }
}

impl OpenedWithKeys for Reading {
    fn close(&self) {
        self.image().clear = None;
    }
}

impl Reading {
    fn image(&self) -> MutexGuard<'_, Image> {
        self.0.lock()
    }

    fn with<T>(
        &self,
        wish: impl FnOnce(&mut ImageReader<BufReader<File>>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut image = self.image();
        let locked = || Err(io::Error::new(io::ErrorKind::PermissionDenied, VaultError::Locked));
        let result = image.clear.as_mut().map_or_else(locked, wish);
        if let Err(e) = &result {
            image.failed.get_or_insert_with(|| why_unread(e));
        }
        result
    }
}

/// In the words of whoever refused; the system's own words have no advice.
fn why_unread(error: &io::Error) -> String {
    error.get_ref().map_or_else(|| format!("{error}; download it again"), ToString::to_string)
}

impl Read for BoughtImage {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.with(|image| image.read(out))
    }
}

impl Seek for BoughtImage {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.with(|image| image.seek(to))
    }
}

fn told(track: &TrackRecord, path: &Path, error: ScanError) -> BoughtError {
    let (title, path) = (track.title.clone(), path.to_owned());
    match error {
        ScanError::Unreadable(e) if e.kind() == io::ErrorKind::NotFound => {
            BoughtError::Missing { title, path }
        }
        ScanError::Unreadable(e) => BoughtError::Unreadable { title, path, reason: e.to_string() },
        ScanError::Media(_) | ScanError::NotBought => {
            BoughtError::Broken { title, path, reason: error.to_string() }
        }
    }
}
