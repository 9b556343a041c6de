//! `play`, `preview`, `devices`.

use std::ffi::OsStr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cadenza_player::audio::loudness::Normalisation;
use cadenza_player::audio::output::{Backend, DeviceChoice, SystemOutput};
use cadenza_player::library::{TrackId, TrackRecord};
use cadenza_player::path::Kept;
use cadenza_player::playback::stream::{LiveStream, StreamMonitor, StreamPlace};
use cadenza_player::playback::{Command, Entry, OnDeviceLoss, Repeat, Track, TrackKind};
use cadenza_player::store::Link;
use cadenza_player::{Code, Failure, Player};
use cadenza_protocol::passport::PersonalFacts;
use cadenza_protocol::preview::{Npt, PreviewAddress, PreviewKind};
use parking_lot::Mutex;
use serde_json::json;

use super::screen::Screen;
use super::turn::Turn;
use super::{links, open, unlock};
use crate::args::{DeviceLoss, Global, Normalised, Play, Preview, Repeated};
use crate::output::{Output, table};

/// Longest wait for a preview's file once the sound is over: a few megabytes.
const KEEP_WITHIN: Duration = Duration::from_secs(60);
/// How a store says that it has no such track.
const UNKNOWN_TRACK: [Code; 2] = [Code::UnknownMedia, Code::NotFound];

pub async fn play(global: &Global, wish: &Play, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    let records = wish.tracks.iter().map(|w| record(&player, w)).collect::<Result<Vec<_>, _>>()?;
    let mut owner = None;
    if records.iter().any(|r| r.media_id().is_some()) {
        unlock(&player, global).await?;
        owner = player.owner().ok().map(|owner| {
            let PersonalFacts { name, email, card_brand, card_last4, confidential, .. } = &owner;
            format!("{name} <{email}> · {card_brand} •••• {card_last4} · {confidential}")
        });
    }
    let tracks = player.playable(&records)?;
    let titles: Vec<String> = records.iter().map(|r| r.title.clone()).collect();
    let turn = Turn {
        start_ms: as_ms(wish.seek.unwrap_or_default()),
        limit: wish.seconds,
        device: choice(wish.device.as_deref()),
        shuffle: wish.shuffle,
        volume: wish.volume,
        wishes: wishes(wish),
        outlives_its_device: wish.on_device_loss.is_some(),
        ..Turn::of(tracks)
    };
    let mut screen = Screen::new(*output, owner, wish.volume);
    let count = |entry: &Entry| player.count_heard(entry);
    let heard = tokio::task::block_in_place(|| turn.play(&count, &mut screen))?;
    drop(screen);
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

/// What is set before anything is heard.
fn wishes(wish: &Play) -> Vec<Command> {
    let repeat = wish.repeat.map(|which| {
        Command::Repeat(match which {
            Repeated::All => Repeat::All,
            Repeated::One => Repeat::One,
        })
    });
    let normalise = wish.normalise.map(|how| {
        Command::Normalise(match how {
            Normalised::Track => Normalisation::Track,
            Normalised::Off => Normalisation::Off,
        })
    });
    let on_loss = wish.on_device_loss.map(|what| {
        Command::OnDeviceLoss(match what {
            DeviceLoss::Pause => OnDeviceLoss::Pause,
            DeviceLoss::Move => OnDeviceLoss::Move,
        })
    });
    [repeat, normalise, on_loss].into_iter().flatten().collect()
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
        start_ms,
        limit: wish.seconds,
        device: choice(wish.device.as_deref()),
        ..Turn::of(vec![Arc::new(track)])
    };
    let mut screen = Screen::new(*output, None, None);
    let heard = tokio::task::block_in_place(|| turn.play(&|_| Ok(()), &mut screen))?;
    drop(screen);
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
