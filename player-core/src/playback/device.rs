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
}

struct OpenDevice {
    // Declared first: the stream ends before its ring is taken away.
    _stream: Box<dyn DeviceStream>,
    line: Line,
    fault: Fault,
    /// Count of device periods when it last moved, and when that was; nothing before the first look.
    pulse: Option<(u64, Duration)>,
}

/// A device that has just been opened.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) gauges: Arc<Gauges>,
    /// It is another one than before.
    pub(super) moved: bool,
}

impl Outlet {
    /// Time between two tries.
    pub(super) const RETRY: Duration = Duration::from_millis(250);

    pub(super) fn new(backend: Box<dyn Backend>, volume: Arc<Volume>, waker: Waker) -> Self {
        Outlet { backend, volume, waker, choice: DeviceChoice::Default, open: None, last: None, retry: None }
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

    /// Opens what is chosen.
    pub(super) fn open(&mut self) -> Result<Opened, OutputError> {
        let choice = self.choice.clone();
        self.open_device(&choice)
    }

    /// Opens the system's default device, whatever is chosen.
    pub(super) fn open_default(&mut self) -> Result<Opened, OutputError> {
        self.open_device(&DeviceChoice::Default)
    }

    fn open_device(&mut self, choice: &DeviceChoice) -> Result<Opened, OutputError> {
        self.close();
        let fault = Fault::new(self.waker.clone());
        let volume = Arc::clone(&self.volume);
        let mut made = None;
        let stream = self.backend.open(
            choice,
            &mut |spec: &DeviceSpec| {
                let (feed, drain) = ring(spec.rate_hz, Arc::clone(&volume));
                made = Some((spec.clone(), Line::new(feed)));
                Renderer::new(drain, spec.channels)
            },
            fault.clone(),
        )?;
        let Some((spec, mut line)) = made else { return Err(OutputError::NoDevice) };
        let gauges = Arc::clone(line.feed().gauges());
        let moved = self.last.as_ref().is_some_and(|last| *last != spec.name);
        self.last = Some(spec.name.clone());
        self.open = Some(OpenDevice { _stream: stream, line, fault, pulse: None });
        self.retry = None;
        Ok(Opened { name: spec.name, gauges, moved })
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
        now.saturating_sub(since) > STALL
    }

    /// Tries again from `due` on.
    pub(super) fn retry_from(&mut self, due: Duration) {
        self.retry = Some(due);
    }

    pub(super) fn is_retry_due(&self, now: Duration) -> bool {
        self.retry.is_some_and(|due| due <= now)
    }

    pub(super) fn retry_due(&self) -> Option<Duration> {
        self.retry
    }
}
