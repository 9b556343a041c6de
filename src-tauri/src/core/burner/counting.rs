//! The count of recordings (D3): the player's ledger as a burning job takes it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cadenza_player::disc::burn::{RecordLedger, RecordRefusal, Reservation};
use cadenza_player::library::{TrackId, ledger};
use cadenza_player::playback;
use cadenza_player::{Code, Player};

/// Counts in the player's ledger; what a job has taken is kept until the job ends.
pub struct Counting {
    player: Player,
    taken: Mutex<HashMap<u64, Vec<ledger::Reservation>>>,
    next: AtomicU64,
}

impl Counting {
    /// In this player's ledger.
    pub fn of(player: Player) -> Self {
        Self { player, taken: Mutex::default(), next: AtomicU64::new(1) }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Vec<ledger::Reservation>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordLedger for Counting {
    fn reserve(&self, tracks: &[playback::TrackId]) -> Result<Reservation, RecordRefusal> {
        let ids: Vec<TrackId> = tracks.iter().filter_map(|track| track.as_str().parse().ok()).collect();
        let reserved = self.player.reserve_recording(&ids).map_err(|failure| match failure.code {
            Code::RecordNotAllowed => {
                RecordRefusal::Never(failure.data.get("title").cloned().unwrap_or_default())
            }
            _ => RecordRefusal::Unwritable(failure.message),
        })?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.taken().insert(id, reserved);
        Ok(Reservation { id, tracks: tracks.to_vec() })
    }

    fn commit(&self, reservation: Reservation) -> Result<(), RecordRefusal> {
        // Counted since it was reserved; there is nothing left to give back.
        self.taken().remove(&reservation.id);
        Ok(())
    }

    fn release(&self, reservation: Reservation) {
        let Some(reserved) = self.taken().remove(&reservation.id) else { return };
        if let Err(failure) = self.player.return_recording(reserved) {
            tracing::warn!(%failure, "a recording that was not made stays counted");
        }
    }
}
