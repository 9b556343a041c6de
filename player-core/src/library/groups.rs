//! Albums and artists, made from the tracks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cadenza_protocol::id::{IdError, MediaId, hex};
use cadenza_protocol::time::UnixTime;
use ring::digest::{SHA256, digest};

use super::track::TrackRecord;

/// Names an album of the library: the same artist and title is the same album. Written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlbumKey([u8; 16]);

impl AlbumKey {
    /// No album's.
    pub const NONE: Self = Self([0; 16]);

    /// The album that a track is on.
    pub fn of(track: &TrackRecord) -> Self {
        let name = format!("{}\0{}", track.album_by(), track.album);
        let digest = digest(&SHA256, name.as_bytes());
        Self(digest.as_ref()[..16].try_into().expect("a SHA-256 has 32 bytes"))
    }
}

impl fmt::Display for AlbumKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for AlbumKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse::<MediaId>().map(|id| Self(*id.as_bytes()))
    }
}

/// An album of the library.
#[derive(Debug, Clone)]
pub struct Album {
    /// Its name in lists.
    pub key: AlbumKey,
    /// Its first track: title, artist, year, genre and cover are the album's.
    pub first: Arc<TrackRecord>,
    /// Tracks that are here.
    pub track_count: usize,
    /// All of them together.
    pub duration_ms: u64,
    /// When the newest came.
    pub added_at: UnixTime,
}

/// An artist of the library.
#[derive(Debug, Clone)]
pub struct Artist {
    /// One of the artist's tracks.
    pub first: Arc<TrackRecord>,
    /// Albums with a track of the artist.
    pub album_count: usize,
    /// The artist's tracks.
    pub track_count: usize,
}

/// Albums in the order in which their first tracks come.
pub fn albums(tracks: &[Arc<TrackRecord>]) -> Vec<Album> {
    let mut places: HashMap<AlbumKey, usize> = HashMap::new();
    let mut albums: Vec<Album> = Vec::new();
    for track in tracks {
        let key = AlbumKey::of(track);
        let place = *places.entry(key).or_insert_with(|| {
            let (first, added_at) = (Arc::clone(track), track.added_at);
            albums.push(Album { key, first, track_count: 0, duration_ms: 0, added_at });
            albums.len() - 1
        });
        let album = &mut albums[place];
        album.track_count += 1;
        album.duration_ms += u64::from(track.duration_ms);
        album.added_at = album.added_at.max(track.added_at);
    }
    albums
}

/// Artists by name.
pub fn artists(tracks: &[Arc<TrackRecord>]) -> Vec<Artist> {
    let mut artists: BTreeMap<(String, &str), (Artist, HashSet<AlbumKey>)> = BTreeMap::new();
    for track in tracks {
        let (artist, albums) =
            artists.entry((track.artist.to_lowercase(), &track.artist)).or_insert_with(|| {
                (Artist { first: Arc::clone(track), album_count: 0, track_count: 0 }, HashSet::new())
            });
        artist.track_count += 1;
        albums.insert(AlbumKey::of(track));
        artist.album_count = albums.len();
    }
    artists.into_values().map(|(artist, _)| artist).collect()
}

/// How long tracks last together, in milliseconds.
pub fn duration_ms(tracks: &[Arc<TrackRecord>]) -> u64 {
    tracks.iter().map(|track| u64::from(track.duration_ms)).sum()
}
