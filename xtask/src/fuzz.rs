//! `cargo xtask fuzz`: the fuzz targets under `tests/fuzz`, through cargo-fuzz.

use std::path::Path;
use std::process::Command;

use crate::step::{self, StepError};
use crate::workspace::Workspace;

const STEP: &str = "fuzz";

/// What a run is held to: 5 s an input, 64 MiB a single allocation, 512 MiB in all, sanitizers included.
const LIMITS: [&str; 3] = ["-timeout=5", "-malloc_limit_mb=64", "-rss_limit_mb=512"];
/// A small file may be a picture of 16 million pixels, for which 128 MiB may be taken (`protocol/src/picture.rs`).
const PICTURE_LIMITS: [&str; 3] = ["-timeout=30", "-malloc_limit_mb=130", "-rss_limit_mb=1024"];

/// Fuzzes one target or all of them, each for so many seconds: from the committed seeds, growing a corpus beside them.
pub fn fuzz(workspace: &Workspace, target: Option<&str>, seconds: u64) -> Result<(), StepError> {
    let folder = workspace.path("tests/fuzz");
    if !step::on_path("cargo-fuzz") {
        step::run("cargo-fuzz", workspace.cargo("install").args(["cargo-fuzz", "--locked"]))?;
    }
    let targets = match target {
        Some(one) => vec![one.to_owned()],
        None => all_targets(workspace, &folder)?,
    };
    for target in targets {
        let corpus = folder.join("corpus").join(&target);
        std::fs::create_dir_all(&corpus)
            .map_err(|e| StepError::own(STEP, format_args!("{} cannot be made: {e}", corpus.display())))?;
        let mut command = cargo_fuzz(workspace, "run", &folder);
        command.arg(&target).arg(&corpus).arg(folder.join("seeds").join(&target));
        let limits = if target == "pictures" { PICTURE_LIMITS } else { LIMITS };
        command.arg("--").arg(format!("-max_total_time={seconds}")).args(limits);
        step::run(&format!("fuzz {target}"), &mut command)?;
    }
    Ok(())
}

fn all_targets(workspace: &Workspace, folder: &Path) -> Result<Vec<String>, StepError> {
    let listed = step::answer(&mut cargo_fuzz(workspace, "list", folder))
        .ok_or_else(|| StepError::own(STEP, "`cargo fuzz list` failed; run it by hand to see why"))?;
    Ok(listed.lines().map(str::to_owned).collect())
}

fn cargo_fuzz(workspace: &Workspace, what: &str, folder: &Path) -> Command {
    let mut command = workspace.cargo("fuzz");
    // The sanitizers want a nightly compiler; this lets the pinned one build them.
    command.env("RUSTC_BOOTSTRAP", "1");
    // Freed memory that the sanitizer keeps aside counts against the limit.
    command.env("ASAN_OPTIONS", "quarantine_size_mb=16");
    command.arg(what).arg("--fuzz-dir").arg(folder);
    command
}
