//! A program at a terminal: what it shows there, and keys typed to it. `script` of util-linux lends the terminal.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

use tempfile::TempDir;

use crate::patience::wait_for;

/// Somebody sits at it.
#[derive(Debug)]
pub struct Terminal {
    folder: TempDir,
    program: Child,
    keys: ChildStdin,
    /// How much of what was shown has been read.
    read: usize,
}

impl Terminal {
    /// Starts a program at a terminal of its own.
    pub fn start(words: &[OsString]) -> Self {
        let folder = tempfile::tempdir().expect("room for what is shown");
        let shown = File::create(folder.path().join("shown")).expect("room for what is shown");
        let quoted: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        let mut program = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--command", &quoted.join(" "), "/dev/null"])
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::piped())
            .stdout(shown)
            .spawn()
            .expect("script is part of every Debian");
        let keys = program.stdin.take().expect("its input is ours");
        Self { folder, program, keys, read: 0 }
    }

    /// Types keys.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal is open");
    }

    /// Waits until this is shown, after what was waited for before.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let read = self.read;
        self.read = wait_for(&format!("'{text}' on the terminal"), || {
            let shown = self.shown();
            shown.get(read..)?.find(text).map(|at| read + at + text.len())
        });
    }

    /// Everything that was shown.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("shown")).unwrap_or_default()).into_owned()
    }

    /// The window that it stood in is closed.
    pub fn closes(mut self) {
        self.program.kill().expect("our child");
        self.program.wait().expect("our child");
    }

    /// Waits for its end; whether all went well.
    pub fn ends_well(&mut self) -> bool {
        wait_for("the program to end", || self.program.try_wait().expect("our child")).success()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A word as the shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
