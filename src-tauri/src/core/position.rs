//! The running time, to every page that asked for it, and what has been heard by then.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cadenza_player::playback::{EntryKey, TrackKind};
use tauri::ipc::Channel;

use super::{Core, Desk};
use crate::ipc::Position;

/// Time between two ticks while something plays.
const TICK: Duration = Duration::from_millis(200);

/// Channels of pages; one that is gone falls out when it is next told.
#[derive(Default)]
pub struct Listeners(Mutex<Vec<Channel<Position>>>);

impl Listeners {
    /// One more listener.
    pub fn add(&self, channel: Channel<Position>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }

    /// Tells everyone.
    pub fn tell(&self, position: Position) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|channel| channel.send(position).is_ok());
    }
}

impl Core {
    /// One more page that wants to know the time.
    pub fn listen_to_time(&self, channel: Channel<Position>) {
        if channel.send(self.transport.position()).is_ok() {
            self.listeners.add(channel);
        }
    }

    /// Counts a track of the library as heard once more than half of it was.
    fn count_heard(&self, position: Position, counted: &mut Option<EntryKey>) {
        let Some(entry) = self.transport.status().current else { return };
        let is_half = position.duration_ms > 0 && position.position_ms > position.duration_ms / 2;
        if !is_half {
            // Back before the middle: it is heard anew.
            *counted = counted.filter(|key| *key != entry.key);
        } else if *counted != Some(entry.key) && entry.track.kind != TrackKind::Preview {
            *counted = Some(entry.key);
            let noted = entry
                .track
                .id
                .as_str()
                .parse()
                .map(|id| self.collection.heard(id, super::buying::now_seconds()));
            if let Ok(Err(failure)) = noted {
                tracing::warn!(%failure, "this play is not counted");
            }
        }
    }
}

impl Desk {
    /// Tells the time for as long as the program runs; only what changed since the last tick.
    pub fn keep_time(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            let mut tick = tokio::time::interval(TICK);
            let (mut told, mut counted) = (None, None);
            loop {
                tick.tick().await;
                let now = core.transport.position();
                if told != Some(now) {
                    core.listeners.tell(now);
                    // What the engine began a moment after it was asked to.
                    core.tell_playback();
                    core.count_heard(now, &mut counted);
                    told = Some(now);
                }
            }
        });
    }
}
