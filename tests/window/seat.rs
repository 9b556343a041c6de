//! A seat of one's own to try the window at: a display nobody sees, a window manager, a message bus, a sound card
//! that is silent but keeps time, an empty home, and a remote control for the window.
//!
//! Everything is started on free numbers, with private folders, and ends with the value.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cadenza_tests::patience::wait_for;
use cadenza_tests::programs::program;
use cadenza_tests::webdriver::Driver;
use serde_json::json;
use tempfile::TempDir;

use crate::page::Page;

/// The seat. Fields end in this order: the window first, what it stands on after it.
pub struct Seat {
    driver: Driver,
    _running: Vec<Running>,
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

/// A program of the seat; it ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Seat {
    /// Sets everything up.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("room for a seat");
        for name in ["home", "data", "config", "cache", "run", "pulse"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("room for a folder");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("the folder is ours");
        }
        fs::write(folder.path().join("pulse/cookie"), [0x2a; 256]).expect("room for a cookie");
        let text = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let mut environment = vec![
            ("HOME", text("home")),
            ("XDG_DATA_HOME", text("data")),
            ("XDG_CONFIG_HOME", text("config")),
            ("XDG_CACHE_HOME", text("cache")),
            ("XDG_RUNTIME_DIR", text("run")),
            ("PULSE_RUNTIME_PATH", text("pulse")),
            ("PULSE_SERVER", format!("unix:{}", text("pulse/native"))),
            // Any cookie opens the door, but there has to be one.
            ("PULSE_COOKIE", text("pulse/cookie")),
            // Drawn by the processor, without the accessibility bus, in one language.
            ("WEBKIT_DISABLE_DMABUF_RENDERER", "1".into()),
            ("LIBGL_ALWAYS_SOFTWARE", "1".into()),
            ("NO_AT_BRIDGE", "1".into()),
            ("LANG", "C.UTF-8".into()),
            ("LANGUAGE", "en".into()),
            ("TAURI_WEBVIEW_AUTOMATION", "true".into()),
        ];
        let mut running = Vec::new();

        let (display, number) = start_and_ask(
            "Xvfb",
            &["-displayfd", "1", "-screen", "0", "1600x1100x24", "-nolisten", "tcp"],
            &environment,
        );
        running.push(display);
        environment.push(("DISPLAY", format!(":{number}")));

        let (bus, address) = start_and_ask(
            "dbus-daemon",
            &["--session", "--nofork", "--nopidfile", "--print-address=1"],
            &environment,
        );
        running.push(bus);
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address));

        running.push(start("openbox", &[], &environment));
        running.push(start_sound(&text("pulse/native"), &environment));

        let driver = Driver::start("WebKitWebDriver", |command| {
            command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
        });
        Self { driver, _running: running, folder, environment }
    }

    /// Starts the player with these words on its command line; its window is ready to be looked at.
    pub fn player(&self, words: &[&str]) -> Page {
        let binary = program("cadenza");
        let options = json!({ "webkitgtk:browserOptions": { "binary": binary, "args": words } });
        Page::of(self.driver.open(options))
    }

    /// Starts the player a second time, as a double click on a file does, and waits until it has handed over.
    pub fn second_start(&self, words: &[&str]) {
        let mut command = Command::new(program("cadenza"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        let mut second = Running(command.spawn().expect("the player can be started"));
        let status =
            wait_for("the second player to hand over and end", || second.0.try_wait().expect("our child"));
        assert!(status.success(), "the second player should end well: {status}");
    }

    /// The process of the player that has this word on its command line.
    pub fn process(&self, word: &str) -> u32 {
        let program = fs::canonicalize(program("cadenza")).expect("it is built");
        let is_it = |process: &u32| {
            let inside = |name: &str| format!("/proc/{process}/{name}");
            let words = fs::read_to_string(inside("cmdline")).unwrap_or_default();
            fs::read_link(inside("exe")).is_ok_and(|exe| exe == program)
                && words.split('\0').any(|w| w == word)
        };
        let names = fs::read_dir("/proc").expect("a process table").flatten();
        let mut processes = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        processes.find(is_it).expect("the player runs")
    }

    /// The window manager shows a window of this name.
    #[track_caller]
    pub fn has_a_window_called(&self, name: &str) {
        wait_for(&format!("a window called {name}"), || {
            let mut search = command("xdotool", &["search", "--name", name], &self.environment);
            search.stdout(Stdio::null()).status().expect("xdotool").success().then_some(())
        });
    }

    /// A path in the seat's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn start(name: &str, words: &[&str], environment: &[(&'static str, String)]) -> Running {
    Running(
        command(name, words, environment)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}")),
    )
}

/// Starts a program that says on its first line where it is.
fn start_and_ask(name: &str, words: &[&str], environment: &[(&'static str, String)]) -> (Running, String) {
    let child = command(name, words, environment).stdout(Stdio::piped()).spawn();
    let mut running = Running(child.unwrap_or_else(|e| panic!("{name}: {e}")));
    let said = running.0.stdout.take().expect("its output is ours");
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(!line.trim().is_empty(), "{name} ended without saying where it is");
    (running, line.trim().to_owned())
}

/// A sound server whose only card takes sound as fast as it would be heard, and throws it away.
fn start_sound(socket: &str, environment: &[(&'static str, String)]) -> Running {
    let card = "module-null-sink sink_name=nowhere rate=44100 format=s16le channels=2";
    let door = format!("module-native-protocol-unix socket={socket} auth-anonymous=1");
    let words = [
        "-n",
        "--daemonize=no",
        "--use-pid-file=no",
        "--exit-idle-time=-1",
        "--disallow-exit=yes",
        "--realtime=no",
        "--high-priority=no",
        "-L",
        card,
        "-L",
        &door,
    ];
    let running = start("pulseaudio", &words, environment);
    wait_for("the sound server", || UnixStream::connect(Path::new(socket)).ok());
    running
}

fn command(name: &str, words: &[&str], environment: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(name);
    command.args(words).stdin(Stdio::null()).stderr(Stdio::null());
    command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
    command
}
