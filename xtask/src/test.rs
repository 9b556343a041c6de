//! `cargo xtask test`: everything that a green build means.
//!
//! Everything goes on after a failure so that one run tells everything; without a build there are
//! no tests to run. One target folder, one profile and one set of features serve all steps, so
//! nothing is compiled twice. Three rows of steps run beside each other: cargo's own work (it locks
//! its folder), the user interface's checks, and, once there is a build, the tests of single crates.
//! Journeys and window come last, beside each other: they play in real time, each through sound
//! servers and screens of its own, and mostly wait.

mod tally;

use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::structure;
use crate::workspace::{CAPTURE, Workspace};
use tally::{Tally, TestProgram};

/// Prepares the machine, checks, builds, tests, and says the result in one line.
pub fn test(workspace: &Workspace) -> Result<(), StepError> {
    let started = Instant::now();
    setup::system(&[Purpose::Build, Purpose::Window, Purpose::Music, Purpose::Test])?;
    setup::user_interface(workspace)?;
    let album = setup::demo_album(workspace)?;
    let path = step::path_with(&setup::python(workspace)?);
    let run = |tally: &Tally, program: &TestProgram| {
        let mut command = program.command();
        command.env(setup::DEMO_ALBUM, &album).env("PATH", &path);
        tally.rust_tests(&mut command, program);
    };

    let tally = Tally::new(workspace)?;
    tally.own(structure::STEP, structure::check(workspace));
    let (built, build) = mpsc::channel();
    let programs: Vec<TestProgram> = thread::scope(|scope| {
        scope.spawn(|| cargo_steps(workspace, &tally, built));
        scope.spawn(|| user_interface(workspace, &tally));
        let programs: Vec<TestProgram> = build.recv().unwrap_or_default();
        for program in programs.iter().filter(|program| !program.is_across_crates()) {
            run(&tally, program);
        }
        programs
    });
    thread::scope(|scope| {
        for program in programs.iter().filter(|program| program.is_across_crates()) {
            scope.spawn(|| run(&tally, program));
        }
    });
    tally.close(started.elapsed())
}

/// What cargo does: the build first, since tests wait for it.
fn cargo_steps(workspace: &Workspace, tally: &Tally, built: mpsc::Sender<Vec<TestProgram>>) {
    tally.step("format", workspace.cargo("fmt").args(["--all", "--check"]));
    let programs =
        tally.build("programs and tests", &mut over_all(workspace, "build", &["--bins", "--tests"]));
    // Nobody waits any more when the row of tests broke down.
    let _ = built.send(programs.unwrap_or_default());
    tally.step("lints", &mut over_all(workspace, "clippy", &["--all-targets", "--", "-D", "warnings"]));
    let mut documentation = over_all(workspace, "doc", &["--no-deps"]);
    tally.step("documentation", documentation.env("RUSTDOCFLAGS", "-D warnings"));
    tally.step("examples in the documentation", &mut over_all(workspace, "test", &["--doc"]));
    if step::on_path("cargo-deny") {
        tally.step("licences and advisories", workspace.cargo("deny").args(["check"]));
    }
}

/// Types and components of the user interface.
fn user_interface(workspace: &Workspace, tally: &Tally) {
    tally.step("user interface: types", &mut workspace.npm(&["run", "check"]));
    tally.vitest("user interface: components", &mut workspace.npm(&["test"]));
}

/// A word of cargo's over the whole workspace: always the same features, so always the same build.
fn over_all(workspace: &Workspace, word: &str, more: &[&str]) -> Command {
    let mut cargo = workspace.cargo(word);
    cargo.args(["--workspace", "--features", CAPTURE]).args(more);
    cargo
}
