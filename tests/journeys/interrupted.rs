//! The plug is pulled, and the store is somewhere else when it is plugged in again: what was paid for arrives all the same.

use std::fs;

use cadenza_tests::patience::wait_for;
use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::{TestPlayer, TestStore};

/// Slow enough that a person could pull the plug while a song arrives.
const SLOW: &str = "[content]\ndownload_rate = 20000\n";

/// Whether a song is arriving in the music folder.
fn arrives(player: &TestPlayer) -> Option<()> {
    let music = fs::read_dir(player.home().join("music")).ok()?.flatten();
    let mut parts = music.filter(|entry| entry.path().extension().is_some_and(|e| e == "part"));
    parts.any(|part| part.metadata().is_ok_and(|stat| stat.len() > 0)).then_some(())
}

// B7, B6
#[test]
fn a_delivery_that_was_cut_off_holds_up_no_later_one_when_the_store_has_moved() {
    let mut store = TestStore::open_configured(SLOW);
    let player = TestPlayer::registered(&store);
    let (first, second) = (player.track("First Light"), player.track("Last Light"));
    let mut buying = player.begin_to_buy(&first, GOOD_CARD);
    wait_for("the first bytes of a song", || arrives(&player));
    buying.kill();
    let before = store.ready_json()["delivery"].clone();
    store.restart();
    assert_ne!(store.ready_json()["delivery"], before, "ports are new at each start");

    player.buy(&second, GOOD_CARD).succeeded();

    assert_eq!(player.purchases().len(), 2, "and what was cut off has arrived too");
}
