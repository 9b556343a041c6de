//! The engine, without its thread.
//!
//! [`Engine::handle`] takes a command, [`Engine::step`] does whatever is due at a given time and says when it
//! wants to be called again. All state is here; time, device and news come in from outside, so a test can run an
//! hour of playback in a moment.
//!
//! ```text
//!   queue ─▶ deck: voice (open track) ─▶ line (converter) ─▶ ring ─▶ device
//!              next voice ─┘ joins without a gap when the first one ends
//! ```
//!
//! What it is doing is one `State`, and whatever happens turns that into the next one:
//!
//! ```text
//!                 play                  a live source has nothing yet
//!     Stopped ───────────▶ Playing ◀──────────────────────────────────▶ Awaiting
//!        ▲   stop, the end  │ ▲ │  the device fails
//!        ├──────────────────┘ │ └──────────────▶ Lost, until one can be opened
//!        │              pause │ play
//!        ├──────────────── Paused ── nothing wanted of the device for a while ──▶ Parked
//! ```
//!
//! A fade is none of them. The ring's reader fades at a pause, a stop and a cut, in the device's time, while the
//! engine is in its next state already; running dry and playing out the end of the queue are the `Supply`
//! of a state whose sound runs.

mod console;
mod cue;
mod deck;
mod flow;
mod shown;
mod state;
mod watch;
mod wish;

use std::sync::Arc;
use std::time::Duration;

use console::Console;
use cue::{Aim, Cue};
use flow::Flow;

use super::board::{Board, StatusBoard};
use super::device::{OpenDevice, Retry};
use super::event::{Command, Event};
use crate::audio::output::{Backend, DeviceChoice};
use crate::audio::source::Waker;

/// `Previous` within this time goes to the track before.
const PREVIOUS_MS: u64 = 3_000;

/// The engine without its thread.
pub struct Engine {
    console: Console,
    state: State,
}

/// What the engine is doing. Each state holds what it needs and nothing else, and is consumed into the next.
enum State {
    /// No track is open. The device may be, for a while; the next `Play` starts here in the current track.
    Stopped { device: Option<OpenDevice>, position_ms: u64 },
    /// Sound is wanted, and a live source has none yet; a device is opened for its first.
    Awaiting(Cue),
    /// Sound runs.
    Playing(Flow),
    /// Held by the listener.
    Paused(Flow),
    /// The same without a device: it was given back, or there was none yet.
    Parked(Cue),
    /// Sound is wanted, and the device has failed.
    Lost(Cue, Retry),
}

impl Default for State {
    fn default() -> Self {
        State::Stopped { device: None, position_ms: 0 }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("state", &self.state.playback_state()).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that whoever holds it steps by hand, and the board that shows where it stands.
    pub fn on(
        backend: Box<dyn Backend>,
        seed: u64,
        news: Box<dyn FnMut(Event) + Send>,
    ) -> (Self, StatusBoard) {
        let board = Arc::<Board>::default();
        let shown = StatusBoard::new(Arc::clone(&board));
        (Self::new(board, backend, seed, Waker::default(), news), shown)
    }

    /// An engine at rest. `seed` decides its shuffles, `news` hears its events on the engine's thread.
    pub(super) fn new(
        board: Arc<Board>,
        backend: Box<dyn Backend>,
        seed: u64,
        waker: Waker,
        news: Box<dyn FnMut(Event) + Send>,
    ) -> Self {
        Engine { console: Console::new(board, backend, seed, waker, news), state: State::default() }
    }

    /// Carries out a command.
    pub fn handle(&mut self, command: Command) {
        let is_stop = matches!(command, Command::Stop);
        match command {
            Command::Load { tracks, start, position_ms, play } => {
                self.console.interrupted = None;
                self.console.queue.load(tracks, start);
                self.console.post_queue();
                let key = self.console.current_key();
                self.turn(|state, console| match key {
                    Some(key) if play => state.start(key, position_ms, console),
                    _ => state.stop(console).with_position(position_ms),
                });
            }
            Command::Interrupt { tracks, start } => {
                let position_ms = self.state.position_ms(&self.console);
                self.console.interrupt(position_ms, self.state.aim() != Aim::Hold);
                self.console.queue.load(tracks, start);
                self.console.post_queue();
                let key = self.console.current_key();
                self.turn(|state, console| match key {
                    Some(key) => state.start(key, 0, console),
                    None => state.stop(console),
                });
            }
            Command::Append(tracks) => {
                self.console.queue.append(tracks);
                self.console.post_queue();
            }
            Command::AppendNext(tracks) => {
                self.console.queue.append_next(tracks);
                self.console.post_queue();
            }
            Command::Remove(key) => {
                let was_heard = self.state.place(&self.console).is_some_and(|place| place.entry.key == key);
                self.console.queue.remove(key);
                self.console.post_queue();
                if was_heard {
                    let next = self.console.current_key();
                    self.turn(|state, console| match next {
                        Some(next) if state.aim() != Aim::Hold => state.start(next, 0, console),
                        _ => state.stop(console),
                    });
                }
            }
            Command::Reorder(key, to) => {
                self.console.queue.reorder(key, to);
                self.console.post_queue();
            }
            Command::Jump(key) => self.turn(|state, console| state.start(key, 0, console)),
            Command::Play => self.turn(State::play),
            Command::Pause => self.turn(|state, _| state.pause()),
            Command::Stop => self.turn(State::stop),
            Command::Seek(position_ms) => self.turn(|state, console| state.seek(position_ms, console)),
            Command::Next => {
                let next = self.console.current_key().and_then(|key| self.console.queue.after(key));
                self.turn(|state, console| match next {
                    Some(next) => state.go_to(next, console),
                    None => state.stop(console),
                });
            }
            Command::Previous => {
                let is_early = self.state.position_ms(&self.console) < PREVIOUS_MS;
                let before = self.console.queue.before_current().filter(|_| is_early);
                self.turn(|state, console| match before {
                    Some(before) => state.go_to(before, console),
                    None => state.seek(0, console),
                });
            }
            Command::Repeat(repeat) => {
                self.console.queue.set_repeat(repeat);
                self.console.post_queue();
            }
            Command::Shuffle(on) => {
                self.console.queue.shuffle(on);
                self.console.post_queue();
            }
            Command::Normalise(normalisation) => {
                self.console.normalisation = normalisation;
                self.turn(State::level);
            }
            Command::Device(choice) => self.turn(|state, console| state.choose_device(choice, console)),
            Command::OnDeviceLoss(on_loss) => self.console.on_loss = on_loss,
        }
        self.give_back(!is_stop);
        self.post();
    }

    /// Says what to play on, and gets everything ready that the first sound would otherwise wait for.
    pub fn prepare(&mut self, choice: DeviceChoice) {
        self.console.outlet.choose(choice);
        self.console.outlet.prepare();
    }

    /// Does what is due at `now` (any monotonic clock) and returns how long nothing will be due, if anything will.
    pub fn step(&mut self, now: Duration) -> Option<Duration> {
        self.turn(|state, console| state.tend_device(now, console).begin_if_ready(console));
        let more = self.state.fill(&mut self.console);
        let is_over = self.state.follow(&mut self.console);
        if is_over {
            self.end();
        }
        self.state.preload(&self.console);
        self.turn(|state, console| state.rest_device(now, console));
        self.console.shown.post_state(self.state.playback_state());
        if more { Some(Duration::ZERO) } else { self.state.next_look(now, &self.console) }
    }

    /// The last track has been heard to its end.
    fn end(&mut self) {
        self.turn(State::stop);
        if self.console.interrupted.is_some() {
            self.give_back(true);
            return self.post();
        }
        if let Some(first) = self.console.queue.first() {
            self.console.queue.select(first);
        }
        self.post();
        self.console.shown.tell(Event::Ended);
    }

    /// Once a preview has come to its end, what it interrupted is there again, and is heard again if it was.
    fn give_back(&mut self, may_play: bool) {
        if !matches!(self.state, State::Stopped { .. }) {
            return;
        }
        let Some((position_ms, is_heard)) = self.console.resume() else { return };
        self.turn(|state, console| match state.with_position(position_ms) {
            state if is_heard && may_play => state.play(console),
            state => state,
        });
    }

    fn turn(&mut self, change: impl FnOnce(State, &mut Console) -> State) {
        self.state = change(std::mem::take(&mut self.state), &mut self.console);
    }

    fn post(&mut self) {
        self.state.post_resting(&mut self.console);
        self.console.shown.post_state(self.state.playback_state());
    }
}
