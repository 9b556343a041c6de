//! What a person gets wrong or has not the right to: a reason, advice, exit code 1, nothing lost.

use std::fs;

use cadenza_tests::player::{DECLINED_CARD, EXPIRED_CARD, GOOD_CARD, PASSPHRASE};
use cadenza_tests::{TestPlayer, TestStore};

// G2
#[test]
fn a_declined_card_at_registration_leaves_no_passport_and_can_be_tried_again() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);

    let reason = player.register(DECLINED_CARD).refused();

    assert!(reason.contains("declined"), "{reason}");
    assert!(!player.home().join("passport.cadpassport").exists());
    player.register(GOOD_CARD).succeeded();
}

// G2, S7
#[test]
fn an_expired_card_and_a_mistyped_one_are_told_apart() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);

    let expired = player.register(EXPIRED_CARD).refused();
    let mistyped = player.register("4242 4242 4242 4241").refused();

    assert!(expired.contains("expired"), "{expired}");
    assert!(mistyped.contains("number"), "{mistyped}");
}

// B3: a refusal costs nothing and keeps nothing
#[test]
fn a_declined_card_at_the_till_buys_nothing_and_another_card_does() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");

    let reason = player.buy(&track, DECLINED_CARD).refused();

    assert!(reason.contains("declined"), "{reason}");
    assert!(player.purchases().is_empty());
    player.buy(&track, GOOD_CARD).succeeded();
}

// G5, B5
#[test]
fn a_wrong_passphrase_neither_plays_nor_buys_and_the_right_one_still_does() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();

    player.types_passphrase("not the passphrase at all");
    let playing = player.run(&["play", &track, "--seconds", "1"]).refused();
    let other = player.track("Last Light");
    let buying = player.buy(&other, GOOD_CARD).refused();

    assert!(playing.contains("passphrase"), "{playing}");
    assert!(buying.contains("passphrase"), "{buying}");
    player.types_passphrase(PASSPHRASE);
    player.run(&["play", &track, "--seconds", "1"]).succeeded();
}

// G1
#[test]
fn buying_without_a_passport_says_to_register_first() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);

    let reason = player.buy(&player.track("First Light"), GOOD_CARD).refused();

    assert!(reason.contains("regist"), "{reason}");
}

// V2
#[test]
fn a_track_that_does_not_exist_is_refused_wherever_it_is_named() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let nowhere = "00112233445566778899aabbccddeeff";

    let preview = player.run(&["preview", nowhere]).refused();
    assert!(preview.contains("`cadenza-cli catalogue`"), "it says where to look: {preview}");
    player.run(&["play", nowhere]).refused();
    player.run(&["burn", nowhere, "--to", "image:/nowhere"]).refused();
    player.buy(nowhere, GOOD_CARD).refused();
}

// O7: the passport is signed by the licensing center
#[test]
fn a_passport_with_one_byte_changed_is_refused_by_name() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let passport = player.home().join("passport.cadpassport");
    let mut bytes = fs::read(&passport).expect("a passport");
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    fs::write(&passport, bytes).expect("our own file");

    let reason = player.run(&["passport", "show"]).refused();

    assert!(reason.contains("passport"), "{reason}");
}

// G8, C5: certificates of another licensing center mean nothing here
#[test]
fn a_store_under_another_root_is_not_spoken_to() {
    let (store, impostor) = (TestStore::open(), TestStore::open_anew());
    let mut player = TestPlayer::registered(&store);

    player.visit(&impostor);
    let reason = player.run(&["catalogue"]).refused();

    assert!(
        reason.contains("certificate") || reason.contains("root") || reason.contains("trust"),
        "{reason}"
    );
}
