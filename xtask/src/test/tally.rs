//! The count of a test run: which steps passed, how many tests did, and the line at its end.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;

use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// One executable full of tests, as cargo built it.
#[derive(Debug)]
pub struct TestProgram {
    package: String,
    folder: PathBuf,
    name: String,
    executable: PathBuf,
}

impl TestProgram {
    /// Whether it tests whole programs together (`tests/`) instead of one crate.
    pub fn is_across_crates(&self) -> bool {
        self.package == "cadenza-tests"
    }

    /// Runs it as cargo would: from its package's folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }

    /// The line of `cargo test --no-run --message-format=json` that names a test executable.
    fn from_message(line: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(line).ok()?;
        if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
            return None;
        }
        let folder = PathBuf::from(message["manifest_path"].as_str()?).parent()?.to_path_buf();
        // `path+file:///checkout/protocol#cadenza-protocol@0.1.0`, or `...#0.1.0` when the folder has the name.
        let id = message["package_id"].as_str()?;
        let (path, named) = id.rsplit_once('#')?;
        let package = match named.split_once('@') {
            Some((name, _)) => name,
            None => path.rsplit('/').next()?,
        };
        Some(Self {
            package: package.to_owned(),
            folder,
            name: message["target"]["name"].as_str()?.to_owned(),
            executable: PathBuf::from(message["executable"].as_str()?),
        })
    }
}

/// What has passed and failed so far. Steps may be told to it from several threads.
#[derive(Debug)]
pub struct Tally {
    /// Where the output of steps is kept that run beside others.
    logs: PathBuf,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    passed: u64,
    failed: u64,
    ignored: u64,
    steps: Vec<(String, Option<Duration>)>,
}

impl Tally {
    /// Nothing has run yet.
    pub fn new(workspace: &Workspace) -> Result<Self, StepError> {
        let logs = workspace.kept("logs");
        std::fs::create_dir_all(&logs).map_err(|error| StepError::own("logs", error))?;
        Ok(Self { logs, counted: Mutex::default() })
    }

    /// Runs a step that either passes or does not.
    pub fn step(&self, name: &str, command: &mut Command) {
        let result = step::run_beside(name, command, &self.log(name), |_| true);
        self.note(name, result);
    }

    /// Notes a step of our own that either passes or does not.
    pub fn own(&self, name: &str, result: Result<Duration, StepError>) {
        self.note(name, result);
    }

    /// Builds all programs and tests; the test executables that cargo names come back.
    pub fn build(&self, name: &str, cargo_build: &mut Command) -> Option<Vec<TestProgram>> {
        cargo_build.arg("--message-format=json-render-diagnostics");
        let mut programs = Vec::new();
        let result = step::run_beside(name, cargo_build, &self.log(name), |line| {
            programs.extend(TestProgram::from_message(line));
            !line.starts_with("{\"reason\"")
        });
        self.note(name, result).then_some(programs)
    }

    /// Runs one executable of Rust tests and adds up what it says.
    pub fn rust_tests(&self, command: &mut Command, program: &TestProgram) {
        let name = format!("{}: {}", program.package, program.name);
        self.counting(&name, command, libtest_counts);
    }

    /// Runs the component tests and adds up what they say.
    pub fn vitest(&self, name: &str, command: &mut Command) {
        self.counting(name, command.env("NO_COLOR", "1"), vitest_counts);
    }

    fn counting(&self, name: &str, command: &mut Command, read: impl Fn(&str) -> Option<[u64; 3]>) {
        let mut counts = [0; 3];
        let result = step::run_beside(name, command, &self.log(name), |line| {
            counts = read(line).unwrap_or(counts);
            true
        });
        let mut counted = self.counted();
        let [passed, failed, ignored] = counts;
        counted.passed += passed;
        counted.failed += failed;
        counted.ignored += ignored;
        drop(counted);
        self.note(name, result);
    }

    /// Prints the table of steps and the closing line; an error if anything failed.
    pub fn close(self, took: Duration) -> Result<(), StepError> {
        let counted = self.counted();
        step::announce("result");
        for (name, took) in &counted.steps {
            match took {
                Some(took) => step::note(format_args!("ok      {:>7.1} s  {name}", took.as_secs_f64())),
                None => step::note(format_args!("FAILED             {name}")),
            }
        }
        let broken = counted.steps.iter().filter(|(_, took)| took.is_none()).count();
        let seconds = took.as_secs();
        println!(
            "\n{} tests passed, {} failed, {} ignored; {} of {} steps passed; {} min {} s",
            counted.passed,
            counted.failed,
            counted.ignored,
            counted.steps.len() - broken,
            counted.steps.len(),
            seconds / 60,
            seconds % 60
        );
        if broken == 0 && counted.failed == 0 {
            Ok(())
        } else {
            Err(StepError::own("test", "not green; the steps marked FAILED above say why"))
        }
    }

    fn note(&self, name: &str, result: Result<Duration, StepError>) -> bool {
        if let Err(error) = &result {
            step::note(error);
        }
        self.counted().steps.push((name.to_owned(), result.as_ref().ok().copied()));
        result.is_ok()
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().expect("no step panics while it is counted")
    }

    fn log(&self, name: &str) -> PathBuf {
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.logs.join(format!("{plain}.log"))
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; ...` as [12, 0, 1].
fn libtest_counts(line: &str) -> Option<[u64; 3]> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    Some(["passed", "failed", "ignored"].map(|word| number_before(counts, word)))
}

/// `      Tests  3 failed | 81 passed | 1 skipped (85)` as [81, 3, 1].
fn vitest_counts(line: &str) -> Option<[u64; 3]> {
    let counts = line.trim_start().strip_prefix("Tests ")?;
    Some(["passed", "failed", "skipped"].map(|word| number_before(counts, word)))
}

fn number_before(text: &str, word: &str) -> u64 {
    let mut previous = "";
    for piece in text.split([' ', ';', '|', ',']).filter(|piece| !piece.is_empty()) {
        if piece == word {
            return previous.parse().unwrap_or(0);
        }
        previous = piece;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_rust_tests_are_read() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(libtest_counts(line), Some([12, 2, 1]));
        assert_eq!(libtest_counts("test it_works ... ok"), None);
    }

    #[test]
    fn the_counts_of_component_tests_are_read() {
        assert_eq!(vitest_counts("      Tests  3 failed | 81 passed (84)"), Some([81, 3, 0]));
        assert_eq!(vitest_counts(" Test Files  9 passed (9)"), None);
    }

    #[test]
    fn a_test_program_is_known_by_its_package() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///c/tests#cadenza-tests@0.1.0","manifest_path":"/c/tests/Cargo.toml","target":{"name":"journeys"},"profile":{"test":true},"executable":"/t/journeys-1"}"#;
        let program = TestProgram::from_message(line).unwrap();
        assert!(program.is_across_crates());
        assert_eq!(program.folder, PathBuf::from("/c/tests"));
    }

    #[test]
    fn steps_side_by_side_are_counted_and_keep_their_output_apart() {
        let folder = tempfile::tempdir().unwrap();
        let tally = Tally { logs: folder.path().to_owned(), counted: Mutex::default() };
        std::thread::scope(|scope| {
            scope.spawn(|| tally.step("one: two", Command::new("rustc").arg("--version")));
            scope.spawn(|| tally.step("three", Command::new("rustc").arg("--no-such-word")));
        });
        let kept = std::fs::read_to_string(folder.path().join("one--two.log")).unwrap();
        assert!(kept.starts_with("rustc "));
        let mut passed: Vec<(String, bool)> =
            tally.counted().steps.iter().map(|(name, took)| (name.clone(), took.is_some())).collect();
        passed.sort();
        assert_eq!(passed, [("one: two".to_owned(), true), ("three".to_owned(), false)]);
        assert!(tally.close(Duration::ZERO).is_err());
    }
}
