//! A engine on a mock device, tracks made of numbers, and files made by the system's own encoders.

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cadenza_player::audio::fade::ClipFades;
use cadenza_player::audio::output::{
    Backend, Device, DeviceChoice, DeviceSpec, DeviceStream, Fault, OutputError,
};
use cadenza_player::audio::render::Renderer;
use cadenza_player::audio::source::{PcmSource, PcmSpec, Pull, Seeked, SourceError};
use cadenza_player::library::TrackId;
use cadenza_player::playback::engine::Engine;
use cadenza_player::playback::{Command, Event, Status, StatusBoard, Track, TrackKind};

/// The mock device and the world around it.
#[derive(Clone)]
pub struct World(Arc<Mutex<Inner>>);

struct Inner {
    rate_hz: u32,
    /// Names of the devices that are connected; the first is the default.
    connected: Vec<String>,
    open: Option<(String, Renderer, Fault)>,
}

impl World {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics while it holds the world")
    }

    pub fn connect(&self, names: &[&str]) {
        self.inner().connected = names.iter().map(|name| (*name).to_owned()).collect();
    }

    /// The open device disappears, with a word.
    pub fn unplug(&self) {
        let mut inner = self.inner();
        if let Some((name, _, fault)) = inner.open.take() {
            inner.connected.retain(|other| *other != name);
            fault.raise();
        }
    }

    /// The open device stands still, without a word, until it is opened again.
    pub fn suspend(&self) {
        self.inner().open = None;
    }

    pub fn is_open(&self) -> bool {
        self.inner().open.is_some()
    }

    pub fn open_name(&self) -> Option<String> {
        self.inner().open.as_ref().map(|(name, _, _)| name.clone())
    }

    fn render(&self, frames: usize) -> Vec<f32> {
        let mut out = vec![0.0; frames * 2];
        if let Some((_, renderer, _)) = &mut self.inner().open {
            renderer.render(&mut out);
        }
        out
    }
}

struct Mock(World);
struct MockStream(World);

impl DeviceStream for MockStream {}

impl Drop for MockStream {
    fn drop(&mut self) {
        self.0.inner().open = None;
    }
}

impl Backend for Mock {
    fn devices(&mut self) -> Result<Vec<Device>, OutputError> {
        let inner = self.0.inner();
        Ok(inner
            .connected
            .iter()
            .enumerate()
            .map(|(n, name)| Device { id: name.clone(), name: name.clone(), is_default: n == 0 })
            .collect())
    }

    fn open(
        &mut self,
        choice: &DeviceChoice,
        renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer,
        fault: Fault,
    ) -> Result<Box<dyn DeviceStream>, OutputError> {
        let mut inner = self.0.inner();
        let name = match choice {
            DeviceChoice::Named(name) => inner.connected.iter().find(|other| *other == name).cloned(),
            _ => inner.connected.first().cloned(),
        };
        let name = name.ok_or(OutputError::NoDevice)?;
        let spec = DeviceSpec { name: name.clone(), rate_hz: inner.rate_hz, channels: 2 };
        inner.open = Some((name, renderer(&spec), fault));
        drop(inner);
        Ok(Box::new(MockStream(self.0.clone())))
    }
}

/// A engine, its device, its news and its clock.
pub struct Rig {
    pub world: World,
    pub engine: Engine,
    pub now: Duration,
    board: StatusBoard,
    news: Arc<Mutex<Vec<Event>>>,
    rate_hz: u32,
}

pub const PERIOD: usize = 1_024;

impl Rig {
    pub fn at(rate_hz: u32) -> Self {
        let world = World(Arc::new(Mutex::new(Inner {
            rate_hz,
            connected: vec!["speakers".to_owned()],
            open: None,
        })));
        let news = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&news);
        let (engine, board) = Engine::on(
            Box::new(Mock(world.clone())),
            7,
            Box::new(move |event| heard.lock().expect("news").push(event)),
        );
        Rig { world, engine, now: Duration::ZERO, board, news, rate_hz }
    }

    pub fn status(&self) -> Status {
        self.board.status()
    }

    /// News since the last look.
    pub fn news(&self) -> Vec<Event> {
        std::mem::take(&mut *self.news.lock().expect("news"))
    }

    pub fn send(&mut self, command: Command) {
        self.engine.handle(command);
        self.settle();
    }

    pub fn load(&mut self, tracks: &[Arc<Track>]) {
        self.send(Command::Load { tracks: tracks.to_vec(), start: 0, position_ms: 0, play: true });
    }

    /// Lets the engine do all that is due now.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            if self.engine.step(self.now).is_none_or(|wait| !wait.is_zero()) {
                return;
            }
        }
        panic!("the engine finds no rest");
    }

    /// Plays so many device periods and returns the left channel.
    pub fn periods(&mut self, count: usize) -> Vec<f32> {
        let mut left = Vec::with_capacity(count * PERIOD);
        for _ in 0..count {
            left.extend(self.world.render(PERIOD).iter().step_by(2));
            self.now += Duration::from_secs_f64(PERIOD as f64 / f64::from(self.rate_hz));
            self.settle();
        }
        left
    }

    /// Time passes without a device.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(10);
            self.settle();
        }
    }
}

/// A source whose every frame is worked out from its number.
pub struct Numbers {
    pub rate_hz: u32,
    pub frames: u64,
    pub at: u64,
    pub value: fn(u64) -> f32,
    /// Answers `Waiting` while this holds.
    pub gate: Option<Arc<Mutex<u64>>>,
}

impl PcmSource for Numbers {
    fn spec(&self) -> PcmSpec {
        PcmSpec { rate_hz: self.rate_hz, channels: 2 }
    }

    fn duration_frames(&self) -> Option<u64> {
        Some(self.frames)
    }

    fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
        if self.at >= self.frames {
            return Ok(Pull::End);
        }
        let arrived = self.gate.as_ref().map_or(u64::MAX, |gate| *gate.lock().expect("gate"));
        let frames = 1_152.min(self.frames - self.at).min(arrived.saturating_sub(self.at));
        if frames == 0 {
            return Ok(Pull::Waiting);
        }
        for frame in self.at..self.at + frames {
            let value = (self.value)(frame);
            out.extend([value, -value]);
        }
        self.at += frames;
        Ok(Pull::Frames(frames as usize))
    }

    fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError> {
        self.at = frame;
        Ok(Seeked { frame })
    }
}

/// A number that tells its frame and is exact in 16 bits.
pub fn stamp(frame: u64) -> f32 {
    ((frame * 7_919) % 60_000) as f32 / 32_768.0 - 30_000.0 / 32_768.0
}

pub fn steady(_: u64) -> f32 {
    0.5
}

/// The id of a track of this name.
pub fn named(name: &str) -> TrackId {
    TrackId::of_own_file(Path::new(name))
}

pub fn numbers(name: &str, rate_hz: u32, frames: u64, value: fn(u64) -> f32) -> Arc<Track> {
    Arc::new(Track::new(named(name), TrackKind::Own, name, move || {
        Ok(Box::new(Numbers { rate_hz, frames, at: 0, value, gate: None }) as Box<dyn PcmSource>)
    }))
}

pub fn clip(name: &str, rate_hz: u32, frames: u64, fades: ClipFades) -> Arc<Track> {
    let track = numbers(name, rate_hz, frames, steady);
    Arc::new(Track { fades, kind: TrackKind::Preview, ..Track::clone(&track) })
}

pub fn largest_step(heard: &[f32]) -> f32 {
    heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

/// A folder for files of one test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Writes a 16-bit WAV file of noise with some music in it, the same every time.
pub fn noise_wav(path: &Path, rate_hz: u32, frames: usize) -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    let mut samples = Vec::with_capacity(frames * 2);
    for frame in 0..frames {
        let tone = (frame as f64 * 0.05).sin() * 9_000.0;
        for _ in 0..2 {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            samples.push((tone + f64::from(state >> 20)) as i16);
        }
    }
    std::fs::write(path, wav(rate_hz, 16, &samples.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<_>>()))
        .expect("the folder is writable");
    samples
}

/// A stereo WAV file around sample bytes.
pub fn wav(rate_hz: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let frame = 2 * bits / 8;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1, 0, 2, 0]);
    file.extend(rate_hz.to_le_bytes());
    file.extend((rate_hz * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// Runs a program of the system; the machine that tests has it (`cargo xtask test` installs it).
pub fn run(program: &str, arguments: &[&str]) -> String {
    run_in(Path::new("."), program, arguments)
}

/// Runs a program in a folder.
pub fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Process::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} has to be installed for this test: {error}"));
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    said
}

/// Encodes with ffmpeg, or with flac for `.flac`.
pub fn encode(wav: &Path, to: &str, options: &[&str]) -> PathBuf {
    let out = wav.with_extension(to);
    let (from, target) = (wav.display().to_string(), out.display().to_string());
    if to == "flac" {
        run("flac", &["-s", "-f", "-o", &target, &from]);
    } else {
        let mut arguments = vec!["-v", "error", "-y", "-i", &from];
        arguments.extend(options);
        arguments.push(&target);
        run("ffmpeg", &arguments);
    }
    out
}
