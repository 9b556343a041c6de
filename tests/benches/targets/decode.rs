//! P1: decrypt and decode a purchased FLAC image to PCM on one core; peer: ffmpeg on the same
//! audio in the clear.

use std::fs;

use cadenza_player::audio::decode::FileSource;
use cadenza_player::audio::source::{PcmSource, Pull};
use cadenza_tests::Purchase;
use cadenza_tests::programs::tool;

use crate::listener::{Listener, TITLES};
use crate::table::{Figure, median};

const TARGET: f64 = 0.9;

pub fn measure(listener: &Listener, rounds: u32) -> Figure {
    let file = listener.owned(TITLES[0]);
    let open = || Purchase::open(&listener.store, &listener.player, &file);
    let plain = listener.player.path("plain.flac");
    fs::write(&plain, open().image("lossless")).expect("room");

    let mut frames = 0;
    let ours = (0..rounds).map(|_| {
        let image = open().into_image("lossless");
        let before = own_cpu_ms();
        let mut source = FileSource::open(Box::new(image), Some("flac")).expect("a FLAC image");
        frames = drain(&mut source);
        own_cpu_ms() - before
    });
    let ours = median(ours.collect());
    let peer = median((0..rounds).map(|_| ffmpeg_cpu_ms(&plain.to_string_lossy())).collect());

    let seconds = frames as f64 / 44_100.0;
    let ratio = ours / peer;
    Figure {
        id: "P1",
        work: format!("decrypt + decode {seconds:.0} s of FLAC, one core"),
        ours: format!("{ours:.0} ms CPU ({:.0} x real time)", seconds * 1000.0 / ours),
        peer: format!("ffmpeg, not encrypted: {peer:.0} ms CPU"),
        ratio: format!("{ratio:.2}"),
        target: format!("at most {TARGET}"),
        met: Some(ratio <= TARGET),
    }
}

fn drain(source: &mut FileSource) -> u64 {
    let mut samples = Vec::new();
    let mut frames = 0;
    loop {
        samples.clear();
        match source.read(&mut samples).expect("a whole image") {
            Pull::Frames(read) => frames += read as u64,
            Pull::Waiting => unreachable!("a file never waits"),
            Pull::End => return frames,
        }
    }
}

/// CPU time of this thread: the first figure of its scheduler statistics, in nanoseconds.
pub fn own_cpu_ms() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = text.split(' ').next().and_then(|figure| figure.parse().ok()).unwrap_or(f64::NAN);
    nanoseconds / 1e6
}

fn ffmpeg_cpu_ms(file: &str) -> f64 {
    cpu_ms_of_ffmpeg(&["-i", file, "-f", "null", "-"])
}

/// User and system time that ffmpeg reports of itself, on one core.
pub fn cpu_ms_of_ffmpeg(work: &[&str]) -> f64 {
    let words = [&["-nostdin", "-y", "-benchmark", "-threads", "1"], work].concat();
    let finished = tool("ffmpeg", &words).succeeded();
    let line = finished.stderr().lines().find(|line| line.contains("bench: utime="));
    let figures =
        line.unwrap_or_default().split(&['=', 's', ' '][..]).filter_map(|part| part.parse::<f64>().ok());
    figures.take(2).sum::<f64>() * 1000.0
}
