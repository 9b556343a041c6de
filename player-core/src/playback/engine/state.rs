//! What is due in a state, and what can be seen of it.

use std::time::Duration;

use super::State;
use super::console::Console;
use super::deck::Deck;
use super::flow::LOOK_WAITING;
use super::shown::Place;
use crate::playback::device::OpenDevice;
use crate::playback::event::PlaybackState;

impl State {
    /// Fills the ring; true when there is more to do at once.
    pub(super) fn fill(&mut self, console: &mut Console) -> bool {
        match self {
            State::Playing(flow) | State::Paused(flow) => flow.fill(console),
            State::Stopped { .. } | State::Awaiting(_) | State::Parked(_) | State::Lost(..) => false,
        }
    }

    /// Notices which track is heard; true when the last one was heard to its end.
    pub(super) fn follow(&self, console: &mut Console) -> bool {
        match self {
            State::Playing(flow) => {
                flow.follow(console);
                flow.is_drained()
            }
            State::Paused(flow) => {
                flow.follow(console);
                false
            }
            State::Stopped { .. } | State::Awaiting(_) | State::Parked(_) | State::Lost(..) => false,
        }
    }

    /// Opens the next track early while sound runs, and closes it again when another one comes to be next.
    pub(super) fn preload(&mut self, console: &Console) {
        let runs = matches!(self, State::Playing(_));
        let Some(deck) = self.deck_mut() else { return };
        let next = console.queue.after_end_of(deck.voice.entry().key);
        deck.keep_only(next);
        if runs {
            deck.preload(next, console);
        }
    }

    /// The track that is heard or would be, and where.
    pub(super) fn place(&self, console: &Console) -> Option<Place> {
        match self {
            State::Stopped { .. } => None,
            State::Playing(_) | State::Paused(_) => console.shown.heard(),
            State::Awaiting(cue) | State::Parked(cue) | State::Lost(cue, _) => Some(cue.place.clone()),
        }
    }

    pub(super) fn position_ms(&self, console: &Console) -> u64 {
        match self {
            State::Stopped { position_ms, .. } => *position_ms,
            _ => self.place(console).map_or(0, |place| place.position_ms),
        }
    }

    /// What is shown of it.
    pub(super) fn playback_state(&self) -> PlaybackState {
        match self {
            State::Stopped { .. } => PlaybackState::Stopped,
            State::Awaiting(_) | State::Lost(..) => PlaybackState::Buffering,
            State::Playing(flow) if flow.is_dry() => PlaybackState::Buffering,
            State::Playing(_) => PlaybackState::Playing,
            State::Paused(_) | State::Parked(_) => PlaybackState::Paused,
        }
    }

    /// Shows what would be played while nothing is in the ring.
    pub(super) fn post_resting(&self, console: &mut Console) {
        let (entry, position_ms) = match self {
            State::Playing(_) | State::Paused(_) => return,
            State::Stopped { position_ms, .. } => (console.queue.current().cloned(), *position_ms),
            State::Awaiting(cue) | State::Parked(cue) | State::Lost(cue, _) => {
                (Some(cue.place.entry.clone()), cue.place.position_ms)
            }
        };
        console.shown.post_resting(entry, position_ms);
    }

    /// How long nothing will be due, if anything will.
    pub(super) fn next_look(&self, now: Duration, console: &Console) -> Option<Duration> {
        match self {
            State::Stopped { device, .. } => device.as_ref()?.until_idle(now),
            State::Awaiting(_) => Some(LOOK_WAITING),
            State::Playing(flow) => Some(flow.next_look(console)),
            State::Paused(flow) => flow.device.until_idle(now),
            State::Parked(_) => None,
            State::Lost(_, retry) => Some(retry.until_due(now)),
        }
    }

    pub(super) fn deck_mut(&mut self) -> Option<&mut Deck> {
        match self {
            State::Stopped { .. } => None,
            State::Playing(flow) | State::Paused(flow) => Some(&mut flow.deck),
            State::Awaiting(cue) | State::Parked(cue) | State::Lost(cue, _) => Some(&mut cue.deck),
        }
    }

    /// The device and the track, as far as they are open.
    pub(super) fn apart(self) -> (Option<OpenDevice>, Option<Deck>) {
        match self {
            State::Stopped { device, .. } => (device, None),
            State::Playing(flow) | State::Paused(flow) => (Some(flow.device), Some(flow.deck)),
            State::Awaiting(cue) | State::Parked(cue) | State::Lost(cue, _) => (None, Some(cue.deck)),
        }
    }
}
