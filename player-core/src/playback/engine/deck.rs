//! The track that is open: brought to a place, and followed by the next one.

use super::console::Console;
use super::shown::Place;
use crate::playback::queue::EntryKey;
use crate::playback::voice::Voice;

/// The next track is opened when this one has so much left.
const PRELOAD_MS: u64 = 10_000;

/// The track that is open, and the next one when it has been opened ahead of its turn.
pub(super) struct Deck {
    pub(super) voice: Voice,
    upcoming: Option<Upcoming>,
}

/// The entry that was opened ahead; no voice when that failed.
struct Upcoming {
    key: EntryKey,
    voice: Option<Voice>,
}

/// Why a deck stays where it was. It has been told.
pub(super) enum Unreached {
    /// Neither the track nor any behind it can be opened.
    NoTrack,
    /// The track cannot go to the position.
    NoPosition,
}

impl Deck {
    pub(super) fn of(voice: Voice) -> Self {
        Deck { voice, upcoming: None }
    }

    /// Goes to a place, in another track if need be; `place` is then where it is, which is the start of a later track
    /// when that one cannot be opened. When it cannot go there, it stays where it was.
    pub(super) fn reach(&mut self, place: &mut Place, console: &mut Console) -> Result<(), Unreached> {
        let mut other = None;
        if self.voice.entry().key != place.entry.key {
            let voice = console.open_from(Some(place.entry.key)).ok_or(Unreached::NoTrack)?;
            if voice.entry().key != place.entry.key {
                *place = Place { entry: voice.entry().clone(), position_ms: 0 };
            }
            other = Some(voice);
        }
        let voice = other.as_mut().unwrap_or(&mut self.voice);
        let frame = (place.position_ms * u64::from(voice.rate_hz())).div_ceil(1_000);
        if frame != voice.next_frame()
            && let Err(error) = voice.seek(frame)
        {
            console.shown.track_failed(&place.entry, &error);
            return Err(Unreached::NoPosition);
        }
        if let Some(voice) = other {
            *self = Deck::of(voice);
        }
        Ok(())
    }

    /// The voice of `next`: the one that was opened ahead, or one that is opened now.
    pub(super) fn turn_to(&mut self, next: Option<EntryKey>, console: &mut Console) -> Option<Voice> {
        match self.upcoming.take() {
            Some(Upcoming { key, voice: Some(voice) }) if Some(key) == next => Some(voice),
            _ => console.open_from(next),
        }
    }

    /// Closes what was opened ahead, if it is not `next` any more.
    pub(super) fn keep_only(&mut self, next: Option<EntryKey>) {
        self.upcoming.take_if(|upcoming| Some(upcoming.key) != next);
    }

    /// Opens the next track while this one still has a while to go.
    pub(super) fn preload(&mut self, next: Option<EntryKey>, console: &Console) {
        let voice = &self.voice;
        let Some(frames) = voice.duration_frames() else { return };
        let left_ms = frames.saturating_sub(voice.next_frame()) * 1_000 / u64::from(voice.rate_hz());
        if let Some(key) = next
            && left_ms <= PRELOAD_MS
            && !voice.has_ended()
            && self.upcoming.is_none()
        {
            self.upcoming = Some(Upcoming { key, voice: console.open_early(key) });
        }
    }
}
