//! `cargo xtask run`: from a fresh checkout to a playing window, or to the same journey in the
//! terminal where there is no display.

mod private;
mod store;
mod terminal;

use std::process::Command;

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// Installs, builds, opens the player with the bundled store and the demo album.
pub fn run(workspace: &Workspace, in_terminal: bool) -> Result<(), StepError> {
    if in_terminal || !has_display() {
        step::announce("no window");
        step::note(if in_terminal {
            "as asked, the journey is played in the terminal"
        } else {
            "there is no display here (DISPLAY and WAYLAND_DISPLAY are empty): \
             the same journey is played in the terminal instead"
        });
        return in_the_terminal(workspace);
    }
    setup::system(&[Purpose::Build, Purpose::Window, Purpose::Music])?;
    setup::user_interface(workspace)?;
    let album = setup::demo_album(workspace)?;
    build(workspace, &["cadenza"])?;
    let mut window = Command::new(workspace.program("cadenza"));
    window.current_dir(workspace.root()).env(setup::DEMO_ALBUM, album);
    step::run("Cadenza (close its window to end)", &mut window)?;
    Ok(())
}

fn in_the_terminal(workspace: &Workspace) -> Result<(), StepError> {
    setup::system(&[Purpose::Build, Purpose::Music])?;
    let album = setup::demo_album(workspace)?;
    build(workspace, &["cadenza-server", "cadenza-cli"])?;
    terminal::journey(workspace, &album)
}

/// Builds these programs. The whole workspace decides the features, so that `run` and `test`
/// share what they compile.
fn build(workspace: &Workspace, programs: &[&str]) -> Result<(), StepError> {
    let mut cargo = workspace.cargo("build");
    cargo.arg("--workspace");
    for program in programs {
        cargo.args(["--bin", program]);
    }
    step::run("build (the first one takes minutes, later ones seconds)", &mut cargo)?;
    Ok(())
}

fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
