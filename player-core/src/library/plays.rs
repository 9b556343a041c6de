//! How often each track was heard (requirement M11): kept beside the library, by the track's id.

use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::index::{Index, IndexError};
use super::track::TrackId;

/// How often a track was heard, and when last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plays {
    /// Times.
    pub count: u32,
    /// When it was heard last.
    pub last: Option<UnixTime>,
}

impl Plays {
    /// Those of one track.
    pub fn of(index: &Index, id: TrackId) -> Self {
        index.fact(&key(id)).unwrap_or_default()
    }

    /// It was heard once more; on disk when this returns.
    pub fn count(index: &Index, id: TrackId, now: UnixTime) -> Result<(), IndexError> {
        let count = Self::of(index, id).count.saturating_add(1);
        index.keep_fact(&key(id), &Self { count, last: Some(now) })
    }
}

fn key(id: TrackId) -> String {
    format!("plays/{id}")
}
