//! The board: what anyone may look at while the engine works.
//!
//! The engine posts what changes rarely; the position is worked out by whoever looks, from the ring's counters
//! and the spans, so that looking costs the engine nothing and is exact to the device period.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::{PlaybackState, Status};
use super::line::Span;
use super::queue::{Entry, Repeat};
use crate::audio::ring::{Gauges, Volume};
use parking_lot::{Mutex, MutexGuard};

/// Shared between the engine, its handles and whoever shows something.
#[derive(Debug, Default)]
pub(super) struct Board {
    posted: Mutex<Posted>,
    volume: Arc<Volume>,
}

/// A stretch of a track in the ring, with what is to be shown while it is heard.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) span: Span,
    pub(super) entry: Entry,
    pub(super) duration_ms: Option<u64>,
}

/// What the engine posts.
#[derive(Debug, Default)]
pub(super) struct Posted {
    pub(super) state: PlaybackState,
    /// What stands in the ring, in order; the first is the one that is heard.
    pub(super) spans: VecDeque<Heard>,
    /// What would be played, and from where, when nothing is in the ring.
    pub(super) resting: (Option<Entry>, u64),
    pub(super) queue: Arc<[Entry]>,
    pub(super) shuffled: bool,
    pub(super) repeat: Repeat,
    pub(super) device: Option<String>,
    pub(super) gauges: Option<Arc<Gauges>>,
    /// Totals of the rings before this one: frames heard, underruns, frames missing.
    pub(super) before: [u64; 3],
}

/// Shows where a session stands, to whoever asks.
#[derive(Debug, Clone)]
pub struct StatusBoard(Arc<Board>);

impl StatusBoard {
    pub(super) fn new(board: Arc<Board>) -> Self {
        StatusBoard(board)
    }

    /// Where things stand now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status()
    }
}

impl Board {
    pub(super) fn post(&self) -> MutexGuard<'_, Posted> {
        self.posted.lock()
    }

    pub(super) fn volume(&self) -> &Arc<Volume> {
        &self.volume
    }

    pub(super) fn status(&self) -> Status {
        let posted = self.post();
        let heard = posted.heard();
        let (current, position_ms, duration_ms) = match heard {
            Some((heard, position_ms)) => (Some(heard.entry.clone()), position_ms, heard.duration_ms),
            None => {
                let (entry, position_ms) = posted.resting.clone();
                let duration_ms = entry.as_ref().and_then(|entry| entry.track.duration_ms);
                (entry, position_ms, duration_ms)
            }
        };
        let [heard, underruns, missing] = posted.totals();
        Status {
            state: posted.state,
            current,
            position_ms: duration_ms.map_or(position_ms, |duration_ms| position_ms.min(duration_ms)),
            duration_ms,
            queue: Arc::clone(&posted.queue),
            shuffled: posted.shuffled,
            repeat: posted.repeat,
            volume: self.volume.level(),
            device: posted.device.clone(),
            frames_played: heard,
            underruns,
            missing_frames: missing,
        }
    }
}

impl Posted {
    /// The stretch that the device is in, and the position in its track.
    pub(super) fn heard(&self) -> Option<(&Heard, u64)> {
        let gauges = self.gauges.as_ref()?;
        let read = gauges.read();
        let heard =
            self.spans.iter().rev().find(|heard| heard.span.ring_start <= read).or(self.spans.front())?;
        Some((heard, heard.span.position_ms(read, gauges.rate_hz())))
    }

    /// Counts of this ring and all before it.
    pub(super) fn totals(&self) -> [u64; 3] {
        let now = self.gauges.as_ref().map_or([0; 3], |g| [g.heard(), g.underruns(), g.missing_frames()]);
        [0, 1, 2].map(|n| self.before[n] + now[n])
    }
}
