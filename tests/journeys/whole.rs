//! The journey from an empty home to a disc image, in one go.

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::{TestPlayer, TestStore};

// G1-G5, V1, B1-B7, M1, D2
#[test]
fn a_listener_registers_previews_buys_plays_and_makes_a_disc() {
    let mut store = TestStore::open();
    let player = TestPlayer::new(&store);
    player.register(GOOD_CARD).succeeded();
    let track = player.track("First Light");

    player.run(&["preview", &track, "--seconds", "2"]).succeeded();
    player.buy(&track, GOOD_CARD).succeeded();
    player.run(&["play", &track, "--seconds", "2"]).succeeded();
    player.run(&["burn", &track, "--to", &format!("image:{}", player.text("disc"))]).succeeded();

    let owned = player.run(&["library", "list"]).succeeded();
    assert!(owned.text().contains("First Light"), "{owned}");
    assert!(store.stop().success(), "the server ends cleanly when asked");
}

// B9: what was bought plays without any store
#[test]
fn a_bought_track_plays_when_the_store_is_closed() {
    let mut store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();

    store.kill();

    player.run(&["play", &track, "--seconds", "1"]).succeeded();
}

// O6: one voucher, several tracks
#[test]
fn two_tracks_are_bought_in_one_order_and_play_one_after_the_other() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let (first, last) = (player.track("First Light"), player.track("Last Light"));

    player.buy_with(&first, GOOD_CARD, &[&last]).succeeded();

    assert_eq!(player.purchases().len(), 2);
    player.run(&["play", &first, &last, "--seconds", "2"]).succeeded();
}

#[test]
fn the_store_keeps_its_purchases_when_it_is_started_again() {
    let mut store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("Last Light");
    player.buy(&track, GOOD_CARD).succeeded();

    store.restart();

    assert_eq!(player.track("Last Light"), track, "the catalogue is the same");
    player.buy(&player.track("First Light"), GOOD_CARD).succeeded();
}

#[test]
fn every_program_says_what_it_does_and_its_version() {
    for name in ["cadenza-cli", "cadenza-server"] {
        let program = cadenza_tests::programs::program(name);
        let help = cadenza_tests::programs::run(&program, &["--help"]).succeeded().text();
        assert!(help.contains("xample"), "{name} --help shows examples:\n{help}");
        let version = cadenza_tests::programs::run(&program, &["--version"]).succeeded().text();
        assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
        assert_eq!(cadenza_tests::programs::run(&program, &["no-such-word"]).code(), Some(2));
    }
}
