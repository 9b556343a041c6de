//! What every state of the engine works with: the queue, the way to a device, the listener's settings, what is shown.

use std::sync::Arc;

use super::shown::Shown;
use crate::audio::loudness::Normalisation;
use crate::audio::output::Backend;
use crate::audio::source::Waker;
use crate::playback::board::Board;
use crate::playback::device::Outlet;
use crate::playback::event::{Event, OnDeviceLoss};
use crate::playback::queue::{Entry, EntryKey, Queue};
use crate::playback::track::TrackKind;
use crate::playback::voice::Voice;

/// The part of the engine that stays whatever it is doing.
pub(super) struct Console {
    pub(super) shown: Shown,
    pub(super) outlet: Outlet,
    pub(super) queue: Queue,
    /// What a preview interrupted.
    pub(super) interrupted: Option<Interrupted>,
    pub(super) normalisation: Normalisation,
    pub(super) on_loss: OnDeviceLoss,
    /// Samples between a voice and the line; empty between two steps.
    pub(super) scratch: Vec<f32>,
    waker: Waker,
}

/// Music that waits for a preview to end.
pub(super) struct Interrupted {
    queue: Queue,
    position_ms: u64,
    /// Whether it was heard, and is to be heard again.
    is_heard: bool,
}

impl Console {
    pub(super) fn new(
        board: Arc<Board>,
        backend: Box<dyn Backend>,
        seed: u64,
        waker: Waker,
        news: Box<dyn FnMut(Event) + Send>,
    ) -> Self {
        Console {
            outlet: Outlet::new(backend, Arc::clone(board.volume()), waker.clone()),
            shown: Shown::on(board, news),
            queue: Queue::new(seed),
            interrupted: None,
            normalisation: Normalisation::Off,
            on_loss: OnDeviceLoss::Pause,
            scratch: Vec::new(),
            waker,
        }
    }

    pub(super) fn current_key(&self) -> Option<EntryKey> {
        self.queue.current().map(|entry| entry.key)
    }

    /// Sets the queue aside, unless it holds a preview itself.
    pub(super) fn interrupt(&mut self, position_ms: u64, is_heard: bool) {
        let is_music = |entry: &Entry| entry.track.kind != TrackKind::Preview;
        if self.queue.current().is_some_and(is_music) {
            let queue = self.queue.interrupt();
            self.interrupted = Some(Interrupted { queue, position_ms, is_heard });
        }
    }

    /// Puts the queue back that was set aside; where it was, and whether it was heard.
    pub(super) fn resume(&mut self) -> Option<(u64, bool)> {
        let Interrupted { queue, position_ms, is_heard } = self.interrupted.take()?;
        self.queue.resume(queue);
        self.post_queue();
        Some((position_ms, is_heard))
    }

    pub(super) fn post_queue(&mut self) {
        self.shown.post_queue(&self.queue);
    }

    /// Opens the first entry from `key` on that can be opened; tells of those that cannot.
    pub(super) fn open_from(&mut self, key: Option<EntryKey>) -> Option<Voice> {
        let mut next = key;
        for _ in 0..self.queue.entries().len() {
            let entry = self.queue.entry(next?)?.clone();
            match Voice::open(entry.clone(), self.normalisation, self.waker.clone()) {
                Ok(voice) => return Some(voice),
                Err(error) => {
                    self.shown.track_failed(&entry, &error);
                    next = self.queue.after(entry.key);
                }
            }
        }
        None
    }

    /// Opens an entry ahead of its turn. One that fails now is tried again, and told of, when its turn has come.
    pub(super) fn open_early(&self, key: EntryKey) -> Option<Voice> {
        let entry = self.queue.entry(key)?.clone();
        Voice::open(entry, self.normalisation, self.waker.clone()).ok()
    }
}
