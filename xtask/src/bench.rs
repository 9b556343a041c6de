//! `cargo xtask bench`: the table of targets, each figure beside a peer measured in the same run.
//!
//! The measuring is done by the bench program of `tests/`, built in the release profile; this
//! brings the peers and hands over the programs.

use std::path::Path;

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// Installs the peers, builds for speed, measures, prints the table.
pub fn bench(workspace: &Workspace, quick: bool, write: Option<&Path>) -> Result<(), StepError> {
    setup::system(&[Purpose::Build, Purpose::Window, Purpose::Music, Purpose::Bench])?;
    let album = setup::demo_album(workspace)?;
    let mut programs = workspace.cargo("build");
    programs.args(["--release", "--workspace", "--bin", "cadenza-server", "--bin", "cadenza-cli"]);
    step::run("programs, built for speed (the first time takes minutes)", &mut programs)?;
    let mut bench = workspace.cargo("bench");
    bench.args(["--workspace", "--bench", "targets", "--"]);
    if quick {
        bench.arg("--quick");
    }
    if let Some(file) = write {
        let file = std::path::absolute(file).map_err(|error| StepError::own("bench", error))?;
        bench.arg("--write").arg(file);
    }
    bench.env(setup::DEMO_ALBUM, album);
    step::run("bench", &mut bench)?;
    Ok(())
}
