//! Starting a program the way a person does, with a limit on how long it may take.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::Command;

/// How long any one command of the player may take on a slow, busy machine. More is a hang.
pub const LIMIT: Duration = Duration::from_secs(120);

/// One of our programs, beside this test's own build.
pub fn program(name: &str) -> PathBuf {
    let path = beside_this_test().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is not built: `cargo build --workspace --features cadenza-player/capture`, or `cargo xtask test`",
        path.display()
    );
    path
}

/// Tests are in `target/debug/deps`, programs one folder up.
pub(crate) fn beside_this_test() -> PathBuf {
    let own = std::env::current_exe().expect("a running program knows its own path");
    let folder = own.parent().unwrap_or(Path::new("."));
    if folder.ends_with("deps") { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    line: String,
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
    took: Duration,
}

/// Runs a program to its end. Panics when it takes longer than [`LIMIT`].
pub fn run<S: AsRef<std::ffi::OsStr>>(program: &Path, words: &[S]) -> Finished {
    run_with(program, words, |_| ())
}

/// The same, with environment, folder or input set by `prepare`.
pub fn run_with<S: AsRef<std::ffi::OsStr>>(
    program: &Path,
    words: &[S],
    prepare: impl FnOnce(&mut Command),
) -> Finished {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    prepare(&mut command);
    let line = line_of(&command);
    let started = Instant::now();
    let output = in_runtime(async { tokio::time::timeout(LIMIT, command.output()).await });
    let output = output
        .unwrap_or_else(|_| panic!("{line}\nhangs: it was still running after {LIMIT:?}"))
        .unwrap_or_else(|error| panic!("{line}\ncould not be started: {error}"));
    Finished {
        line,
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        took: started.elapsed(),
    }
}

/// A command of the system, such as `flac` or `cd-info`.
pub fn tool<S: AsRef<std::ffi::OsStr>>(name: &str, words: &[S]) -> Finished {
    run(Path::new(name), words)
}

impl Finished {
    /// It must have done what it was asked.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(self.code == Some(0), "this should have worked:\n{self}");
        self
    }

    /// It must have refused: exit code 1 and one line of reason, without a crash. Returns the reason.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(self.code == Some(1), "this should have been refused with exit code 1:\n{self}");
        assert!(!self.stderr.contains("panicked at"), "this crashed:\n{self}");
        let reason = self.stderr.trim().lines().last().unwrap_or_default().to_owned();
        assert!(reason.len() > 20, "the reason should say what happened and what to do:\n{self}");
        reason
    }

    /// Its exit code; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// What it printed, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What it printed with `--json`.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout should be one JSON document ({error}):\n{self}"))
    }

    /// What it printed, byte by byte.
    pub fn bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// What it said on stderr.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// How long it ran.
    pub fn took(&self) -> Duration {
        self.took
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let shown: String = stdout.chars().take(4_000).collect();
        writeln!(f, "$ {}\nexit code {:?} after {:?}", self.line, self.code, self.took)?;
        write!(f, "--- stdout\n{shown}\n--- stderr\n{}", self.stderr)
    }
}

fn line_of(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a future to its end on a small runtime of its own.
pub fn in_runtime<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for one test")
        .block_on(future)
}
