//! Exactly once (B7): a voucher is redeemed by one passport, as often as it takes.

use std::fs;

use cadenza_protocol::cert::Certificate;
use cadenza_tests::player::{DECLINED_CARD, GOOD_CARD};
use cadenza_tests::{Shop, TestPlayer, TestStore};
use serde_json::json;

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

/// Writes down an order as a player does before it sends it; the answer never comes.
fn note_unanswered(player: &TestPlayer, store: &TestStore, key: &str, ids: &[&str]) {
    note_order(player, store, key, ids, None);
}

/// The same, with the answer if it has come.
fn note_order(player: &TestPlayer, store: &TestStore, key: &str, ids: &[&str], order_id: Option<&str>) {
    let items: Vec<_> = ids.iter().map(|id| json!({ "media_id": id, "quality": "lossless" })).collect();
    let account = fs::read_to_string(store.data().join("services/merchant.account")).expect("a merchant");
    let merchant = Certificate::from_pem(&account).expect("its certificate stands first").key_fingerprint();
    let merchant: String = merchant.iter().map(|byte| format!("{byte:02x}")).collect();
    let open = json!({ "idempotency_key": key, "merchant": merchant, "items": items, "placed_at": 0, "order_id": order_id });
    let folder = player.home().join("deliveries");
    fs::create_dir_all(&folder).expect("room");
    fs::write(folder.join(format!("order-{key}.json")), open.to_string()).expect("room");
}

// B7: the answer to an order of two tracks was lost; one of them is bought again, then everything that was paid for is asked for
#[test]
fn what_was_paid_for_and_never_answered_is_found_and_not_bought_again() {
    let store = TestStore::open();
    let shop = Shop::of(&store);
    let player = TestPlayer::registered(&store);
    let both = [player.track("First Light"), player.track("Steady Tone")];
    let ids = [both[0].as_str(), both[1].as_str()];
    let key = "0123456789abcdef0123456789abcdef";
    let (status, paid) = shop.order_all(&ids, GOOD_CARD, key);
    assert_eq!(status, 200, "{paid}");
    note_unanswered(&player, &store, key, &ids);

    let bought = player.buy_with(ids[0], GOOD_CARD, &["--json"]).succeeded().json();

    assert_eq!(bought["order"]["order_id"], paid["order_id"], "the order that was paid, no other");
    player.run(&["redeem"]).succeeded();
    assert_eq!(player.purchases().len(), 2);
    let listed = player.json(&["orders"]);
    assert_eq!(listed["orders"].as_array().map(Vec::len), Some(1), "{listed}");

    // one that the bank declined is no order, and is not asked about for ever
    let declined = "ffffffffffffffffffffffffffffffff";
    shop.order_all(&ids[..1], DECLINED_CARD, declined);
    note_unanswered(&player, &store, declined, &ids[..1]);
    player.run(&["orders"]).succeeded();
    assert!(!player.home().join(format!("deliveries/order-{declined}.json")).exists());
}

// B7: paid and answered, and the player was killed before the vouchers were here; then one of the two tracks is bought again
#[test]
fn what_is_paid_for_and_has_not_arrived_is_not_bought_again() {
    let store = TestStore::open();
    let shop = Shop::of(&store);
    let player = TestPlayer::registered(&store);
    let both = [player.track("First Light"), player.track("Steady Tone")];
    let ids = [both[0].as_str(), both[1].as_str()];
    let key = "00112233445566778899aabbccddeeff";
    let (status, paid) = shop.order_all(&ids, GOOD_CARD, key);
    assert_eq!(status, 200, "{paid}");
    note_order(&player, &store, key, &ids, paid["order_id"].as_str());

    let bought = player.buy_with(ids[0], GOOD_CARD, &["--json"]).succeeded().json();

    assert_eq!(bought["order"]["order_id"], paid["order_id"], "the order that was paid, no other");
    assert_eq!(player.purchases().len(), 2);
    let listed = player.json(&["orders"]);
    assert_eq!(listed["orders"].as_array().map(Vec::len), Some(1), "{listed}");

    // a voucher that came from elsewhere is on its way: the same track is not charged
    let player = TestPlayer::registered(&store);
    let file = fs::read(voucher_of(&player, &store, "First Light")).expect("a voucher");
    let voucher: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    let track = &voucher["tracks"][0];
    let open = json!({ "track": track, "expires": voucher["expires"], "order_id": null, "taken_at": 0, "arrived": null });
    let folder = player.home().join("deliveries");
    fs::create_dir_all(&folder).expect("room");
    let name = format!("voucher-{}.json", track["voucher_id"].as_str().expect("an id"));
    fs::write(folder.join(name), open.to_string()).expect("room");

    let refused = player.buy(ids[0], GOOD_CARD).refused();

    assert!(refused.contains("on its way") && refused.contains("nothing was charged"), "{refused}");
    player.run(&["redeem"]).succeeded();
    assert_eq!(player.purchases().len(), 1);
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
