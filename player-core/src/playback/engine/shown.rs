//! What the engine shows of itself: the board, and the news.

use std::sync::Arc;

use crate::audio::output::OutputError;
use crate::error::Explain;
use crate::playback::board::{Board, Heard};
use crate::playback::device::OpenDevice;
use crate::playback::event::{Event, PlaybackState};
use crate::playback::queue::{Entry, EntryKey, Queue};

/// The board that anyone may look at, and whoever hears the news.
pub(super) struct Shown {
    board: Arc<Board>,
    news: Box<dyn FnMut(Event) + Send>,
    /// The track that was last said to be heard.
    announced: Option<EntryKey>,
}

/// A position in a track of the queue.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) entry: Entry,
    pub(super) position_ms: u64,
}

impl Shown {
    pub(super) fn on(board: Arc<Board>, news: Box<dyn FnMut(Event) + Send>) -> Self {
        Shown { board, news, announced: None }
    }

    pub(super) fn tell(&mut self, event: Event) {
        (self.news)(event);
    }

    pub(super) fn track_failed(&mut self, entry: &Entry, error: &impl Explain) {
        let (code, message) = (error.code(), error.to_string());
        self.tell(Event::TrackFailed { id: entry.track.id, code, message });
    }

    pub(super) fn device_lost(&mut self, error: &OutputError) {
        self.tell(Event::DeviceLost { code: error.code(), message: error.to_string() });
    }

    pub(super) fn device_opened(&mut self, device: &OpenDevice) {
        {
            let mut posted = self.board.post();
            posted.gauges = Some(Arc::clone(device.line.gauges()));
            posted.device = Some(device.name.clone());
        }
        self.tell(Event::Device { name: device.name.clone() });
    }

    /// The device has been closed; what stood in its ring is gone.
    pub(super) fn device_closed(&mut self) {
        let mut posted = self.board.post();
        posted.before = posted.totals();
        posted.gauges = None;
        posted.device = None;
        posted.spans.clear();
    }

    pub(super) fn post_state(&mut self, state: PlaybackState) {
        let changed = std::mem::replace(&mut self.board.post().state, state) != state;
        if changed {
            self.tell(Event::State(state));
        }
    }

    /// What would be played, and from where, while nothing is in the ring.
    pub(super) fn post_resting(&mut self, entry: Option<Entry>, position_ms: u64) {
        self.board.post().resting = (entry, position_ms);
    }

    pub(super) fn post_queue(&mut self, queue: &Queue) {
        {
            let mut posted = self.board.post();
            posted.queue = queue.in_order_of_play().into();
            posted.shuffled = queue.is_shuffled();
            posted.repeat = queue.repeat();
        }
        self.tell(Event::Queue);
    }

    /// Where the device is.
    pub(super) fn heard(&self) -> Option<Place> {
        let posted = self.board.post();
        posted.heard().map(|(heard, position_ms)| Place { entry: heard.entry.clone(), position_ms })
    }

    /// The ring's only sound is this, from here on.
    pub(super) fn begin(&mut self, heard: Heard) {
        let entry = heard.entry.clone();
        self.board.post().spans = [heard].into();
        if self.announced != Some(entry.key) {
            self.announce(&entry);
        }
    }

    /// This follows what stands in the ring.
    pub(super) fn join(&mut self, heard: Heard) {
        self.board.post().spans.push_back(heard);
    }

    /// The track that has come to be heard by ring frame `read`, if another one was before.
    pub(super) fn crossed(&mut self, read: u64) -> Option<Entry> {
        let mut posted = self.board.post();
        let mut crossed = None;
        while posted.spans.get(1).is_some_and(|next| next.span.ring_start <= read) {
            posted.spans.pop_front();
            crossed = posted.spans.front().map(|heard| heard.entry.clone());
        }
        crossed
    }

    /// The length of the last track in the ring.
    pub(super) fn post_duration(&mut self, key: EntryKey, duration_ms: Option<u64>) {
        if let Some(last) = self.board.post().spans.back_mut()
            && last.entry.key == key
        {
            last.duration_ms = duration_ms.or(last.duration_ms);
        }
    }

    /// Ring frames from `read` to the next track.
    pub(super) fn frames_to_next(&self, read: u64) -> Option<u64> {
        self.board.post().spans.get(1).map(|next| next.span.ring_start.saturating_sub(read))
    }

    /// Says which track is heard.
    pub(super) fn announce(&mut self, entry: &Entry) {
        self.announced = Some(entry.key);
        self.tell(Event::Track { key: entry.key, id: entry.track.id });
    }

    /// Nothing is heard any more.
    pub(super) fn forget(&mut self) {
        self.announced = None;
        self.board.post().spans.clear();
    }
}
