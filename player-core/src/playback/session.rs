//! The session: the engine without its thread.
//!
//! [`Session::handle`] takes a command, [`Session::step`] does whatever is due at a given time and says when it
//! wants to be called again. All state is here; time, device and news come in from outside, so a test can run an
//! hour of playback in a moment.
//!
//! ```text
//!   queue ─▶ voice (open track) ─▶ line (converter) ─▶ ring ─▶ device
//!              next voice ─┘ joins without a gap when the first one ends
//! ```

mod flow;
mod shown;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use super::board::{Board, StatusBoard};
use super::device::Outlet;
use super::event::{Command, Event, OnDeviceLoss};
use super::queue::{Entry, EntryKey, Queue};
use super::voice::Voice;
use crate::audio::loudness::Normalisation;
use crate::audio::output::{Backend, DeviceChoice};
use crate::audio::source::Waker;

/// The ring is filled again when it holds less than this: rarely, and much at a time, for the battery's sake.
const LOW_MS: u64 = 1_000;
/// Sound that is decoded before a device is opened for it.
const PRIME_MS: usize = 250;
/// The next track is opened when this one has so much left.
const PRELOAD_MS: u64 = 10_000;
/// Blocks decoded in one step, so that commands are looked at in between.
const PULLS_A_STEP: usize = 16;
/// Longest time between two looks while sound runs, and while something is waited for.
const LOOK_MS: u64 = 250;
const LOOK_WAITING_MS: u64 = 20;
/// Time between two looks while the device has not come to a cut.
const LOOK_HOLDING_MS: u64 = 3;
/// A device of which nothing is wanted for so long is given back to the system.
const IDLE: Duration = Duration::from_secs(3);
/// `Previous` within this time goes to the track before.
const PREVIOUS_MS: u64 = 3_000;

/// What the listener wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Stopped,
    Paused,
    Playing,
}

/// The engine without its thread.
pub struct Session {
    board: Arc<Board>,
    news: Box<dyn FnMut(Event) + Send>,
    waker: Waker,
    outlet: Outlet,
    queue: Queue,
    wish: Wish,
    voice: Option<Voice>,
    upcoming: Option<Voice>,
    /// The entry whose preloading has been tried.
    preloaded: Option<EntryKey>,
    normalisation: Normalisation,
    on_loss: OnDeviceLoss,
    /// Position to start from at the next `Play`, when stopped.
    rest_ms: u64,
    filling: bool,
    /// The source had nothing at the last pull.
    waiting: bool,
    /// Ring frame of the last cut, until the first samples behind it are in the ring.
    begun_at: Option<u64>,
    /// Tracks in a row that brought no sound.
    barren: usize,
    /// The track that was last said to be heard.
    announced: Option<EntryKey>,
    /// A device is to be opened as soon as the source has something to play; whether that starts softly.
    deferred: Option<bool>,
    /// Since when nothing has been wanted of the open device.
    idle_since: Option<Duration>,
    scratch: Vec<f32>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("wish", &self.wish).finish_non_exhaustive()
    }
}

impl Session {
    /// A session that whoever holds it steps by hand, and the board that shows where it stands.
    pub fn on(
        backend: Box<dyn Backend>,
        seed: u64,
        news: Box<dyn FnMut(Event) + Send>,
    ) -> (Self, StatusBoard) {
        let board = Arc::<Board>::default();
        let shown = StatusBoard::new(Arc::clone(&board));
        (Self::new(board, backend, seed, Waker::default(), news), shown)
    }

    /// A session at rest. `seed` decides its shuffles, `news` hears its events on the engine's thread.
    pub(super) fn new(
        board: Arc<Board>,
        backend: Box<dyn Backend>,
        seed: u64,
        waker: Waker,
        news: Box<dyn FnMut(Event) + Send>,
    ) -> Self {
        Session {
            outlet: Outlet::new(backend, Arc::clone(board.volume()), waker.clone()),
            board,
            news,
            waker,
            queue: Queue::new(seed),
            wish: Wish::Stopped,
            voice: None,
            upcoming: None,
            preloaded: None,
            normalisation: Normalisation::Off,
            on_loss: OnDeviceLoss::Pause,
            rest_ms: 0,
            filling: false,
            waiting: false,
            begun_at: None,
            barren: 0,
            announced: None,
            deferred: None,
            idle_since: None,
            scratch: Vec::new(),
        }
    }

    /// Carries out a command.
    pub fn handle(&mut self, command: Command) {
        match command {
            Command::Load { tracks, start, position_ms, play } => {
                self.queue.load(tracks, start);
                self.post_queue();
                match self.queue.current().map(|entry| entry.key) {
                    Some(key) if play => self.start(key, position_ms),
                    _ => {
                        self.stop();
                        self.rest_ms = position_ms;
                    }
                }
            }
            Command::Append(tracks) => {
                self.queue.append(tracks);
                self.post_queue();
            }
            Command::AppendNext(tracks) => {
                self.queue.append_next(tracks);
                self.post_queue();
            }
            Command::Remove(key) => {
                let was_heard = self.heard().is_some_and(|(heard, _)| heard.key == key);
                self.queue.remove(key);
                self.post_queue();
                match self.queue.current().map(|entry| entry.key) {
                    Some(next) if was_heard && self.wish == Wish::Playing => self.start(next, 0),
                    _ if was_heard => self.stop(),
                    _ => {}
                }
            }
            Command::Reorder(key, to) => {
                self.queue.reorder(key, to);
                self.post_queue();
            }
            Command::Jump(key) => self.start(key, 0),
            Command::Play => self.play(),
            Command::Pause => self.pause(),
            Command::Stop => self.stop(),
            Command::Seek(position_ms) => self.seek(position_ms),
            Command::Next => match self.current_key().and_then(|key| self.queue.after(key)) {
                Some(next) => self.go_to(next),
                None => self.stop(),
            },
            Command::Previous => match self.queue.before_current() {
                Some(before) if self.position_ms() < PREVIOUS_MS => self.go_to(before),
                _ => self.seek(0),
            },
            Command::Repeat(repeat) => {
                self.queue.set_repeat(repeat);
                self.post_queue();
            }
            Command::Shuffle(on) => {
                self.queue.shuffle(on);
                self.post_queue();
            }
            Command::Normalise(normalisation) => self.normalise(normalisation),
            Command::Device(choice) => self.choose_device(choice),
            Command::OnDeviceLoss(on_loss) => self.on_loss = on_loss,
        }
        self.post_resting();
        self.post_state();
    }

    /// Says what to play on, and gets everything ready that the first sound would otherwise wait for.
    pub fn prepare(&mut self, choice: DeviceChoice) {
        self.outlet.choose(choice);
        self.outlet.prepare();
    }

    /// Does what is due at `now` (any monotonic clock) and returns how long nothing will be due, if anything will.
    pub fn step(&mut self, now: Duration) -> Option<Duration> {
        self.tend_device(now);
        self.open_when_ready();
        let more = self.fill();
        self.follow();
        self.preload();
        self.rest_device(now);
        self.post_state();
        if more { Some(Duration::ZERO) } else { self.next_look(now) }
    }

    // ---- the listener's wishes

    fn play(&mut self) {
        match self.heard_or_voice() {
            Some(_) if self.wish == Wish::Playing => {}
            Some((entry, position_ms)) => {
                self.wish = Wish::Playing;
                if let Some(voice) = &mut self.voice {
                    voice.hold(false);
                }
                match self.outlet.line() {
                    Some(line) => line.feed().gauges().run(true),
                    None => self.go_on(&entry, position_ms),
                }
            }
            None => {
                if let Some(key) = self.current_key() {
                    let position_ms = std::mem::take(&mut self.rest_ms);
                    self.start(key, position_ms);
                }
            }
        }
    }

    fn pause(&mut self) {
        if self.wish == Wish::Playing {
            self.wish = Wish::Paused;
            if let Some(voice) = &mut self.voice {
                voice.hold(true);
            }
            if let Some(line) = self.outlet.line() {
                line.feed().gauges().run(false);
            }
        }
    }

    fn stop(&mut self) {
        self.wish = Wish::Stopped;
        self.rest_ms = 0;
        (self.voice, self.upcoming, self.preloaded) = (None, None, None);
        (self.waiting, self.begun_at, self.filling) = (false, None, false);
        if let Some(line) = self.outlet.line() {
            line.feed().gauges().run(false);
            let rate_hz = line.feed().gauges().rate_hz();
            // The device's own rate always has a converter: none.
            let _ = line.cut(rate_hz, false);
        }
        (self.announced, self.deferred) = (None, None);
        self.board.post().spans.clear();
    }

    /// Next and previous keep a pause and a stop.
    fn go_to(&mut self, key: EntryKey) {
        match self.wish {
            Wish::Stopped => {
                self.queue.select(key);
                self.rest_ms = 0;
            }
            Wish::Paused | Wish::Playing => self.start_as(self.wish, key, 0),
        }
    }

    fn seek(&mut self, position_ms: u64) {
        match self.heard_or_voice() {
            Some((entry, _)) => self.go_on(&entry, position_ms),
            None => self.rest_ms = position_ms,
        }
    }

    /// Levels the track that is heard anew, from where it is.
    fn normalise(&mut self, normalisation: Normalisation) {
        self.normalisation = normalisation;
        (self.upcoming, self.preloaded) = (None, None);
        let heard = self.heard();
        if let Some(voice) = &mut self.voice
            && voice.level(normalisation)
            && let Some((entry, position_ms)) = heard
        {
            self.go_on(&entry, position_ms);
        }
    }

    /// Plays an entry, or the first one behind it that can be played.
    fn start(&mut self, key: EntryKey, position_ms: u64) {
        self.start_as(Wish::Playing, key, position_ms);
    }

    fn start_as(&mut self, wish: Wish, key: EntryKey, position_ms: u64) {
        self.wish = wish;
        (self.upcoming, self.preloaded, self.barren) = (None, None, 0);
        let Some(voice) = self.open_from(Some(key)) else {
            self.stop();
            return;
        };
        let position_ms = if voice.entry().key == key { position_ms } else { 0 };
        let entry = voice.entry().clone();
        self.queue.select(entry.key);
        self.voice = Some(voice);
        if let Err(error) = self.resume(&entry, position_ms, position_ms > 0) {
            self.no_device(position_ms, &error);
        }
    }

    /// Goes on at a position in the middle of an entry.
    fn go_on(&mut self, entry: &Entry, position_ms: u64) {
        if let Err(error) = self.resume(entry, position_ms, true) {
            self.no_device(position_ms, &error);
        }
    }

    fn next_look(&mut self, now: Duration) -> Option<Duration> {
        if let Some(due) = self.outlet.retry_due() {
            return Some(due.saturating_sub(now));
        }
        if self.wish != Wish::Playing {
            return self
                .idle_since
                .map(|since| (since + IDLE).saturating_sub(now).max(Duration::from_millis(1)));
        }
        if self.waiting {
            return Some(Duration::from_millis(LOOK_WAITING_MS));
        }
        let line = self.outlet.line()?;
        if line.is_holding() {
            return Some(Duration::from_millis(LOOK_HOLDING_MS));
        }
        let rate_hz = u64::from(line.feed().gauges().rate_hz());
        let (ahead, read) = (line.feed().ahead(), line.feed().gauges().read());
        let until_low = ahead.saturating_sub(rate_hz * LOW_MS / 1_000);
        let posted = self.board.post();
        let until_next = posted.spans.get(1).map_or(ahead, |next| next.span.ring_start.saturating_sub(read));
        let ended = self.voice.as_ref().is_none_or(Voice::has_ended);
        let frames = if ended { until_next } else { until_low.min(until_next) };
        Some(Duration::from_millis((frames * 1_000 / rate_hz + 1).clamp(2, LOOK_MS)))
    }
}
