//! The outlet: how a device is opened, and when one has failed or is idle (M4, F11).
//!
//! A device that reports a fault, or that stops asking for sound while it should play (a suspended machine, a
//! server that hangs), is closed; opening is tried again at once and then four times a second until it succeeds.

use std::sync::Arc;
use std::time::Duration;

use super::event::OnDeviceLoss;
use super::line::Line;
use crate::audio::output::{Backend, DeviceChoice, DeviceSpec, DeviceStream, Fault, OutputError};
use crate::audio::render::Renderer;
use crate::audio::ring::{Volume, ring};
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
/// A device of which nothing is wanted for so long is given back to the system.
const IDLE: Duration = Duration::from_secs(3);

/// Opens the device that is chosen.
pub(super) struct Outlet {
    backend: Box<dyn Backend>,
    volume: Arc<Volume>,
    waker: Waker,
    choice: DeviceChoice,
    /// The last device that was open.
    last: Option<String>,
}

/// A device that is open, until it is dropped.
pub(super) struct OpenDevice {
    // Declared first: the stream ends before its ring is taken away.
    stream: Box<dyn DeviceStream>,
    pub(super) line: Line,
    pub(super) name: String,
    fault: Fault,
    /// Count of device periods when it last moved, and when that was; nothing before the first look.
    pulse: Option<(u64, Duration)>,
    /// Since when nothing has been wanted of it, once that has been looked at.
    idle_since: Option<Duration>,
}

/// When to try again to open a device that has failed.
pub(super) struct Retry {
    due: Duration,
    tries: u32,
}

impl Outlet {
    pub(super) fn new(backend: Box<dyn Backend>, volume: Arc<Volume>, waker: Waker) -> Self {
        Outlet { backend, volume, waker, choice: DeviceChoice::Default, last: None }
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

    /// Opens what is chosen. `on_loss` says what the listener wants when a device has failed: perhaps the default one
    /// in its place. `prime` puts sound into the new line before the device asks for any; it hears whether a device
    /// that failed has been replaced by another one.
    pub(super) fn open(
        &mut self,
        on_loss: Option<OnDeviceLoss>,
        prime: &mut dyn FnMut(&mut Line, bool),
    ) -> Result<OpenDevice, OutputError> {
        let choice = self.choice.clone();
        let recovers = on_loss.is_some();
        match self.open_device(&choice, recovers, prime) {
            Err(_) if on_loss == Some(OnDeviceLoss::Move) => {
                self.open_device(&DeviceChoice::Default, recovers, prime)
            }
            opened => opened,
        }
    }

    fn open_device(
        &mut self,
        choice: &DeviceChoice,
        recovers: bool,
        prime: &mut dyn FnMut(&mut Line, bool),
    ) -> Result<OpenDevice, OutputError> {
        let fault = Fault::new(self.waker.clone());
        let (volume, last) = (&self.volume, &self.last);
        let mut made = None;
        let stream = self.backend.open(
            choice,
            &mut |spec: &DeviceSpec| {
                let (feed, drain) = ring(spec.rate_hz, Arc::clone(volume));
                let mut line = Line::new(feed);
                let elsewhere = recovers && last.as_ref().is_some_and(|last| *last != spec.name);
                prime(&mut line, elsewhere);
                made = Some((spec.name.clone(), line));
                Renderer::new(drain, spec.channels)
            },
            fault.clone(),
        )?;
        let Some((name, line)) = made else { return Err(OutputError::NoDevice) };
        self.last = Some(name.clone());
        Ok(OpenDevice { stream, line, name, fault, pulse: None, idle_since: None })
    }

    /// What to say of a device that has failed.
    pub(super) fn lost(&self) -> OutputError {
        OutputError::NotConnected(self.last.clone().unwrap_or_default())
    }
}

impl OpenDevice {
    /// Plays what is in the ring, or fades out and holds it.
    pub(super) fn run(&mut self, running: bool) {
        self.line.gauges().run(running);
        if running {
            self.idle_since = None;
        }
    }

    /// Fades out, and throws away what is in the ring.
    pub(super) fn silence(&mut self) {
        self.run(false);
        let rate_hz = self.line.gauges().rate_hz();
        // The device's own rate always has a converter: none.
        let _ = self.line.cut(rate_hz, false);
    }

    /// Whether the system still has nothing but silence of ours to play. New sound would queue up behind that; a
    /// stream that is opened afresh plays it at once.
    pub(super) fn is_stale(&self) -> bool {
        self.may_rest() && self.line.gauges().silent_periods() >= STALE_PERIODS
    }

    /// Whether the stream may be closed while nothing is wanted of it.
    pub(super) fn may_rest(&self) -> bool {
        self.stream.may_rest()
    }

    /// Whether nothing has been wanted of it for so long that the system can have it back.
    pub(super) fn has_idled(&mut self, now: Duration) -> bool {
        self.may_rest() && now.saturating_sub(*self.idle_since.get_or_insert(now)) >= IDLE
    }

    /// Time until then.
    pub(super) fn until_idle(&self, now: Duration) -> Option<Duration> {
        self.idle_since.map(|since| (since + IDLE).saturating_sub(now).max(Duration::from_millis(1)))
    }

    /// Whether the stream is over, by its own word or because it stands still.
    pub(super) fn has_failed(&mut self, now: Duration, playing: bool) -> bool {
        if self.fault.is_raised() {
            return true;
        }
        let gauges = self.line.gauges();
        let at_hand = self.line.ahead() * 1_000 / u64::from(gauges.rate_hz()) > STALL_AHEAD_MS;
        let periods = gauges.callbacks();
        let (_, since) = *self.pulse.get_or_insert((periods, now));
        if self.pulse != Some((periods, since)) || !playing || !at_hand {
            self.pulse = Some((periods, now));
            return false;
        }
        now.saturating_sub(since) > if periods < START_PERIODS { STALL_AT_START } else { STALL }
    }
}

impl Retry {
    /// At once: the device has just failed.
    pub(super) fn from(now: Duration) -> Self {
        Retry { due: now, tries: 0 }
    }

    /// In a while: the device is still away.
    pub(super) fn after(self, now: Duration) -> Self {
        let wait = if self.tries < QUICK_TRIES { RETRY } else { RETRY_LATER };
        Retry { due: now + wait, tries: self.tries + 1 }
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.due <= now
    }

    pub(super) fn until_due(&self, now: Duration) -> Duration {
        self.due.saturating_sub(now)
    }
}
