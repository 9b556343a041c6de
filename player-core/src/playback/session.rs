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
use super::queue::{EntryKey, Queue};
use super::voice::Voice;
use crate::audio::loudness::Normalisation;
use crate::audio::output::{Backend, DeviceChoice};
use crate::audio::source::Waker;

/// The ring is filled again when it holds less than this: rarely, and much at a time, for the battery's sake.
const LOW_MS: u64 = 1_000;
/// The next track is opened when this one has so much left.
const PRELOAD_MS: u64 = 10_000;
/// Blocks decoded in one step, so that commands are looked at in between.
const PULLS_A_STEP: usize = 16;
/// Longest time between two looks while sound runs, and while something is waited for.
const LOOK_MS: u64 = 250;
const LOOK_WAITING_MS: u64 = 20;
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
    /// The first samples after a cut have not been pushed yet.
    announce_ready: bool,
    /// Tracks in a row that brought no sound.
    barren: usize,
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
            announce_ready: false,
            barren: 0,
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
            Command::Normalise(normalisation) => self.normalisation = normalisation,
            Command::Device(choice) => self.choose_device(choice),
            Command::OnDeviceLoss(on_loss) => self.on_loss = on_loss,
        }
        self.post_resting();
        self.post_state();
    }

    /// Opens the device ahead of the first play, so that the first sound comes sooner. Failure is not reported:
    /// it will be when something is to be played.
    pub fn open_quietly(&mut self, choice: DeviceChoice) {
        self.outlet.choose(choice);
        if let Ok(opened) = self.outlet.open() {
            self.use_device(&opened);
        }
    }

    /// Does what is due at `now` (any monotonic clock) and returns how long nothing will be due, if anything will.
    pub fn step(&mut self, now: Duration) -> Option<Duration> {
        self.tend_device(now);
        let more = self.fill();
        self.follow();
        self.preload();
        self.post_state();
        if more { Some(Duration::ZERO) } else { self.next_look(now) }
    }

    // ---- the listener's wishes

    fn play(&mut self) {
        match (self.wish, self.voice.is_some()) {
            (Wish::Playing, true) => {}
            (_, true) => {
                self.wish = Wish::Playing;
                if let Some(voice) = &mut self.voice {
                    voice.hold(false);
                }
                match self.outlet.line() {
                    Some(line) => line.feed().gauges().run(true),
                    None => self.reopen(self.heard_or_voice()),
                }
            }
            (_, false) => {
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
        (self.waiting, self.announce_ready, self.filling) = (false, false, false);
        if let Some(line) = self.outlet.line() {
            line.feed().gauges().run(false);
            let rate_hz = line.feed().gauges().rate_hz();
            // The device's own rate always has a converter: none.
            let _ = line.cut(rate_hz, false);
        }
        self.board.post().spans.clear();
    }

    /// Next and previous keep a pause and a stop.
    fn go_to(&mut self, key: EntryKey) {
        match self.wish {
            Wish::Stopped => {
                self.queue.select(key);
                self.rest_ms = 0;
            }
            Wish::Paused => {
                self.start(key, 0);
                self.pause();
            }
            Wish::Playing => self.start(key, 0),
        }
    }

    fn seek(&mut self, position_ms: u64) {
        match self.heard_or_voice() {
            Some((entry, _)) if self.voice.is_some() => self.resume(&entry, position_ms, true),
            _ => self.rest_ms = position_ms,
        }
    }

    /// Plays an entry, or the first one behind it that can be played.
    fn start(&mut self, key: EntryKey, position_ms: u64) {
        self.wish = Wish::Playing;
        (self.upcoming, self.preloaded, self.barren) = (None, None, 0);
        let Some(voice) = self.open_from(Some(key)) else {
            self.stop();
            return;
        };
        let position_ms = if voice.entry().key == key { position_ms } else { 0 };
        let entry = voice.entry().clone();
        self.queue.select(entry.key);
        self.voice = Some(voice);
        if self.outlet.line().is_none() {
            match self.outlet.open() {
                Ok(opened) => self.use_device(&opened),
                Err(error) => {
                    self.stop();
                    self.rest_ms = position_ms;
                    self.tell_device_lost(&error);
                    return;
                }
            }
        }
        self.resume(&entry, position_ms, position_ms > 0);
    }

    fn next_look(&mut self, now: Duration) -> Option<Duration> {
        if let Some(due) = self.outlet.retry_due() {
            return Some(due.saturating_sub(now));
        }
        if self.wish != Wish::Playing {
            return None;
        }
        if self.waiting {
            return Some(Duration::from_millis(LOOK_WAITING_MS));
        }
        let line = self.outlet.line()?;
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
