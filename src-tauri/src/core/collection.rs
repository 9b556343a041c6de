//! The library as lists: sorted once, cut into pages, grouped into albums and artists, each with its sleeve.

mod groups;
mod sleeves;

pub use groups::{album_id, albums, artists};
pub use sleeves::Sleeves;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use cadenza_player::library::{TrackId, TrackOrder as CoreOrder, TrackRecord};
use cadenza_player::player::Recordable;
use cadenza_player::{Failure, Player};

use crate::convert::{self, Plays};
use crate::ipc::{AlbumId, Allowance, LibraryTrack, TrackOrder, TrackPage, TrackQuery, TrackSort};

/// Most rows of one page.
const LARGEST_PAGE: usize = 500;

type Tracks = Arc<Vec<Arc<TrackRecord>>>;

/// Lists over one player's library.
#[derive(Debug)]
pub struct Collection {
    player: Player,
    sorted: Mutex<HashMap<CoreOrder, Tracks>>,
    sleeves: Sleeves,
}

impl Collection {
    /// Over this library.
    pub fn of(player: Player) -> Self {
        Self { sleeves: Sleeves::of(&player), player, sorted: Mutex::default() }
    }

    /// The sleeves.
    pub fn sleeves(&self) -> &Sleeves {
        &self.sleeves
    }

    /// The library changed: sort again when asked next.
    pub fn forget_order(&self) {
        self.sorted.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// All tracks in an order.
    pub fn tracks(&self, order: CoreOrder) -> Tracks {
        let mut sorted = self.sorted.lock().unwrap_or_else(PoisonError::into_inner);
        let tracks = sorted.entry(order).or_insert_with(|| Arc::new(self.player.library().tracks(order)));
        Arc::clone(tracks)
    }

    /// A part of the list that a query and a sort describe.
    pub fn page(&self, query: &TrackQuery, sort: TrackSort) -> TrackPage {
        let rows = self.rows(query, sort);
        let limit = (query.limit as usize).min(LARGEST_PAGE);
        let shown = rows.iter().skip(query.offset as usize).take(limit);
        TrackPage {
            tracks: shown.map(|track| self.library_track(track)).collect(),
            total: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            total_seconds: convert::small(
                rows.iter().map(|track| u64::from(track.duration_ms)).sum::<u64>() / 1_000,
            ),
        }
    }

    fn rows(&self, query: &TrackQuery, sort: TrackSort) -> Vec<Arc<TrackRecord>> {
        let text = query.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let found: Option<HashSet<TrackId>> =
            text.map(|text| self.player.library().search(text).iter().map(|t| t.id).collect());
        let fits = |track: &TrackRecord| {
            found.as_ref().is_none_or(|found| found.contains(&track.id))
                && query.album_id.as_ref().is_none_or(|album| album_id(track) == *album)
                && query.artist.as_ref().is_none_or(|artist| track.artist == *artist)
        };
        let all = self.tracks(convert::track_order(sort.by));
        let mut rows: Vec<Arc<TrackRecord>> = all.iter().filter(|track| fits(track)).cloned().collect();
        match sort.by {
            // The core's order is latest first; the window calls that descending.
            TrackOrder::Added => rows.reverse(),
            TrackOrder::PlayCount => rows.sort_by_cached_key(|track| self.plays(track.id).count),
            TrackOrder::Title | TrackOrder::Artist | TrackOrder::Album | TrackOrder::Duration => {}
        }
        if sort.descending {
            rows.reverse();
        }
        rows
    }

    /// A track as it stands in a list.
    pub fn library_track(&self, track: &TrackRecord) -> LibraryTrack {
        let album = album_id(track);
        convert::library_track(
            track,
            album,
            self.sleeves.of_track(track),
            self.record_left(track),
            self.plays(track.id),
        )
    }

    /// How often it may still be put on a disc.
    pub fn record_left(&self, track: &TrackRecord) -> Allowance {
        match self.player.recordable(track) {
            Ok(Recordable::Unlimited) => Allowance::Unlimited,
            Ok(Recordable::Times(left)) => Allowance::Times { left: u16::try_from(left).unwrap_or(u16::MAX) },
            Ok(Recordable::Never) | Err(_) => Allowance::Never,
        }
    }

    /// A track was heard to its end.
    pub fn heard(&self, id: TrackId, now: u32) -> Result<(), Failure> {
        let plays = Plays { count: self.plays(id).count.saturating_add(1), last: Some(now) };
        Ok(self.player.library().index().keep_fact(&plays_key(id), &plays)?)
    }

    fn plays(&self, id: TrackId) -> Plays {
        self.player.library().index().fact(&plays_key(id)).unwrap_or_default()
    }

    /// Tracks of an album of the library, in its order.
    pub fn album(&self, id: &AlbumId) -> Vec<Arc<TrackRecord>> {
        self.tracks(CoreOrder::Album).iter().filter(|track| album_id(track) == *id).cloned().collect()
    }
}

fn plays_key(id: TrackId) -> String {
    format!("plays/{id}")
}
