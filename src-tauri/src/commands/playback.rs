//! The transport and the queue (V5, M2).

use cadenza_player::playback::Command;
use tauri::State;
use tauri::ipc::Channel;

use super::id;
use crate::convert;
use crate::core::Desk;
use crate::ipc::{
    AppError, MediaId, PlaybackState, Position, PreviewKind, Queue, QueuePlace, Repeat, TrackId,
};

/// Streams previews of these tracks, one after the other.
#[tauri::command]
#[specta::specta]
pub async fn preview(
    desk: State<'_, Desk>,
    media_ids: Vec<MediaId>,
    start_index: u32,
    kind: PreviewKind,
) -> Result<PlaybackState, AppError> {
    let ids = media_ids.iter().map(id).collect::<Result<Vec<_>, _>>()?;
    desk.core()?.preview(&ids, start_index, convert::preview_kind(kind)).await
}

/// Plays these tracks of the library; they become the queue.
#[tauri::command]
#[specta::specta]
pub async fn play(
    desk: State<'_, Desk>,
    track_ids: Vec<TrackId>,
    start_index: u32,
) -> Result<PlaybackState, AppError> {
    desk.core()?.play(&super::track_ids(&track_ids)?, start_index).await
}

/// Pauses, goes on, or starts the queue.
#[tauri::command]
#[specta::specta]
pub async fn play_pause(desk: State<'_, Desk>) -> Result<PlaybackState, AppError> {
    let core = desk.core()?;
    let command = if core.transport.status().is_sounding() { Command::Pause } else { Command::Play };
    Ok(core.wish(command).await)
}

/// Stops with a fade; the queue stays.
#[tauri::command]
#[specta::specta]
pub async fn stop(desk: State<'_, Desk>) -> Result<PlaybackState, AppError> {
    Ok(desk.core()?.wish(Command::Stop).await)
}

/// The next track.
#[tauri::command]
#[specta::specta]
pub async fn next(desk: State<'_, Desk>) -> Result<PlaybackState, AppError> {
    Ok(desk.core()?.wish(Command::Next).await)
}

/// Back to the start, or to the track before when in the first three seconds.
#[tauri::command]
#[specta::specta]
pub async fn previous(desk: State<'_, Desk>) -> Result<PlaybackState, AppError> {
    Ok(desk.core()?.wish(Command::Previous).await)
}

/// Goes to this time of the track.
#[tauri::command]
#[specta::specta]
pub async fn seek(desk: State<'_, Desk>, position_ms: u32) -> Result<(), AppError> {
    desk.core()?.wish(Command::Seek(position_ms.into())).await;
    Ok(())
}

/// 0 to 100.
#[tauri::command]
#[specta::specta]
pub async fn set_volume(desk: State<'_, Desk>, volume: u8) -> Result<PlaybackState, AppError> {
    let core = desk.core()?;
    core.transport.turn(|knob| knob.turned(volume));
    core.tell_playback();
    Ok(core.answer())
}

/// Silences without moving the volume.
#[tauri::command]
#[specta::specta]
pub async fn set_muted(desk: State<'_, Desk>, muted: bool) -> Result<PlaybackState, AppError> {
    let core = desk.core()?;
    core.transport.turn(|knob| knob.muted(muted));
    core.tell_playback();
    Ok(core.answer())
}

/// Plays the queue in another order.
#[tauri::command]
#[specta::specta]
pub async fn set_shuffle(desk: State<'_, Desk>, shuffle: bool) -> Result<PlaybackState, AppError> {
    Ok(desk.core()?.wish(Command::Shuffle(shuffle)).await)
}

/// What happens at the end.
#[tauri::command]
#[specta::specta]
pub async fn set_repeat(desk: State<'_, Desk>, repeat: Repeat) -> Result<PlaybackState, AppError> {
    Ok(desk.core()?.wish(Command::Repeat(convert::repeat(repeat))).await)
}

/// The transport as it is.
#[tauri::command]
#[specta::specta]
pub async fn playback_state(desk: State<'_, Desk>) -> Result<PlaybackState, AppError> {
    Ok(desk.core()?.answer())
}

/// Sends the running time a few times a second while something plays, and once at each jump.
#[tauri::command]
#[specta::specta]
pub async fn subscribe_position(desk: State<'_, Desk>, channel: Channel<Position>) -> Result<(), AppError> {
    desk.core()?.listen_to_time(channel);
    Ok(())
}

/// The play queue.
#[tauri::command]
#[specta::specta]
pub async fn queue(desk: State<'_, Desk>) -> Result<Queue, AppError> {
    Ok(desk.core()?.queue())
}

/// Plays this entry.
#[tauri::command]
#[specta::specta]
pub async fn queue_play(desk: State<'_, Desk>, entry_id: u32) -> Result<PlaybackState, AppError> {
    let core = desk.core()?;
    Ok(core.wish(Command::Jump(core.entry(entry_id)?)).await)
}

/// Adds tracks of the library.
#[tauri::command]
#[specta::specta]
pub async fn queue_add(
    desk: State<'_, Desk>,
    track_ids: Vec<TrackId>,
    place: QueuePlace,
) -> Result<Queue, AppError> {
    let core = desk.core()?;
    let tracks = core.player.playback_tracks(&super::track_ids(&track_ids)?)?;
    let command = match place {
        QueuePlace::Next => Command::AppendNext(tracks),
        QueuePlace::Last => Command::Append(tracks),
    };
    core.wish(command).await;
    Ok(core.queue())
}

/// Takes entries out.
#[tauri::command]
#[specta::specta]
pub async fn queue_remove(desk: State<'_, Desk>, entry_ids: Vec<u32>) -> Result<Queue, AppError> {
    let core = desk.core()?;
    for key in entry_ids.into_iter().filter_map(|id| core.entry(id).ok()) {
        core.wish(Command::Remove(key)).await;
    }
    Ok(core.queue())
}

/// Moves an entry so that it stands at this index.
#[tauri::command]
#[specta::specta]
pub async fn queue_move(desk: State<'_, Desk>, entry_id: u32, to: u32) -> Result<Queue, AppError> {
    let core = desk.core()?;
    core.wish(Command::Reorder(core.entry(entry_id)?, to as usize)).await;
    Ok(core.queue())
}

/// Stops and empties the queue.
#[tauri::command]
#[specta::specta]
pub async fn queue_clear(desk: State<'_, Desk>) -> Result<Queue, AppError> {
    let core = desk.core()?;
    core.wish(Command::empty()).await;
    Ok(core.queue())
}
