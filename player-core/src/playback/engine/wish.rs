//! What each wish of the listener makes of a state.

use super::State;
use super::console::Console;
use super::cue::{Aim, Cue};
use super::deck::{Deck, Unreached};
use super::shown::Place;
use crate::playback::device::OpenDevice;
use crate::playback::queue::EntryKey;

impl State {
    /// Plays, or goes on.
    pub(super) fn play(self, console: &mut Console) -> State {
        match self {
            State::Playing(_) | State::Awaiting(_) | State::Lost(..) => self,
            State::Paused(mut flow) => {
                flow.deck.voice.hold(false);
                flow.device.run(true);
                State::Playing(flow)
            }
            State::Parked(mut cue) => {
                cue.deck.voice.hold(false);
                State::go_on(cue, Aim::Play, console)
            }
            State::Stopped { position_ms, .. } => match console.current_key() {
                Some(key) => self.start(key, position_ms, console),
                None => self,
            },
        }
    }

    /// Fades out and holds.
    pub(super) fn pause(self) -> State {
        match self {
            State::Playing(mut flow) => {
                flow.deck.voice.hold(true);
                flow.device.run(false);
                State::Paused(flow)
            }
            State::Awaiting(mut cue) | State::Lost(mut cue, _) => {
                cue.deck.voice.hold(true);
                State::Parked(Cue { softly: true, ..cue })
            }
            State::Stopped { .. } | State::Paused(_) | State::Parked(_) => self,
        }
    }

    /// Fades out, and closes the track.
    pub(super) fn stop(self, console: &mut Console) -> State {
        let (device, deck) = self.apart();
        drop(deck);
        State::rest(device, console)
    }

    /// Nothing is open but the device, which fades out.
    pub(super) fn rest(mut device: Option<OpenDevice>, console: &mut Console) -> State {
        if let Some(device) = &mut device {
            device.silence();
        }
        console.shown.forget();
        State::Stopped { device, position_ms: 0 }
    }

    /// The same, but at this position when stopped.
    pub(super) fn with_position(self, position_ms: u64) -> State {
        match self {
            State::Stopped { device, .. } => State::Stopped { device, position_ms },
            other => other,
        }
    }

    /// Next and previous keep a pause and a stop.
    pub(super) fn go_to(self, key: EntryKey, console: &mut Console) -> State {
        match self {
            State::Stopped { .. } => {
                console.queue.select(key);
                self.with_position(0)
            }
            State::Paused(_) | State::Parked(_) => self.start_as(Aim::Hold, key, 0, console),
            State::Playing(_) | State::Awaiting(_) | State::Lost(..) => self.start(key, 0, console),
        }
    }

    /// Goes to a position in the track that is heard.
    pub(super) fn seek(self, position_ms: u64, console: &mut Console) -> State {
        match self.place(console) {
            Some(place) => self.move_to(Place { position_ms, ..place }, console),
            None => self.with_position(position_ms),
        }
    }

    /// Levels the track that is heard anew, from where it is.
    pub(super) fn level(mut self, console: &mut Console) -> State {
        let Some(deck) = self.deck_mut() else { return self };
        deck.keep_only(None);
        let is_other = deck.voice.level(console.normalisation);
        match console.shown.heard() {
            Some(place) if is_other => self.move_to(place, console),
            Some(_) | None => self,
        }
    }

    /// Plays an entry, or the first one behind it that can be played.
    pub(super) fn start(self, key: EntryKey, position_ms: u64, console: &mut Console) -> State {
        let aim = if self.aim() == Aim::Recover { Aim::Recover } else { Aim::Play };
        self.start_as(aim, key, position_ms, console)
    }

    fn start_as(self, aim: Aim, key: EntryKey, position_ms: u64, console: &mut Console) -> State {
        let Some(voice) = console.open_from(Some(key)) else { return self.stop(console) };
        let position_ms = if voice.entry().key == key { position_ms } else { 0 };
        let mut place = Place { entry: voice.entry().clone(), position_ms };
        console.queue.select(place.entry.key);
        let mut deck = Deck::of(voice);
        if deck.reach(&mut place, console).is_err() {
            return self.stop(console);
        }
        let (device, _) = self.apart();
        Cue { deck, softly: position_ms > 0, place }.begin(aim, device, console)
    }

    /// Goes on at another place. Where sound runs and the place cannot be reached, it runs on.
    fn move_to(mut self, mut place: Place, console: &mut Console) -> State {
        let aim = self.aim();
        if let State::Playing(flow) | State::Paused(flow) = &mut self {
            match flow.deck.reach(&mut place, console) {
                Ok(()) => {}
                Err(Unreached::NoTrack) => return self.stop(console),
                Err(Unreached::NoPosition) => return self,
            }
        }
        match self.apart() {
            (device @ Some(_), Some(deck)) => Cue { deck, place, softly: true }.begin(aim, device, console),
            (None, Some(deck)) => State::go_on(Cue { deck, place, softly: true }, aim, console),
            (device, None) => State::Stopped { device, position_ms: place.position_ms },
        }
    }

    /// Goes on where a cue says, on a device that is opened for it.
    pub(super) fn go_on(mut cue: Cue, aim: Aim, console: &mut Console) -> State {
        match cue.deck.reach(&mut cue.place, console) {
            Ok(()) => cue.begin(aim, None, console),
            Err(unreached) => State::unreached(unreached, &cue.place, console),
        }
    }

    /// Nothing is heard, and the sound cannot go on where it should.
    pub(super) fn unreached(unreached: Unreached, place: &Place, console: &mut Console) -> State {
        let position_ms = match unreached {
            Unreached::NoTrack => 0,
            Unreached::NoPosition => place.position_ms,
        };
        State::rest(None, console).with_position(position_ms)
    }

    /// What the listener wants of sound that takes the place of this.
    pub(super) fn aim(&self) -> Aim {
        match self {
            State::Stopped { .. } | State::Paused(_) | State::Parked(_) => Aim::Hold,
            State::Playing(_) | State::Awaiting(_) => Aim::Play,
            State::Lost(..) => Aim::Recover,
        }
    }
}
