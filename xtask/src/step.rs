//! One step of a command: its name, the command line, what it printed, the seconds it took.
//!
//! Everything `cargo xtask` starts goes through here, so a person always sees what runs
//! and can type it again by hand.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The program is not there or may not be executed.
    #[error("{step}: `{program}` could not be started ({source}). Is it installed and on PATH?")]
    NotStarted {
        /// Name of the step.
        step: String,
        /// The program that was asked for.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program ran and failed.
    #[error("{step}: `{line}` failed ({status}); its output above says why")]
    Failed {
        /// Name of the step.
        step: String,
        /// The command line as printed.
        line: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// Something this program does itself went wrong.
    #[error("{step}: {reason}")]
    Own {
        /// Name of the step.
        step: String,
        /// What happened and what to do about it.
        reason: String,
    },
}

impl StepError {
    /// A failure of our own making, said in a sentence.
    pub fn own(step: &str, reason: impl std::fmt::Display) -> Self {
        Self::Own { step: step.to_owned(), reason: reason.to_string() }
    }
}

/// Announces a step that is about to begin.
pub fn announce(step: &str) {
    eprintln!("\n==> {step}");
}

/// Says something about the step that is running.
pub fn note(text: impl std::fmt::Display) {
    eprintln!("    {text}");
}

/// Runs `command` with its output going straight to the terminal.
pub fn run(step: &str, command: &mut Command) -> Result<Duration, StepError> {
    announce(step);
    note(format_args!("$ {}", line_of(command)));
    let started = Instant::now();
    let status = command.status().map_err(|source| not_started(step, command, source))?;
    finish(step, command, status, started)
}

/// Runs `command` beside other steps: what it prints is written to a file, and shown in one piece
/// when it has ended, so that lines of two steps never mix. Every line goes to `each_line` then;
/// those that it wants to keep from view it answers with false.
pub fn run_beside(
    step: &str,
    command: &mut Command,
    log: &Path,
    mut each_line: impl FnMut(&str) -> bool,
) -> Result<Duration, StepError> {
    let cannot_log =
        |error| StepError::own(step, format_args!("{} cannot be written: {error}", log.display()));
    let file = File::create(log).map_err(cannot_log)?;
    eprintln!("... {step}, into {}", log.display());
    command.stdin(Stdio::null()).stdout(file.try_clone().map_err(cannot_log)?).stderr(file);
    let started = Instant::now();
    // A file, not a pipe: whatever the program leaves running must not keep us waiting.
    let status = command.status().map_err(|source| not_started(step, command, source));
    let text = std::fs::read(log).map_err(cannot_log)?;
    let text = String::from_utf8_lossy(&text);
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "\n==> {step}\n    $ {}", line_of(command));
    for line in text.lines().filter(|line| each_line(line)) {
        let _ = writeln!(out, "{line}");
    }
    finish(step, command, status?, started)
}

/// Runs `command` silently and returns what it wrote to stdout, when it succeeds.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of this name is found on PATH.
pub fn on_path(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

/// PATH with this folder first.
pub fn path_with(folder: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    // What was on PATH can be put there again; of our own folder the name is known.
    std::env::join_paths(folders).unwrap_or(path)
}

fn finish(
    step: &str,
    command: &Command,
    status: ExitStatus,
    started: Instant,
) -> Result<Duration, StepError> {
    let took = started.elapsed();
    if status.success() {
        note(format_args!("done in {:.1} s", took.as_secs_f64()));
        Ok(took)
    } else {
        note(format_args!("FAILED after {:.1} s ({status})", took.as_secs_f64()));
        Err(StepError::Failed { step: step.to_owned(), line: line_of(command), status })
    }
}

fn not_started(step: &str, command: &Command, source: std::io::Error) -> StepError {
    let program = command.get_program().to_string_lossy().into_owned();
    StepError::NotStarted { step: step.to_owned(), program, source }
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.is_empty() || word.contains([' ', '"', '\'', '{', '*', ';']) {
        format!("'{word}'")
    } else {
        word.into_owned()
    }
}
