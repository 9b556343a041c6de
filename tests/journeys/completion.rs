//! The rest of an album (B1): what the player shows and signs is what the store charges.

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::{TestPlayer, TestStore};
use serde_json::Value;

fn paid(player: &TestPlayer, ids: &[&str]) -> Option<u64> {
    let more: Vec<&str> = ids[1..].iter().copied().chain(["--json"]).collect();
    let bought: Value = player.buy_with(ids[0], GOOD_CARD, &more).succeeded().json();
    bought["order"]["total_cents"].as_u64()
}

// B1: 1.29 each, 3.00 for all three
#[test]
fn a_listener_who_bought_one_track_gets_the_others_for_the_rest_of_the_album_s_price() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = |title: &str| player.track(title);
    let (first, second, third) = (track("First Light"), track("Steady Tone"), track("Last Light"));

    assert_eq!(paid(&player, &[&first]), Some(129));
    assert_eq!(paid(&player, &[&second, &third]), Some(300 - 129));

    let sold = player.json(&["orders"]);
    assert_eq!(sold["orders"].as_array().map(Vec::len), Some(2), "{sold}");
    assert_eq!(player.purchases().len(), 3);
}
