//! What the engine plays: tracks whose openers decrypt while they are read (requirement M1).
//!
//! An opener runs on the engine's thread when its track is about to be heard. It opens the file, checks it, unwraps the media
//! keys with the open passport and gives them to the reader; with the reader they are dropped and wiped. Locking the
//! passport closes the readers, whatever the engine is doing, and keeps the next track from opening.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapLabel};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::media::{Allowance, ImageReader};
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::voucher::MediaVoucher;

use super::Player;
use crate::audio::decode::FileSource;
use crate::audio::loudness::Loudness;
use crate::audio::source::{PcmSource, SourceError};
use crate::error::{Code, Failure};
use crate::library::ledger::Use;
use crate::library::scan::{self, OpenedMedia, ScanError};
use crate::library::{TrackId, TrackRecord, import};
use crate::passport::VaultError;
use crate::passport::session::OpenImage;
use crate::passport::vault::Session;
use crate::playback::stream::{self, StreamSetup};
use crate::playback::{Track, TrackId as PlaybackId, TrackKind};

/// Everything that is needed to open a bought track again and again, on any thread.
#[derive(Clone)]
pub struct MediaOpening {
    player: Player,
    track: Arc<TrackRecord>,
    session: Arc<Session>,
    root: Certificate,
}

impl std::fmt::Debug for MediaOpening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MediaOpening({})", self.track.id)
    }
}

impl MediaOpening {
    /// A reader of the bought image's clear bytes; the keys live in it.
    pub fn open(&self) -> Result<BoughtImage, Failure> {
        let path = self.player.track_path(&self.track);
        let media = scan::open(&path, &self.root).map_err(|e| told(&self.track, &path, e))?;
        let keys = unwrap_keys(&media, &self.session)?;
        let quality = media.transaction().map(|t| t.facts.grant.quality.clone()).unwrap_or_default();
        let image = media
            .into_image(&quality, Some(&keys))
            .map_err(|e| told(&self.track, &path, ScanError::Media(e)))?;
        Ok(BoughtImage { image: self.session.charge(image)?, failed: Arc::default() })
    }

    /// Counts one play of a track that is limited.
    fn count_play(&self) -> Result<(), Failure> {
        self.player.may_play(&self.track)?;
        // Heard is heard: this one is never given back.
        let _counted = self.player.ledger()?.reserve(Use::Play, self.track.id)?;
        Ok(())
    }

    /// The same, decoded: what the engine pulls from.
    pub fn source(&self) -> Result<Box<dyn PcmSource>, SourceError> {
        let extension = if self.track.format.codec == "FLAC" { "flac" } else { "ogg" };
        let image = self.open().map_err(source_error)?;
        let failed = Arc::clone(&image.failed);
        let source = FileSource::open(Box::new(image), Some(extension)).map_err(|error| {
            match failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(reason) => {
                    source_error(broken(&self.track, &self.player.track_path(&self.track), &reason))
                }
                None => error,
            }
        })?;
        Ok(Box::new(source))
    }

    /// The track.
    pub fn track(&self) -> &TrackRecord {
        &self.track
    }
}

impl Player {
    /// What the engine plays for these tracks of the library, in order. Bought ones take the open passport: the passphrase is
    /// asked for once for all of them, and not at all when there are none.
    pub fn playback_tracks(&self, ids: &[TrackId]) -> Result<Vec<Arc<Track>>, Failure> {
        let records = ids.iter().map(|id| self.track(*id)).collect::<Result<Vec<_>, _>>()?;
        self.playable(&records)
    }

    /// The record of an own file, or of a bought one outside the music folder, that need not be in the library.
    pub fn record_of_file(&self, path: &Path) -> Result<Arc<TrackRecord>, Failure> {
        let reading = |e| Failure::from(crate::atomic::FileError::reading(path, e));
        let path = std::path::absolute(path).map_err(reading)?;
        let stat = std::fs::metadata(&path).map_err(reading)?;
        let broken = |reason: String| {
            let message = format!("{} cannot be played: {reason}", path.display());
            Failure::new(Code::FileBroken, message).with("path", path.display())
        };
        let record = if path.extension().is_some_and(|e| e == "cadenza") {
            // An absolute path stays what it is when the music folder is put before it.
            scan::read(Path::new(""), &path, &self.root()?).map_err(|e| broken(e.to_string()))?
        } else {
            let modified = stat.modified().map_or(self.now(), Into::into);
            import::read_file(&path, modified, self.now())
                .map_err(|e| broken(format!("{e}; check that it is music")))?
        };
        Ok(Arc::new(record))
    }

    /// What the engine plays for these records, in order.
    pub fn playable(&self, records: &[Arc<TrackRecord>]) -> Result<Vec<Arc<Track>>, Failure> {
        let has_bought = records.iter().any(|r| r.media_id().is_some());
        let session = if has_bought { Some(self.0.vault.session()?) } else { None };
        let track = |record: &Arc<TrackRecord>| match &session {
            Some(session) if record.media_id().is_some() => self.bought_track(record, session),
            _ => Ok(own_track(record)),
        };
        records.iter().map(|r| track(r).map(Arc::new)).collect()
    }

    fn bought_track(&self, record: &Arc<TrackRecord>, session: &Arc<Session>) -> Result<Track, Failure> {
        let opening = self.opening(Arc::clone(record), session)?;
        // A limited play is counted when the track is first opened, not again when the listener seeks or stops.
        let counted = AtomicBool::new(record.may_play() == Allowance::Unlimited);
        let open = move || {
            if !counted.swap(true, Ordering::Relaxed) {
                opening.count_play().map_err(source_error)?;
            }
            opening.source()
        };
        Ok(dressed(Track::new(playback_id(record), TrackKind::Purchased, &record.title, open), record))
    }

    /// The same for a disc: nothing is counted as played.
    pub(super) fn recording_tracks(&self, records: &[Arc<TrackRecord>]) -> Result<Vec<Track>, Failure> {
        let has_bought = records.iter().any(|r| r.media_id().is_some());
        let session = if has_bought { Some(self.0.vault.session()?) } else { None };
        let root = self.root().ok();
        let track = |record: &Arc<TrackRecord>| match (&session, &root) {
            (Some(session), Some(root)) if record.media_id().is_some() => {
                let (track, session, root) = (Arc::clone(record), Arc::clone(session), root.clone());
                let opening = MediaOpening { player: self.clone(), track, session, root };
                let open = move || opening.source();
                dressed(Track::new(playback_id(record), TrackKind::Purchased, &record.title, open), record)
            }
            _ => own_track(record),
        };
        Ok(records.iter().map(track).collect())
    }

    /// What the engine plays for a preview (V1, V4 to V6): one track for each id.
    pub async fn preview_tracks(
        &self,
        ids: &[MediaId],
        kind: PreviewKind,
    ) -> Result<Vec<Arc<Track>>, Failure> {
        self.learn_of(ids).await?;
        let setup = self.stream_setup()?;
        let voucher = self.preview_voucher(ids, kind).await?;
        Ok(stream::tracks(&voucher, kind, &setup).into_iter().map(Arc::new).collect())
    }

    /// The same for a preview voucher that was brought.
    pub async fn preview_of_voucher(&self, voucher: &MediaVoucher) -> Result<Vec<Arc<Track>>, Failure> {
        let ids: Vec<MediaId> = voucher.tracks.iter().map(|track| track.media_id).collect();
        self.learn_of(&ids).await?;
        let setup = self.stream_setup()?;
        Ok(stream::tracks(voucher, PreviewKind::Clip, &setup).into_iter().map(Arc::new).collect())
    }

    /// Asks about tracks that the catalogue was not asked about yet, so that it can be shown what plays.
    async fn learn_of(&self, ids: &[MediaId]) -> Result<(), Failure> {
        for id in ids {
            self.store_track(*id).await?;
        }
        Ok(())
    }

    /// How previews are streamed: whom to trust, and the listener's bandwidth from the settings.
    pub fn stream_setup(&self) -> Result<StreamSetup, Failure> {
        let mut setup = StreamSetup::new(&self.store()?.address().root, Arc::clone(&self.0.clock));
        setup.bandwidth = self.settings().bandwidth_kbps.map(|kbps| kbps.saturating_mul(1_000));
        Ok(setup)
    }

    /// How to open a bought track. Takes the open passport; asks for the passphrase when it is locked.
    pub fn media_opening(&self, id: TrackId) -> Result<MediaOpening, Failure> {
        let session = self.0.vault.session()?;
        self.media_opening_with(id, &session)
    }

    /// The same for many tracks of one wish: the passphrase is asked for once.
    pub fn media_openings(&self, ids: &[TrackId]) -> Result<Vec<MediaOpening>, Failure> {
        let session = self.0.vault.session()?;
        ids.iter().map(|id| self.media_opening_with(*id, &session)).collect()
    }

    fn media_opening_with(&self, id: TrackId, session: &Arc<Session>) -> Result<MediaOpening, Failure> {
        self.opening(self.track(id)?, session)
    }

    fn opening(&self, track: Arc<TrackRecord>, session: &Arc<Session>) -> Result<MediaOpening, Failure> {
        self.may_play(&track)?;
        Ok(MediaOpening { player: self.clone(), track, session: Arc::clone(session), root: self.root()? })
    }

    /// Restrictions on playing (O3).
    fn may_play(&self, track: &TrackRecord) -> Result<(), Failure> {
        let refuse = |why: &str| {
            let message = format!("'{}' {why}: buy it in a version that may be played", track.title);
            Failure::new(Code::Unplayable, message).with("title", &track.title)
        };
        match track.may_play() {
            Allowance::Unlimited => Ok(()),
            Allowance::Never => Err(refuse("may not be played")),
            Allowance::Times(limit) => {
                let used = self.ledger()?.used(Use::Play, track.id);
                if used < u32::from(limit) {
                    Ok(())
                } else {
                    Err(refuse(&format!("was played {limit} times, which is all that its author allows")))
                }
            }
        }
    }

    pub(super) fn open_media(&self, track: &TrackRecord) -> Result<OpenedMedia, Failure> {
        let path = self.track_path(track);
        scan::open(&path, &self.root()?).map_err(|e| told(track, &path, e))
    }

    /// The keys of an opened file, while the passport is open.
    pub(super) fn media_keys(&self, media: &OpenedMedia) -> Result<KeyBundle, Failure> {
        self.0.vault.with_open(|session| unwrap_keys(media, session))?
    }

    pub(super) fn ledger(&self) -> Result<&crate::library::ledger::Ledger, Failure> {
        self.0.ledger.as_ref().map_err(|e| Failure {
            code: crate::error::Explain::code(e),
            data: Default::default(),
            message: e.to_string(),
        })
    }
}

/// What the engine plays for an own file.
fn own_track(record: &Arc<TrackRecord>) -> Track {
    let path = record.path.clone();
    let open = move || -> Result<Box<dyn PcmSource>, SourceError> {
        let file = File::open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => SourceError::Missing(path.display().to_string()),
            _ => SourceError::Unreadable(e),
        })?;
        let extension = path.extension().and_then(|e| e.to_str());
        Ok(Box::new(FileSource::open(Box::new(BufReader::with_capacity(1 << 16, file)), extension)?))
    };
    dressed(Track::new(playback_id(record), TrackKind::Own, &record.title, open), record)
}

fn dressed(track: Track, record: &TrackRecord) -> Track {
    let shown = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let hundredths = |x100: i32| x100 as f32 / 100.0;
    Track {
        artist: shown(&record.artist),
        album: shown(&record.album),
        duration_ms: Some(record.duration_ms.into()),
        loudness: record.loudness.map(|l| Loudness {
            integrated_lufs: hundredths(l.lufs_x100),
            true_peak_dbtp: hundredths(l.peak_db_x100),
        }),
        ..track
    }
}

fn playback_id(record: &TrackRecord) -> PlaybackId {
    PlaybackId::new(&record.id.to_string())
}

fn source_error(failure: Failure) -> SourceError {
    SourceError::Refused { code: failure.code, message: failure.message }
}

/// The clear bytes of a bought track, until the passport is locked. Remembers that reading failed: who probes a format takes a
/// failed read for a format that it does not know.
pub struct BoughtImage {
    image: Arc<OpenImage>,
    failed: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for BoughtImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoughtImage(hidden)")
    }
}

impl BoughtImage {
    fn with<T>(
        &self,
        wish: impl FnOnce(&mut ImageReader<BufReader<File>>) -> io::Result<T>,
    ) -> io::Result<T> {
        let locked = || Err(io::Error::new(io::ErrorKind::PermissionDenied, VaultError::Locked));
        let result = self.image.reader().as_mut().map_or_else(locked, wish);
        if let Err(e) = &result {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why_unread(e));
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
        self.with(|image| image.read(out))
    }
}

impl Seek for BoughtImage {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.with(|image| image.seek(to))
    }
}

fn unwrap_keys(media: &OpenedMedia, session: &Session) -> Result<KeyBundle, Failure> {
    let block = media
        .transaction()
        .ok_or_else(|| Failure::new(Code::FileBroken, ScanError::NotBought.to_string()))?;
    let facts = &block.facts;
    let label =
        WrapLabel::purchase(&facts.grant.media_id, &facts.grant.voucher_id, facts.consumer_chain.leaf());
    Ok(session.unwrap_keys(&facts.wrapped_keys, &label)?)
}

fn told(track: &TrackRecord, path: &Path, error: ScanError) -> Failure {
    match &error {
        ScanError::Unreadable(e) if e.kind() == io::ErrorKind::NotFound => {
            let message = format!(
                "the file of '{}' is not there ({}): put it back, or download the track again",
                track.title,
                path.display()
            );
            Failure::new(Code::NotFound, message).with("title", &track.title).with("path", path.display())
        }
        ScanError::Unreadable(e) => {
            let message = format!(
                "the file of '{}' cannot be read ({e}): check the disk that holds {}",
                track.title,
                path.display()
            );
            Failure::new(Code::FileUnreadable, message)
                .with("title", &track.title)
                .with("path", path.display())
        }
        ScanError::Media(_) | ScanError::NotBought => broken(track, path, &error),
    }
}

/// `reason` says what to do, as every error of ours does.
fn broken(track: &TrackRecord, path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    let message = format!("'{}' cannot be played: {reason}", track.title);
    Failure::new(Code::FileBroken, message).with("title", &track.title).with("path", path.display())
}
