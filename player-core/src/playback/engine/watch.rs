//! The device under the sound: chosen, lost, found again, given back (M4, F11).

use std::time::{Duration, Instant};

use super::console::Console;
use super::cue::{Aim, Cue};
use super::{Engine, State};
use crate::audio::output::DeviceChoice;
use crate::playback::device::{OpenDevice, Retry};

/// Longest time that the last sound is given to leave the system's buffers, and how often it is looked at.
const PLAY_OUT: Duration = Duration::from_millis(1_500);
const PLAY_OUT_LOOK: Duration = Duration::from_millis(10);

impl State {
    /// Moves the sound, or what will be heard of it, to another device.
    pub(super) fn choose_device(self, choice: DeviceChoice, console: &mut Console) -> State {
        let aim = self.aim();
        let without = self.close_device(console);
        console.outlet.choose(choice);
        console.outlet.prepare();
        match without {
            Ok(cue) => State::go_on(cue, aim, console),
            Err(position_ms) => State::Stopped { device: None, position_ms },
        }
    }

    /// Takes the device away: what would be heard is left, or the position at which nothing is.
    fn close_device(self, console: &mut Console) -> Result<Cue, u64> {
        match self {
            State::Playing(flow) | State::Paused(flow) => Ok(Cue::from_flow(flow, console)),
            State::Awaiting(cue) | State::Parked(cue) | State::Lost(cue, _) => {
                Ok(Cue { softly: true, ..cue })
            }
            State::Stopped { mut device, position_ms } => {
                if device.take().is_some() {
                    console.shown.device_closed();
                }
                Err(position_ms)
            }
        }
    }

    /// Notices a device that has failed, and tries to get it back.
    pub(super) fn tend_device(mut self, now: Duration, console: &mut Console) -> State {
        let plays = matches!(self, State::Playing(_));
        if self.device_mut().is_some_and(|device| device.has_failed(now, plays)) {
            self = match self.close_device(console) {
                Ok(cue) if plays => {
                    console.shown.device_lost(&console.outlet.lost());
                    State::Lost(cue, Retry::from(now))
                }
                Ok(cue) => State::Parked(cue),
                Err(position_ms) => State::Stopped { device: None, position_ms },
            };
        }
        match self {
            State::Lost(cue, retry) if retry.is_due(now) => State::recover(cue, retry, now, console),
            other => other,
        }
    }

    fn recover(mut cue: Cue, retry: Retry, now: Duration, console: &mut Console) -> State {
        match cue.deck.reach(&mut cue.place, console) {
            Ok(()) => match cue.recover(console) {
                Ok(state) => state,
                Err(refused) => State::Lost(refused.cue, retry.after(now)),
            },
            Err(unreached) => State::unreached(unreached, &cue.place, console),
        }
    }

    /// Opens the device once a live source has its first sound.
    pub(super) fn begin_if_ready(self, console: &mut Console) -> State {
        match self {
            State::Awaiting(cue) => cue.begin(Aim::Play, None, console),
            other => other,
        }
    }

    /// Gives a device back to the system when nothing has been wanted of it for a while. A live preview keeps it:
    /// going on means asking its server again.
    pub(super) fn rest_device(mut self, now: Duration, console: &mut Console) -> State {
        let keeps = match &self {
            State::Paused(flow) => flow.is_live(),
            State::Stopped { .. } => false,
            State::Playing(_) | State::Awaiting(_) | State::Parked(_) | State::Lost(..) => true,
        };
        if keeps || !self.device_mut().is_some_and(|device| device.has_idled(now)) {
            return self;
        }
        match self.close_device(console) {
            Ok(cue) => State::Parked(cue),
            Err(position_ms) => State::Stopped { device: None, position_ms },
        }
    }

    fn device_mut(&mut self) -> Option<&mut OpenDevice> {
        match self {
            State::Stopped { device, .. } => device.as_mut(),
            State::Playing(flow) | State::Paused(flow) => Some(&mut flow.device),
            State::Awaiting(_) | State::Parked(_) | State::Lost(..) => None,
        }
    }
}

impl Engine {
    /// Fades out and waits until the system has played what it holds of ours: a sound server has a fifth of a
    /// second in hand, and would cut it off, fade and all, when the stream is dropped.
    pub fn play_out(&mut self) {
        self.turn(State::stop);
        let until = Instant::now() + PLAY_OUT;
        let plays_on = |state: &mut State| {
            state.device_mut().is_some_and(|device| device.may_rest() && !device.is_stale())
        };
        while plays_on(&mut self.state) && Instant::now() < until {
            std::thread::park_timeout(PLAY_OUT_LOOK);
        }
    }
}
