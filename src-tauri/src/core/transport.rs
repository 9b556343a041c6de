//! What plays: the engine with the window's words for it.
//!
//! The engine takes wishes at once and carries them out a moment later; [`Transport::wish`] waits for that moment, so
//! that a command's answer shows what it did. The engine's news come on its own thread and only leave a note here;
//! [`Desk::follow_playback`] reads the notes and tells the page.

use std::sync::Arc;
use std::time::Duration;

use cadenza_player::Failure;
use cadenza_player::audio::output::{Backend, DeviceChoice, SystemOutput};
use cadenza_player::playback::{Command, Event, Knob, Playback, PlaybackState, Status, Track};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use super::Desk;
use crate::events::{NoticeLevel, QueueChanged};
use crate::ipc::{AppError, AudioDevice};

/// Longest wait for the engine to carry out a wish before the answer is given as things stand.
const A_MOMENT: Duration = Duration::from_millis(250);

/// The engine, and what the window adds to it.
pub struct Transport {
    playback: Playback,
    knob: Mutex<Knob>,
    notes: Arc<Notes>,
}

/// What the engine's thread leaves for us.
struct Notes {
    changes: watch::Sender<u64>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    queue_changed: bool,
    failures: Vec<AppError>,
    last_failure: Option<AppError>,
}

impl Notes {
    fn note(&self, event: Event) {
        let mut kept = self.kept();
        match event {
            Event::TrackFailed { id, code, message } => {
                kept.fail(AppError::new(code, message).with("track", id))
            }
            Event::DeviceLost { code, message } => kept.fail(AppError::new(code, message)),
            Event::Queue => kept.queue_changed = true,
            Event::Ready { .. } | Event::Device { .. } => kept.last_failure = None,
            Event::State(_) | Event::Track { .. } | Event::Ended => {}
        }
        drop(kept);
        self.changes.send_modify(|count| *count += 1);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock()
    }
}

impl Kept {
    fn fail(&mut self, failure: AppError) {
        self.last_failure = Some(failure.clone());
        self.failures.push(failure);
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("playback", &self.playback).finish_non_exhaustive()
    }
}

impl Transport {
    /// Starts the engine on this device; `None` follows the system.
    pub fn start(device: Option<&str>) -> Result<Self, Failure> {
        let notes = Arc::new(Notes { changes: watch::Sender::new(0), kept: Mutex::default() });
        let heard = Arc::clone(&notes);
        let playback =
            Playback::start(choice(device), move |event| heard.note(event)).map_err(Failure::internal)?;
        let transport = Self { playback, knob: Mutex::default(), notes };
        transport.turn(|knob| knob);
        Ok(transport)
    }

    /// Sends a wish and waits until it shows.
    pub async fn wish(&self, command: Command) {
        let mut changes = self.notes.changes.subscribe();
        changes.mark_unchanged();
        self.playback.send(command);
        // Nothing to see after a moment: the wish changed nothing, such as a pause while nothing plays.
        let _ = tokio::time::timeout(A_MOMENT, changes.changed()).await;
    }

    /// Plays something else from here on: what failed before is no longer said.
    pub async fn begin(&self, command: Command) {
        self.notes.kept().last_failure = None;
        self.wish(command).await;
    }

    /// Where things stand.
    pub fn status(&self) -> Status {
        self.playback.status()
    }

    /// Why it stopped by itself.
    pub fn failure(&self) -> Option<AppError> {
        self.notes.kept().last_failure.clone()
    }

    /// The volume, and whether it is silenced.
    pub fn knob(&self) -> Knob {
        *self.knob.lock()
    }

    /// Turns the volume, or silences it.
    pub fn turn(&self, change: impl FnOnce(Knob) -> Knob) {
        let mut knob = self.knob.lock();
        *knob = change(*knob);
        self.playback.set_volume(knob.level());
    }

    /// Plays on another device.
    pub fn use_device(&self, device: Option<&str>) {
        self.playback.set_device(choice(device));
    }

    /// Devices that can be chosen, the system's choice first.
    pub fn devices(&self) -> Result<Vec<AudioDevice>, AppError> {
        let found = SystemOutput::default().devices().map_err(Failure::from)?;
        let device = |d: cadenza_player::audio::output::Device| AudioDevice {
            id: d.id,
            name: d.name,
            is_default: d.is_default,
        };
        let mut devices: Vec<AudioDevice> = found.into_iter().map(device).collect();
        devices.sort_by_key(|device| !device.is_default);
        Ok(devices)
    }

    /// Whether the queue changed since this was asked last, and what failed meanwhile.
    fn read_notes(&self) -> (bool, Vec<AppError>) {
        let mut kept = self.notes.kept();
        (std::mem::take(&mut kept.queue_changed), std::mem::take(&mut kept.failures))
    }
}

impl Desk {
    /// Tells the page what the engine does, for as long as the program runs.
    pub fn follow_playback(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            let mut changes = core.transport.notes.changes.subscribe();
            while changes.changed().await.is_ok() {
                changes.borrow_and_update();
                let (queue_changed, failures) = core.transport.read_notes();
                if queue_changed {
                    core.tell(QueueChanged);
                }
                let status = core.transport.status();
                if let Some(entry) = &status.current {
                    desk.draw_waveform(Arc::clone(&entry.track));
                }
                core.tell_playback();
                // A device that goes while nothing is heard is looked for again when something is to be heard.
                if status.state != PlaybackState::Stopped {
                    failures.into_iter().for_each(|failure| core.notice(NoticeLevel::Problem, failure));
                }
            }
        });
    }

    /// Works the levels of this track out in the background, and shows them when they are there.
    fn draw_waveform(&self, track: Arc<Track>) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            match core.player.draw_waveform(&track).await {
                Ok(true) => core.tell_playback(),
                Ok(false) => {}
                Err(failure) => tracing::debug!(%failure, "no waveform"),
            }
        });
    }
}

fn choice(device: Option<&str>) -> DeviceChoice {
    match device {
        Some(id) => DeviceChoice::Named(id.to_owned()),
        None => DeviceChoice::Default,
    }
}
