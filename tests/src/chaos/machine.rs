//! A store and a player that a run can break and start again: copies of a template that is made once.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cadenza_protocol::card::test_cards::GOOD;
use serde_json::Value;
use tempfile::TempDir;

use super::plan::{Act, Fault, Plan, Side};
use super::wire::{DOORS, Door, Line, PUBLIC};
use crate::player::{FORM, PASSPHRASE};
use crate::programs::program;
use crate::song::Samples;
use crate::store::write_songs;

/// Titles of the songs in the store; the second may be recorded once.
pub const TITLES: [&str; 3] = ["First Light", "Only Once", "Last Light"];
/// The song that an author publishes in a run.
pub const NEW_TITLE: &str = "New Song";
/// Longest that any program may run.
const LIMIT: Duration = Duration::from_secs(120);

const CLIP: &str = "clip = { start = 0.0, duration = 2.0, fade_in = 0.0, fade_out = 0.5 }\n";
const ONCE: &str =
    "clip = { start = 0.0, duration = 2.0, fade_in = 0.0, fade_out = 0.5 }\nrestrictions = { record = 1 }\n";

/// Everything that runs begin with: a store with three songs, a passport that owns two of them, one that owns nothing, an author.
#[derive(Debug)]
pub struct Template {
    folder: TempDir,
    /// The songs' ids, as [`TITLES`].
    pub tracks: Vec<String>,
    /// The order that paid for the owner's first song.
    pub order: String,
}

impl Template {
    /// Makes it with the programs themselves.
    pub fn make() -> Self {
        let folder = tempfile::tempdir().expect("room for a store");
        let songs = [
            (TITLES[0], Samples::music(5, 1), CLIP),
            (TITLES[1], Samples::music(5, 2), ONCE),
            (TITLES[2], Samples::music(5, 3), CLIP),
        ];
        let songs = songs.iter().map(|(title, samples, about)| (*title, samples, *about));
        write_songs(&folder.path().join("album"), songs);
        let new = Samples::music(5, 4);
        write_songs(&folder.path().join("new"), std::iter::once((NEW_TITLE, &new, CLIP)));
        let mut machine = Machine::in_folder(TempDir::new().expect("room"), folder.path().join("album"));
        assert!(machine.start(None), "{}", machine.log());

        let card = machine.path("card.toml");
        machine.write_card(GOOD);
        for home in ["owner", "buyer"] {
            machine.home = machine.path(home);
            machine.register().done();
        }
        machine.home = machine.path("owner");
        let listed = machine.play(&["--json", "catalogue"]).done().json();
        let id = |title: &str| find(&listed, title).unwrap_or_else(|| panic!("no {title} in {listed}"));
        let tracks: Vec<String> = TITLES.iter().map(|title| id(title)).collect();
        let mut order = String::new();
        for track in &tracks[..2] {
            let bought = machine.play(&["--json", "buy", track, "--card-file", &word(&card)]).done().json();
            if order.is_empty() {
                order = bought["order"]["order_id"].as_str().expect("an order").to_owned();
            }
        }
        machine.end(false);

        let account = machine.path("ada.account");
        machine
            .shop(&["account", "--data", &word(&machine.data()), "--name", "Ada", "--out", &word(&account)])
            .done();
        let (recording, song) = (folder.path().join("new/01-new-song.flac"), machine.path("new.cadenza"));
        let about = recording.with_extension("toml");
        let author =
            ["author", "--input", &word(&recording), "--about", &word(&about), "--account", &word(&account)];
        machine.shop(&[&author[..], &["--out", &word(&song)]].concat()).done();
        copy(machine.folder.path(), &folder.path().join("made")).expect("room for a template");
        Self { folder, tracks, order }
    }
}

/// One run's store and player.
#[derive(Debug)]
pub struct Machine {
    folder: TempDir,
    album: PathBuf,
    lines: Vec<Line>,
    store: Option<Child>,
    /// The player's home.
    pub home: PathBuf,
    commands: u32,
}

impl Machine {
    /// A copy of the template.
    pub fn of(template: &Template) -> Self {
        let folder = TempDir::new().expect("room for a run");
        copy(&template.folder.path().join("made"), folder.path()).expect("the template can be copied");
        Self::in_folder(folder, template.folder.path().join("album"))
    }

    fn in_folder(folder: TempDir, album: PathBuf) -> Self {
        let lines: Vec<Line> =
            DOORS.iter().map(|door| Line::lay(*door).expect("a free port at 127.0.0.2")).collect();
        let ports: String =
            lines.iter().map(|line| format!("{} = {}\n", line.door.port_name(), line.port)).collect();
        let config = format!("public_host = \"{PUBLIC}\"\n[ports]\n{ports}");
        fs::write(folder.path().join("config.toml"), config).expect("room for a configuration");
        let home = folder.path().join("home");
        Self { folder, album, lines, store: None, home, commands: 0 }
    }

    /// A path of this run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The store's data.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// What the store has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("server.log")).unwrap_or_default()
    }

    /// The line in front of a door.
    pub fn line(&self, door: Door) -> &Line {
        self.lines.iter().find(|line| line.door == door).expect("there is one in front of every door")
    }

    /// Starts the store, with a step to go wrong at; whether it opened.
    pub fn start(&mut self, fault: Option<&Fault>) -> bool {
        let ready = self.path("ready.json");
        let _ = fs::remove_file(&ready);
        let log = File::options().create(true).append(true).open(self.path("server.log"));
        let mut command = Command::new(program("cadenza-server"));
        command.args(["serve", "--demo", "--data"]).arg(self.data());
        command.arg("--ready-file").arg(&ready).arg("--config").arg(self.path("config.toml"));
        command.arg("--demo-album").arg(&self.album).stdin(Stdio::null()).stdout(Stdio::null());
        arm(&mut command, fault, Side::Store);
        let mut store = command.stderr(log.expect("room for a log")).spawn().expect("the store starts");
        let until = Instant::now() + LIMIT;
        // The file comes by a rename: once it is there it is whole.
        while !ready.exists() && store.try_wait().expect("it is our child").is_none() {
            assert!(Instant::now() < until, "the store did not open:\n{}", tail(&self.log()));
            thread::park_timeout(Duration::from_millis(10));
        }
        let is_open = store.try_wait().expect("it is our child").is_none();
        self.store = Some(store);
        is_open
    }

    /// Ends the store, if it is still there.
    pub fn end(&mut self, hard: bool) {
        let Some(mut store) = self.store.take() else { return };
        if hard {
            let _ = store.kill();
        } else if store.try_wait().expect("it is our child").is_none() {
            let asked = Command::new("kill").args(["-TERM", &store.id().to_string()]).status();
            assert!(asked.expect("`kill` is there").success());
        }
        store.wait().expect("it is our child");
    }

    /// Whether the store ended by itself.
    pub fn store_is_gone(&mut self) -> bool {
        self.store.as_mut().is_none_or(|store| store.try_wait().expect("it is our child").is_some())
    }

    /// `cadenza-cli WORDS`.
    pub fn play(&mut self, words: &[&str]) -> Ran {
        self.play_with(words, None)
    }

    /// The same while something goes wrong.
    pub fn play_with(&mut self, words: &[&str], fault: Option<&Fault>) -> Ran {
        let mut command = Command::new(program("cadenza-cli"));
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").arg("--home").arg(&self.home);
        command.arg("--store").arg(self.path("ready.json"));
        command.arg("--root").arg(self.path("data/licensing/root.pem"));
        let passphrase = self.path("passphrase");
        fs::write(&passphrase, format!("{PASSPHRASE}\n")).expect("room");
        command.arg("--passphrase-file").arg(passphrase).args(words);
        self.run(command, Side::Player, fault)
    }

    /// `cadenza-server WORDS`, beside the store that serves.
    pub fn shop(&mut self, words: &[&str]) -> Ran {
        self.shop_with(words, None)
    }

    /// The same while something goes wrong in the store.
    pub fn shop_with(&mut self, words: &[&str], fault: Option<&Fault>) -> Ran {
        let mut command = Command::new(program("cadenza-server"));
        command.args(words);
        self.run(command, Side::Store, fault)
    }

    /// Registers whoever the home belongs to: comes back, as told to, while the center is short of keys on a busy machine.
    pub fn register(&mut self) -> Ran {
        let is_busy = |tried: &Ran| tried.stderr.contains("too many people register at once");
        let mut tried = self.register_with(None);
        for _ in 0..10 {
            if !is_busy(&tried) {
                break;
            }
            tried = self.register_with(None);
        }
        tried
    }

    /// The same while something goes wrong.
    pub fn register_with(&mut self, fault: Option<&Fault>) -> Ran {
        let form = self.path("form.toml");
        fs::write(&form, FORM.replace("CARD", GOOD)).expect("room for a form");
        self.play_with(&["register", "--form", &word(&form)], fault)
    }

    /// The card that the next purchase is paid with.
    pub fn write_card(&self, number: &str) {
        let text = format!("number = \"{number}\"\nexpiry = \"12/39\"\nname = \"Ada Listener\"\n");
        fs::write(self.path("card.toml"), text).expect("room for a card");
    }

    /// Runs a program; a kill that is due meanwhile strikes it or the store.
    fn run(&mut self, mut command: Command, side: Side, fault: Option<&Fault>) -> Ran {
        self.commands += 1;
        let [out, err] = ["out", "err"].map(|kind| self.path(&format!("{kind}-{}", self.commands)));
        let to = |path: &Path| File::create(path).expect("room for what it prints");
        if side == Side::Player {
            arm(&mut command, fault, side);
        }
        command.stdin(Stdio::null()).stdout(to(&out)).stderr(to(&err));
        let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let started = Instant::now();
        let mut child = command.spawn().expect("the program starts");
        let mut due = match fault {
            Some(Fault::Kill { side, after_ms }) => Some((*side, Duration::from_millis(*after_ms))),
            _ => None,
        };
        let mut killed = false;
        let code = loop {
            if let Some(status) = child.try_wait().expect("it is our child") {
                break status.code();
            }
            if let Some((of, _)) = due.filter(|(_, after)| started.elapsed() >= *after) {
                due = None;
                killed = true;
                match of {
                    Side::Store => self.end(true),
                    Side::Player => child.kill().expect("it is our child"),
                }
            }
            if started.elapsed() > LIMIT {
                let _ = child.kill();
                let _ = child.wait();
                panic!("hangs: {} was still running after {LIMIT:?}", words.join(" "));
            }
            thread::park_timeout(Duration::from_millis(5));
        };
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        Ran {
            words: words.join(" "),
            code,
            stdout: read(&out),
            stderr: read(&err),
            took: started.elapsed(),
            killed,
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(store) = &mut self.store {
            let _ = store.kill();
            let _ = store.wait();
        }
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct Ran {
    words: String,
    code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
    /// How long it ran.
    pub took: Duration,
    /// Whether a kill struck meanwhile.
    pub killed: bool,
}

impl Ran {
    /// It did what it was asked.
    pub fn is_done(&self) -> bool {
        self.code == Some(0)
    }

    /// It must have done what it was asked.
    #[track_caller]
    pub fn done(self) -> Self {
        assert!(self.is_done(), "this should have worked:\n{self}");
        self
    }

    /// Success, a clear refusal, or an end from outside.
    pub fn is_clear(&self) -> bool {
        let reason = self.stderr.trim().lines().last().unwrap_or_default();
        let is_refusal = self.code == Some(1) && reason.len() > 20;
        (self.is_done() || is_refusal || self.code.is_none()) && !self.stderr.contains("panicked at")
    }

    /// What it printed with `--json`.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("stdout should be JSON ({e}):\n{self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, code, stdout, stderr, took, .. } = self;
        write!(f, "$ {words}\nexit code {code:?} after {took:?}\n{}\n{}", tail(stdout), tail(stderr))
    }
}

/// The step at which this process goes wrong.
fn arm(command: &mut Command, fault: Option<&Fault>, here: Side) {
    command.env_remove(cadenza_failpoint::VARIABLE);
    if let Some(Fault::Step { side, step, act, at }) = fault
        && *side == here
    {
        let act = match act {
            Act::Die => "die",
            Act::Fail => "fail",
        };
        command.env(cadenza_failpoint::VARIABLE, format!("{step}={act}@{at}"));
    }
}

/// Whether the plan's fault struck at a step.
pub fn has_struck_at_a_step(plan: &Plan, said: &str) -> bool {
    matches!(plan.fault, Fault::Step { step, .. } if said.contains(&format!("failpoint {step}:")))
}

/// A path as a word for a command line.
pub fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The end of a log.
pub fn tail(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(3_000))..]
}

fn find(listed: &Value, title: &str) -> Option<String> {
    let tracks = listed["tracks"].as_array()?;
    let track = tracks.iter().find(|track| track["title"] == title)?;
    Some(track["media_id"].as_str()?.to_owned())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (entry, place) = {
            let entry = entry?;
            let place = to.join(entry.file_name());
            (entry, place)
        };
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}
