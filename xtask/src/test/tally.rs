//! The count of a test run: which steps passed, how many tests did, and the line at its end.

use std::path::PathBuf;
use std::process::Command;
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

/// What has passed and failed so far.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    steps: Vec<(String, Option<Duration>)>,
}

impl Tally {
    /// Nothing has run yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a step that either passes or does not.
    pub fn step(&mut self, name: &str, command: &mut Command) {
        let result = step::run(name, command);
        self.note(name, result);
    }

    /// Notes a step of our own that either passes or does not.
    pub fn own(&mut self, name: &str, result: Result<Duration, StepError>) {
        self.note(name, result);
    }

    /// Builds all tests and programs; what cargo says about them comes back.
    pub fn build(&mut self, cargo_test: &mut Command, workspace: &Workspace) -> Option<Vec<TestProgram>> {
        // The programs themselves, not only their tests: journeys start them.
        let mut programs = workspace.cargo("build");
        programs.args(["--workspace", "--bins", "--features", crate::workspace::CAPTURE]);
        self.note("build the programs", step::run("build the programs", &mut programs)).then_some(())?;
        cargo_test.args(["--no-run", "--message-format=json-render-diagnostics"]);
        step::announce("build the tests");
        let started = std::time::Instant::now();
        let output = cargo_test.stderr(std::process::Stdio::inherit()).output();
        let result = match output {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => Err(StepError::own("build the tests", output.status)),
            Err(error) => Err(StepError::own("build the tests", error)),
        };
        match result {
            Ok(messages) => {
                let _ = self.note("build the tests", Ok(started.elapsed()));
                let text = String::from_utf8_lossy(&messages);
                Some(text.lines().filter_map(TestProgram::from_message).collect())
            }
            Err(error) => {
                self.note("build the tests", Err(error));
                None
            }
        }
    }

    /// Runs one executable of Rust tests and adds up what it says.
    pub fn rust_tests(&mut self, command: &mut Command, program: &TestProgram) {
        let name = format!("{}: {}", program.package, program.name);
        let mut counts = [0; 3];
        let result = step::run_watched(&name, command, |line| {
            if let Some(found) = libtest_counts(line) {
                counts = found;
            }
        });
        self.add(counts);
        self.note(&name, result);
    }

    /// Runs the component tests and adds up what they say.
    pub fn vitest(&mut self, name: &str, command: &mut Command) {
        let mut counts = [0; 3];
        command.env("NO_COLOR", "1");
        let result = step::run_watched(name, command, |line| {
            if let Some(found) = vitest_counts(line) {
                counts = found;
            }
        });
        self.add(counts);
        self.note(name, result);
    }

    /// Prints the table of steps and the closing line; an error if anything failed.
    pub fn close(self, took: Duration) -> Result<(), StepError> {
        step::announce("result");
        for (name, took) in &self.steps {
            match took {
                Some(took) => step::note(format_args!("ok      {:>7.1} s  {name}", took.as_secs_f64())),
                None => step::note(format_args!("FAILED             {name}")),
            }
        }
        let broken = self.steps.iter().filter(|(_, took)| took.is_none()).count();
        let seconds = took.as_secs();
        println!(
            "\n{} tests passed, {} failed, {} ignored; {} of {} steps passed; {} min {} s",
            self.passed,
            self.failed,
            self.ignored,
            self.steps.len() - broken,
            self.steps.len(),
            seconds / 60,
            seconds % 60
        );
        if broken == 0 && self.failed == 0 {
            Ok(())
        } else {
            Err(StepError::own("test", "not green; the steps marked FAILED above say why"))
        }
    }

    fn add(&mut self, [passed, failed, ignored]: [u64; 3]) {
        self.passed += passed;
        self.failed += failed;
        self.ignored += ignored;
    }

    fn note(&mut self, name: &str, result: Result<Duration, StepError>) -> bool {
        if let Err(error) = &result {
            step::note(error);
        }
        self.steps.push((name.to_owned(), result.as_ref().ok().copied()));
        result.is_ok()
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
}
