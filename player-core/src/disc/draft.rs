//! A disc on paper (requirement D1): what the library knows of a list of tracks, and what stands against it.
//!
//! Opens nothing, so that it can follow every change of the list. Whoever burns lays the disc out for real
//! ([`DiscLayout`](super::layout::DiscLayout)), from lengths that were measured.

use std::sync::Arc;

use super::layout::{Capacity, LayoutError, MOST_TRACKS, SHORTEST_TRACK, Sectors};
use crate::error::Failure;
use crate::library::TrackRecord;

/// A list of tracks that is to become a disc.
#[derive(Debug, Clone)]
pub struct DiscDraft {
    /// In order.
    pub tracks: Vec<DraftTrack>,
    /// All of them together.
    pub length: Sectors,
    /// What the blank holds.
    pub capacity: Sectors,
    /// What stands against the list as a whole.
    pub problems: Vec<Failure>,
}

/// A track of the list.
#[derive(Debug, Clone)]
pub struct DraftTrack {
    /// The track.
    pub record: Arc<TrackRecord>,
    /// Where it would begin.
    pub start: Sectors,
    /// What stands against it.
    pub problem: Option<Failure>,
}

impl DiscDraft {
    /// Places tracks one after the other. `refused` says why a track may not be recorded.
    pub fn new(
        records: Vec<Arc<TrackRecord>>,
        capacity: Capacity,
        refused: impl Fn(&TrackRecord) -> Option<Failure>,
    ) -> Self {
        let mut length = Sectors::default();
        let tracks: Vec<DraftTrack> = records
            .into_iter()
            .map(|record| {
                let start = length;
                length = start.plus(Sectors::of_milliseconds(record.duration_ms.into()));
                let problem = refused(&record).or_else(|| too_short(&record));
                DraftTrack { record, start, problem }
            })
            .collect();
        let capacity = capacity.sectors();
        let mut problems = Vec::new();
        if tracks.len() > MOST_TRACKS {
            problems.push(LayoutError::TooMany(tracks.len()).into());
        }
        if length > capacity {
            problems.push(LayoutError::TooLong { length, capacity }.into());
        }
        Self { tracks, length, capacity, problems }
    }

    /// Whether it can be burned as it stands.
    pub fn is_ready(&self) -> bool {
        !self.tracks.is_empty()
            && self.problems.is_empty()
            && self.tracks.iter().all(|track| track.problem.is_none())
    }

    /// What is still free; nothing when it does not fit.
    pub fn left(&self) -> Sectors {
        Sectors(self.capacity.0.saturating_sub(self.length.0))
    }
}

fn too_short(record: &TrackRecord) -> Option<Failure> {
    let length = Sectors::of_milliseconds(record.duration_ms.into());
    let seconds = u64::from(record.duration_ms) / 1_000;
    (length < SHORTEST_TRACK).then(|| LayoutError::TooShort { title: record.title.clone(), seconds }.into())
}
