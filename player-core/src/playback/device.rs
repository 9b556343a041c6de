//! The outlet: the one device stream and what happens when it fails (M4, F11).
//!
//! A device that reports a fault, or that stops asking for sound while it should play (a suspended machine, a
//! server that hangs), is closed; opening is tried again at once and then four times a second until it succeeds.

use std::sync::Arc;
use std::time::Duration;

use super::line::Line;
use crate::audio::output::{Backend, DeviceChoice, DeviceSpec, DeviceStream, Fault, OutputError};
use crate::audio::render::Renderer;
use crate::audio::ring::{Gauges, Volume, ring};
use crate::audio::source::Waker;

/// A device that has not asked for sound for so long has failed.
const STALL: Duration = Duration::from_millis(600);
/// The same for one that has only just started: a sound server may first play out what it had planned.
const STALL_AT_START: Duration = Duration::from_secs(3);
/// Periods after which a device has started.
const START_PERIODS: u64 = 20;
/// Time between two tries to open a device that has failed, and after some of them.
const RETRY: Duration = Duration::from_millis(250);
const RETRY_LATER: Duration = Duration::from_secs(1);
const QUICK_TRIES: u32 = 40;
/// Silent periods after which the last sound has left every buffer below us. Sound servers hold two of ours: when they ask for
/// the second silent one, all that they still have of the period of the fade is the silence behind it.
const STALE_PERIODS: u64 = 2;
/// Sound that has to be at hand before a stall counts.
const STALL_AHEAD_MS: u64 = 200;

/// The device, open or not.
pub(super) struct Outlet {
    backend: Box<dyn Backend>,
    volume: Arc<Volume>,
    waker: Waker,
    choice: DeviceChoice,
    open: Option<OpenDevice>,
    /// The last device that was open.
    last: Option<String>,
    retry: Option<Duration>,
    tries: u32,
}

struct OpenDevice {
    // Declared first: the stream ends before its ring is taken away.
    stream: Box<dyn DeviceStream>,
    line: Line,
    fault: Fault,
    /// Count of device periods when it last moved, and when that was; nothing before the first look.
    pulse: Option<(u64, Duration)>,
}

/// A device that has just been opened.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) gauges: Arc<Gauges>,
}

impl Outlet {
    pub(super) fn new(backend: Box<dyn Backend>, volume: Arc<Volume>, waker: Waker) -> Self {
        Outlet {
            backend,
            volume,
            waker,
            choice: DeviceChoice::Default,
            open: None,
            last: None,
            retry: None,
            tries: 0,
        }
    }

    pub(super) fn line(&mut self) -> Option<&mut Line> {
        self.open.as_mut().map(|open| &mut open.line)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// What to open from now on.
    pub(super) fn choose(&mut self, choice: DeviceChoice) {
        self.choice = choice;
        self.last = None;
    }

    /// Gets the back end ready to open what is chosen.
    pub(super) fn prepare(&mut self) {
        self.backend.prepare(&self.choice);
    }

    /// Opens what is chosen, or else the default device if it `moves`. `prime` puts sound into the new line before
    /// the device asks for any; it hears whether a device that failed has been replaced by another one.
    pub(super) fn open(
        &mut self,
        moves: bool,
        prime: &mut dyn FnMut(&mut Line, bool),
    ) -> Result<Opened, OutputError> {
        let choice = self.choice.clone();
        match self.open_device(&choice, prime) {
            Err(_) if moves && self.retry.is_some() => self.open_device(&DeviceChoice::Default, prime),
            opened => opened,
        }
    }

    fn open_device(
        &mut self,
        choice: &DeviceChoice,
        prime: &mut dyn FnMut(&mut Line, bool),
    ) -> Result<Opened, OutputError> {
        self.close();
        let fault = Fault::new(self.waker.clone());
        let volume = Arc::clone(&self.volume);
        let (last, recovering) = (self.last.clone(), self.retry.is_some());
        let mut made = None;
        let stream = self.backend.open(
            choice,
            &mut |spec: &DeviceSpec| {
                let (feed, drain) = ring(spec.rate_hz, Arc::clone(&volume));
                let mut line = Line::new(feed);
                let elsewhere = recovering && last.as_ref().is_some_and(|last| *last != spec.name);
                prime(&mut line, elsewhere);
                made = Some((spec.clone(), line));
                Renderer::new(drain, spec.channels)
            },
            fault.clone(),
        )?;
        let Some((spec, mut line)) = made else { return Err(OutputError::NoDevice) };
        let gauges = Arc::clone(line.feed().gauges());
        self.last = Some(spec.name.clone());
        self.open = Some(OpenDevice { stream, line, fault, pulse: None });
        self.retry = None;
        Ok(Opened { name: spec.name, gauges })
    }

    /// Whether the system still has nothing but silence of ours to play. New sound would queue up behind that; a
    /// stream that is opened afresh plays it at once.
    pub(super) fn is_stale(&mut self) -> bool {
        self.may_rest()
            && self.line().is_some_and(|line| line.feed().gauges().silent_periods() >= STALE_PERIODS)
    }

    /// Whether the stream may be closed while nothing is wanted of it.
    pub(super) fn may_rest(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.stream.may_rest())
    }

    /// Ends the stream.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Whether the stream is over, by its own word or because it stands still.
    pub(super) fn has_failed(&mut self, now: Duration, playing: bool) -> bool {
        let Some(open) = &mut self.open else { return false };
        if open.fault.is_raised() {
            return true;
        }
        let gauges = Arc::clone(open.line.feed().gauges());
        let at_hand = open.line.feed().ahead() * 1_000 / u64::from(gauges.rate_hz()) > STALL_AHEAD_MS;
        let periods = gauges.callbacks();
        let (_, since) = *open.pulse.get_or_insert((periods, now));
        if open.pulse != Some((periods, since)) || !playing || !at_hand {
            open.pulse = Some((periods, now));
            return false;
        }
        now.saturating_sub(since) > if periods < START_PERIODS { STALL_AT_START } else { STALL }
    }

    /// Tries again at once: the device has just failed.
    pub(super) fn retry_from(&mut self, now: Duration) {
        self.retry = Some(now);
        self.tries = 0;
    }

    /// Tries again in a while: the device is still away.
    pub(super) fn retry_after(&mut self, now: Duration) {
        let wait = if self.tries < QUICK_TRIES { RETRY } else { RETRY_LATER };
        self.retry = Some(now + wait);
        self.tries += 1;
    }

    /// Stops trying.
    pub(super) fn give_up(&mut self) {
        self.retry = None;
    }

    pub(super) fn is_retry_due(&self, now: Duration) -> bool {
        self.retry.is_some_and(|due| due <= now)
    }

    pub(super) fn retry_due(&self) -> Option<Duration> {
        self.retry
    }
}
