//! What the engine plays: tracks with openers. How a bought one is decrypted is [`crate::audio::bought`]'s, how an own file is read
//! [`crate::audio::own`]'s; here they get their restrictions counted and what is shown of them.

use std::path::Path;
use std::sync::Arc;

use cadenza_protocol::crypto::wrap::KeyBundle;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::media::Allowance;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::voucher::MediaVoucher;

use super::Player;
use crate::audio::bought::{self, BoughtTrack};
use crate::audio::counted::{Counted, PlayTally};
use crate::audio::loudness::Loudness;
use crate::audio::own;
use crate::audio::source::{PcmSource, SourceError};
use crate::error::{Code, Failure};
use crate::library::scan::{self, OpenedMedia};
use crate::library::{TrackId, TrackRecord, import};
use crate::passport::vault::OpenPassport;
use crate::playback::stream::{self, StreamSetup};
use crate::playback::{Track, TrackKind};

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
        let passport = if has_bought { Some(self.0.vault.lend()?) } else { None };
        let track = |record: &Arc<TrackRecord>| match &passport {
            Some(passport) if record.media_id().is_some() => self.bought_track(record, passport),
            _ => Ok(own_track(record)),
        };
        records.iter().map(|r| track(r).map(Arc::new)).collect()
    }

    fn bought_track(
        &self,
        record: &Arc<TrackRecord>,
        passport: &Arc<OpenPassport>,
    ) -> Result<Track, Failure> {
        let opening = self.opening(Arc::clone(record), passport)?;
        let player = self.clone();
        let tally = matches!(record.may_play(), Allowance::Times(_)).then(|| {
            let record = Arc::clone(record);
            PlayTally::new(move || player.count_play(&record).map_err(source_error))
        });
        let open = move || {
            let source = opening.source()?;
            Ok(match &tally {
                Some(tally) => Box::new(Counted::new(source, Arc::clone(tally))) as Box<dyn PcmSource>,
                None => source,
            })
        };
        Ok(dressed(Track::new(record.id, TrackKind::Purchased, &record.title, open), record))
    }

    /// The same for a disc: nothing is counted as played.
    pub(super) fn recording_tracks(&self, records: &[Arc<TrackRecord>]) -> Result<Vec<Track>, Failure> {
        let has_bought = records.iter().any(|r| r.media_id().is_some());
        let passport = if has_bought { Some(self.0.vault.lend()?) } else { None };
        let root = self.root().ok();
        let track = |record: &Arc<TrackRecord>| match (&passport, &root) {
            (Some(passport), Some(root)) if record.media_id().is_some() => {
                let (track, path) = (Arc::clone(record), self.track_path(record));
                let opening = BoughtTrack::new(track, path, Arc::clone(passport), root.clone());
                let open = move || opening.source();
                dressed(Track::new(record.id, TrackKind::Purchased, &record.title, open), record)
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
        Ok(stream::tracks(&voucher, &setup).into_iter().map(Arc::new).collect())
    }

    /// The same for a preview voucher that was brought.
    pub async fn preview_of_voucher(&self, voucher: &MediaVoucher) -> Result<Vec<Arc<Track>>, Failure> {
        let ids: Vec<MediaId> = voucher.tracks.iter().map(|track| track.media_id).collect();
        self.learn_of(&ids).await?;
        let setup = self.stream_setup()?;
        Ok(stream::tracks(voucher, &setup).into_iter().map(Arc::new).collect())
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
    pub fn media_opening(&self, id: TrackId) -> Result<BoughtTrack, Failure> {
        let passport = self.0.vault.lend()?;
        self.opening(self.track(id)?, &passport)
    }

    fn opening(&self, track: Arc<TrackRecord>, passport: &Arc<OpenPassport>) -> Result<BoughtTrack, Failure> {
        self.may_play(&track)?;
        let path = self.track_path(&track);
        Ok(BoughtTrack::new(track, path, Arc::clone(passport), self.root()?))
    }

    pub(super) fn open_media(&self, track: &TrackRecord) -> Result<OpenedMedia, Failure> {
        Ok(bought::open(track, &self.track_path(track), &self.root()?)?)
    }

    /// The keys of an opened file, while the passport is open.
    pub(super) fn media_keys(&self, track: &TrackRecord, media: &OpenedMedia) -> Result<KeyBundle, Failure> {
        Ok(self.0.vault.with_open(|passport| bought::keys(track, media, passport))??)
    }
}

/// What the engine plays for an own file.
fn own_track(record: &Arc<TrackRecord>) -> Track {
    let path = record.path.clone();
    let open = move || own::open(&path);
    dressed(Track::new(record.id, TrackKind::Own, &record.title, open), record)
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

fn source_error(failure: Failure) -> SourceError {
    SourceError::Refused { code: failure.code, message: failure.message }
}
