//! Settings, devices, file choosers and the state of the whole window.

use tauri::{AppHandle, State};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};

use crate::convert;
use crate::core::Desk;
use crate::ipc::{AppError, AppState, AudioDevice, PickedFile, Settings};

/// Everything the first page needs.
#[tauri::command]
#[specta::specta]
pub async fn app_state(app: AppHandle, desk: State<'_, Desk>) -> Result<AppState, AppError> {
    Ok(desk.core()?.app_state(app.package_info().version.to_string()))
}

/// What the listener has chosen.
#[tauri::command]
#[specta::specta]
pub async fn settings(desk: State<'_, Desk>) -> Result<Settings, AppError> {
    Ok(convert::settings(&desk.core()?.player.settings()))
}

/// Keeps the settings, all of them.
#[tauri::command]
#[specta::specta]
pub async fn set_settings(desk: State<'_, Desk>, settings: Settings) -> Result<Settings, AppError> {
    let core = desk.core()?;
    let before = core.player.settings();
    core.player.set_settings(convert::changed_settings(before.clone(), settings))?;
    let kept = core.player.settings();
    if kept.device != before.device {
        core.transport.use_device(kept.device.as_deref());
    }
    Ok(convert::settings(&kept))
}

/// Sound devices, the system's choice first.
#[tauri::command]
#[specta::specta]
pub async fn devices(desk: State<'_, Desk>) -> Result<Vec<AudioDevice>, AppError> {
    desk.core()?.transport.devices()
}

/// Lets the listener choose a folder; null when the chooser is closed.
#[tauri::command]
#[specta::specta]
pub async fn pick_folder(app: AppHandle) -> Result<Option<String>, AppError> {
    chosen(|answer| app.dialog().file().pick_folder(answer)).await
}

/// Lets the listener choose a file to open; null when the chooser is closed.
#[tauri::command]
#[specta::specta]
pub async fn pick_file(app: AppHandle, kind: PickedFile) -> Result<Option<String>, AppError> {
    chosen(|answer| filtered(app.dialog().file(), kind).pick_file(answer)).await
}

/// Lets the listener choose where to save; null when the chooser is closed.
#[tauri::command]
#[specta::specta]
pub async fn pick_save(
    app: AppHandle,
    kind: PickedFile,
    suggested_name: String,
) -> Result<Option<String>, AppError> {
    chosen(|answer| filtered(app.dialog().file(), kind).set_file_name(suggested_name).save_file(answer)).await
}

fn filtered<R: tauri::Runtime>(dialog: FileDialogBuilder<R>, kind: PickedFile) -> FileDialogBuilder<R> {
    match kind {
        PickedFile::Voucher => dialog.add_filter("Cadenza voucher", &["cadvoucher"]),
        PickedFile::Passport => dialog.add_filter("Cadenza passport", &["cadpassport"]),
        PickedFile::Certificate => dialog.add_filter("PEM", &["pem", "crt"]),
    }
}

/// Opens a chooser and waits for its answer.
async fn chosen(
    open: impl FnOnce(Box<dyn FnOnce(Option<FilePath>) + Send>),
) -> Result<Option<String>, AppError> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    open(Box::new(move |path| drop(answer.send(path))));
    Ok(answered.await.ok().flatten().map(|path| path.to_string()))
}
