//! The library's shapes.

use std::sync::Arc;

use cadenza_player::library::groups::{self, Album, Artist};
use cadenza_player::library::lyrics;
use cadenza_player::library::playlist::Playlist as CorePlaylist;
use cadenza_player::library::selection::{Selected, Selection, SortBy};
use cadenza_player::library::track::AudioFormat as CoreFormat;
use cadenza_player::library::{AlbumKey, Plays, TrackOrder as CoreOrder, TrackRecord};
use cadenza_player::player::Texts;
use cadenza_protocol::shop::TrackOffer;

use super::{count, seconds, small};
use crate::ipc::{
    AlbumId, Allowance, AudioFormat, LibraryAlbum, LibraryArtist, LibraryTrack, LyricLine, MediaId, Playlist,
    PlaylistId, Sleeve, TrackId, TrackOrder, TrackPage, TrackQuery, TrackSort, TrackTexts,
};

/// Which tracks the page asked for. An album that cannot be one has no tracks, and an id of its own that no album has.
pub fn selection<'a>(query: &'a TrackQuery, sort: TrackSort) -> Selection<'a> {
    Selection {
        words: query.text.as_deref(),
        album: query.album_id.as_ref().map(|id| id.0.parse().unwrap_or(AlbumKey::NONE)),
        artist: query.artist.as_deref(),
        by: match sort.by {
            TrackOrder::Title => SortBy::Order(CoreOrder::Title),
            TrackOrder::Artist => SortBy::Order(CoreOrder::Artist),
            TrackOrder::Album => SortBy::Order(CoreOrder::Album),
            TrackOrder::Duration => SortBy::Order(CoreOrder::Duration),
            TrackOrder::Added => SortBy::Order(CoreOrder::Added),
            TrackOrder::PlayCount => SortBy::PlayCount,
        },
        descending: sort.descending,
    }
}

/// A part of a list.
pub fn track_page(list: &Selected, tracks: Vec<LibraryTrack>) -> TrackPage {
    TrackPage { tracks, total: count(list.tracks.len()), total_seconds: small(list.seconds) }
}

/// A track as it stands in a list.
pub fn library_track(
    record: &TrackRecord,
    sleeve: Sleeve,
    play: Allowance,
    record_left: Allowance,
    plays: Plays,
) -> LibraryTrack {
    LibraryTrack {
        track_id: TrackId(record.id.to_string()),
        media_id: record.media_id().map(|id| MediaId(id.to_string())),
        album_id: album_id(record),
        title: record.title.clone(),
        artist: record.artist.clone(),
        album: record.album.clone(),
        number: record.number,
        genre: record.genre.clone(),
        year: record.year,
        duration_ms: record.duration_ms,
        sleeve,
        format: audio_format(&record.format),
        size_bytes: small(record.size_bytes),
        play,
        record: record_left,
        added_at: seconds(record.added_at),
        play_count: plays.count,
        last_played_at: plays.last.map(seconds),
    }
}

/// The album that a track is on.
pub fn album_id(record: &TrackRecord) -> AlbumId {
    AlbumId(AlbumKey::of(record).to_string())
}

/// An album.
pub fn library_album(album: &Album, offer: Option<TrackOffer>, sleeve: Sleeve) -> LibraryAlbum {
    LibraryAlbum {
        album_id: AlbumId(album.key.to_string()),
        store_album_id: offer.map(|offer| AlbumId(offer.album_id)),
        title: album.first.album.clone(),
        artist: album.first.album_by().to_owned(),
        year: album.first.year,
        genre: album.first.genre.clone(),
        sleeve,
        track_count: count(album.track_count),
        duration_ms: small(album.duration_ms),
        added_at: seconds(album.added_at),
    }
}

/// An artist.
pub fn library_artist(artist: &Artist, sleeve: Sleeve) -> LibraryArtist {
    LibraryArtist {
        name: artist.first.artist.clone(),
        album_count: count(artist.album_count),
        track_count: count(artist.track_count),
        sleeve,
    }
}

/// A playlist with those of its tracks that are here.
pub fn playlist(list: &CorePlaylist, tracks: &[Arc<TrackRecord>], sleeve: Option<Sleeve>) -> Playlist {
    Playlist {
        playlist_id: PlaylistId(list.id.to_string()),
        name: list.name.clone(),
        track_count: count(tracks.len()),
        duration_ms: small(groups::duration_ms(tracks)),
        sleeve,
    }
}

/// What there is to read.
pub fn texts(texts: Texts) -> TrackTexts {
    let line = |line: lyrics::LyricLine| LyricLine { start_ms: line.start_ms, text: line.text };
    TrackTexts {
        lyrics: texts.lyrics.map(|text| lyrics::lines(&text).into_iter().map(line).collect()),
        liner_notes: texts.liner_notes,
        credits: texts.credits,
        commentary: texts.commentary,
        biography: texts.biography,
    }
}

/// What audio is made of.
pub fn audio_format(format: &CoreFormat) -> AudioFormat {
    AudioFormat {
        codec: format.codec.clone(),
        sample_rate: format.sample_rate,
        bits: format.bits,
        bit_rate: format.bit_rate,
        channels: format.channels,
    }
}
