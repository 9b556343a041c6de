//! `cargo xtask test`: everything that a green build means.
//!
//! Cheap checks go on after a failure so that one run tells everything; without a build there
//! is nothing further to run. One target folder, one profile and one set of features serve all
//! steps, so nothing is compiled twice.

mod tally;

use std::time::Instant;

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::structure;
use crate::workspace::{CAPTURE, Workspace};
use tally::Tally;

/// Prepares the machine, checks, builds, tests, and says the result in one line.
pub fn test(workspace: &Workspace) -> Result<(), StepError> {
    let started = Instant::now();
    setup::system(&[Purpose::Build, Purpose::Window, Purpose::Music, Purpose::Test])?;
    setup::user_interface(workspace)?;
    let album = setup::demo_album(workspace)?;
    let path = step::path_with(&setup::python(workspace)?);

    let mut tally = Tally::new();
    checks(workspace, &mut tally);
    user_interface(workspace, &mut tally);
    if let Some(programs) = tally.build(&mut tests_of(workspace, &[]), workspace) {
        for program in &programs {
            // The journeys and the window come last: they need everything else to be right.
            if !program.is_across_crates() {
                let mut command = program.command();
                command.env(setup::DEMO_ALBUM, &album).env("PATH", &path);
                tally.rust_tests(&mut command, program);
            }
        }
        tally.step("examples in the documentation", &mut tests_of(workspace, &["--doc"]));
        for program in programs.iter().filter(|program| program.is_across_crates()) {
            let mut command = program.command();
            command.env(setup::DEMO_ALBUM, &album);
            tally.rust_tests(&mut command, program);
        }
    }
    tally.close(started.elapsed())
}

/// Format, lints, documentation, licences.
fn checks(workspace: &Workspace, tally: &mut Tally) {
    tally.own(structure::STEP, structure::check(workspace));
    tally.step("format", workspace.cargo("fmt").args(["--all", "--check"]));
    let all = ["--workspace", "--all-targets", "--features", CAPTURE];
    tally.step("lints", workspace.cargo("clippy").args(all).args(["--", "-D", "warnings"]));
    let mut documentation = workspace.cargo("doc");
    documentation.args(["--workspace", "--no-deps", "--features", CAPTURE]);
    tally.step("documentation", documentation.env("RUSTDOCFLAGS", "-D warnings"));
    if step::on_path("cargo-deny") {
        tally.step("licences and advisories", workspace.cargo("deny").args(["check"]));
    }
}

/// Types and components of the user interface.
fn user_interface(workspace: &Workspace, tally: &mut Tally) {
    tally.step("user interface: types", &mut workspace.npm(&["run", "check"]));
    tally.vitest("user interface: components", &mut workspace.npm(&["test"]));
}

/// `cargo test` over the whole workspace: always the same features, so always the same build.
fn tests_of(workspace: &Workspace, more: &[&str]) -> std::process::Command {
    let mut cargo = workspace.cargo("test");
    cargo.args(["--workspace", "--features", CAPTURE]).args(more);
    cargo
}
