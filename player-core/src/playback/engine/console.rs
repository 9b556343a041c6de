//! What every state of the engine works with: the queue, the way to a device, the listener's settings, what is shown.

use std::sync::Arc;

use super::shown::Shown;
use crate::audio::loudness::Normalisation;
use crate::audio::output::Backend;
use crate::audio::source::Waker;
use crate::playback::board::Board;
use crate::playback::device::Outlet;
use crate::playback::event::{Event, OnDeviceLoss};
use crate::playback::queue::{EntryKey, Queue};
use crate::playback::voice::Voice;

/// The part of the engine that stays whatever it is doing.
pub(super) struct Console {
    pub(super) shown: Shown,
    pub(super) outlet: Outlet,
    pub(super) queue: Queue,
    pub(super) normalisation: Normalisation,
    pub(super) on_loss: OnDeviceLoss,
    /// Samples between a voice and the line; empty between two steps.
    pub(super) scratch: Vec<f32>,
    waker: Waker,
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
            normalisation: Normalisation::Off,
            on_loss: OnDeviceLoss::Pause,
            scratch: Vec::new(),
            waker,
        }
    }

    pub(super) fn current_key(&self) -> Option<EntryKey> {
        self.queue.current().map(|entry| entry.key)
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
