//! Node and the user interface: the right version, packages as locked, a build when sources changed.

use std::process::Command;

use super::stamp;
use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// The oldest Node that Vite 8 runs on.
const OLDEST: (u32, u32) = (20, 19);

/// Checks that Node is there and new enough.
pub fn check() -> Result<(), StepError> {
    const STEP: &str = "Node";
    let advice = format!(
        "Install Node {}.{} or newer (https://nodejs.org, or your system's packages) and try again",
        OLDEST.0, OLDEST.1
    );
    let Some(answer) = step::answer(Command::new("node").arg("--version")) else {
        return Err(StepError::own(STEP, format_args!("`node` was not found. {advice}")));
    };
    match version(&answer) {
        Some(found) if found >= OLDEST => Ok(()),
        _ => Err(StepError::own(STEP, format_args!("found Node {}. {advice}", answer.trim()))),
    }
}

/// `npm ci`, when the lock file is not the one installed.
pub fn packages(workspace: &Workspace) -> Result<(), StepError> {
    const STEP: &str = "npm packages";
    let stamp_file = workspace.ui().join("node_modules/.cadenza-packages");
    let lock = workspace.ui().join("package-lock.json");
    let state = stamp::of(&[lock]).map_err(|error| StepError::own(STEP, error))?;
    if stamp::is(&stamp_file, &state) {
        return Ok(());
    }
    step::run(STEP, &mut workspace.npm(&["ci", "--no-audit", "--no-fund"]))?;
    stamp::write(&stamp_file, &state).map_err(|error| StepError::own(STEP, error))
}

/// `npm run build`, when a source of the user interface is newer than its build.
pub fn build(workspace: &Workspace) -> Result<(), StepError> {
    const STEP: &str = "user interface";
    let sources = [
        "src",
        "public",
        "index.html",
        "package-lock.json",
        "svelte.config.js",
        "tsconfig.json",
        "vite.config.ts",
    ]
    .map(|name| workspace.ui().join(name));
    let assets = [workspace.path("assets/fonts"), workspace.path("assets/icons")];
    let state =
        stamp::of(&[&sources[..], &assets[..]].concat()).map_err(|error| StepError::own(STEP, error))?;
    let stamp_file = workspace.ui().join("node_modules/.cadenza-built");
    if workspace.ui().join("dist/index.html").is_file() && stamp::is(&stamp_file, &state) {
        return Ok(());
    }
    step::run(STEP, &mut workspace.npm(&["run", "build"]))?;
    stamp::write(&stamp_file, &state).map_err(|error| StepError::own(STEP, error))
}

/// `v20.19.4` as (20, 19).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_version_is_read_as_node_prints_it() {
        assert_eq!(version("v20.19.4\n"), Some((20, 19)));
        assert_eq!(version("nonsense"), None);
    }
}
