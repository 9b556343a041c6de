//! Playing: what is queued, what is heard now, and the handle that commands it.
//!
//! [`Playback`] is a cheap handle; behind it one thread, `cadenza-audio`, owns an [`Engine`](engine::Engine) and
//! decodes ahead of the device. Commands go through a bounded channel and return at once; news comes back through
//! a callback on that thread; the present can be looked at with [`Playback::status`] at any time and any rate.
//!
//! Anything that implements [`PcmSource`](crate::audio::source::PcmSource) can be played: files, bought media
//! images, live previews.

mod board;
mod device;
pub mod engine;
mod event;
mod heard;
mod knob;
mod line;
mod queue;
pub mod stream;
mod track;
mod voice;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::Instant;

use board::Board;
use engine::Engine;
use parking_lot::Mutex;

pub use board::StatusBoard;
pub use event::{Command, Event, OnDeviceLoss, PlaybackState, Status};
pub use heard::HeardMark;
pub use knob::Knob;
pub use queue::{Entry, EntryKey, Queue, Repeat};
pub use track::{Opener, Track, TrackKind};

use crate::audio::loudness::Normalisation;
use crate::audio::output::{Backend, DeviceChoice, SystemOutput};
use crate::audio::source::Waker;

/// Commands that may wait for the engine.
const MOST_COMMANDS: usize = 256;

/// The engine cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("the audio engine cannot start ({0}); close other programs and try again")]
pub struct EngineError(#[from] std::io::Error);

/// Commands the engine. Clones command the same one; when the last is dropped, the sound ends and the thread is
/// joined.
#[derive(Clone)]
pub struct Playback {
    running: Arc<Running>,
}

struct Running {
    board: Arc<Board>,
    commands: Option<SyncSender<Command>>,
    thread: Thread,
    join: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Playback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playback").field("state", &self.running.board.post().state).finish_non_exhaustive()
    }
}

impl Playback {
    /// Starts the engine on the sound devices of this system. The device is opened when there is something to play,
    /// and given back when nothing has been played for a while.
    ///
    /// `news` is called on the engine's thread and must not block.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        choice: DeviceChoice,
        news: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, EngineError> {
        Self::start_on(Box::new(SystemOutput::default()), choice, news)
    }

    /// Starts the engine on another back end.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start_on(
        backend: Box<dyn Backend>,
        choice: DeviceChoice,
        news: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, EngineError> {
        let board = Arc::<Board>::default();
        let shown = Arc::clone(&board);
        let (commands, inbox) = sync_channel(MOST_COMMANDS);
        let join = thread::Builder::new().name("cadenza-audio".to_owned()).spawn(move || {
            let seed = RandomState::new().hash_one(Instant::now());
            let waker = Waker::of_current_thread();
            let mut engine = Engine::new(shown, backend, seed, waker, Box::new(news));
            engine.prepare(choice);
            run(engine, &inbox);
        })?;
        let thread = join.thread().clone();
        let running = Running { board, commands: Some(commands), thread, join: Mutex::new(Some(join)) };
        Ok(Playback { running: Arc::new(running) })
    }

    /// Sends a command; it is carried out within a device period or so.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.running.commands {
            // Fails only when the engine's thread has panicked; the status then shows what it last posted.
            let _ = commands.send(command);
        }
        self.running.thread.unpark();
    }

    /// Where things stand now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.running.board.status()
    }

    /// Replaces the queue and plays from the track at `start`.
    pub fn load(&self, tracks: Vec<Arc<Track>>, start: usize) {
        self.send(Command::Load { tracks, start, position_ms: 0, play: true });
    }

    /// Brings back a queue and a position, silently.
    pub fn restore(&self, tracks: Vec<Arc<Track>>, start: usize, position_ms: u64) {
        self.send(Command::Load { tracks, start, position_ms, play: false });
    }

    /// Adds tracks at the end of the queue.
    pub fn enqueue(&self, tracks: Vec<Arc<Track>>) {
        self.send(Command::Append(tracks));
    }

    /// Plays, or goes on.
    pub fn play(&self) {
        self.send(Command::Play);
    }

    /// Fades out and holds.
    pub fn pause(&self) {
        self.send(Command::Pause);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.send(Command::Play);
    }

    /// Fades out, closes the track and forgets its key.
    pub fn stop(&self) {
        self.send(Command::Stop);
    }

    /// Goes to a position in the track.
    pub fn seek_ms(&self, position_ms: u64) {
        self.send(Command::Seek(position_ms));
    }

    /// The next track.
    pub fn next(&self) {
        self.send(Command::Next);
    }

    /// The start of this track, or the one before.
    pub fn previous(&self) {
        self.send(Command::Previous);
    }

    /// Sets the volume, 0 to 1 as on a slider; acts at once.
    pub fn set_volume(&self, level: f32) {
        self.running.board.volume().set(level);
    }

    /// What comes after the last track.
    pub fn set_repeat(&self, repeat: Repeat) {
        self.send(Command::Repeat(repeat));
    }

    /// Shuffled order, or the listener's.
    pub fn set_shuffle(&self, on: bool) {
        self.send(Command::Shuffle(on));
    }

    /// Loudness normalisation.
    pub fn set_normalisation(&self, normalisation: Normalisation) {
        self.send(Command::Normalise(normalisation));
    }

    /// What to play on; the sound moves there.
    pub fn set_device(&self, choice: DeviceChoice) {
        self.send(Command::Device(choice));
    }

    /// What to do when the device disappears.
    pub fn set_on_device_loss(&self, on_loss: OnDeviceLoss) {
        self.send(Command::OnDeviceLoss(on_loss));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.commands = None;
        self.thread.unpark();
        let join = self.join.lock().take();
        if let Some(join) = join
            && join.thread().id() != thread::current().id()
        {
            // A panic there has been reported by its own thread.
            let _ = join.join();
        }
    }
}

fn run(mut engine: Engine, inbox: &Receiver<Command>) {
    let start = Instant::now();
    let mut seek = None;
    loop {
        loop {
            // Of several seeks in a row (a slider being dragged) only the last one counts.
            match (inbox.try_recv(), seek.take()) {
                (Ok(command @ Command::Seek(_)), _) => seek = Some(command),
                (Ok(command), waiting) => waiting.into_iter().chain([command]).for_each(|c| engine.handle(c)),
                (Err(TryRecvError::Empty), waiting) => {
                    waiting.into_iter().for_each(|c| engine.handle(c));
                    break;
                }
                (Err(TryRecvError::Disconnected), _) => return engine.play_out(),
            }
        }
        match engine.step(start.elapsed()) {
            Some(wait) if wait.is_zero() => {}
            Some(wait) => thread::park_timeout(wait),
            None => thread::park(),
        }
    }
}
