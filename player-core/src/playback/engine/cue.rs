//! From an open track to sound: a device plays it from where it is.

use zeroize::Zeroize;

use super::State;
use super::console::Console;
use super::deck::Deck;
use super::flow::{Flow, Start};
use super::shown::Place;
use crate::audio::mix::STEREO;
use crate::audio::output::OutputError;
use crate::audio::source::Pull;
use crate::playback::device::OpenDevice;
use crate::playback::event::OnDeviceLoss;

/// Sound that is decoded before a device is opened for it.
const PRIME_MS: usize = 250;

/// Where sound is to go on once there is a device for it.
pub(super) struct Cue {
    pub(super) deck: Deck,
    pub(super) place: Place,
    /// Fades in, because it begins in the middle of a track.
    pub(super) softly: bool,
}

/// There is nothing to play on.
pub(super) struct NoDevice {
    pub(super) cue: Cue,
    pub(super) error: OutputError,
}

impl NoDevice {
    /// Stops, and remembers the position.
    pub(super) fn give_up(self, console: &mut Console) -> State {
        console.shown.forget();
        console.shown.device_lost(&self.error);
        State::Stopped { device: None, position_ms: self.cue.place.position_ms }
    }
}

/// What the listener wants of the sound that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// That it waits.
    Hold,
    /// To hear it.
    Play,
    /// To hear it again, after a device has failed.
    Recover,
}

impl Cue {
    /// Closes the device of a flow, and keeps the track and the place at which it was heard.
    pub(super) fn from_flow(flow: Flow, console: &mut Console) -> Self {
        let Flow { deck, device, .. } = flow;
        let place = console.shown.heard();
        let place = place.unwrap_or_else(|| Place { entry: deck.voice.entry().clone(), position_ms: 0 });
        drop(device);
        console.shown.device_closed();
        console.shown.post_resting(Some(place.entry.clone()), place.position_ms);
        Cue { deck, place, softly: true }
    }

    /// Has the sound go on, on `device` or on one that is opened for it.
    pub(super) fn begin(self, aim: Aim, device: Option<OpenDevice>, console: &mut Console) -> State {
        let begun = match aim {
            Aim::Hold => Ok(self.hold(device, console)),
            Aim::Play => self.play(device, console),
            Aim::Recover => self.recover(console),
        };
        begun.unwrap_or_else(|refused| refused.give_up(console))
    }

    /// Plays again, as the listener wants it after a device has failed.
    ///
    /// # Errors
    /// No device can be opened.
    pub(super) fn recover(self, console: &mut Console) -> Result<State, Box<NoDevice>> {
        let on_loss = Some(console.on_loss);
        self.open(on_loss, console)
    }

    /// Gets everything ready for the listener to go on. Without a device, one is opened then.
    fn hold(self, device: Option<OpenDevice>, console: &mut Console) -> State {
        match device {
            Some(device) => self.cut_to(device, false, console),
            None => {
                console.shown.post_resting(Some(self.place.entry.clone()), self.place.position_ms);
                State::Parked(self)
            }
        }
    }

    fn play(self, device: Option<OpenDevice>, console: &mut Console) -> Result<State, Box<NoDevice>> {
        match device {
            // New sound would queue up behind the silence that the system still has to play.
            Some(device) if device.is_stale() => {
                drop(device);
                console.shown.device_closed();
                self.open(None, console)
            }
            Some(device) => Ok(self.cut_to(device, true, console)),
            None => self.open(None, console),
        }
    }

    /// Prepares the first sound of the voice, then has the device cut over to it.
    fn cut_to(mut self, mut device: OpenDevice, running: bool, console: &mut Console) -> State {
        let voice = &mut self.deck.voice;
        let frame = voice.next_frame();
        let prepared = voice.pull(&mut console.scratch);
        let ring_start = device.line.cut(voice.rate_hz(), self.softly);
        device.line.send(&mut console.scratch);
        device.run(running);
        Flow::start(self.deck, device, Start { frame, ring_start, prepared }, running, console)
    }

    /// Opens the device with the first sound of the voice already in its ring, so that the first period it asks
    /// for is music. While a live source has nothing yet, the device is left alone.
    fn open(mut self, on_loss: Option<OnDeviceLoss>, console: &mut Console) -> Result<State, Box<NoDevice>> {
        let voice = &mut self.deck.voice;
        let (frame, rate_hz) = (voice.next_frame(), voice.rate_hz());
        let enough = rate_hz as usize * STEREO * PRIME_MS / 1_000;
        let scratch = &mut console.scratch;
        let mut prepared = voice.pull(scratch);
        while scratch.len() < enough && matches!(prepared, Ok(Pull::Frames(_))) {
            prepared = voice.pull(scratch);
        }
        if scratch.is_empty() && matches!(prepared, Ok(Pull::Waiting)) {
            return Ok(State::Awaiting(self));
        }
        let (mut ring_start, mut running) = (Ok(0), true);
        let opened = console.outlet.open(on_loss, &mut |line, elsewhere| {
            ring_start = line.cut(rate_hz, self.softly);
            line.send(scratch);
            running = !(elsewhere && on_loss == Some(OnDeviceLoss::Pause));
            line.gauges().run(running);
        });
        scratch.as_mut_slice().zeroize();
        scratch.clear();
        let device = match opened {
            Ok(device) => device,
            Err(error) => return Err(Box::new(NoDevice { cue: self, error })),
        };
        console.shown.device_opened(&device);
        if !running {
            self.deck.voice.hold(true);
        }
        Ok(Flow::start(self.deck, device, Start { frame, ring_start, prepared }, running, console))
    }
}
