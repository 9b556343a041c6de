//! A sound card of our own: a private PulseAudio with a null sink, and an ear at its monitor that
//! says when sound begins and ends. It paces in real time, as a card does.

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use tempfile::TempDir;

use crate::patience::{PATIENCE, answer_within, wait_for};
use crate::song::Samples;

/// Frames of silence after which a recording is at its end.
const ENDING: usize = 8_820;

/// The sound server; everything of it ends with this value.
#[derive(Debug)]
pub struct SoundCard {
    children: Vec<Child>,
    folder: TempDir,
}

impl SoundCard {
    /// Starts it, and keeps the sink awake so that the first sound is not cut.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("room for a socket");
        let socket = folder.path().join("native");
        let mut server = Command::new("pulseaudio");
        server.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]);
        server.args(["--disallow-exit=yes", "--realtime=no", "--high-priority=no"]);
        server.args(["-L", "module-null-sink sink_name=cap rate=44100 format=s16le channels=2"]);
        let protocol = format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display());
        server.args(["-L", &protocol]);
        let mut card = Self { children: Vec::new(), folder };
        let server = card.quiet(server);
        card.children.push(server);
        wait_for("the private sound server", || UnixStream::connect(&socket).ok());
        let mut silence = Command::new("pacat");
        silence.args(["--playback", "-d", "cap", "--format=s16le", "--rate=44100", "--channels=2"]);
        silence.args(["--latency-msec=50", "/dev/zero"]);
        let silence = card.quiet(silence);
        card.children.push(silence);
        card
    }

    /// What a program must have in its environment to play on this card.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        let server = format!("unix:{}", self.folder.path().join("native").display());
        [("PULSE_SERVER", server.into()), ("PULSE_RUNTIME_PATH", self.folder.path().to_path_buf())]
    }

    /// What the card was given to play while `doing` ran, from the first to the last sound. The recorder is given
    /// the time to hear the end: it writes behind the sound, and far behind on a busy machine.
    pub fn record<T>(&self, doing: impl FnOnce() -> T) -> (T, Samples) {
        let file = self.folder.path().join("heard.raw");
        let mut command = Command::new("parec");
        command.args(["-d", "cap.monitor", "--format=s16le", "--rate=44100", "--channels=2"]);
        command.args(["--latency-msec=20", "--raw"]).arg(&file);
        let mut recorder = self.quiet(command);
        let done = doing();
        let heard = || Samples::from_bytes(&fs::read(&file).unwrap_or_default());
        let silent = || (heard().peak_of_last_frames(ENDING) <= 0.0).then_some(());
        let _ = answer_within(PATIENCE, silent);
        let _ = recorder.kill();
        let _ = recorder.wait();
        (done, heard().between_silences())
    }

    fn quiet(&self, mut command: Command) -> Child {
        command.envs(self.environment()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let name = command.get_program().to_string_lossy().into_owned();
        command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What the ear noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Sound after silence.
    Sound(Instant),
    /// A tenth of a second of silence after sound.
    Silence(Instant),
}

/// An ear at the card's monitor.
#[derive(Debug)]
pub struct Ear {
    recorder: Child,
    heard: Receiver<Heard>,
}

impl Ear {
    /// Listens to the card that the environment names.
    pub fn open() -> Self {
        let mut command = Command::new("parec");
        command.args(["-d", "cap.monitor", "--format=s16le", "--rate=44100", "--channels=2"]);
        command.args(["--latency-msec=2", "--raw"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut recorder = command.spawn().expect("parec");
        let mut sound = recorder.stdout.take().expect("a pipe");
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            let (mut sounding, mut silent_bytes) = (false, 0);
            let mut bytes = [0; 4096];
            while let Ok(got @ 1..) = sound.read(&mut bytes) {
                // The low byte of a sample may be noise; the high one is 0 or 255 in near silence.
                let loud = bytes[..got].iter().skip(1).step_by(2).any(|high| !matches!(high, 0 | 255));
                silent_bytes = if loud { 0 } else { silent_bytes + got };
                let change = match (sounding, loud) {
                    (false, true) => Heard::Sound(Instant::now()),
                    (true, false) if silent_bytes > 17_640 => Heard::Silence(Instant::now()),
                    _ => continue,
                };
                sounding = loud;
                if tell.send(change).is_err() {
                    break;
                }
            }
        });
        Self { recorder, heard }
    }

    /// When the next sound begins; nothing if none does in time.
    pub fn next_sound(&self) -> Option<Instant> {
        self.wait(|heard| if let Heard::Sound(at) = heard { Some(at) } else { None })
    }

    /// When silence has come back.
    pub fn next_silence(&self) -> Option<Instant> {
        self.wait(|heard| if let Heard::Silence(at) = heard { Some(at) } else { None })
    }

    fn wait(&self, wanted: impl Fn(Heard) -> Option<Instant>) -> Option<Instant> {
        loop {
            let heard = self.heard.recv_timeout(PATIENCE).ok()?;
            if let Some(at) = wanted(heard) {
                return Some(at);
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.recorder.kill();
        let _ = self.recorder.wait();
    }
}
