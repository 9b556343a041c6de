//! `cargo xtask package`: installers for the system this runs on, through the Tauri bundler.
//!
//! The feature `capture`, with which tests record what the device would have played, is never
//! enabled here: the bundler builds the window alone with its default features.

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// The bundler, prebuilt, of the same release as the `tauri` crate.
const BUNDLER: &str = "--package=@tauri-apps/cli@2.12.5";

/// Builds the installers and says where they are.
pub fn package(workspace: &Workspace, bundles: Option<&str>) -> Result<(), StepError> {
    setup::system(&[Purpose::Build, Purpose::Window, Purpose::Music, Purpose::Package])?;
    setup::user_interface(workspace)?;
    let album = setup::demo_album(workspace)?;
    let bundles = bundles.unwrap_or(usual_bundles());
    // The installed player carries the demo album beside it, as its bundled store expects.
    let resources =
        serde_json::json!({ "bundle": { "resources": { album.to_string_lossy(): "demo-album" } } });
    let mut tauri = workspace.npm(&["exec", "--yes", BUNDLER, "--", "tauri", "build"]);
    tauri.args(["--ci", "--bundles", bundles, "--config", &resources.to_string()]);
    tauri.current_dir(workspace.path("src-tauri"));
    tauri.env("CARGO_TARGET_DIR", workspace.target());
    step::run("installers", &mut tauri)?;
    step::note(format_args!("installers: {}", workspace.target().join("release/bundle").display()));
    Ok(())
}

/// What people of this system install from. An AppImage downloads parts while it is made, so it
/// is left to those who ask for it.
fn usual_bundles() -> &'static str {
    if cfg!(windows) {
        "msi,nsis"
    } else if cfg!(target_os = "macos") {
        "dmg"
    } else {
        "deb,rpm"
    }
}
