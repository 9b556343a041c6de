//! `cargo xtask chaos`: runs of store and player in which one thing goes wrong, and then the books (`tests/src/chaos.rs`).

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::workspace::{CAPTURE, Workspace};

/// Builds as `test` does, and makes the runs one after the other; with `seconds`, as many of them as fit.
pub fn chaos(workspace: &Workspace, runs: u64, seed: u64, seconds: Option<u64>) -> Result<(), StepError> {
    setup::system(&[Purpose::Build, Purpose::Test])?;
    let mut build = workspace.cargo("build");
    step::run("programs", build.args(["--workspace", "--features", CAPTURE, "--bins"]))?;
    let mut chaos = std::process::Command::new(workspace.program("chaos"));
    chaos.args([runs, seed].into_iter().chain(seconds).map(|number| number.to_string()));
    step::run("chaos", &mut chaos).map(drop)
}
