//! Exactly once (B7): a voucher is redeemed by one passport, as often as it takes.

use std::fs;

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::{Shop, TestPlayer, TestStore};

/// Buys in the storefront's way: pay, and keep the voucher instead of redeeming it.
fn voucher_of(player: &TestPlayer, store: &TestStore, title: &str) -> String {
    let file = player.path("bought.cadvoucher");
    fs::write(&file, Shop::of(store).buy_voucher(title)).expect("room for a voucher");
    file.to_string_lossy().into_owned()
}

// B7: a lost reply and a second try
#[test]
fn the_same_order_sent_twice_is_one_order_and_one_payment() {
    let store = TestStore::open();
    let shop = Shop::of(&store);
    let track = shop.track("First Light");
    let id = track["media_id"].as_str().expect("an id");

    let (_, first) = shop.order(id, GOOD_CARD, "the-same-key-twice");
    let (_, again) = shop.order(id, GOOD_CARD, "the-same-key-twice");

    assert_eq!(first["order_id"], again["order_id"]);
    assert!(first["order_id"].is_string(), "{first}");
}

// B4
#[test]
fn a_voucher_from_a_browser_is_redeemed_by_the_player() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let voucher = voucher_of(&player, &store, "First Light");

    player.run(&["redeem", &voucher]).succeeded();

    assert_eq!(player.purchases().len(), 1);
}

// B7
#[test]
fn the_same_listener_may_redeem_again_after_losing_the_file() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let voucher = voucher_of(&player, &store, "First Light");
    player.run(&["redeem", &voucher]).succeeded();
    for file in player.purchases() {
        fs::remove_file(file).expect("our own file");
    }

    player.run(&["redeem", &voucher]).succeeded();

    assert_eq!(player.purchases().len(), 1);
}

// B7
#[test]
fn another_listener_cannot_use_a_voucher_that_was_redeemed() {
    let store = TestStore::open();
    let (buyer, other) = (TestPlayer::registered(&store), TestPlayer::registered(&store));
    let voucher = voucher_of(&buyer, &store, "First Light");
    buyer.run(&["redeem", &voucher]).succeeded();

    let reason = other.run(&["redeem", &voucher]).refused();

    assert!(reason.contains("voucher"), "{reason}");
    assert!(other.purchases().is_empty());
}

// O6, F5: its last day was moved, by whoever had it in hand
#[test]
fn an_altered_voucher_says_so_and_is_not_redeemed() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let voucher = voucher_of(&player, &store, "First Light");
    let mut content: serde_json::Value =
        serde_json::from_slice(&fs::read(&voucher).expect("a voucher")).expect("JSON");
    content["expires"] = 4_000_000_000_i64.into();
    fs::write(&voucher, content.to_string()).expect("our own file");

    let reason = player.run(&["redeem", &voucher]).refused();

    assert!(reason.contains("altered") && reason.contains("fetch it again"), "{reason}");
    assert!(player.purchases().is_empty());
}
