//! Lists of tracks as a person asks for them: which, and in which order.

use std::collections::HashSet;
use std::sync::Arc;

use super::groups::{AlbumKey, duration_ms};
use super::shelf::{Library, TrackOrder};
use super::track::{TrackId, TrackRecord};

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// What is known of a track; ascending: the first letter, the shortest, the oldest first.
    Order(TrackOrder),
    /// How often it was heard; ascending: the least heard first.
    PlayCount,
}

/// Which tracks; every field narrows, `None` does not.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Words that must all appear.
    pub words: Option<&'a str>,
    /// Of this album only.
    pub album: Option<AlbumKey>,
    /// By this artist only.
    pub artist: Option<&'a str>,
    /// In which order.
    pub by: SortBy,
    /// Backwards.
    pub descending: bool,
}

/// A list of tracks.
#[derive(Debug, Clone)]
pub struct Selected {
    /// In order.
    pub tracks: Vec<Arc<TrackRecord>>,
    /// All of them together, in seconds.
    pub seconds: u64,
}

impl Library {
    /// The tracks that a person asked for.
    pub fn select(&self, wanted: &Selection<'_>) -> Selected {
        let words = wanted.words.map(str::trim).filter(|words| !words.is_empty());
        let found: Option<HashSet<TrackId>> =
            words.map(|words| self.search(words).iter().map(|track| track.id).collect());
        let fits = |track: &TrackRecord| {
            found.as_ref().is_none_or(|found| found.contains(&track.id))
                && wanted.album.is_none_or(|album| AlbumKey::of(track) == album)
                && wanted.artist.is_none_or(|artist| track.artist == artist)
        };
        let order = match wanted.by {
            SortBy::Order(order) => order,
            SortBy::PlayCount => TrackOrder::Added,
        };
        let all = self.tracks(order);
        let mut tracks: Vec<Arc<TrackRecord>> = all.iter().filter(|track| fits(track)).cloned().collect();
        match wanted.by {
            // The library's order is latest first; that is descending to a person.
            SortBy::Order(TrackOrder::Added) => tracks.reverse(),
            SortBy::PlayCount => tracks.sort_by_cached_key(|track| self.plays(track.id).count),
            SortBy::Order(
                TrackOrder::Title | TrackOrder::Artist | TrackOrder::Album | TrackOrder::Duration,
            ) => {}
        }
        if wanted.descending {
            tracks.reverse();
        }
        let seconds = duration_ms(&tracks) / 1_000;
        Selected { tracks, seconds }
    }
}
