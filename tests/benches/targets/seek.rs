//! P3: seek in an encrypted long FLAC, from the command to the first new sample in the ring.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use cadenza_player::audio::output::DeviceChoice;
use cadenza_player::playback::{Event, Playback};

use crate::listener::{Listener, TITLES};
use crate::sound::bought_track;
use crate::table::{Figure, percentile};

const MEDIAN_MS: f64 = 5.0;
const NEARLY_ALL_MS: f64 = 20.0;

pub fn measure(listener: &Listener, seeks: u32) -> Figure {
    let track = bought_track(listener, TITLES[0]);
    let duration_ms = track.duration_ms.unwrap_or(180_000);
    let (tell, told) = channel();
    let playback = Playback::start(DeviceChoice::Silent, move |event| {
        if matches!(event, Event::Ready { .. }) {
            let _ = tell.send(Instant::now());
        }
    });
    let playback = playback.expect("an engine");
    playback.load(vec![Arc::new(track)], 0);
    let ready = || told.recv_timeout(Duration::from_secs(10)).expect("samples in the ring");
    ready();

    let mut place = 1_u64;
    let mut times: Vec<f64> = (0..seeks)
        .map(|_| {
            // Anywhere in the track, the same places every time.
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Nothing that an earlier seek announced may count for this one.
            while told.try_recv().is_ok() {}
            let started = Instant::now();
            playback.seek_ms((place >> 16) % duration_ms.saturating_sub(1_000));
            ready().saturating_duration_since(started).as_secs_f64() * 1000.0
        })
        .collect();

    let (half, nearly_all) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    Figure {
        id: "P3",
        work: format!("seek in an encrypted {:.0}-minute FLAC, {seeks} times", duration_ms as f64 / 60_000.0),
        ours: format!("p50 {half:.1} ms, p99 {nearly_all:.1} ms"),
        peer: "-".into(),
        ratio: "-".into(),
        target: format!("p50 {MEDIAN_MS} ms, p99 {NEARLY_ALL_MS} ms"),
        met: Some(half <= MEDIAN_MS && nearly_all <= NEARLY_ALL_MS),
    }
}
