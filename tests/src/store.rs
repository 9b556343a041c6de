//! A store of one's own: a real `cadenza-server` process with a small album of known samples.

mod kept;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::programs::{program, tool};
use crate::song::Samples;

/// How long a store may take to author and publish the test album and open.
const OPENS_WITHIN: Duration = Duration::from_secs(180);

/// Title, samples and `ABOUT.toml` of the songs on the test album, in order.
pub fn songs() -> [(&'static str, Samples, &'static str); 3] {
    [
        ("First Light", Samples::music(12, 1), FIRST_LIGHT),
        ("Steady Tone", Samples::steady_tone(20), STEADY_TONE),
        ("Last Light", Samples::music(6, 2), LAST_LIGHT),
    ]
}

/// A running store; it ends with this value.
#[derive(Debug)]
pub struct TestStore {
    server: Option<Child>,
    folder: TempDir,
    ready: Value,
}

impl TestStore {
    /// Opens a store with the test album. All of these have the same keys and certificates, and their own data.
    pub fn open() -> Self {
        let folder = tempfile::tempdir().expect("room for a store");
        let album = folder.path().join("album");
        write_album(&album);
        kept::copy_to(&folder.path().join("data"), &album, || {
            let mut first = Self::open_anew();
            assert!(first.stop().success(), "the server should end cleanly");
            std::mem::replace(&mut first.folder, tempfile::tempdir().expect("room for a folder"))
        });
        Self::in_folder(folder, |_| ())
    }

    /// The same from nothing: with keys and certificates that no other store has.
    pub fn open_anew() -> Self {
        let folder = tempfile::tempdir().expect("room for a store");
        write_album(&folder.path().join("album"));
        Self::in_folder(folder, |_| ())
    }

    /// The same with this configuration file.
    pub fn open_configured(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("room for a store");
        write_album(&folder.path().join("album"));
        let file = folder.path().join("config.toml");
        fs::write(&file, config).expect("room for a configuration");
        Self::in_folder(folder, |command| {
            command.arg("--config").arg(file);
        })
    }

    /// A store with other songs: title and samples of each.
    pub fn open_with_songs(songs: &[(&str, Samples)]) -> Self {
        let folder = tempfile::tempdir().expect("room for a store");
        let songs = songs.iter().map(|(title, samples)| (*title, samples, ""));
        write_songs(&folder.path().join("album"), songs);
        Self::in_folder(folder, |_| ())
    }

    /// The same with lines of each song's own `ABOUT.toml`.
    pub fn open_with_descriptions(songs: &[(&str, Samples, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("room for a store");
        let songs = songs.iter().map(|(title, samples, about)| (*title, samples, *about));
        write_songs(&folder.path().join("album"), songs);
        Self::in_folder(folder, |_| ())
    }

    fn in_folder(folder: TempDir, prepare: impl FnOnce(&mut Command)) -> Self {
        let mut store = Self { server: None, folder, ready: Value::Null };
        store.start(prepare);
        store
    }

    /// Ends the server and starts it again on the same data.
    pub fn restart(&mut self) {
        let status = self.stop();
        assert!(status.success(), "the server should end cleanly: {status}");
        self.start(|_| ());
    }

    /// Asks the server to end and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        let mut server = self.server.take().expect("the server is running");
        tool("kill", &["-TERM", &server.id().to_string()]).succeeded();
        server.wait().expect("the server is our child")
    }

    /// The server is gone from one moment to the next, as when its machine fails.
    pub fn kill(&mut self) {
        let mut server = self.server.take().expect("the server is running");
        server.kill().expect("the server is our child");
        server.wait().expect("the server is our child");
    }

    /// A field of the ready file, such as `web_url`.
    pub fn ready(&self, field: &str) -> &str {
        self.ready[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.ready))
    }

    /// The whole ready file.
    pub fn ready_json(&self) -> &Value {
        &self.ready
    }

    /// The ready file's path, for `--store`.
    pub fn ready_file(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }

    /// Where the server keeps its data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the server has logged, for a test that fails.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    fn start(&mut self, prepare: impl FnOnce(&mut Command)) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("server.log"))
            .expect("room for a log");
        let mut command = Command::new(program("cadenza-server"));
        command.arg("serve").arg("--demo").arg("--data").arg(self.data());
        command.arg("--ready-file").arg(self.ready_file());
        command.env("CADENZA_DEMO_ALBUM", self.folder.path().join("album"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        prepare(&mut command);
        let mut server = command.spawn().expect("the server starts");
        let line = first_line(&mut server);
        self.server = Some(server);
        let line = line.unwrap_or_else(|| panic!("the server did not open. Its log:\n{}", self.log()));
        self.ready = serde_json::from_str(&line).expect("the first line is JSON");
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(4_000);
            eprintln!("--- end of the server's log\n{}", log.get(from..).unwrap_or(&log));
        }
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn first_line(server: &mut Child) -> Option<String> {
    let stdout = server.stdout.take()?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        let _ = tell.send(lines.next());
        lines.for_each(drop);
    });
    told.recv_timeout(OPENS_WITHIN).ok().flatten()?.ok()
}

fn write_album(folder: &Path) {
    let songs = songs();
    write_songs(folder, songs.iter().map(|(title, samples, about)| (*title, samples, *about)));
}

/// One FLAC file and one `ABOUT.toml` a song, as the demo album has them.
pub(crate) fn write_songs<'a>(folder: &Path, songs: impl Iterator<Item = (&'a str, &'a Samples, &'a str)>) {
    fs::create_dir_all(folder).expect("room for an album");
    let cover = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/icons/icon.png");
    fs::copy(&cover, folder.join("cover.png")).expect("the icon serves as a cover");
    for (number, (title, samples, own)) in songs.enumerate() {
        let name = format!("{:02}-{}", number + 1, title.to_lowercase().replace(' ', "-"));
        samples.write_flac(&folder.join(format!("{name}.flac")));
        let about = format!("title = \"{title}\"\ntrack = {}\n{COMMON}{own}", number + 1);
        fs::write(folder.join(format!("{name}.toml")), about).expect("room for a description");
    }
}

/// What all songs share.
const COMMON: &str = r#"artist = "The Measuring Tones"
album = "Known Samples"
album_artist = "The Measuring Tones"
genre = "Test"
year = 2026
cover = "cover.png"
credits = "Made by arithmetic"
price = { currency = "USD", lossless = 129, lossy = 99, album = 300 }
"#;

const FIRST_LIGHT: &str = r#"lyrics = "Only buyers read this line"
clip = { start = 2.0, duration = 6.0, fade_in = 0.5, fade_out = 1.0 }
"#;

/// Its clip shows the fades: long ones over a tone that never changes. It may not be recorded.
const STEADY_TONE: &str = r#"clip = { start = 5.0, duration = 8.0, fade_in = 2.0, fade_out = 3.0 }
restrictions = { record = "never" }
"#;

const LAST_LIGHT: &str = r#"isrc = "QZABC2600001"
clip = { start = 0.0, duration = 4.0, fade_in = 0.0, fade_out = 0.5 }
"#;
