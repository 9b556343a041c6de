//! Making a machine ready: system packages, Node, npm packages, the built user interface and
//! the rendered demo album. Each part is skipped when it is already there and unchanged, so a
//! second run takes no time.

mod manager;
mod node;
mod packages;
mod python;
mod stamp;

use std::path::{Path, PathBuf};

use crate::step::{self, StepError};
use crate::workspace::Workspace;

pub use packages::Purpose;

/// The variable by which every program of ours finds the rendered demo album.
pub const DEMO_ALBUM: &str = "CADENZA_DEMO_ALBUM";

/// Installs what the system lacks for these purposes; says what before it does.
pub fn system(purposes: &[Purpose]) -> Result<(), StepError> {
    manager::install_missing(purposes)
}

/// Builds `ui/dist` when its sources changed, with Node and the npm packages it needs.
pub fn user_interface(workspace: &Workspace) -> Result<(), StepError> {
    node::check()?;
    node::packages(workspace)?;
    node::build(workspace)
}

/// Renders the demo album into the build's own folder; returns that folder.
pub fn demo_album(workspace: &Workspace) -> Result<PathBuf, StepError> {
    let folder = workspace.kept("demo-album");
    render(workspace, &folder)?;
    Ok(folder)
}

/// `cargo xtask album`: renders the demo album here, or into the build's own folder.
pub fn album(workspace: &Workspace, out: Option<&Path>) -> Result<(), StepError> {
    system(&[Purpose::Music])?;
    let folder = out.map_or_else(|| workspace.kept("demo-album"), Path::to_path_buf);
    render(workspace, &folder)?;
    step::note(format_args!("the album is in {}", folder.display()));
    Ok(())
}

/// Renders the music from its notes; a track that is there and still right is left alone.
fn render(workspace: &Workspace, folder: &Path) -> Result<(), StepError> {
    const STEP: &str = "demo album";
    step::announce(STEP);
    step::note("rendering the music from its notes, where that is not done yet");
    let started = std::time::Instant::now();
    let tracks = cadenza_album::render_album(&workspace.path("assets/demo-album"), folder)
        .map_err(|error| StepError::own(STEP, error))?;
    for track in &tracks {
        if let Some(made) = track.made {
            step::note(format_args!(
                "{:02}: {:.0} s of music at {:.1} LUFS, peak {:.1} dB",
                track.number, made.measure.seconds, made.measure.lufs, made.measure.true_peak_db
            ));
        }
    }
    let took = started.elapsed().as_secs_f64();
    step::note(format_args!("{} tracks ready after {took:.1} s", tracks.len()));
    Ok(())
}

/// The folder of the interpreter that runs the second reader of our formats.
pub fn python(workspace: &Workspace) -> Result<PathBuf, StepError> {
    python::environment(workspace)
}

/// Whether this demo store was made from the album as it is now.
pub fn is_store_of_this_album(workspace: &Workspace, data: &Path) -> Result<bool, StepError> {
    Ok(stamp::is(&data.with_extension("album"), &album_state(workspace)?) && data.is_dir())
}

/// Notes that this demo store was made from the album as it is now.
pub fn note_store_of_this_album(workspace: &Workspace, data: &Path) -> Result<(), StepError> {
    let state = album_state(workspace)?;
    stamp::write(&data.with_extension("album"), &state).map_err(|error| StepError::own("demo store", error))
}

fn album_state(workspace: &Workspace) -> Result<String, StepError> {
    let sources = [workspace.path("assets/demo-album"), workspace.path("assets/album/src")];
    stamp::of(&sources).map_err(|error| StepError::own("demo store", error))
}

/// `cargo xtask setup`: everything the other commands would install, and nothing more.
pub fn everything(workspace: &Workspace) -> Result<(), StepError> {
    system(&[Purpose::Build, Purpose::Window, Purpose::Music, Purpose::Test])?;
    user_interface(workspace)?;
    python(workspace)?;
    demo_album(workspace)?;
    Ok(())
}
