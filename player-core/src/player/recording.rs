//! Discs: laying one out from tracks of the library, and counting what its author lets be recorded (requirement D3).
//!
//! The disc writer asks a [`RecordLedger`] before its first sector: the player is that ledger.

use cadenza_protocol::media::Allowance;
use parking_lot::Mutex;
use serde::Serialize;

use super::{Player, locked};
use crate::disc::burn::{
    self, BurnError, BurnJob, BurnProgress, BurnReport, Cancel, RecordLedger, RecordRefusal, Reservation,
};
use crate::disc::draft::DiscDraft;
use crate::disc::layout::{Capacity, DiscLayout, DiscOptions, DiscTrack};
use crate::disc::unfinished::Unfinished;
use crate::error::{Code, Failure};
use crate::library::ledger::{self, Use};
use crate::library::{TrackId, TrackRecord};

/// How often something may still be done with a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// Not at all (any more).
    Never,
    /// So many times more.
    Times(u32),
    /// As often as one likes.
    Unlimited,
}

impl Player {
    /// How often a track may still be recorded.
    pub fn recordable(&self, track: &TrackRecord) -> Result<Left, Failure> {
        self.left(track.may_record(), Use::Record, track)
    }

    /// How often a track may still be played.
    pub fn playable_still(&self, track: &TrackRecord) -> Result<Left, Failure> {
        self.left(track.may_play(), Use::Play, track)
    }

    fn left(&self, allowed: Allowance, what: Use, track: &TrackRecord) -> Result<Left, Failure> {
        Ok(match allowed {
            Allowance::Never => Left::Never,
            Allowance::Unlimited => Left::Unlimited,
            Allowance::Times(limit) => match u32::from(limit).saturating_sub(self.used(what, track)?) {
                0 => Left::Never,
                left => Left::Times(left),
            },
        })
    }

    /// Refuses a track that may not be recorded (any more).
    pub fn may_record(&self, track: &TrackRecord) -> Result<(), Failure> {
        let message = match (self.recordable(track)?, track.may_record()) {
            (Left::Times(_) | Left::Unlimited, _) => return Ok(()),
            (Left::Never, Allowance::Times(limit)) => {
                format!(
                    "'{}' was recorded {limit} times, which is all that its author allows: leave it out",
                    track.title
                )
            }
            (Left::Never, _) => {
                format!("'{}' may not be recorded, its author says: leave it out", track.title)
            }
        };
        Err(Failure::new(Code::RecordNotAllowed, message).with("title", &track.title).with("track", track.id))
    }

    /// A disc on paper, for a list that is still being made: opens nothing.
    pub fn draft_disc(&self, ids: &[TrackId], capacity: Capacity) -> Result<DiscDraft, Failure> {
        let records = ids.iter().map(|id| self.track(*id)).collect::<Result<Vec<_>, _>>()?;
        Ok(DiscDraft::new(records, capacity, |track| self.may_record(track).err()))
    }

    /// Lays a disc out: restrictions, lengths, what fits. Bought tracks take the open passport. Reads every track's header, so not
    /// for a UI thread. With no performer named, the one that all tracks have is the disc's.
    pub fn plan_disc(&self, ids: &[TrackId], mut options: DiscOptions) -> Result<DiscLayout, Failure> {
        let records = ids.iter().map(|id| self.track(*id)).collect::<Result<Vec<_>, _>>()?;
        records.iter().try_for_each(|r| self.may_record(r))?;
        let tracks = self.recording_tracks(&records)?;
        let measured = tracks.iter().zip(&records).map(|(track, record)| {
            // A code that is none on the file is no reason to refuse the disc.
            DiscTrack::measure(track, record.isrc.as_deref().and_then(|code| code.parse().ok()))
        });
        let measured = measured.collect::<Result<Vec<_>, _>>()?;
        if let Some(first) = measured.first()
            && options.performer.is_empty()
            && measured.iter().all(|track| track.performer == first.performer)
        {
            options.performer.clone_from(&first.performer);
        }
        Ok(DiscLayout::plan(measured, options)?)
    }

    /// Writes a disc or its image, on the calling thread. One at a time.
    pub fn burn_disc(
        &self,
        job: &BurnJob,
        cancel: &Cancel,
        progress: &mut dyn FnMut(BurnProgress),
    ) -> Result<BurnReport, Failure> {
        let _one_at_a_time = Burning::begin(&self.0.burning, cancel)?;
        Ok(burn::burn(job, self, cancel, progress)?)
    }

    /// Stops the disc that is being written, if there is one; what was written is removed.
    pub fn stop_burning(&self) {
        if let Some(cancel) = &*locked(&self.0.burning) {
            cancel.cancel();
        }
    }

    /// Counts one recording of each limited track, before anything is written. Counted on disk when this returns; what is neither kept
    /// nor returned by the end of this player is returned at the next start.
    pub fn reserve_recording(&self, ids: &[TrackId]) -> Result<Vec<ledger::Reservation>, Failure> {
        let mut reserved = Vec::new();
        for id in ids {
            match self.reserve_one(*id) {
                Ok(reservation) => reserved.extend(reservation),
                Err(failure) => {
                    self.return_recording(reserved)?;
                    return Err(failure);
                }
            }
        }
        Ok(reserved)
    }

    /// Gives recordings back of which nothing came that can be read.
    pub fn return_recording(&self, reserved: Vec<ledger::Reservation>) -> Result<(), Failure> {
        for reservation in reserved {
            self.ledger()?.give_back(reservation)?;
        }
        Ok(())
    }

    fn reserve_one(&self, id: TrackId) -> Result<Option<ledger::Reservation>, Failure> {
        let track = self.track(id)?;
        self.may_record(&track)?;
        match (track.may_record(), track.voucher_id()) {
            (Allowance::Times(_), Some(voucher)) => Ok(Some(self.ledger()?.reserve(Use::Record, voucher)?)),
            _ => Ok(None),
        }
    }

    /// Something of these recordings can be read from here on: they stay counted, here and at the content manager.
    pub fn keep_recording(&self, reserved: &[ledger::Reservation]) -> Result<(), Failure> {
        for reservation in reserved {
            self.ledger()?.keep(reservation)?;
            self.copy_counts(reservation.voucher());
        }
        Ok(())
    }

    /// The same failure as the disc writer says it.
    fn refusal(&self, ids: &[TrackId], failure: Failure) -> RecordRefusal {
        if failure.code != Code::RecordNotAllowed {
            return RecordRefusal::Unwritable(failure.message);
        }
        let title = failure.data.get("title").cloned().unwrap_or_default();
        let tracks = ids.iter().filter_map(|id| self.library().track(*id));
        let allowed = tracks.filter(|track| track.title == title).map(|track| track.may_record()).next();
        match allowed {
            Some(Allowance::Times(allowed)) => RecordRefusal::UsedUp { title, allowed },
            _ => RecordRefusal::Never(title),
        }
    }

    fn reserved(
        &self,
    ) -> parking_lot::MutexGuard<'_, std::collections::HashMap<u64, Vec<ledger::Reservation>>> {
        self.0.recordings.lock()
    }
}

/// A disc is being written until this is dropped.
struct Burning<'p>(&'p Mutex<Option<Cancel>>);

impl<'p> Burning<'p> {
    fn begin(burning: &'p Mutex<Option<Cancel>>, cancel: &Cancel) -> Result<Self, BurnError> {
        let mut running = locked(burning);
        if running.is_some() {
            return Err(BurnError::Busy);
        }
        *running = Some(cancel.clone());
        Ok(Self(burning))
    }
}

impl Drop for Burning<'_> {
    fn drop(&mut self) {
        locked(self.0).take();
    }
}

impl RecordLedger for Player {
    fn reserve(&self, tracks: &[TrackId]) -> Result<Reservation, RecordRefusal> {
        self.settle_recordings(tracks);
        let counted = self.reserve_recording(tracks).map_err(|failure| self.refusal(tracks, failure))?;
        let mut reserved = self.reserved();
        let id = reserved.keys().max().map_or(1, |last| last + 1);
        reserved.insert(id, counted);
        Ok(Reservation { id, tracks: tracks.to_vec() })
    }

    fn commit(&self, reservation: Reservation) -> Result<(), RecordRefusal> {
        let counted = self.reserved().remove(&reservation.id).unwrap_or_default();
        self.keep_recording(&counted).map_err(|failure| RecordRefusal::Unwritable(failure.message))?;
        self.settle_recordings(&reservation.tracks);
        Ok(())
    }

    fn release(&self, reservation: Reservation) {
        let counted = self.reserved().remove(&reservation.id).unwrap_or_default();
        if let Err(failure) = self.return_recording(counted) {
            tracing::warn!(%failure, "a recording that came to nothing stays counted until the next start");
        }
    }

    fn note_unfinished(&self, left: Option<&Unfinished>) -> Result<(), RecordRefusal> {
        let note = self.0.home.burning();
        let noted = left.map_or_else(|| Unfinished::forget(&note), |left| left.keep(&note));
        noted.map_err(|error| RecordRefusal::Unwritable(error.to_string()))
    }
}
