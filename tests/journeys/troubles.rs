//! What breaks through nobody's fault: files, disks, networks, sound. Said clearly, within
//! seconds, and what was paid for is still there.

use std::fs;
use std::path::{Path, PathBuf};

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::{TestPlayer, TestStore};
#[cfg(target_os = "linux")]
use cadenza_tests::{
    programs::{program, run_with},
    song::Samples,
};

fn one_purchase(player: &TestPlayer, title: &str) -> (String, PathBuf) {
    let track = player.track(title);
    player.buy(&track, GOOD_CARD).succeeded();
    let file = player.purchases().pop().expect("the purchase is a file");
    (track, file)
}

fn flip_byte(file: &Path, at: u64) {
    let mut bytes = fs::read(file).expect("a media file");
    let at = usize::try_from(at).expect("a test file fits in memory").min(bytes.len() - 1);
    bytes[at] ^= 0x01;
    fs::write(file, bytes).expect("our own file");
}

// O1: changing one byte of anything the author wrote is detected
#[test]
fn a_bought_file_with_one_bit_changed_is_refused_wherever_it_is() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let (_, file) = one_purchase(&player, "Last Light");
    let whole = fs::read(&file).expect("a media file");
    let length = whole.len() as u64;

    for at in [4, 200, length / 3, length / 2, length - length / 5] {
        fs::write(&file, &whole).expect("our own file");
        flip_byte(&file, at);
        let reason = player.run(&["library", "verify"]).refused();
        assert!(reason.contains(".cadenza") || reason.contains("Last Light"), "byte {at}: {reason}");
    }
    fs::write(&file, &whole).expect("our own file");
    player.run(&["library", "verify"]).succeeded();
}

// M1
#[test]
fn a_bought_file_cut_short_is_refused_and_can_be_fetched_again() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let (track, file) = one_purchase(&player, "First Light");
    let whole = fs::read(&file).expect("a media file");
    fs::write(&file, &whole[..whole.len() / 2]).expect("our own file");

    let reason = player.run(&["play", &track]).refused();

    assert!(reason.len() > 20, "{reason}");
}

#[test]
fn a_file_that_is_no_music_is_named_and_the_next_one_is_still_possible() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let broken = player.path("broken.cadenza");
    fs::write(&broken, b"this is not a media file, however long it goes on").expect("room");

    let reason = player.run(&["play", &broken.to_string_lossy()]).refused();

    assert!(reason.contains("broken.cadenza"), "{reason}");
}

// V7, F3
#[test]
fn a_store_that_is_gone_is_said_to_be_gone_within_seconds() {
    let mut store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    store.kill();

    for words in
        [["catalogue"].as_slice(), &["preview", &track], &["buy", &track, "--card-file", "none.toml"]]
    {
        let finished = player.run(words);
        assert!(finished.took().as_secs() < 15, "{finished}");
        finished.refused();
    }
    let reason = player.run(&["catalogue"]).refused();
    assert!(reason.contains("store"), "{reason}");
}

// B7: nothing paid for is lost
#[test]
fn a_full_disk_stops_the_delivery_and_room_lets_it_finish() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");

    let Some(finished) = player.buy_on_full_disk(&track, GOOD_CARD) else { return };
    let reason = finished.refused();

    assert!(reason.contains("space") || reason.contains("full") || reason.contains("room"), "{reason}");
    assert!(player.purchases().is_empty(), "no half file in the music folder");
    // What was paid for is fetched, without paying again.
    player.run(&["redeem"]).succeeded();
    assert_eq!(player.purchases().len(), 1);
}

// M4: a machine that has no sound at all
#[test]
fn without_any_sound_device_the_player_says_so_and_offers_silence() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let (track, _) = one_purchase(&player, "Last Light");

    let finished = player.run_with(&["play", &track, "--seconds", "1", "--device", "default"], |command| {
        command.env("PULSE_SERVER", "unix:/nowhere").env("ALSA_CONFIG_PATH", "/dev/null");
        command.env("PIPEWIRE_REMOTE", "nowhere");
    });

    let reason = finished.refused();
    assert!(reason.contains("device") && reason.contains("silent"), "{reason}");
}

// M4
#[test]
fn no_sound_device_is_said_and_nothing_hangs() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let (track, _) = one_purchase(&player, "Last Light");

    let reason = player.run(&["play", &track, "--device", "no such device", "--seconds", "1"]).refused();

    assert!(reason.contains("no such device"), "{reason}");
}

// M4: libasound has much to say when there is no sound card, and nothing that helps
#[cfg(target_os = "linux")]
#[test]
fn without_a_sound_card_one_line_says_what_to_do() {
    let folder = tempfile::tempdir().expect("room for a home");
    let song = folder.path().join("song.flac");
    Samples::music(1, 1).write_flac(&song);
    let home = folder.path().join("home");

    let words = ["--home".as_ref(), home.as_os_str(), "play".as_ref(), song.as_os_str()];
    let played = run_with(&program("cadenza-cli"), &words, |command| {
        command.env("ALSA_CONFIG_PATH", "/nonexistent").env("PULSE_SERVER", "unix:/nonexistent");
    });

    assert_eq!(played.stderr().lines().count(), 1, "{played}");
    assert!(played.refused().contains("--device silent"));
}

// Where a person's data lies is the desktop's to say (XDG Base Directory Specification)
#[cfg(target_os = "linux")]
#[test]
fn without_a_home_folder_named_the_desktop_s_is_used() {
    let folder = tempfile::tempdir().expect("room for two people");
    for (variable, below) in [("XDG_DATA_HOME", "cadenza"), ("HOME", ".local/share/cadenza")] {
        let base = folder.path().join(variable);
        let listed = run_with(&program("cadenza-cli"), &["library", "list"], |command| {
            command.env("HOME", folder.path()).env_remove("XDG_DATA_HOME").env(variable, &base);
        });
        listed.succeeded();
        assert!(base.join(below).join("music").is_dir(), "{variable}");
    }
}
