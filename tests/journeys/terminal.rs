//! Listening at a terminal: one line, and keys.

use cadenza_tests::patience::wait_for;
use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::song::Samples;
use cadenza_tests::{TestPlayer, TestStore};

// M2: play, pause, stop, next, previous, seek, volume
#[test]
fn keys_on_a_terminal_steer_what_plays() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);
    let files = ["One", "Two"].map(|title| {
        let file = player.path(&format!("{title}.flac"));
        Samples::music(60, 9).write_flac(&file);
        file.to_string_lossy().into_owned()
    });
    let mut terminal = player.at_a_terminal(&["play", &files[0], &files[1], "--volume", "50"]);
    terminal.shows("playing One  0:01  -0:59");
    terminal.types(" ");
    terminal.shows("paused One");
    terminal.types("\x1b[C\x1b[C");
    terminal.shows("paused One  0:11");
    terminal.types("n");
    terminal.shows("paused Two");
    terminal.types(" ");
    terminal.shows("playing Two");
    terminal.types("+-s");
    terminal.shows("stopped Two");
    terminal.types("q");
    assert!(terminal.ends_well(), "{}", terminal.shown());
    assert!(terminal.shown().contains("frames played"), "{}", terminal.shown());
}

// M5: the confidential line too
#[test]
fn bought_music_plays_beside_its_owner_on_a_terminal() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();
    let mut terminal = player.at_a_terminal(&["play", &track]);
    let owner = "Ada Listener <ada@example.org> · Visa •••• 4242 · my first record was a waltz";
    terminal.shows(&format!("Bought by {owner}"));
    terminal.shows("playing ");
    terminal.types("\x03");
    assert!(terminal.ends_well(), "{}", terminal.shown());
}

// M2
#[test]
fn a_terminal_that_is_closed_ends_what_plays() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);
    let file = player.path("One.flac");
    Samples::music(60, 9).write_flac(&file);
    let mut terminal = player.at_a_terminal(&["play", &file.to_string_lossy()]);
    terminal.shows("playing One");
    terminal.closes();
    // while one player runs, another with the same home is turned away
    wait_for("the player to end", || player.run(&["playlist", "list"]).stderr().is_empty().then_some(()));
}
