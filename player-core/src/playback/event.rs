//! What one can tell the engine, what it tells, and what can be seen at any time.

use std::sync::Arc;

use super::queue::{Entry, EntryKey, Repeat};
use super::track::{Track, TrackKind};
use crate::audio::loudness::Normalisation;
use crate::audio::output::DeviceChoice;
use crate::error::{Code, Failure};
use crate::library::TrackId;

/// A wish of the listener. The engine carries wishes out in order.
#[derive(Debug, Clone)]
pub enum Command {
    /// Replaces the queue and selects the track at `start`; `position_ms` into it; plays at once, or waits for `Play`.
    Load {
        /// The new queue.
        tracks: Vec<Arc<Track>>,
        /// Index of the first track to play.
        start: usize,
        /// Where in it.
        position_ms: u64,
        /// Whether to play now.
        play: bool,
    },
    /// Plays these tracks in between: a preview. What stood in the queue comes back after them, or after a stop, where it was.
    Interrupt {
        /// What plays in between.
        tracks: Vec<Arc<Track>>,
        /// Index of the first of them to play.
        start: usize,
    },
    /// Adds tracks at the end of the queue.
    Append(Vec<Arc<Track>>),
    /// Adds tracks behind the one that plays.
    AppendNext(Vec<Arc<Track>>),
    /// Takes an entry out of the queue.
    Remove(EntryKey),
    /// Moves an entry of the queue.
    Reorder(EntryKey, usize),
    /// Plays an entry of the queue from its start.
    Jump(EntryKey),
    /// Plays, or goes on.
    Play,
    /// Fades out and holds.
    Pause,
    /// Fades out, and closes the track.
    Stop,
    /// Goes to a position in the track.
    Seek(u64),
    /// The next track.
    Next,
    /// The start of this track, or the track before it when this one has only begun.
    Previous,
    /// What comes after the last track.
    Repeat(Repeat),
    /// Shuffled order, or the listener's.
    Shuffle(bool),
    /// Loudness normalisation, from now on.
    Normalise(Normalisation),
    /// What to play on.
    Device(DeviceChoice),
    /// What to do when the device disappears.
    OnDeviceLoss(OnDeviceLoss),
}

impl Command {
    /// Stops, and empties the queue.
    #[must_use]
    pub fn empty() -> Self {
        Self::Load { tracks: Vec::new(), start: 0, position_ms: 0, play: false }
    }
}

/// What happens when the device disappears and another one is there (M4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDeviceLoss {
    /// Wait, paused, until the listener goes on.
    #[default]
    Pause,
    /// Go on playing on the system's default device.
    Move,
}

/// What the engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlaybackState {
    /// Nothing is open.
    #[default]
    Stopped,
    /// Sound is running.
    Playing,
    /// Sound should be running, and the source or the device has nothing to give yet.
    Buffering,
    /// Held by the listener.
    Paused,
}

/// News. None of it is needed to know the present: [`Status`] holds all of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The state changed.
    State(PlaybackState),
    /// Another track is heard now.
    Track {
        /// Its place in the queue.
        key: EntryKey,
        /// Which one.
        id: TrackId,
    },
    /// The first samples after a start or a seek are in the ring.
    Ready {
        /// The track.
        id: TrackId,
    },
    /// The last track of the queue has been heard to its end.
    Ended,
    /// The queue, its order, or its repeat changed.
    Queue,
    /// Sound comes from this device now.
    Device {
        /// Its name.
        name: String,
    },
    /// The device is gone; the engine is looking for it.
    DeviceLost {
        /// What happened.
        code: Code,
        /// The same in words, and what to do.
        message: String,
    },
    /// A track cannot be played; the engine has gone on to the next one.
    TrackFailed {
        /// The track.
        id: TrackId,
        /// What happened.
        code: Code,
        /// The same in words, and what to do.
        message: String,
    },
}

/// Where things stand.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// What the engine is doing.
    pub state: PlaybackState,
    /// The track that is heard, or would be.
    pub current: Option<Entry>,
    /// Position in it: frames really played, in milliseconds.
    pub position_ms: u64,
    /// Its length, when known.
    pub duration_ms: Option<u64>,
    /// The queue in the order of play.
    pub queue: Arc<[Entry]>,
    /// Whether the order of play is shuffled.
    pub shuffled: bool,
    /// What comes after the last track.
    pub repeat: Repeat,
    /// The listener's volume, 0 to 1.
    pub volume: f32,
    /// The device that is open.
    pub device: Option<String>,
    /// Frames really sent to devices since the start, at their rates.
    pub frames_played: u64,
    /// Times that a device asked in vain in the middle of a track.
    pub underruns: u64,
    /// Frames of silence that this cost.
    pub missing_frames: u64,
}

impl Status {
    /// Where the current track stands in the queue.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        let current = self.current.as_ref()?;
        self.queue.iter().position(|entry| entry.key == current.key)
    }

    /// Whether something comes after the current track.
    #[must_use]
    pub fn can_next(&self) -> bool {
        let is_last = self.index().is_none_or(|index| index + 1 >= self.queue.len());
        self.current.is_some() && (!is_last || self.repeat != Repeat::Off)
    }

    /// Whether sound is running, or about to.
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        match self.state {
            PlaybackState::Playing | PlaybackState::Buffering => true,
            PlaybackState::Stopped | PlaybackState::Paused => false,
        }
    }

    /// An entry of the queue, by its key as a number.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn entry(&self, number: u64) -> Result<EntryKey, Failure> {
        let entry = self.queue.iter().find(|entry| entry.key.number() == number);
        entry.map(|entry| entry.key).ok_or_else(|| {
            Failure::new(Code::NotFound, "this entry is no longer in the queue: look at it again")
        })
    }

    /// Whether the owner's line is to be shown: bought music is heard, or held (M5).
    #[must_use]
    pub fn shows_owner(&self) -> bool {
        self.state != PlaybackState::Stopped && self.is_purchased()
    }

    /// Whether the current track was bought.
    #[must_use]
    pub fn is_purchased(&self) -> bool {
        self.current.as_ref().is_some_and(|entry| entry.track.kind == TrackKind::Purchased)
    }

    /// Length of the current track, from its source or from what is known of it; 0 when neither says.
    #[must_use]
    pub fn length_ms(&self) -> u64 {
        let known = self.current.as_ref().and_then(|entry| entry.track.duration_ms);
        self.duration_ms.or(known).unwrap_or(0)
    }

    /// The running time. What was really heard, which is never shown to pass the length.
    #[must_use]
    pub fn time_ms(&self) -> u64 {
        match self.length_ms() {
            0 => self.position_ms,
            length => self.position_ms.min(length),
        }
    }
}
