//! A passport that is renewed, forgotten and recovered, in the window (G7, G8).

use std::fs;

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::{TestPlayer, TestStore};

use crate::seat::Seat;

const NEW_PASSPHRASE: &str = "eleven new herons over water";

// G7, G8
#[test]
fn a_listener_renews_forgets_the_passphrase_recovers_and_plays_on() {
    let store = TestStore::open();
    let listener = TestPlayer::registered(&store);
    listener.buy(&listener.track("First Light"), GOOD_CARD).succeeded();
    let first = listener.json(&["passport", "show"])["serial"].as_str().expect("a serial").to_owned();
    let seat = Seat::new();
    let (home, ready) = (listener.home(), store.ready_file());
    let page = seat.player(&["--home", &home.to_string_lossy(), "--store", &ready.to_string_lossy()]);
    page.resize(1280, 900);
    page.reads("On the front page");

    page.go("/passport");
    page.press("Renew passport");
    page.picture("renew-light");
    page.fill("Passphrase", "not the one at all");
    page.press_in_dialog("Renew passport");
    page.reads("That is not the passphrase");
    page.fill("Passphrase", cadenza_tests::player::PASSPHRASE);
    page.press_in_dialog("Renew passport");
    page.reads("Passport renewed");
    page.press("Lock now");

    page.press_beginning("Unlock");
    page.press("Forgot the passphrase?");
    page.reads("There is a passport on this computer");
    page.picture("recover-light");
    page.fill("Full name", "Ada Listener");
    page.fill("E-mail", "ada@example.org");
    page.fill("Telephone", "+1 555 0199");
    page.press("Go on to the card");
    page.fill("Card number", GOOD_CARD);
    page.fill("Expires", "12/39");
    page.press("Recover passport");
    page.reads("does not match a registration");
    page.press("Back");
    page.fill("Telephone", "+1 555 0100");
    page.press("Go on to the card");
    page.fill("Card number", GOOD_CARD);
    page.fill("Expires", "12/39");
    page.press("Recover passport");
    page.reads("New passphrase");
    page.fill("New passphrase", NEW_PASSPHRASE);
    page.fill("Once more", NEW_PASSPHRASE);
    page.press("Lock and keep it");
    page.reads("Welcome back, Ada");
    page.press("Open library");
    page.press("Songs");
    page.press("Play First Light");
    page.plays();
    page.close();

    let aside: Vec<String> = fs::read_dir(&home)
        .expect("a home")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("passport-"))
        .collect();
    assert_eq!(aside.len(), 1, "the passport that was here is kept: {aside:?}");
    assert!(!aside[0].contains(&first), "it is the renewed one, which has a certificate of its own");
}
