//! Where secrets must not be found: on disk, in logs, in output (C7, C8, G5; F10).

use std::fs;
use std::path::Path;

use cadenza_tests::player::{GOOD_CARD, PASSPHRASE};
use cadenza_tests::{TestPlayer, TestStore};

// C8, F10
#[test]
fn the_card_number_is_in_no_file_and_no_log_after_registering_and_buying() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let bought = player.buy(&player.track("First Light"), GOOD_CARD).succeeded();
    let digits: String = GOOD_CARD.chars().filter(char::is_ascii_digit).collect();

    for needle in [GOOD_CARD, &digits, PASSPHRASE] {
        for folder in [store.data(), player.home()] {
            let found = files_with(&folder, needle.as_bytes());
            assert!(found.is_empty(), "{needle} stands in {found:?}");
        }
        assert!(!store.log().contains(needle), "the server's log holds {needle}");
        assert!(!bought.text().contains(needle) && !bought.stderr().contains(needle), "{bought}");
    }
}

// M1: nothing decrypted on disk
#[test]
fn no_decrypted_audio_is_left_on_disk() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();
    player.run(&["play", &track, "--seconds", "1"]).succeeded();

    // The lossless image is a FLAC stream; in the clear it would begin with its marker.
    let found = files_with(&player.home(), b"fLaC");
    assert!(found.is_empty(), "a FLAC stream in the clear in {found:?}");
}

fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(needle.len()).any(|window| window == needle)
        {
            found.push(path.display().to_string());
        }
    }
    found
}
