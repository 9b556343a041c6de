//! Python for the second reader of our formats (`tests/interop`): an environment of its own, so the system's stays as it is.

use std::path::PathBuf;
use std::process::Command;

use super::stamp;
use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// What the reader needs: AES-GCM, RSA, X.509, Argon2id and C2SP chunked encryption.
const PACKAGES: &str = "cryptography==50.0.2";

/// Makes the environment when it is not there, and gives the folder of its interpreter.
pub fn environment(workspace: &Workspace) -> Result<PathBuf, StepError> {
    const STEP: &str = "Python";
    let folder = workspace.kept("python");
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = programs.join(format!("python{}", std::env::consts::EXE_SUFFIX));
    let stamp_file = folder.join(".cadenza-packages");
    if stamp::is(&stamp_file, PACKAGES) && step::answer(Command::new(&python).arg("--version")).is_some() {
        return Ok(programs);
    }
    step::run(STEP, Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    step::run(STEP, Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGES]))?;
    stamp::write(&stamp_file, PACKAGES).map_err(|error| StepError::own(STEP, error))?;
    Ok(programs)
}
