//! P11: render an audio CD from encrypted FLAC; peer: ffmpeg from the same audio in the clear to a
//! WAV file of 44.1 kHz and 16 bits.

use std::fs;

use cadenza_player::disc::burn::{BurnJob, BurnTarget, Cancel, Unrestricted, burn};
use cadenza_player::disc::layout::{Capacity, DiscLayout, DiscOptions, DiscTrack};
use cadenza_tests::Purchase;

use crate::decode::{cpu_ms_of_ffmpeg, own_cpu_ms};
use crate::listener::{Listener, TITLES};
use crate::sound::bought_track;
use crate::table::Figure;

const TARGET: f64 = 1.2;

pub fn measure(listener: &Listener) -> Figure {
    let track = DiscTrack::measure(&bought_track(listener, TITLES[0]), None).expect("a track with a length");
    let room = u64::from(Capacity::Minutes74.sectors().0) * 588;
    let copies = ((room / track.frames.0) as usize).clamp(1, 99);
    let options = DiscOptions { capacity: Capacity::Minutes74, ..DiscOptions::default() };
    let layout = DiscLayout::plan(vec![track; copies], options).expect("it fits");
    let minutes = f64::from(layout.length.0) / 75.0 / 60.0;
    let folder = listener.player.path("disc");
    let target = BurnTarget::Image { folder: folder.clone(), name: "disc".into() };
    let job = BurnJob { layout, target, verify: false };
    let before = own_cpu_ms();
    burn(&job, &Unrestricted, &Cancel::default(), &mut |_| ()).expect("an image");
    let ours = own_cpu_ms() - before;
    fs::remove_dir_all(&folder).expect("the image was just made");

    let plain = listener.player.path("disc.flac");
    let file = listener.owned(TITLES[0]);
    fs::write(&plain, Purchase::open(&listener.store, &listener.player, &file).image("lossless"))
        .expect("room");
    let list = listener.player.path("disc.txt");
    fs::write(&list, format!("file {}\n", plain.display()).repeat(copies)).expect("room");
    let (list, wav) = (list.display().to_string(), listener.player.path("disc.wav"));
    let out = wav.display().to_string();
    let work = ["-f", "concat", "-safe", "0", "-i", &list, "-ar", "44100", "-c:a", "pcm_s16le", &out];
    let peer = cpu_ms_of_ffmpeg(&work);
    fs::remove_file(&wav).expect("ffmpeg has just made it");
    let ratio = ours / peer;
    Figure {
        id: "P11",
        work: format!("render {minutes:.0} minutes of audio CD from encrypted FLAC"),
        ours: format!("{ours:.0} ms CPU"),
        peer: format!("ffmpeg, not encrypted, to WAV: {peer:.0} ms CPU"),
        ratio: format!("{ratio:.2}"),
        target: format!("at most {TARGET}"),
        met: Some(ratio <= TARGET),
    }
}
