//! Output: the device stream that lives across tracks, whatever the device is.
//!
//! A [`Backend`] opens a stream and lets it pull a [`Renderer`] from the device's own thread until it is dropped.
//! - [`cpal`]: the sound card or sound server of the system;
//! - [`silent`]: no device at all, in real time, chosen explicitly;
//! - `capture`: a WAV file of what the device would have got, for tests, behind the cargo feature `capture`.
//!
//! A device that fails sets a [`Fault`] and wakes the engine, which drops the stream and opens another one.

pub mod cpal;
pub mod silent;

#[cfg(feature = "capture")]
pub mod capture;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::render::Renderer;
use super::source::Waker;
use crate::error::{Code, Explain};

/// Frames that the device asks for at a time, always fixed: the systems' own defaults reach from 5 ms to 2 s. Sound
/// servers keep two of them. Shorter periods run dry on a busy machine; they would not make the first sound sooner,
/// because a device is opened with the sound already at hand.
pub const PERIOD_FRAMES: u32 = 4_096;

/// What to play on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The system's default, also when that changes.
    #[default]
    Default,
    /// A device by its id or its name.
    Named(String),
    /// No device: time passes, nothing is heard.
    Silent,
    /// A file with what the device would have got. Answered with an error unless built for tests.
    Capture(PathBuf),
}

impl FromStr for DeviceChoice {
    type Err = std::convert::Infallible;

    /// `default`, `silent`, `capture:FILE.wav`, or a device's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "" | "default" => DeviceChoice::Default,
            "silent" => DeviceChoice::Silent,
            name => match name.strip_prefix("capture:") {
                Some(path) => DeviceChoice::Capture(path.into()),
                None => DeviceChoice::Named(name.to_owned()),
            },
        })
    }
}

/// A device that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What the system calls it; unique, and the same the next time.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether the system plays on it when nothing is chosen.
    pub is_default: bool,
}

/// What a device stream runs at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSpec {
    /// The device's name.
    pub name: String,
    /// Frames a second.
    pub rate_hz: u32,
    /// Channels of a frame.
    pub channels: u16,
}

/// An open stream. Dropping it stops the device and joins its thread.
pub trait DeviceStream: Send {
    /// Whether it may be closed while nothing is wanted of it, and opened again later.
    fn may_rest(&self) -> bool {
        true
    }
}

/// Opens devices.
pub trait Backend: Send {
    /// Devices that can be chosen now.
    ///
    /// # Errors
    /// The system's sound cannot be reached.
    fn devices(&mut self) -> Result<Vec<Device>, OutputError>;

    /// Does ahead of time what opening needs: connects to the sound server. Failure shows when opening.
    fn prepare(&mut self, _choice: &DeviceChoice) {}

    /// Opens and starts a stream. `renderer` is called once, when the device's rate and channels are known.
    ///
    /// # Errors
    /// There is no such device, or it refuses.
    fn open(
        &mut self,
        choice: &DeviceChoice,
        renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer,
        fault: Fault,
    ) -> Result<Box<dyn DeviceStream>, OutputError>;
}

/// Why there is no sound. The message is meant for the listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// Nothing to play on.
    #[error("there is no sound device; connect one, or choose the silent device")]
    NoDevice,
    /// The chosen one is not there.
    #[error("the sound device '{0}' is not connected; connect it, or choose another one")]
    NotConnected(String),
    /// Somebody else has it.
    #[error(
        "the sound device '{0}' is in use by another program; close that program, or choose another device"
    )]
    Busy(String),
    /// The system says no.
    #[error("this system does not let Cadenza use the sound device '{0}'; allow it in the system's settings")]
    Forbidden(String),
    /// Anything else.
    #[error("the sound device '{name}' cannot be used ({reason}); choose another device")]
    Unusable {
        /// The device.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// A capture was asked of a build that has none.
    #[error("this build does not write sound to files; choose a sound device or the silent device")]
    NoCapture,
}

impl Explain for OutputError {
    fn code(&self) -> Code {
        match self {
            OutputError::NoDevice => Code::NoSoundDevice,
            OutputError::NotConnected(_) => Code::DeviceNotConnected,
            OutputError::Busy(_) => Code::DeviceBusy,
            OutputError::Forbidden(_) => Code::DeviceForbidden,
            OutputError::Unusable { .. } => Code::DeviceUnusable,
            OutputError::NoCapture => Code::CaptureUnavailable,
        }
    }
}

/// Set by a device's thread when its stream is over; looked at by the engine.
#[derive(Clone)]
pub struct Fault {
    state: Arc<AtomicU8>,
    engine: Waker,
}

impl Fault {
    const LOST: u8 = 1;

    /// A fault that has not happened, which wakes `engine` when it does.
    #[must_use]
    pub fn new(engine: Waker) -> Self {
        Fault { state: Arc::default(), engine }
    }

    /// The device is gone or its stream is broken.
    pub fn raise(&self) {
        self.state.store(Self::LOST, Ordering::Release);
        self.engine.wake();
    }

    /// Asks the engine for more, ahead of its time: for devices that do not keep time.
    #[cfg(feature = "capture")]
    pub(super) fn hurry(&self) {
        self.engine.wake();
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.state.load(Ordering::Acquire) == Self::LOST
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({})", self.is_raised())
    }
}

/// The back end of a real player: dispatches on what was chosen.
#[derive(Debug, Default)]
pub struct SystemOutput {
    cards: cpal::SoundCards,
}

impl Backend for SystemOutput {
    fn devices(&mut self) -> Result<Vec<Device>, OutputError> {
        self.cards.devices()
    }

    fn prepare(&mut self, choice: &DeviceChoice) {
        if matches!(choice, DeviceChoice::Default | DeviceChoice::Named(_)) {
            self.cards.connect();
        }
    }

    fn open(
        &mut self,
        choice: &DeviceChoice,
        renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer,
        fault: Fault,
    ) -> Result<Box<dyn DeviceStream>, OutputError> {
        match choice {
            DeviceChoice::Default | DeviceChoice::Named(_) => self.cards.open(choice, renderer, fault),
            DeviceChoice::Silent => Ok(Box::new(silent::SilentStream::open(renderer)?)),
            #[cfg(feature = "capture")]
            DeviceChoice::Capture(path) => Ok(Box::new(capture::CaptureStream::open(path, renderer, fault)?)),
            #[cfg(not(feature = "capture"))]
            DeviceChoice::Capture(_) => Err(OutputError::NoCapture),
        }
    }
}
