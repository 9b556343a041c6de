//! `cargo xtask fuzz`: the fuzz targets under `tests/fuzz`, through cargo-fuzz.

use std::process::Command;

use crate::step::{self, StepError};
use crate::workspace::Workspace;

const STEP: &str = "fuzz";

/// Fuzzes one target or all of them, each for so many seconds.
pub fn fuzz(workspace: &Workspace, target: Option<&str>, seconds: u64) -> Result<(), StepError> {
    let folder = workspace.path("tests/fuzz");
    if !folder.join("Cargo.toml").is_file() {
        return Err(StepError::own(
            STEP,
            "there are no fuzz targets in this checkout yet (they will stand in tests/fuzz)",
        ));
    }
    if !step::on_path("cargo-fuzz") {
        step::run("cargo-fuzz", workspace.cargo("install").args(["cargo-fuzz", "--locked"]))?;
    }
    let targets = match target {
        Some(one) => vec![one.to_owned()],
        None => all_targets(workspace)?,
    };
    for target in targets {
        let limit = format!("-max_total_time={seconds}");
        let mut command = workspace.cargo("fuzz");
        // The sanitizers want a nightly compiler; this lets the pinned one build them.
        command.env("RUSTC_BOOTSTRAP", "1");
        command.arg("run").arg("--fuzz-dir").arg(&folder).args([&target, "--", &limit]);
        step::run(&format!("fuzz {target}"), &mut command)?;
    }
    Ok(())
}

fn all_targets(workspace: &Workspace) -> Result<Vec<String>, StepError> {
    let folder = workspace.path("tests/fuzz");
    let mut list: Command = workspace.cargo("fuzz");
    list.arg("list").arg("--fuzz-dir").arg(folder);
    let listed = step::answer(&mut list)
        .ok_or_else(|| StepError::own(STEP, "`cargo fuzz list` failed; run it by hand to see why"))?;
    Ok(listed.lines().map(str::to_owned).collect())
}
