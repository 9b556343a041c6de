//! A merchant whose certificate was withdrawn is not paid, whatever it answers (C9).

use std::fs;

use cadenza_protocol::cert::Certificate;
use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::programs::{program, run};
use cadenza_tests::{TestPlayer, TestStore};

// C9, B3
#[test]
fn no_card_number_goes_to_a_merchant_that_was_withdrawn() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    let account = fs::read_to_string(store.data().join("services/merchant.account")).expect("an identity");
    let serial = Certificate::from_pem(&account).expect("a certificate").serial();
    let data = store.data();
    let data = data.to_string_lossy();
    let decided = |store: &TestStore| store.log().matches("payment decided").count();
    let before = decided(&store);
    run(&program("cadenza-server"), &["admin", "--data", &data, "revoke", &serial]).succeeded();

    let reason = player.buy(&track, GOOD_CARD).refused();

    assert!(reason.contains("revoked") && reason.contains("nothing was sent"), "{reason}");
    assert_eq!(decided(&store), before, "nobody was asked for money");
    assert!(player.purchases().is_empty());
}
