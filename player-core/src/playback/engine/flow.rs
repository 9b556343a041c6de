//! The flow of sound: filling the ring, joining one track to the next, noticing which is heard.

use std::time::Duration;

use super::State;
use super::console::Console;
use super::deck::Deck;
use crate::audio::resample::ResampleError;
use crate::audio::source::{Pull, SourceError};
use crate::playback::board::Heard;
use crate::playback::device::OpenDevice;
use crate::playback::event::Event;
use crate::playback::line::Span;
use crate::playback::track::TrackKind;
use crate::playback::voice::Voice;

/// The ring is filled again when it holds less than this: rarely, and much at a time, for the battery's sake.
const LOW_MS: u64 = 1_000;
/// Blocks decoded in one step, so that commands are looked at in between.
const PULLS_A_STEP: usize = 16;
/// Longest time between two looks while sound runs.
const LOOK_MS: u64 = 250;
/// Time between two looks while a source is waited for.
pub(super) const LOOK_WAITING: Duration = Duration::from_millis(20);
/// Time between two looks while the device has not come to a cut.
const LOOK_HOLDING: Duration = Duration::from_millis(3);

/// An open track and the open device that it goes to.
pub(super) struct Flow {
    pub(super) deck: Deck,
    pub(super) device: OpenDevice,
    supply: Supply,
    /// Ring frame at which it begins, until the first samples behind it are in the ring.
    begun_at: Option<u64>,
    /// Tracks in a row that brought no sound.
    barren: usize,
}

/// How the ring is kept filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Supply {
    /// It is full, or not low again yet.
    Full,
    /// It is being filled.
    Filling,
    /// It is being filled, and the source had nothing at the last pull.
    Waiting,
}

/// How a flow begins: what has been pulled for it, and where that stands.
pub(super) struct Start {
    /// Frame of the track.
    pub(super) frame: u64,
    /// The ring's frame of the same sound.
    pub(super) ring_start: Result<u64, ResampleError>,
    /// The last pull.
    pub(super) prepared: Result<Pull, SourceError>,
}

impl Flow {
    /// Goes on with the first sound already on its way.
    pub(super) fn start(
        deck: Deck,
        device: OpenDevice,
        start: Start,
        running: bool,
        console: &mut Console,
    ) -> State {
        let ring_start = match start.ring_start {
            Ok(ring_start) => ring_start,
            Err(error) => {
                console.shown.track_failed(deck.voice.entry(), &error);
                drop(deck);
                return State::rest(Some(device), console);
            }
        };
        console.shown.begin(heard(&deck.voice, ring_start, start.frame));
        let begun_at = Some(ring_start);
        let mut flow = Flow { deck, device, supply: Supply::Filling, begun_at, barren: 0 };
        flow.take(start.prepared, console);
        if running { State::Playing(flow) } else { State::Paused(flow) }
    }

    /// Fills the ring; true when there is more to do at once.
    pub(super) fn fill(&mut self, console: &mut Console) -> bool {
        for _ in 0..PULLS_A_STEP {
            let line = &mut self.device.line;
            let low = u64::from(line.gauges().rate_hz()) * LOW_MS / 1_000;
            if self.supply == Supply::Full && line.feed().ahead() < low {
                self.supply = Supply::Filling;
            }
            let all_pushed = line.push();
            let wanted = line.feed().wanted();
            self.tell_begun(console);
            if self.supply == Supply::Full || !all_pushed {
                return false;
            }
            if wanted == 0 {
                if self.supply == Supply::Filling {
                    self.supply = Supply::Full;
                }
                return false;
            }
            let goes_on = if self.deck.voice.has_ended() {
                self.advance(console)
            } else {
                let pulled = self.deck.voice.pull(&mut console.scratch);
                self.take(pulled, console)
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    /// Takes what a pull brought; false when there is nothing more for now.
    fn take(&mut self, pulled: Result<Pull, SourceError>, console: &mut Console) -> bool {
        self.supply = Supply::Filling;
        match pulled {
            Ok(Pull::Frames(_)) => {
                self.barren = 0;
                if !console.scratch.is_empty() {
                    self.device.line.send(&mut console.scratch);
                }
                self.tell_begun(console);
                true
            }
            Ok(Pull::Waiting) => {
                self.supply = Supply::Waiting;
                false
            }
            Ok(Pull::End) => self.advance(console),
            Err(error) => {
                console.shown.track_failed(self.deck.voice.entry(), &error);
                self.advance(console)
            }
        }
    }

    /// The voice has given its last frame: joins the next one to it, or announces the end. False at the end.
    fn advance(&mut self, console: &mut Console) -> bool {
        let next = console.queue.after_end_of(self.deck.voice.entry().key);
        self.barren += usize::from(next.is_some());
        let next = next.filter(|_| self.barren <= console.queue.entries().len() + 1);
        let Some(voice) = self.deck.turn_to(next, console) else {
            self.device.line.finish();
            self.device.line.feed().end(true);
            self.deck.voice.close();
            return false;
        };
        self.device.line.feed().end(false);
        match self.device.line.join(voice.rate_hz()) {
            Ok(ring_start) => {
                console.shown.join(heard(&voice, ring_start, voice.next_frame()));
                self.deck.voice = voice;
                true
            }
            Err(error) => {
                console.shown.track_failed(voice.entry(), &error);
                false
            }
        }
    }

    /// Says that the first samples after a cut are in the ring, once they are.
    fn tell_begun(&mut self, console: &mut Console) {
        if self.begun_at.take_if(|at| self.device.line.has_begun(*at)).is_some() {
            console.shown.tell(Event::Ready { id: self.deck.voice.track().id });
        }
    }

    /// Notices which track is heard.
    pub(super) fn follow(&self, console: &mut Console) {
        let crossed = console.shown.crossed(self.device.line.gauges().read());
        // A live source learns its length on the way.
        console.shown.post_duration(self.deck.voice.entry().key, duration_ms(&self.deck.voice));
        if let Some(entry) = crossed {
            console.queue.select(entry.key);
            console.shown.announce(&entry);
        }
    }

    /// Whether everything up to the end of the queue has been heard.
    pub(super) fn is_drained(&self) -> bool {
        self.device.line.gauges().is_drained()
    }

    /// Whether sound is missing that the source has not brought.
    pub(super) fn is_dry(&self) -> bool {
        let line = &self.device.line;
        self.supply == Supply::Waiting && (line.ahead() == 0 || line.gauges().is_starved())
    }

    /// Whether the track comes from a store as it is heard.
    pub(super) fn is_live(&self) -> bool {
        self.deck.voice.track().kind == TrackKind::Preview
    }

    /// How long nothing is due while it plays.
    pub(super) fn next_look(&self, console: &Console) -> Duration {
        let line = &self.device.line;
        if self.supply == Supply::Waiting {
            return LOOK_WAITING;
        }
        if line.is_holding() {
            return LOOK_HOLDING;
        }
        let rate_hz = u64::from(line.gauges().rate_hz());
        let ahead = line.ahead();
        let until_low = ahead.saturating_sub(rate_hz * LOW_MS / 1_000);
        let until_next = console.shown.frames_to_next(line.gauges().read()).unwrap_or(ahead);
        let frames = if self.deck.voice.has_ended() { until_next } else { until_low.min(until_next) };
        Duration::from_millis((frames * 1_000 / rate_hz + 1).clamp(2, LOOK_MS))
    }
}

/// A voice whose `frame` stands at a frame of the ring.
fn heard(voice: &Voice, ring_start: u64, frame: u64) -> Heard {
    let entry = voice.entry().clone();
    let span = Span { ring_start, key: entry.key, frame, rate_hz: voice.rate_hz() };
    Heard { span, entry, duration_ms: duration_ms(voice) }
}

fn duration_ms(voice: &Voice) -> Option<u64> {
    voice.duration_frames().map(|frames| frames * 1_000 / u64::from(voice.rate_hz()))
}
