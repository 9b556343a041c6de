//! The library and playlists (M6, M7).

use cadenza_player::library::{TrackOrder, groups};
use tauri::State;

use crate::convert;
use crate::core::Desk;
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
    let core = desk.core()?;
    let list = core.player.library().select(&convert::selection(&query, sort));
    Ok(core.track_page(&list, &query))
}

/// All albums, by artist.
#[tauri::command]
#[specta::specta]
pub async fn library_albums(desk: State<'_, Desk>) -> Result<Vec<LibraryAlbum>, AppError> {
    let core = desk.core()?;
    let albums = groups::albums(&core.player.library().tracks(TrackOrder::Artist));
    Ok(albums.iter().map(|album| core.library_album(album)).collect())
}

/// One album of the library; its tracks come through `library_tracks`.
#[tauri::command]
#[specta::specta]
pub async fn library_album(desk: State<'_, Desk>, album_id: AlbumId) -> Result<LibraryAlbum, AppError> {
    let core = desk.core()?;
    Ok(core.library_album(&core.player.library_album(&album_id.0)?))
}

/// All artists, by name.
#[tauri::command]
#[specta::specta]
pub async fn library_artists(desk: State<'_, Desk>) -> Result<Vec<LibraryArtist>, AppError> {
    let core = desk.core()?;
    let artists = groups::artists(&core.player.library().tracks(TrackOrder::Artist));
    Ok(artists.iter().map(|artist| core.library_artist(artist)).collect())
}

/// Lyrics, liner notes and credits: of a track that is here all, of one in the store what is free to read.
#[tauri::command]
#[specta::specta]
pub async fn track_texts(desk: State<'_, Desk>, track_id: TrackId) -> Result<TrackTexts, AppError> {
    let texts = desk.core()?.player.texts_of_any(super::track_id(&track_id)?).await?;
    Ok(convert::texts(texts))
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
    Ok(core.playlist_card(&core.player.playlist_create(&name, &tracks)?))
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
    let places: Vec<usize> = places.into_iter().map(|place| place as usize).collect();
    core.player.playlist_remove(&playlist_id.0, &places)?;
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
    core.player.playlist_move(&playlist_id.0, from as usize, to as usize)?;
    core.playlist_page(&playlist_id)
}
