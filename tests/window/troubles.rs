//! What comes from elsewhere, and what a person meets when something is not there: each is said with what to do, and
//! nothing hangs.

use std::fs;

use cadenza_tests::player::PASSPHRASE;
use cadenza_tests::shop::Shop;
use cadenza_tests::song::Samples;
use cadenza_tests::{TestPlayer, TestStore};

use crate::seat::Seat;

// B4, B5, C5: another store than the bundled one, reached the same way; a passport made without a window.
#[test]
fn a_voucher_from_a_browser_is_redeemed_and_a_store_that_goes_away_is_named() {
    let mut store = TestStore::open();
    let listener = TestPlayer::registered(&store);
    let voucher = Shop::of(&store).buy_voucher("First Light");
    let seat = Seat::new();
    let file = seat.path("order.cadvoucher");
    fs::write(&file, voucher).expect("room for a voucher");
    let (home, ready) = (listener.home(), store.ready_file());
    let page = seat.player(&["--home", &home.to_string_lossy(), "--store", &ready.to_string_lossy()]);
    page.resize(1024, 760);
    page.reads("On the front page");

    seat.second_start(&[&file.to_string_lossy()]);
    page.reads("Unlock your passport");
    page.fill("Passphrase", PASSPHRASE);
    page.press_in_dialog("Unlock");
    page.sees("First Light is ready to play");
    assert_eq!(listener.purchases().len(), 1, "the track is in the music folder");
    page.go("/library");
    page.press_right("First Light");
    page.sees("Play next");
    page.press("Play next");
    page.press("Play First Light");
    page.plays();
    seat.has_a_window_called("First Light");

    store.kill();
    page.go("/search/light");
    page.reads("does not answer");
    page.go("/library");
    page.press_beginning("Pause ");
    page.press("Play First Light");
    page.time("what is owned to play without the store", |seconds| seconds > 0);

    // M8: a double click on a file of one's own
    let own = seat.path("street piano.flac");
    Samples::music(20, 7).write_flac(&own);
    seat.second_start(&[&own.to_string_lossy()]);
    seat.has_a_window_called("street piano");
    page.plays();
    page.sees("street piano");
    page.close();
}

// Settings that were spoilt by hand: the window says where, instead of starting with something else.
#[test]
fn a_home_that_cannot_be_used_is_explained_in_the_window() {
    let seat = Seat::new();
    let home = seat.path("spoilt");
    fs::create_dir(&home).expect("room for a home");
    fs::write(home.join("settings.toml"), "after-delivery = 12").expect("room for settings");
    let page = seat.player(&["--home", &home.to_string_lossy()]);
    page.reads("settings.toml");
    page.press("Try again");
    page.reads("settings.toml");
    page.close();
}
