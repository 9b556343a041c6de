//! A player of one's own: `cadenza-cli` with an empty home, a passphrase, a card.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::disk;
use crate::programs::{Finished, program, run, run_with};
use crate::store::TestStore;
#[cfg(unix)]
use crate::terminal::Terminal;

pub use cadenza_protocol::card::test_cards::{
    DECLINED as DECLINED_CARD, EXPIRED as EXPIRED_CARD, GOOD as GOOD_CARD, SILENT as SILENT_CARD,
};

/// The passphrase of every test passport.
pub const PASSPHRASE: &str = "seven quiet swans at dusk";

/// Commands that make sound.
const SOUNDING: [&str; 2] = ["play", "preview"];

/// A listener with a home folder, at one store.
#[derive(Debug)]
pub struct TestPlayer {
    folder: TempDir,
    ready_file: PathBuf,
    root: String,
}

impl TestPlayer {
    /// Somebody who has just installed the player.
    pub fn new(store: &TestStore) -> Self {
        let folder = tempfile::tempdir().expect("room for a home");
        fs::write(folder.path().join("passphrase"), format!("{PASSPHRASE}\n")).expect("room");
        let root = store.ready("root_cert").to_owned();
        Self { folder, ready_file: store.ready_file(), root }
    }

    /// Somebody who has a passport already: comes back, as told to, while the center is short of keys on a busy machine.
    pub fn registered(store: &TestStore) -> Self {
        let player = Self::new(store);
        let busy = |tried: &Finished| tried.stderr().contains("too many people register at once");
        let mut tries = std::iter::repeat_with(|| player.register(GOOD_CARD)).take(10);
        tries.find(|tried| !busy(tried)).expect("a center that makes keys").succeeded();
        player
    }

    /// Visits another store, still trusting only the root it was installed with.
    pub fn visit(&mut self, store: &TestStore) {
        self.ready_file = store.ready_file();
    }

    /// Registers with this card.
    pub fn register(&self, card: &str) -> Finished {
        let form = FORM.replace("CARD", card);
        fs::write(self.path("form.toml"), form).expect("room for a form");
        self.run(&["register", "--form", &self.text("form.toml")])
    }

    /// `cadenza-cli WORDS` with this home, store, root and passphrase.
    pub fn run(&self, words: &[&str]) -> Finished {
        self.run_with(words, |_| ())
    }

    /// The same with `--json`; it must succeed.
    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = std::iter::once("--json").chain(words.iter().copied()).collect();
        self.run(&words).succeeded().json()
    }

    /// The same with more set on the command, such as its environment. What makes sound makes it
    /// on the silent device, unless `words` name another one.
    pub fn run_with(&self, words: &[&str], prepare: impl FnOnce(&mut Command)) -> Finished {
        let mut all: Vec<OsString> = self.global();
        all.extend(words.iter().map(OsString::from));
        if words.iter().any(|word| SOUNDING.contains(word)) && !words.contains(&"--device") {
            all.extend(["--device", "silent"].map(OsString::from));
        }
        run_with(&program("cadenza-cli"), &all, |command| {
            // No test asks for the key store of whoever runs it.
            command.env_remove("DBUS_SESSION_BUS_ADDRESS");
            prepare(command);
        })
    }

    /// Buys a track with this card.
    pub fn buy(&self, media_id: &str, card: &str) -> Finished {
        self.buy_with(media_id, card, &[])
    }

    /// The same with more options.
    pub fn buy_with(&self, media_id: &str, card: &str, options: &[&str]) -> Finished {
        let card_file = self.write_card(card);
        let mut words = vec!["buy", media_id, "--card-file", &card_file];
        words.extend(options);
        self.run(&words)
    }

    /// Begins `cadenza-cli WORDS` and does not wait for its end: for whoever pulls the plug.
    pub fn begin(&self, words: &[&str]) -> Begun {
        let mut command = std::process::Command::new(program("cadenza-cli"));
        command.args(self.global()).args(words).env_remove("DBUS_SESSION_BUS_ADDRESS");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Begun(command.spawn().expect("the player starts"))
    }

    /// Starts `cadenza-cli WORDS` at a terminal of its own, on the silent device.
    #[cfg(unix)]
    pub fn at_a_terminal(&self, words: &[&str]) -> Terminal {
        let program = program("cadenza-cli").into_os_string();
        let words = words.iter().chain(&["--device", "silent"]).map(OsString::from);
        Terminal::start(&std::iter::once(program).chain(self.global()).chain(words).collect::<Vec<_>>())
    }

    /// Begins to buy a track with this card.
    pub fn begin_to_buy(&self, media_id: &str, card: &str) -> Begun {
        let card_file = self.write_card(card);
        self.begin(&["buy", media_id, "--card-file", &card_file])
    }

    /// Buys with this card while the home's disk has only a little room left; `None` where this
    /// system does not let a test have a disk of its own.
    pub fn buy_on_full_disk(&self, media_id: &str, card: &str) -> Option<Finished> {
        if !disk::can_be_had() {
            eprintln!("skipped: no private mounts here (`unshare --mount`)");
            return None;
        }
        let card_file = self.write_card(card);
        let mut words = disk::almost_full(&self.home(), &self.path("real"));
        words.push(program("cadenza-cli").into());
        words.extend(self.global());
        words.extend(["buy", media_id, "--card-file", &card_file].map(OsString::from));
        Some(run(Path::new("unshare"), &words))
    }

    /// The media id of a song, by its title in the catalogue.
    #[track_caller]
    pub fn track(&self, title: &str) -> String {
        let listed = self.json(&["catalogue"]);
        find_track(&listed, title).unwrap_or_else(|| panic!("no {title} in {listed}"))
    }

    /// The player's home folder.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// A path beside the home folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same as a word for a command line.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// Uses another passphrase from now on.
    pub fn types_passphrase(&self, passphrase: &str) {
        fs::write(self.path("passphrase"), format!("{passphrase}\n")).expect("room");
    }

    /// The media files of what was bought.
    pub fn purchases(&self) -> Vec<PathBuf> {
        let music = self.home().join("music");
        let Ok(entries) = fs::read_dir(music) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "cadenza"));
        files.sort();
        files
    }

    fn write_card(&self, card: &str) -> String {
        let text = format!("number = \"{card}\"\nexpiry = \"12/39\"\nname = \"Ada Listener\"\n");
        fs::write(self.path("card.toml"), text).expect("room for a card");
        self.text("card.toml")
    }

    fn global(&self) -> Vec<OsString> {
        let option = |name: &str, value: &Path| [OsString::from(name), value.into()];
        [
            option("--home", &self.home()),
            option("--store", &self.ready_file),
            option("--root", Path::new(&self.root)),
            option("--passphrase-file", &self.path("passphrase")),
        ]
        .concat()
    }
}

/// A player at work.
#[derive(Debug)]
pub struct Begun(Child);

impl Begun {
    /// It is gone from one moment to the next, as in a power cut.
    pub fn kill(&mut self) {
        self.0.kill().expect("the player is our child");
        self.0.wait().expect("the player is our child");
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The id of the entry with this title, wherever the list puts it.
fn find_track(listed: &Value, title: &str) -> Option<String> {
    match listed {
        Value::Array(entries) => entries.iter().find_map(|entry| find_track(entry, title)),
        Value::Object(fields) if fields.get("title").is_some_and(|found| found == title) => {
            let id = fields.get("media_id").or_else(|| fields.get("id"));
            id.and_then(Value::as_str).map(str::to_owned)
        }
        Value::Object(fields) => fields.values().find_map(|value| find_track(value, title)),
        _ => None,
    }
}

pub(crate) const FORM: &str = r#"name = "Ada Listener"
address = "1 Quiet Lane, 12345 Town"
telephone = "+1 555 0100"
email = "ada@example.org"
card = "CARD"
expiry = "12/39"
confidential = "my first record was a waltz"
region = "Europe"
interests = ["classical"]
"#;
