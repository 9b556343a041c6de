//! The library and playlists (M6, M7).

use cadenza_player::Code;
use cadenza_player::library::TrackOrder;
use tauri::State;

use crate::convert;
use crate::core::collection;
use crate::core::{Core, Desk};
use crate::ipc::{
    AlbumId, AppError, LibraryAlbum, LibraryArtist, Playlist, PlaylistId, PlaylistPage, TrackId, TrackPage,
    TrackQuery, TrackSort, TrackTexts,
};

/// A part of the list of tracks.
#[tauri::command]
#[specta::specta]
pub async fn library_tracks(
    desk: State<'_, Desk>,
    query: TrackQuery,
    sort: TrackSort,
) -> Result<TrackPage, AppError> {
    Ok(desk.core()?.collection.page(&query, sort))
}

/// All albums, by artist.
#[tauri::command]
#[specta::specta]
pub async fn library_albums(desk: State<'_, Desk>) -> Result<Vec<LibraryAlbum>, AppError> {
    let collection = &desk.core()?.collection;
    Ok(collection::albums(&collection.tracks(TrackOrder::Artist), collection.sleeves()))
}

/// One album of the library; its tracks come through `library_tracks`.
#[tauri::command]
#[specta::specta]
pub async fn library_album(desk: State<'_, Desk>, album_id: AlbumId) -> Result<LibraryAlbum, AppError> {
    let collection = &desk.core()?.collection;
    let album = collection::albums(&collection.album(&album_id), collection.sleeves()).pop();
    album.ok_or_else(|| {
        AppError::new(Code::NotFound, "this album is no longer in the library: go back to the list")
    })
}

/// All artists, by name.
#[tauri::command]
#[specta::specta]
pub async fn library_artists(desk: State<'_, Desk>) -> Result<Vec<LibraryArtist>, AppError> {
    let collection = &desk.core()?.collection;
    Ok(collection::artists(&collection.tracks(TrackOrder::Artist), collection.sleeves()))
}

/// Lyrics, liner notes and credits: of a track that is here all, of one in the store what is free to read.
#[tauri::command]
#[specta::specta]
pub async fn track_texts(desk: State<'_, Desk>, track_id: TrackId) -> Result<TrackTexts, AppError> {
    desk.core()?.texts(super::track_id(&track_id)?).await
}

/// All playlists, by name.
#[tauri::command]
#[specta::specta]
pub async fn playlists(desk: State<'_, Desk>) -> Result<Vec<Playlist>, AppError> {
    let core = desk.core()?;
    Ok(core.player.library().playlists().all().iter().map(|list| core.playlist_card(list)).collect())
}

/// One playlist with its tracks in order.
#[tauri::command]
#[specta::specta]
pub async fn playlist(desk: State<'_, Desk>, playlist_id: PlaylistId) -> Result<PlaylistPage, AppError> {
    desk.core()?.playlist_page(&playlist_id)
}

/// Makes a playlist.
#[tauri::command]
#[specta::specta]
pub async fn playlist_create(
    desk: State<'_, Desk>,
    name: String,
    track_ids: Vec<TrackId>,
) -> Result<Playlist, AppError> {
    let (core, tracks) = (desk.core()?, super::track_ids(&track_ids)?);
    let made = core.player.change_playlists(|lists| {
        let made = lists.create(&name)?;
        lists.add(&made.id.to_string(), &tracks)
    })?;
    Ok(core.playlist_card(&made))
}

/// Gives it another name.
#[tauri::command]
#[specta::specta]
pub async fn playlist_rename(
    desk: State<'_, Desk>,
    playlist_id: PlaylistId,
    name: String,
) -> Result<Playlist, AppError> {
    let core = desk.core()?;
    Ok(core.playlist_card(&core.player.change_playlists(|lists| lists.rename(&playlist_id.0, &name))?))
}

/// Deletes it; its tracks stay in the library.
#[tauri::command]
#[specta::specta]
pub async fn playlist_delete(desk: State<'_, Desk>, playlist_id: PlaylistId) -> Result<(), AppError> {
    Ok(desk.core()?.player.change_playlists(|lists| lists.delete(&playlist_id.0))?)
}

/// Adds tracks at the end.
#[tauri::command]
#[specta::specta]
pub async fn playlist_add(
    desk: State<'_, Desk>,
    playlist_id: PlaylistId,
    track_ids: Vec<TrackId>,
) -> Result<PlaylistPage, AppError> {
    let (core, tracks) = (desk.core()?, super::track_ids(&track_ids)?);
    core.player.change_playlists(|lists| lists.add(&playlist_id.0, &tracks))?;
    core.playlist_page(&playlist_id)
}

/// Takes out what stands at these places.
#[tauri::command]
#[specta::specta]
pub async fn playlist_remove(
    desk: State<'_, Desk>,
    playlist_id: PlaylistId,
    places: Vec<u32>,
) -> Result<PlaylistPage, AppError> {
    let core = desk.core()?;
    let mut places = core.places(&playlist_id, &places)?;
    // From the end, so that the places before it stay what they were.
    places.sort_unstable();
    places.dedup();
    core.player.change_playlists(|lists| {
        places.iter().rev().try_for_each(|place| lists.remove_at(&playlist_id.0, *place).map(drop))
    })?;
    core.playlist_page(&playlist_id)
}

/// Moves a track from one place to another.
#[tauri::command]
#[specta::specta]
pub async fn playlist_move(
    desk: State<'_, Desk>,
    playlist_id: PlaylistId,
    from: u32,
    to: u32,
) -> Result<PlaylistPage, AppError> {
    let core = desk.core()?;
    let places = core.places(&playlist_id, &[from, to])?;
    core.player.change_playlists(|lists| lists.shift(&playlist_id.0, places[0], places[1]))?;
    core.playlist_page(&playlist_id)
}

impl Core {
    async fn texts(&self, id: cadenza_player::library::TrackId) -> Result<TrackTexts, AppError> {
        if self.player.track(id).is_ok() {
            let texts = self.player.texts(id).await?;
            let lyrics = texts.lyrics.as_deref().map(convert::lyric_lines);
            return Ok(TrackTexts {
                lyrics,
                liner_notes: texts.liner_notes,
                credits: texts.credits,
                commentary: texts.commentary,
            });
        }
        let offer = self.offer(cadenza_protocol::id::MediaId::from_bytes(*id.as_bytes())).await?;
        Ok(TrackTexts {
            lyrics: None,
            liner_notes: offer.liner_notes,
            credits: offer.credits,
            commentary: None,
        })
    }

    fn playlist_card(&self, list: &cadenza_player::library::playlist::Playlist) -> Playlist {
        let tracks: Vec<_> = list.tracks.iter().filter_map(|id| self.player.library().track(*id)).collect();
        Playlist {
            playlist_id: PlaylistId(list.id.to_string()),
            name: list.name.clone(),
            track_count: u32::try_from(tracks.len()).unwrap_or(u32::MAX),
            duration_ms: convert::small(tracks.iter().map(|track| u64::from(track.duration_ms)).sum()),
            sleeve: tracks.first().map(|track| self.collection.library_track(track).sleeve),
        }
    }

    fn playlist_page(&self, id: &PlaylistId) -> Result<PlaylistPage, AppError> {
        let (list, tracks) = self.player.playlist(&id.0)?;
        Ok(PlaylistPage {
            playlist: self.playlist_card(&list),
            tracks: tracks.iter().map(|track| self.collection.library_track(track)).collect(),
        })
    }

    /// Where a track that the page shows really stands: tracks that are not in the library are left out of the page, not
    /// forgotten.
    fn places(&self, id: &PlaylistId, shown: &[u32]) -> Result<Vec<usize>, AppError> {
        let list = self.player.playlist(&id.0)?.0;
        let is_here = |place: &usize| self.player.library().track(list.tracks[*place]).is_some();
        let real: Vec<usize> = (0..list.tracks.len()).filter(is_here).collect();
        let place = |shown: &u32| real.get(*shown as usize).copied();
        let places: Option<Vec<usize>> = shown.iter().map(place).collect();
        places.ok_or_else(|| {
            AppError::new(Code::PlaylistPlace, "the playlist has changed meanwhile: look at it again")
        })
    }
}
