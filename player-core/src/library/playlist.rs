//! Playlists (requirement M7): named lists of tracks, in the listener's order. The same track may stand in one more than once,
//! so places count, not tracks. Every change is on disk when its call returns.

use std::fmt;
use std::str::FromStr;

use cadenza_protocol::id::VoucherId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::index::{Index, IndexError};
use super::track::TrackId;
use crate::error::{Code, Explain};

const LONGEST_NAME: usize = 200;
const MOST_TRACKS: usize = 100_000;

/// Why a playlist was not changed.
#[derive(Debug, Error)]
pub enum PlaylistError {
    /// There is none with this name or id.
    #[error("there is no playlist '{name}': `playlist list` shows what there is")]
    Unknown {
        /// As asked for.
        name: String,
    },
    /// Two would have the same name.
    #[error("there is a playlist '{name}' already: choose another name")]
    Taken {
        /// As asked for.
        name: String,
    },
    /// Empty, too long, or with line breaks.
    #[error("a playlist's name is 1 to {LONGEST_NAME} characters in one line: choose another")]
    BadName,
    /// A place that it does not have.
    #[error("the playlist has {count} tracks and no place {place}: count from 1")]
    NoPlace {
        /// As asked for, from 1.
        place: usize,
        /// How many it has.
        count: usize,
    },
    /// Too long.
    #[error("a playlist holds at most {MOST_TRACKS} tracks: start a second one")]
    Full,
    /// It could not be kept.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl Explain for PlaylistError {
    fn code(&self) -> Code {
        match self {
            Self::Unknown { .. } => Code::PlaylistUnknown,
            Self::Taken { .. } => Code::PlaylistTaken,
            Self::BadName => Code::PlaylistName,
            Self::NoPlace { .. } => Code::PlaylistPlace,
            Self::Full => Code::PlaylistFull,
            Self::Index(e) => e.code(),
        }
    }
}

/// Names a playlist: 32 hexadecimal digits that stay when it is renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaylistId(VoucherId);

impl fmt::Display for PlaylistId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PlaylistId {
    type Err = cadenza_protocol::id::IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// One playlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playlist {
    /// Stays with it.
    pub id: PlaylistId,
    /// What the listener calls it.
    pub name: String,
    /// In order.
    pub tracks: Vec<TrackId>,
}

/// What a name is put together from.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u128),
    Words(String),
}

fn parts(name: &str) -> Vec<Part> {
    let name = name.to_lowercase();
    let runs = name.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let part = |run: &[u8]| {
        let run = String::from_utf8_lossy(run);
        run.parse().map_or_else(|_| Part::Words(run.into_owned()), Part::Number)
    };
    runs.map(part).collect()
}

/// The playlists of an index.
#[derive(Debug, Clone, Copy)]
pub struct Playlists<'i> {
    index: &'i Index,
}

impl<'i> Playlists<'i> {
    /// Those of this index.
    pub const fn of(index: &'i Index) -> Self {
        Self { index }
    }

    /// All, by name, as people count: 2 before 10.
    pub fn all(&self) -> Vec<Playlist> {
        let mut all: Vec<Playlist> = self.index.facts("playlist/");
        all.sort_by_cached_key(|p| parts(&p.name));
        all
    }

    /// By id, or by name whatever its case.
    pub fn find(&self, name: &str) -> Result<Playlist, PlaylistError> {
        let id = name.parse::<PlaylistId>().ok();
        let by_id = id.and_then(|id| self.index.fact(&key(id)));
        let by_name = || self.all().into_iter().find(|p| same_name(&p.name, name));
        by_id
            .or_else(by_name)
            .ok_or_else(|| PlaylistError::Unknown { name: name.chars().take(100).collect() })
    }

    /// A new, empty one.
    pub fn create(&self, name: &str) -> Result<Playlist, PlaylistError> {
        let name = self.free_name(name, None)?;
        let playlist = Playlist { id: PlaylistId(VoucherId::random()), name, tracks: Vec::new() };
        self.keep(&playlist)?;
        Ok(playlist)
    }

    /// Another name for it.
    pub fn rename(&self, playlist: &str, name: &str) -> Result<Playlist, PlaylistError> {
        let mut playlist = self.find(playlist)?;
        playlist.name = self.free_name(name, Some(playlist.id))?;
        self.keep(&playlist)?;
        Ok(playlist)
    }

    /// Tracks at its end.
    pub fn add(&self, playlist: &str, tracks: &[TrackId]) -> Result<Playlist, PlaylistError> {
        let mut playlist = self.find(playlist)?;
        if playlist.tracks.len() + tracks.len() > MOST_TRACKS {
            return Err(PlaylistError::Full);
        }
        playlist.tracks.extend_from_slice(tracks);
        self.keep(&playlist)?;
        Ok(playlist)
    }

    /// Takes the track at a place (from 0) to another; those between move up.
    pub fn shift(&self, playlist: &str, from: usize, to: usize) -> Result<Playlist, PlaylistError> {
        let mut playlist = self.find(playlist)?;
        let count = playlist.tracks.len();
        if let Some(place) = [from, to].into_iter().find(|place| *place >= count) {
            return Err(PlaylistError::NoPlace { place: place + 1, count });
        }
        let track = playlist.tracks.remove(from);
        playlist.tracks.insert(to, track);
        self.keep(&playlist)?;
        Ok(playlist)
    }

    /// Takes the track at a place (from 0) out.
    pub fn remove_at(&self, playlist: &str, place: usize) -> Result<Playlist, PlaylistError> {
        let mut playlist = self.find(playlist)?;
        let count = playlist.tracks.len();
        if place >= count {
            return Err(PlaylistError::NoPlace { place: place + 1, count });
        }
        playlist.tracks.remove(place);
        self.keep(&playlist)?;
        Ok(playlist)
    }

    /// Deletes the list; its tracks stay.
    pub fn delete(&self, playlist: &str) -> Result<(), PlaylistError> {
        let playlist = self.find(playlist)?;
        Ok(self.index.drop_fact(&key(playlist.id))?)
    }

    fn keep(&self, playlist: &Playlist) -> Result<(), PlaylistError> {
        Ok(self.index.keep_fact(&key(playlist.id), playlist)?)
    }

    fn free_name(&self, name: &str, except: Option<PlaylistId>) -> Result<String, PlaylistError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(PlaylistError::BadName);
        }
        let taken = self.all().into_iter().any(|p| Some(p.id) != except && same_name(&p.name, name));
        if taken { Err(PlaylistError::Taken { name: name.to_owned() }) } else { Ok(name.to_owned()) }
    }
}

fn key(id: PlaylistId) -> String {
    format!("playlist/{id}")
}

fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(n: u8) -> TrackId {
        TrackId::from_bytes([n; 16])
    }

    // M7
    #[test]
    fn a_playlist_survives_closing_in_the_listener_s_order() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path()).unwrap().index;
        let lists = Playlists::of(&index);
        lists.create("Evening").unwrap();
        lists.add("evening", &[track(1), track(2), track(3), track(1)]).unwrap();
        lists.shift("Evening", 0, 2).unwrap();
        lists.remove_at("Evening", 3).unwrap();
        lists.rename("Evening", "Night").unwrap();
        drop(index);
        let index = Index::open(folder.path()).unwrap().index;
        let night = Playlists::of(&index).find("night").unwrap();
        assert_eq!(night.tracks, [track(2), track(3), track(1)]);
        assert_eq!(Playlists::of(&index).find(&night.id.to_string()).unwrap().name, "Night");
        Playlists::of(&index).delete("Night").unwrap();
        assert!(Playlists::of(&index).all().is_empty());
    }

    // M7
    #[test]
    fn playlists_stand_as_people_count() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path()).unwrap().index;
        let lists = Playlists::of(&index);
        for name in ["Set 10", "set 2", "Set 1", "Set 02b", "Évening", "9 lives", "Set"] {
            lists.create(name).unwrap();
        }
        let names: Vec<String> = lists.all().into_iter().map(|list| list.name).collect();
        assert_eq!(names, ["9 lives", "Set", "Set 1", "set 2", "Set 02b", "Set 10", "Évening"]);
    }

    #[test]
    fn names_are_unique_whatever_their_case_and_places_exist() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path()).unwrap().index;
        let lists = Playlists::of(&index);
        lists.create("Evening").unwrap();
        assert!(matches!(lists.create(" EVENING "), Err(PlaylistError::Taken { .. })));
        assert!(matches!(lists.create("  "), Err(PlaylistError::BadName)));
        assert!(matches!(lists.shift("Evening", 0, 0), Err(PlaylistError::NoPlace { place: 1, count: 0 })));
        assert!(matches!(lists.find("Morning"), Err(PlaylistError::Unknown { .. })));
        assert_eq!(lists.rename("Evening", "evening").unwrap().name, "evening");
    }
}
