//! The library in memory: every track, the search table beside them, and the order that a list asks for.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use cadenza_protocol::time::UnixTime;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use super::index::{Index, IndexError};
use super::playlist::Playlists;
use super::plays::Plays;
use super::search::SearchTable;
use super::track::{TrackId, TrackRecord};

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TrackOrder {
    /// By title.
    Title,
    /// By artist, then album, disc, number.
    #[default]
    Artist,
    /// By album, then disc, number.
    Album,
    /// Shortest first.
    Duration,
    /// Latest first.
    Added,
}

/// Tracks, and what is kept about them.
#[derive(Debug)]
pub struct Library {
    index: Index,
    shelf: RwLock<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    tracks: Vec<Arc<TrackRecord>>,
    places: HashMap<TrackId, usize>,
    table: SearchTable,
    /// Lists that were asked for since the shelf changed.
    sorted: Mutex<HashMap<TrackOrder, Tracks>>,
}

/// A list of tracks that its readers share.
pub type Tracks = Arc<[Arc<TrackRecord>]>;

impl Library {
    /// Takes everything from the index into memory.
    pub fn load(index: Index) -> Self {
        let shelf = Shelf::of(index.tracks().into_iter().map(Arc::new).collect());
        Self { index, shelf: RwLock::new(shelf) }
    }

    /// How many tracks there are.
    pub fn len(&self) -> usize {
        self.shelf().tracks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// File names of the bought tracks.
    pub fn bought_files(&self) -> HashSet<PathBuf> {
        let shelf = self.shelf();
        shelf.tracks.iter().filter(|t| t.media_id().is_some()).map(|t| t.path.clone()).collect()
    }

    /// Tracks of which something is allowed so many times.
    pub fn limited(&self) -> Vec<Arc<TrackRecord>> {
        self.shelf().tracks.iter().filter(|track| track.is_limited()).cloned().collect()
    }

    /// One track.
    pub fn track(&self, id: TrackId) -> Option<Arc<TrackRecord>> {
        let shelf = self.shelf();
        shelf.places.get(&id).map(|place| Arc::clone(&shelf.tracks[*place]))
    }

    /// All tracks in an order; sorted once for everyone who asks before the library changes.
    pub fn tracks(&self, order: TrackOrder) -> Tracks {
        let shelf = self.shelf();
        let mut sorted = shelf.sorted.lock();
        let tracks = sorted.entry(order).or_insert_with(|| {
            let mut tracks = shelf.tracks.clone();
            sort(&mut tracks, order);
            tracks.into()
        });
        Arc::clone(tracks)
    }

    /// How often a track was heard.
    pub fn plays(&self, id: TrackId) -> Plays {
        Plays::of(&self.index, id)
    }

    /// A track was heard.
    pub fn count_play(&self, id: TrackId, now: UnixTime) -> Result<(), IndexError> {
        Plays::count(&self.index, id, now)
    }

    /// Tracks that hold every word of `query`, best first.
    pub fn search(&self, query: &str) -> Vec<Arc<TrackRecord>> {
        let shelf = self.shelf();
        let rows = shelf.table.find(query);
        rows.into_iter().filter_map(|row| shelf.tracks.get(usize::try_from(row).ok()?).cloned()).collect()
    }

    /// Adds or replaces tracks, on disk and in memory.
    pub fn put(&self, records: Vec<TrackRecord>) -> Result<(), IndexError> {
        self.index.put_tracks(&records)?;
        let mut shelf = self.shelf.write();
        let is_new = records.iter().all(|r| !shelf.places.contains_key(&r.id));
        if is_new {
            records.into_iter().for_each(|r| shelf.push(Arc::new(r)));
        } else {
            let mut tracks = std::mem::take(&mut *shelf).tracks;
            let replaced: HashMap<TrackId, TrackRecord> = records.into_iter().map(|r| (r.id, r)).collect();
            tracks.retain(|t| !replaced.contains_key(&t.id));
            tracks.extend(replaced.into_values().map(Arc::new));
            *shelf = Shelf::of(tracks);
        }
        Ok(())
    }

    /// Takes tracks out; their files stay.
    pub fn remove(&self, ids: &[TrackId]) -> Result<(), IndexError> {
        self.index.remove_tracks(ids)?;
        let mut shelf = self.shelf.write();
        let mut tracks = std::mem::take(&mut *shelf).tracks;
        tracks.retain(|t| !ids.contains(&t.id));
        *shelf = Shelf::of(tracks);
        Ok(())
    }

    /// The playlists.
    pub const fn playlists(&self) -> Playlists<'_> {
        Playlists::of(&self.index)
    }

    /// The index itself, for queue and counters.
    pub const fn index(&self) -> &Index {
        &self.index
    }

    fn shelf(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read()
    }
}

impl Shelf {
    /// In library order, so that search results are too.
    fn of(mut tracks: Vec<Arc<TrackRecord>>) -> Self {
        sort(&mut tracks, TrackOrder::Artist);
        let mut shelf = Self::default();
        tracks.into_iter().for_each(|t| shelf.push(t));
        shelf
    }

    fn push(&mut self, track: Arc<TrackRecord>) {
        let extra = track.composer.as_deref().or(track.album_artist.as_deref()).unwrap_or_default();
        self.table.push(&[&track.title, &track.artist, &track.album, extra]);
        self.places.insert(track.id, self.tracks.len());
        self.tracks.push(track);
        self.sorted.get_mut().clear();
    }
}

fn sort(tracks: &mut [Arc<TrackRecord>], order: TrackOrder) {
    let folded = |text: &str| {
        let mut folded = String::new();
        super::search::fold_into(text, &mut folded);
        folded
    };
    let in_album = |t: &TrackRecord| (t.disc.unwrap_or(0), t.number.unwrap_or(0));
    match order {
        TrackOrder::Title => tracks.sort_by_cached_key(|t| (folded(&t.title), folded(&t.artist))),
        TrackOrder::Artist => {
            tracks.sort_by_cached_key(|t| {
                (folded(t.album_by()), folded(&t.album), in_album(t), folded(&t.title))
            });
        }
        TrackOrder::Album => {
            tracks.sort_by_cached_key(|t| {
                (folded(&t.album), folded(t.album_by()), in_album(t), folded(&t.title))
            });
        }
        TrackOrder::Duration => tracks.sort_by_key(|t| t.duration_ms),
        TrackOrder::Added => tracks.sort_by_key(|t| std::cmp::Reverse(t.added_at)),
    }
}
