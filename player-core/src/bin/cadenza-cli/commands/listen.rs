//! `play`, `preview`, `devices`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use cadenza_player::audio::output::{Backend, DeviceChoice, SystemOutput};
use cadenza_player::library::{TrackId, TrackRecord};
use cadenza_player::path::Kept;
use cadenza_player::playback::stream::{LiveStream, StreamMonitor, StreamPlace};
use cadenza_player::playback::{Command, Entry, Event, HeardMark, Playback, Status, Track, TrackKind};
use cadenza_player::store::Link;
use cadenza_player::{Code, Failure, Player};
use cadenza_protocol::preview::{Npt, PreviewAddress, PreviewKind};
use parking_lot::Mutex;
use serde_json::json;

use super::{links, open, unlock};
use crate::args::{Global, Preview};
use crate::output::{Output, minutes, table};

/// Events that may wait to be looked at.
const NEWS: usize = 1_024;
/// How often the position is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for the first sound.
const PATIENCE: Duration = Duration::from_secs(9);
/// Longest wait for a preview's file once the sound is over: a few megabytes.
const KEEP_WITHIN: Duration = Duration::from_secs(60);
/// How a store says that it has no such track.
const UNKNOWN_TRACK: [Code; 2] = [Code::UnknownMedia, Code::NotFound];

pub async fn play(
    global: &Global,
    wanted: &[OsString],
    seek: Option<Duration>,
    seconds: Option<Duration>,
    device: Option<&str>,
    output: &Output,
) -> Result<(), Failure> {
    let player = open(global)?;
    let records = wanted.iter().map(|w| record(&player, w)).collect::<Result<Vec<_>, _>>()?;
    if records.iter().any(|r| r.media_id().is_some()) {
        unlock(&player, global).await?;
        if let Ok(owner) = player.owner() {
            output.progress(&format!(
                "Bought by {} <{}> · {} •••• {}",
                owner.name, owner.email, owner.card_brand, owner.card_last4
            ));
        }
    }
    let tracks = player.playable(&records)?;
    let titles: Vec<String> = records.iter().map(|r| r.title.clone()).collect();
    let turn =
        Turn { tracks, start_ms: as_ms(seek.unwrap_or_default()), limit: seconds, device: choice(device) };
    let count = |entry: &Entry| {
        if let Err(failure) = player.count_heard(entry) {
            output.progress(&format!("This play is not counted: {failure}"));
        }
    };
    let heard = tokio::task::block_in_place(|| turn.play(&count, output))?;
    let document = json!({
        "tracks": titles,
        "frames_played": heard.status.frames_played,
        "underruns": heard.status.underruns,
        "missing_frames": heard.status.missing_frames,
        "first_sample_ms": heard.first_sample.map(as_ms),
        "device": heard.device,
    });
    output.result(&document, || {
        format!("{} frames played, {} underruns.", heard.status.frames_played, heard.status.underruns)
    });
    Ok(())
}

pub async fn preview(global: &Global, wish: &Preview, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    let media_id = match links::read(&wish.media_id)? {
        None => super::shop::media_id(&wish.media_id)?,
        Some(link) => {
            links::confirm(&player, &link, wish.yes)?;
            match link {
                Link::Preview(id) => id,
                Link::Redeem(_) => {
                    return Err(links::other("this link is for a purchase: give it to `redeem`"));
                }
            }
        }
    };
    let mut setup = player.stream_setup()?;
    if let Some(kbps) = wish.bandwidth {
        setup.bandwidth = Some(kbps.saturating_mul(1_000));
    }
    setup.udp = wish.udp;
    let clicked = Instant::now();
    let voucher = player.preview_voucher(&[media_id], PreviewKind::Clip).await.map_err(look_it_up)?;
    let asked = clicked.elapsed();
    let of = voucher
        .tracks
        .first()
        .ok_or_else(|| Failure::new(Code::VoucherBroken, "the store's voucher is empty: try again"))?;
    let address = PreviewAddress { media_id: of.media_id, voucher_id: of.voucher_id, kind: of.part };
    let place = StreamPlace::new(address, &of.delivery);
    let monitor: Arc<Mutex<Option<StreamMonitor>>> = Arc::default();
    let watched = Arc::clone(&monitor);
    let title = of.title.clone().unwrap_or_default();
    let keep = wish.keep.then(|| player.home().previews().join(format!("{media_id}.opus")));
    let track = Track::new(media_id.into(), TrackKind::Preview, title.clone(), move || {
        let (stream, monitor) = LiveStream::open(place.clone(), setup.clone(), Npt::ZERO)?;
        if let Some(path) = &keep {
            monitor.keep(path.clone())?;
        }
        *watched.lock() = Some(monitor);
        Ok(Box::new(stream))
    });
    let start_ms = as_ms(wish.from.unwrap_or_default());
    let turn = Turn {
        tracks: vec![Arc::new(track)],
        start_ms,
        limit: wish.seconds,
        device: choice(wish.device.as_deref()),
    };
    let heard = tokio::task::block_in_place(|| turn.play(&|_| (), output))?;
    let monitor = monitor.lock().clone();
    let kept = match &monitor {
        Some(monitor) if wish.keep => Some(kept(monitor).await?),
        _ => None,
    };
    let stats = monitor.as_ref().map(StreamMonitor::stats).unwrap_or_default();
    let first_sample = stats.first_sample.map(|stream| as_ms(asked + stream));
    let description = stats.description.as_ref();
    let document = json!({
        "media_id": media_id,
        "title": title,
        "first_sample_ms": first_sample,
        "lost_packets": stats.packets.lost,
        "late_packets": stats.packets.late,
        "packets": stats.packets.played,
        "image": description.map(|d| d.image.clone()),
        "bit_rate": description.map(|d| d.bit_rate),
        "fade_in_ms": description.map(|d| d.fade_in_ms),
        "fade_out_ms": description.map(|d| d.fade_out_ms),
        "kept": kept.as_deref().map(Kept),
        "frames_played": heard.status.frames_played,
        "underruns": heard.status.underruns,
        "device": heard.device,
    });
    output.result(&document, || {
        let first = first_sample.map_or_else(|| "none".into(), |ms| format!("{ms} ms"));
        let kept = kept.as_ref().map_or_else(String::new, |path| format!(" Kept as {}.", path.display()));
        format!(
            "Time to first sample: {first}. Lost packets: {}. {} frames played.{kept}",
            stats.packets.lost, heard.status.frames_played
        )
    });
    Ok(())
}

/// The store says that it has no such track; an id is not guessed, so say where ids are.
fn look_it_up(mut failure: Failure) -> Failure {
    if UNKNOWN_TRACK.contains(&failure.code) {
        failure.message += ": `cadenza-cli catalogue` lists what can be heard, each with its id";
    }
    failure
}

/// Waits until the free image is whole; the sound may have been stopped long before (V6).
async fn kept(monitor: &StreamMonitor) -> Result<std::path::PathBuf, Failure> {
    let mut looking = tokio::time::interval(Duration::from_millis(20));
    let whole = tokio::time::timeout(KEEP_WITHIN, async {
        loop {
            looking.tick().await;
            if let Some(kept) = monitor.stats().kept {
                return kept;
            }
        }
    });
    let late = "the preview's file does not arrive: check the network and try again".to_owned();
    whole.await.unwrap_or(Err(late)).map_err(|told| Failure::new(Code::NotKept, told))
}

pub fn devices(output: &Output) -> Result<(), Failure> {
    let devices = SystemOutput::default().devices()?;
    let rows = || devices.iter().map(|d| json!({ "id": d.id, "name": d.name, "default": d.is_default }));
    output.result(&json!({ "devices": rows().collect::<Vec<_>>() }), || {
        if devices.is_empty() {
            return "There is no sound device; `--device silent` plays in real time without one.".into();
        }
        let row = |d: &cadenza_player::audio::output::Device| {
            vec![if d.is_default { "*".into() } else { String::new() }, d.id.clone(), d.name.clone()]
        };
        table(&devices.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

/// What is to be heard, in one go.
struct Turn {
    tracks: Vec<Arc<Track>>,
    start_ms: u64,
    limit: Option<Duration>,
    device: DeviceChoice,
}

/// What was heard.
struct Heard {
    status: Status,
    first_sample: Option<Duration>,
    device: Option<String>,
}

impl Turn {
    /// Plays; `count` hears of each track of which more than half was heard.
    fn play(self, count: &dyn Fn(&Entry), output: &Output) -> Result<Heard, Failure> {
        let (tell, news) = sync_channel(NEWS);
        let playback = Playback::start(self.device.clone(), move |event| {
            // Full only when nobody looks any more; the status holds everything that counts.
            let _ = tell.try_send(event);
        })
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        let begun = Instant::now();
        let load =
            Command::Load { tracks: self.tracks.clone(), start: 0, position_ms: self.start_ms, play: true };
        playback.send(load);
        let mut heard = Heard { status: Status::default(), first_sample: None, device: None };
        // Whatever still sounds when this is over fades out as the engine is dropped.
        self.follow(&playback, &news, begun, &mut heard, count, output)?;
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
        count: &dyn Fn(&Entry),
        output: &Output,
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
                Ok(Event::DeviceLost { code, message }) => {
                    let message = format!("{message}; or play without one: --device silent");
                    return Err(Failure::new(code, message));
                }
                Ok(Event::TrackFailed { code, message, .. }) => {
                    output.progress(&format!("Left out: {message}"));
                    failures.push(Failure::new(code, message));
                    if self.all_failed(&failures) {
                        return Err(failures.remove(0));
                    }
                }
                Ok(Event::Track { id, .. }) => self.announce(id, output),
                Ok(Event::State(_) | Event::Queue) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::internal("the audio engine ended"));
                }
            }
            let status = playback.status();
            mark.look(&status).iter().for_each(count);
            if heard.first_sample.is_none() && begun.elapsed() > PATIENCE {
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

    fn announce(&self, id: TrackId, output: &Output) {
        if let Some(track) = self.tracks.iter().find(|t| t.id == id) {
            let by = track.artist.as_ref().map_or_else(String::new, |a| format!(", {a}"));
            let long = track.duration_ms.map_or_else(String::new, |ms| format!(" ({})", minutes(ms)));
            output.progress(&format!("Playing {}{by}{long}", track.title));
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

/// A track of the library by its id, or a file.
fn record(player: &Player, wanted: &OsStr) -> Result<Arc<TrackRecord>, Failure> {
    let path = Path::new(wanted);
    match wanted.to_str().map(TrackId::from_str) {
        Some(Ok(id)) if !path.exists() => player.track(id),
        _ => player.record_of_file(path),
    }
}

fn choice(device: Option<&str>) -> DeviceChoice {
    device.map_or(DeviceChoice::Default, |name| match name.parse() {
        Ok(choice) => choice,
        Err(never) => match never {},
    })
}

fn as_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
