//! Tracks from their first sample to their last: what the engine tells meanwhile, and when it is enough.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cadenza_player::audio::output::DeviceChoice;
use cadenza_player::library::TrackId;
use cadenza_player::playback::{Command, Entry, Event, HeardMark, Knob, Playback, Status, Track};
use cadenza_player::{Code, Failure};

use super::screen::{Screen, Steered};
use crate::output::minutes;

/// Events that may wait to be looked at.
const NEWS: usize = 1_024;
/// How often the position is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for the first sound.
const PATIENCE: Duration = Duration::from_secs(9);

/// What is to be heard.
pub struct Turn {
    pub tracks: Vec<Arc<Track>>,
    pub start_ms: u64,
    pub limit: Option<Duration>,
    pub device: DeviceChoice,
    pub shuffle: bool,
    pub volume: Option<u8>,
    /// Sent before anything is heard.
    pub wishes: Vec<Command>,
    /// Whether a device that disappears is waited for.
    pub outlives_its_device: bool,
}

/// What was heard.
pub struct Heard {
    pub status: Status,
    pub first_sample: Option<Duration>,
    pub device: Option<String>,
}

/// Told of each track of which more than half was heard.
type Count<'c> = &'c dyn Fn(&Entry) -> Result<(), Failure>;

impl Turn {
    /// These from the start, with nothing set.
    pub fn of(tracks: Vec<Arc<Track>>) -> Self {
        Self {
            tracks,
            start_ms: 0,
            limit: None,
            device: DeviceChoice::Default,
            shuffle: false,
            volume: None,
            wishes: Vec::new(),
            outlives_its_device: false,
        }
    }

    /// Plays, as long as there is something to be heard and nobody ends it on the screen.
    pub fn play(self, count: Count<'_>, screen: &mut Screen) -> Result<Heard, Failure> {
        let (tell, news) = sync_channel(NEWS);
        let playback = Playback::start(self.device.clone(), move |event| {
            // Full only when nobody looks any more; the status holds everything that counts.
            let _ = tell.try_send(event);
        })
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        if let Some(percent) = self.volume {
            playback.set_volume(Knob::default().turned(percent).level());
        }
        self.wishes.iter().cloned().for_each(|wish| playback.send(wish));
        let begun = Instant::now();
        let start = if self.shuffle { by_chance(self.tracks.len()) } else { 0 };
        let tracks = self.tracks.clone();
        playback.send(Command::Shuffle(self.shuffle));
        playback.send(Command::Load { tracks, start, position_ms: self.start_ms, play: true });
        let mut heard = Heard { status: Status::default(), first_sample: None, device: None };
        // Whatever still sounds when this is over fades out as the engine is dropped.
        self.follow(&playback, &news, begun, &mut heard, count, screen)?;
        heard.status = playback.status();
        heard.device = heard.status.device.clone().or(heard.device);
        Ok(heard)
    }

    /// Until the end, or until the listener has heard enough.
    fn follow(
        &self,
        playback: &Playback,
        news: &Receiver<Event>,
        begun: Instant,
        heard: &mut Heard,
        count: Count<'_>,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        let mut mark = HeardMark::default();
        loop {
            match news.recv_timeout(LOOK) {
                Ok(Event::Ended) => {
                    return if self.all_failed(&failures) { Err(failures.remove(0)) } else { Ok(()) };
                }
                Ok(Event::Ready { .. }) => {
                    heard.first_sample.get_or_insert_with(|| begun.elapsed());
                }
                Ok(Event::Device { name }) => heard.device = Some(name),
                Ok(Event::DeviceLost { message, .. }) if self.outlives_its_device => screen.say(&message),
                Ok(Event::DeviceLost { code, message }) => {
                    let message = format!("{message}; or play without one: --device silent");
                    return Err(Failure::new(code, message));
                }
                Ok(Event::TrackFailed { code, message, .. }) => {
                    screen.say(&format!("Left out: {message}"));
                    failures.push(Failure::new(code, message));
                    if self.all_failed(&failures) {
                        return Err(failures.remove(0));
                    }
                }
                Ok(Event::Track { id, .. }) => self.announce(id, screen),
                Ok(Event::State(_) | Event::Queue) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::internal("the audio engine ended"));
                }
            }
            let status = playback.status();
            if let Some(Err(failure)) = mark.look(&status).map(|entry| count(&entry)) {
                screen.say(&format!("This play is not counted: {failure}"));
            }
            screen.draw(&status);
            if screen.steer(playback, &status) == Steered::Ended {
                return Ok(());
            }
            if heard.first_sample.is_none() && status.is_sounding() && begun.elapsed() > PATIENCE {
                return Err(Failure::new(
                    Code::NoSound,
                    "no sound came within nine seconds: check the network and the sound device, then try again",
                ));
            }
            if let (Some(limit), true) = (self.limit, heard.first_sample.is_some())
                && has_played(&status, self.start_ms, limit)
            {
                return Ok(());
            }
        }
    }

    fn all_failed(&self, failures: &[Failure]) -> bool {
        !failures.is_empty() && failures.len() >= self.tracks.len()
    }

    fn announce(&self, id: TrackId, screen: &Screen) {
        if let Some(track) = self.tracks.iter().find(|t| t.id == id) {
            let by = track.artist.as_ref().map_or_else(String::new, |a| format!(", {a}"));
            let long = track.duration_ms.map_or_else(String::new, |ms| format!(" ({})", minutes(ms)));
            screen.announce(&format!("Playing {}{by}{long}", track.title));
        }
    }
}

/// Whether so much was heard: by the position within the first track, by frames once there are more.
fn has_played(status: &Status, start_ms: u64, limit: Duration) -> bool {
    let heard = status.position_ms.saturating_sub(start_ms);
    let first = status.queue.first().map(|entry| entry.key) == status.current.as_ref().map(|entry| entry.key);
    let by_frames = status.frames_played / 48; // at most: devices run at 44.1 kHz and more
    let wanted = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    if first { heard >= wanted } else { by_frames >= wanted }
}

/// A place below `count`, another one each time.
fn by_chance(count: usize) -> usize {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.subsec_nanos() as usize % count.max(1)
}
