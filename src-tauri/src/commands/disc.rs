//! The disc: lay it out, write its image (D1, D2, D3).

use std::path::PathBuf;

use tauri::State;

use crate::convert;
use crate::core::Desk;
use crate::ipc::{AppError, DiscPlan, DiscResult, DiscSize, TrackId};

/// Lays a disc out; writes nothing.
#[tauri::command]
#[specta::specta]
pub async fn disc_plan(
    desk: State<'_, Desk>,
    track_ids: Vec<TrackId>,
    size: DiscSize,
) -> Result<DiscPlan, AppError> {
    let core = desk.core()?;
    let draft = core.player.draft_disc(&super::track_ids(&track_ids)?, convert::capacity(size))?;
    Ok(core.disc_plan(&draft))
}

/// Writes the disc image (BIN, CUE and cdrdao TOC) into a folder; `BurnProgress` tells how far.
#[tauri::command]
#[specta::specta]
pub async fn disc_burn(
    desk: State<'_, Desk>,
    track_ids: Vec<TrackId>,
    size: DiscSize,
    title: String,
    folder: String,
) -> Result<DiscResult, AppError> {
    desk.core()?.disc_burn(super::track_ids(&track_ids)?, size, title, PathBuf::from(folder)).await
}

/// Stops the writing; what was written is removed.
#[tauri::command]
#[specta::specta]
pub async fn disc_cancel(desk: State<'_, Desk>) -> Result<(), AppError> {
    desk.core()?.player.stop_burning();
    Ok(())
}
