//! The running time, to every page that asked for it, and to the count of what was heard.

use std::time::Duration;

use cadenza_player::playback::HeardMark;
use parking_lot::Mutex;
use tauri::ipc::Channel;

use super::{Core, Desk};
use crate::convert;
use crate::ipc::Position;

/// Time between two ticks while something plays.
const TICK: Duration = Duration::from_millis(200);

/// Channels of pages; one that is gone falls out when it is next told.
#[derive(Default)]
pub struct Listeners(Mutex<Vec<Channel<Position>>>);

impl Listeners {
    /// One more listener.
    pub fn add(&self, channel: Channel<Position>) {
        self.0.lock().push(channel);
    }

    /// Tells everyone.
    pub fn tell(&self, position: Position) {
        self.0.lock().retain(|channel| channel.send(position).is_ok());
    }
}

impl Core {
    /// One more page that wants to know the time.
    pub fn listen_to_time(&self, channel: Channel<Position>) {
        if channel.send(convert::position(&self.transport.status())).is_ok() {
            self.listeners.add(channel);
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
            let (mut told, mut mark) = (None, HeardMark::default());
            loop {
                tick.tick().await;
                let status = core.transport.status();
                let now = convert::position(&status);
                if told != Some(now) {
                    core.listeners.tell(now);
                    // What the engine began a moment after it was asked to.
                    core.tell_playback();
                    told = Some(now);
                }
                if let Some(entry) = mark.look(&status)
                    && let Err(failure) = core.player.count_heard(&entry)
                {
                    tracing::warn!(%failure, "this play is not counted");
                }
            }
        });
    }
}
