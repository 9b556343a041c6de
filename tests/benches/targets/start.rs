//! P4: from the command to the first sound at the sound card, and to the first sample in the
//! ring. Peers play the same audio, not encrypted: mpv through its socket, Audacious through its
//! remote control.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use cadenza_player::audio::output::DeviceChoice;
use cadenza_player::playback::{Event, Playback, Track};
use cadenza_tests::Purchase;
use cadenza_tests::sound_card::Ear;

use crate::listener::{Listener, TITLES};
use crate::sound::bought_track;
use crate::table::{Figure, median};

const RING_MS: f64 = 10.0;

pub fn measure(listener: &Listener, rounds: u32) -> Figure {
    let ear = Ear::open();
    let plain = listener.player.path("start.flac");
    let file = listener.owned(TITLES[0]);
    let image = Purchase::open(&listener.store, &listener.player, &file).image("lossless");
    fs::write(&plain, image).expect("room");

    let ours = Ours::new(bought_track(listener, TITLES[0]));
    let times: Vec<(f64, f64)> = (0..rounds).filter_map(|_| ours.once(&ear)).collect();
    drop(ours);
    if times.is_empty() {
        return Figure::missing("P4", "play to first sound", "no sound arrived at the private sound card");
    }
    let (ring, card): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
    let (ring, card) = (median(ring), median(card));
    let mpv =
        Mpv::start(listener).map(|mpv| median((0..rounds).filter_map(|_| mpv.once(&ear, &plain)).collect()));
    let audacious = Audacious::start(listener)
        .map(|player| median((0..rounds).filter_map(|_| player.once(&ear, &plain)).collect()));
    let shown = |peer: Option<f64>| peer.map_or("not here".to_owned(), |ms| format!("{ms:.0} ms"));
    let behind = audacious.unwrap_or(f64::NAN);
    Figure {
        id: "P4",
        work: "play a local encrypted track, command to first sound at the sound card".into(),
        ours: format!("{card:.0} ms; first sample in the ring {ring:.1} ms"),
        peer: format!("not encrypted: Audacious {}, mpv {}", shown(audacious), shown(mpv)),
        ratio: format!("{:.2} (Audacious)", card / behind),
        target: format!("ahead of Audacious; ring {RING_MS:.0} ms"),
        met: Some(card < behind && ring <= RING_MS),
    }
}

fn ms_since(started: Instant, then: Instant) -> f64 {
    then.saturating_duration_since(started).as_secs_f64() * 1000.0
}

/// Our engine with its device open, as it is while the player runs.
struct Ours {
    playback: Playback,
    track: Arc<Track>,
    ready: Receiver<Instant>,
}

impl Ours {
    fn new(track: Track) -> Self {
        let (tell, ready) = channel();
        let playback = Playback::start(DeviceChoice::Default, move |event| {
            if matches!(event, Event::Ready { .. }) {
                let _ = tell.send(Instant::now());
            }
        });
        Self { playback: playback.expect("an engine"), track: Arc::new(track), ready }
    }

    fn once(&self, ear: &Ear) -> Option<(f64, f64)> {
        let started = Instant::now();
        self.playback.load(vec![Arc::clone(&self.track)], 0);
        let ready = self.ready.recv_timeout(Duration::from_secs(10)).ok()?;
        let heard = ear.next_sound()?;
        self.playback.stop();
        ear.next_silence()?;
        Some((ms_since(started, ready), ms_since(started, heard)))
    }
}

/// mpv, idle, commanded through its socket.
struct Mpv {
    process: Child,
    socket: UnixStream,
}

impl Mpv {
    fn start(listener: &Listener) -> Option<Self> {
        let path = listener.player.path("mpv.socket");
        let mut command = Command::new("mpv");
        command.args(["--idle", "--no-config", "--no-video", "--no-terminal", "--ao=pulse"]);
        command.arg(format!("--input-ipc-server={}", path.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().ok()?;
        let socket = patiently(|| UnixStream::connect(&path).ok())?;
        Some(Self { process, socket })
    }

    fn once(&self, ear: &Ear, file: &Path) -> Option<f64> {
        let started = Instant::now();
        self.say(&["loadfile", &file.to_string_lossy()]);
        let heard = ear.next_sound()?;
        self.say(&["stop"]);
        ear.next_silence()?;
        Some(ms_since(started, heard))
    }

    fn say(&self, words: &[&str]) {
        let line = serde_json::json!({ "command": words });
        let _ = writeln!(&self.socket, "{line}");
    }
}

impl Drop for Mpv {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Audacious without a window, on a message bus of its own.
struct Audacious {
    process: Child,
    bus: Child,
    remote: zbus::blocking::Connection,
}

impl Audacious {
    fn start(listener: &Listener) -> Option<Self> {
        let address = format!("unix:path={}", listener.player.path("bus").display());
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--address", &address]);
        let bus = bus.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let remote =
            patiently(|| zbus::blocking::connection::Builder::address(&*address).ok()?.build().ok())?;
        let mut command = Command::new("audacious");
        let home = listener.player.path("audacious");
        command.arg("-H").env("DBUS_SESSION_BUS_ADDRESS", &address).env("HOME", home);
        command
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().ok()?;
        let player = Self { process, bus, remote };
        patiently(|| player.call("Version", &()))?;
        Some(player)
    }

    fn once(&self, ear: &Ear, file: &Path) -> Option<f64> {
        self.call("Clear", &())?;
        self.call("AddUrl", &(format!("file://{}", file.display())))?;
        let started = Instant::now();
        self.call("Play", &())?;
        let heard = ear.next_sound()?;
        self.call("Stop", &())?;
        ear.next_silence()?;
        Some(ms_since(started, heard))
    }

    fn call<B: zbus::export::serde::Serialize + zbus::zvariant::DynamicType>(
        &self,
        method: &str,
        body: &B,
    ) -> Option<()> {
        let (name, path) = ("org.atheme.audacious", "/org/atheme/audacious");
        self.remote.call_method(Some(name), path, Some(name), method, body).ok().map(|_| ())
    }
}

/// Tries until it works, for a while.
fn patiently<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match attempt() {
            Some(done) => return Some(done),
            None if Instant::now() > until => return None,
            None => std::thread::park_timeout(Duration::from_millis(20)),
        }
    }
}

impl Drop for Audacious {
    fn drop(&mut self) {
        for process in [&mut self.process, &mut self.bus] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
