//! What comes out of the loudspeaker, sample by sample: the player's recording output takes the
//! place of the device, behind the same decryption, decoding, gains and fades.

use std::fs;

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::programs::tool;
use cadenza_tests::song::{RATE, Recording, Samples};
#[cfg(unix)]
use cadenza_tests::sound_card::SoundCard;
use cadenza_tests::store::songs;
use cadenza_tests::{Purchase, TestPlayer, TestStore};

/// Plays and records; `words` are those of `play` or `preview` without the device.
fn heard(player: &TestPlayer, words: &[&str], rate: u32) -> Recording {
    let file = player.path(&format!("heard@{rate}.wav"));
    let device = format!("capture:{}", file.display());
    let mut all = words.to_vec();
    all.extend(["--device", &device]);
    player.run(&all).succeeded();
    let recording = Recording::read(&file);
    fs::remove_file(file).expect("our own file");
    recording
}

// M1, O3: bought PCM equals the authored PCM bit for bit
#[test]
fn a_bought_track_sounds_exactly_as_it_was_authored() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let [(title, authored, _), ..] = songs();
    let track = player.track(title);
    player.buy(&track, GOOD_CARD).succeeded();

    let heard = heard(&player, &["play", &track], RATE).exact();

    assert_eq!(heard.0.len(), authored.0.len(), "samples heard and authored");
    assert!(heard == authored, "first difference at sample {:?}", heard.first_difference(&authored));
}

// M3, F1: zero missing and zero extra samples at a join
#[test]
fn two_tracks_join_without_a_missing_or_an_extra_sample() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let [(first, one, _), _, (last, two, _)] = songs();
    let (first, last) = (player.track(first), player.track(last));
    player.buy_with(&first, GOOD_CARD, &[&last]).succeeded();

    let heard = heard(&player, &["play", &first, &last], RATE).exact();

    let mut authored = one;
    authored.0.extend(two.0);
    assert_eq!(heard.0.len(), authored.0.len(), "samples heard and authored");
    assert!(heard == authored, "first difference at sample {:?}", heard.first_difference(&authored));
}

// M2
#[test]
fn a_seek_lands_on_the_very_sample() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let [(title, authored, _), ..] = songs();
    let track = player.track(title);
    player.buy(&track, GOOD_CARD).succeeded();

    let heard = heard(&player, &["play", &track, "--seek", "3.5"], RATE);

    // The first hundredths of a second are a fade; from there on every sample counts.
    let (fade, start) = (4_410, RATE as usize * 7 / 2);
    let heard = heard.after(fade).exact();
    assert!(heard.0 == authored.0[2 * (start + fade)..], "{} samples heard", heard.0.len());
}

// V5, O3: the player performs the fades that the author set
#[test]
fn the_fades_of_a_clip_follow_their_parameters() {
    const HZ: u32 = 48_000;
    let store = TestStore::open();
    let player = TestPlayer::new(&store);
    // A clip of 8 s of a steady tone, 2 s up, 3 s down.
    let track = player.track("Steady Tone");

    let heard = heard(&player, &["preview", &track], HZ);

    let full = heard.rms(2_500, 4_500);
    assert!(full > 0.3, "the tone between the fades: {full}");
    for at in (0..8_000).step_by(100) {
        let middle = f64::from(at) + 50.0;
        let expected = raised_cosine(middle / 2_000.0).min(raised_cosine((8_000.0 - middle) / 3_000.0));
        let gain = heard.rms(at, at + 100) / full;
        assert!((gain - expected).abs() < 0.03, "at {at} ms: gain {gain:.3}, should be {expected:.3}");
    }
    assert!((heard.seconds() - 8.0).abs() < 0.05, "{} s heard", heard.seconds());
}

// V5: no click at a stop; heard at a sound server, which takes the sound in real time
#[cfg(unix)]
#[test]
fn a_preview_that_is_stopped_early_fades_out() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);
    let track = player.track("Steady Tone");
    let card = SoundCard::start();

    let words = ["preview", &track, "--seconds", "3", "--device", "default"];
    let (finished, heard) = card.record(|| {
        player.run_with(&words, |command| {
            command.envs(card.environment());
        })
    });

    finished.succeeded();
    assert!((2.0..4.5).contains(&heard.seconds()), "{} s heard", heard.seconds());
    // A tone cut off would be at its full height (0.5) within its last millisecond.
    let last = heard.peak_of_last_frames(44);
    assert!(last < 0.2, "the last millisecond is almost silent: {last}");
}

fn raised_cosine(x: f64) -> f64 {
    0.5 - 0.5 * (std::f64::consts::PI * x.clamp(0.0, 1.0)).cos()
}

// O3, S8: a decrypted image is a normal file of its codec
#[test]
fn the_images_of_a_bought_file_are_what_flac_and_ffmpeg_accept() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let [(title, authored, _), ..] = songs();
    player.buy(&player.track(title), GOOD_CARD).succeeded();
    let file = player.purchases().pop().expect("the purchase is a file");

    let mut purchase = Purchase::open(&store, &player, &file);
    purchase.verify();
    let plain = player.path("image.flac");
    fs::write(&plain, purchase.image("lossless")).expect("room");

    tool("flac", &["--test", "--silent", &plain.to_string_lossy()]).succeeded();
    assert!(Samples::read_flac(&plain) == authored, "the image holds the authored samples");
}
