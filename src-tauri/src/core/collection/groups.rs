//! Albums and artists, made from the tracks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cadenza_player::library::TrackRecord;
use cadenza_protocol::id::hex;
use ring::digest::{SHA256, digest};

use super::Sleeves;
use crate::convert::{seconds, small};
use crate::ipc::{AlbumId, LibraryAlbum, LibraryArtist};

/// Names an album of the library: the same artist and title is the same album.
pub fn album_id(track: &TrackRecord) -> AlbumId {
    let name = format!("{}\0{}", track.album_by(), track.album);
    AlbumId(hex(&digest(&SHA256, name.as_bytes()).as_ref()[..16]))
}

/// Albums in the order in which their first tracks come.
pub fn albums(tracks: &[Arc<TrackRecord>], sleeves: &Sleeves) -> Vec<LibraryAlbum> {
    let mut places: HashMap<AlbumId, usize> = HashMap::new();
    let mut albums: Vec<LibraryAlbum> = Vec::new();
    for track in tracks {
        let id = album_id(track);
        let place = *places.entry(id.clone()).or_insert_with(|| {
            albums.push(empty_album(id, track, sleeves));
            albums.len() - 1
        });
        let album = &mut albums[place];
        album.track_count += 1;
        album.duration_ms = small(u64::from(album.duration_ms) + u64::from(track.duration_ms));
        album.added_at = album.added_at.max(seconds(track.added_at));
    }
    albums
}

fn empty_album(id: AlbumId, first: &TrackRecord, sleeves: &Sleeves) -> LibraryAlbum {
    LibraryAlbum {
        sleeve: sleeves.of_track(first),
        album_id: id,
        title: first.album.clone(),
        artist: first.album_by().to_owned(),
        year: first.year,
        genre: first.genre.clone(),
        track_count: 0,
        duration_ms: 0,
        added_at: 0,
    }
}

/// Artists by name.
pub fn artists(tracks: &[Arc<TrackRecord>], sleeves: &Sleeves) -> Vec<LibraryArtist> {
    let mut artists: BTreeMap<(String, &str), (LibraryArtist, Vec<AlbumId>)> = BTreeMap::new();
    for track in tracks {
        let album = album_id(track);
        let (artist, albums) =
            artists.entry((track.artist.to_lowercase(), &track.artist)).or_insert_with(|| {
                (
                    LibraryArtist {
                        name: track.artist.clone(),
                        album_count: 0,
                        track_count: 0,
                        sleeve: sleeves.of_track(track),
                    },
                    Vec::new(),
                )
            });
        artist.track_count += 1;
        if !albums.contains(&album) {
            albums.push(album);
            artist.album_count += 1;
        }
    }
    artists.into_values().map(|(artist, _)| artist).collect()
}
