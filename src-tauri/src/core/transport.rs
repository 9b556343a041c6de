//! What plays: the engine with the window's words for it.
//!
//! The engine takes wishes at once and carries them out a moment later; [`Transport::wish`] waits for that moment, so
//! that a command's answer shows what it did. The engine's news come on its own thread and only leave a note here;
//! [`Desk::follow_playback`] reads the notes and tells the page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cadenza_player::Failure;
use cadenza_player::audio::output::{Backend, DeviceChoice, SystemOutput};
use cadenza_player::playback::{Command, Event, Playback, Status, Track};
use tokio::sync::watch;

use super::Desk;
use crate::convert;
use crate::events::{NoticeLevel, QueueChanged};
use crate::ipc::{AppError, AudioDevice, PlaybackKind, Position};

/// Longest wait for the engine to carry out a wish before the answer is given as things stand.
const A_MOMENT: Duration = Duration::from_millis(250);
/// Volume before anything was chosen.
const VOLUME: u8 = 80;

/// The engine, and what the window adds to it.
pub struct Transport {
    playback: Playback,
    sound: Mutex<Sound>,
    notes: Arc<Notes>,
}

/// Volume and silence are two things to the listener and one to the engine.
#[derive(Debug, Clone, Copy)]
struct Sound {
    volume: u8,
    muted: bool,
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
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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
        let transport = Self { playback, sound: Mutex::new(Sound { volume: VOLUME, muted: false }), notes };
        transport.sound(|_| ());
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

    /// Replaces the queue and plays from the track at `start`.
    pub async fn load(&self, tracks: Vec<Arc<Track>>, start: u32) {
        self.notes.kept().last_failure = None;
        self.wish(Command::Load { tracks, start: start as usize, position_ms: 0, play: true }).await;
    }

    /// Where things stand.
    pub fn status(&self) -> Status {
        self.playback.status()
    }

    /// The running time.
    pub fn position(&self) -> Position {
        let status = self.playback.status();
        let known = status.current.as_ref().and_then(|entry| entry.track.duration_ms);
        let duration_ms = convert::small(status.duration_ms.or(known).unwrap_or(0));
        // The engine's duration is exact, its position is what was really heard: never let the second pass the first.
        let position_ms = convert::small(status.position_ms);
        let position_ms = if duration_ms > 0 { position_ms.min(duration_ms) } else { position_ms };
        Position { position_ms, duration_ms, buffered_ms: duration_ms }
    }

    /// Why it stopped by itself.
    pub fn failure(&self) -> Option<AppError> {
        self.notes.kept().last_failure.clone()
    }

    /// Volume 0 to 100, and whether it is silenced.
    pub fn volume(&self) -> (u8, bool) {
        let sound = *self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        (sound.volume, sound.muted)
    }

    /// Sets the volume; turning it up ends a silence.
    pub fn set_volume(&self, volume: u8) {
        self.sound(|sound| *sound = Sound { volume: volume.min(100), muted: sound.muted && volume == 0 });
    }

    /// Silences, or ends the silence.
    pub fn set_muted(&self, muted: bool) {
        self.sound(|sound| sound.muted = muted);
    }

    fn sound(&self, change: impl FnOnce(&mut Sound)) {
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sound);
        let heard = if sound.muted { 0 } else { sound.volume };
        self.playback.set_volume(f32::from(heard) / 100.0);
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
                let now = core.playback_state();
                if let Some(track) = now
                    .track
                    .as_ref()
                    .filter(|track| track.kind != PlaybackKind::Preview && track.waveform.is_empty())
                    && let Ok(id) = track.track_id.0.parse()
                {
                    desk.draw_waveform(id);
                }
                core.tell_playback();
                // A device that goes while nothing is heard is looked for again when something is to be heard.
                if now_is_heard(&core.transport) {
                    failures.into_iter().for_each(|failure| core.notice(NoticeLevel::Problem, failure));
                }
            }
        });
    }
}

fn now_is_heard(transport: &Transport) -> bool {
    transport.status().state != cadenza_player::playback::PlaybackState::Stopped
}

fn choice(device: Option<&str>) -> DeviceChoice {
    match device {
        Some(id) => DeviceChoice::Named(id.to_owned()),
        None => DeviceChoice::Default,
    }
}
