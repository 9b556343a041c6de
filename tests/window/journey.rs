//! The journey of issue 2 in the window: register, listen, buy, play, make a disc, and be opened from outside.

use std::fs;
use std::time::Duration;

use cadenza_tests::player::{DECLINED_CARD, GOOD_CARD, PASSPHRASE};
use cadenza_tests::programs::tool;

use crate::page::Page;
use crate::seat::Seat;

/// The bundled store's first start: ten tracks are encoded, encrypted and published.
const STORE_OPENS: Duration = Duration::from_secs(300);

// G1, G2, G5, V1, V5, B1, B5, B9, M2, M5, M6, D1, D2
#[test]
fn a_person_registers_listens_buys_plays_and_makes_a_disc() {
    let seat = Seat::new();
    let page = seat.player(&[]);
    page.resize(1440, 900);

    registers(&page);
    listens(&page);
    buys(&page);
    plays(&page);
    makes_a_disc(&seat, &page);
    locks_and_unlocks(&page);
    is_opened_from_outside(&seat, &page);
    crate::pictures::of_every_page(&page);
    page.close();
}

/// The first start shows registration; a declined card keeps the form as it was.
fn registers(page: &Page) {
    page.reads("Music that knows it is yours");
    page.has_a_picture_within(STORE_OPENS, "the bundled store to author its album and open");
    page.picture("welcome-light");
    page.press("Make my passport");
    page.fill("Full name", "Ada Listener");
    page.fill("Billing address", "1 Quiet Lane, 12345 Town");
    page.fill("E-mail", "ada@example.org");
    page.fill("Telephone", "+1 555 0100");
    page.press("Go on to the card");
    page.fill("Card number", DECLINED_CARD);
    page.fill("Expires", "12/39");
    page.fill("Confidential line", "my first record was a waltz");
    page.press("Ask for my passport");
    page.reads("declined");
    page.holds("Confidential line", "my first record was a waltz");
    page.fill("Card number", GOOD_CARD);
    page.press("Ask for my passport");
    page.reads("Your passphrase");
    page.fill("Passphrase", "password");
    page.reads("Too short");
    page.fill("Passphrase", PASSPHRASE);
    page.fill("Once more", PASSPHRASE);
    page.press("Create passport");
    page.reads("Welcome, Ada");
    page.press("Open the store");
    page.reads("On the front page");
}

/// A clip plays at one press, and its time runs; pausing holds it.
fn listens(page: &Page) {
    page.press("Open record");
    page.press_beginning("Preview ");
    page.plays();
    page.has_no_owner();
    page.press_beginning("Pause");
    let held = page.time("the time that is held", |_| true);
    page.press("Play");
    page.time("the clip to go on where it was", |seconds| seconds > held);
}

/// The whole album: a declined card takes nothing and keeps the cart, a good one brings everything home.
fn buys(page: &Page) {
    page.press_beginning("Buy album");
    page.reads("Total");
    page.fill("Card number", GOOD_CARD);
    page.fill("Expires", "12/39");
    page.picture("payment-light");
    page.fill("Card number", DECLINED_CARD);
    page.press_beginning("Pay ");
    page.reads("declined");
    page.reads("Total");
    page.fill("Card number", GOOD_CARD);
    page.press_beginning("Pay ");
    page.reads("Your music is on its way");
    page.press("See downloads");
    page.reads("Delivered");
    page.reads_no_longer("Waiting for its turn");
}

/// Bought music plays, with its owner beside it; seeking, pausing, the next track.
fn plays(page: &Page) {
    page.press_beginning("Library");
    page.press("Songs");
    page.press_beginning("Play ");
    page.plays();
    let owner = page.owner();
    for fact in ["Ada Listener", "ada@example.org", "4242", "my first record was a waltz"] {
        assert!(owner.contains(fact), "the owner's line reads {owner}");
    }
    assert!(!owner.contains("4242 4242"), "only the last four digits: {owner}");
    let before = page.time("the time before the seek", |_| true);
    page.press_at_time("PageUp");
    page.time("the seek", |seconds| seconds >= before + 10);
    page.press("Next track");
    page.time("the next track", |seconds| seconds < 10);
    page.plays();
}

/// A disc image is written, read back, and accepted by another program.
fn makes_a_disc(seat: &Seat, page: &Page) {
    let folder = seat.path("disc");
    fs::create_dir(&folder).expect("room for a disc");
    page.press_beginning("Disc");
    page.reads("A blank disc");
    page.press("Add from library");
    page.tick(3);
    page.press("Add 3 tracks");
    page.fill("Disc title", "For the car");
    page.fill("Folder", &folder.to_string_lossy());
    page.press("Write disc image");
    page.reads("The disc image is ready");
    let cue = fs::read_dir(&folder).expect("the folder is there").flatten().map(|entry| entry.path());
    let cue = cue.into_iter().find(|path| path.extension().is_some_and(|e| e == "cue")).expect("a CUE sheet");
    let read = tool(
        "cd-info",
        &["--no-header", "--no-device-info", "--no-cddb", "--cue-file", &cue.to_string_lossy()],
    )
    .succeeded()
    .text();
    let tracks = read.lines().filter(|line| line.contains("audio")).count();
    assert!(tracks >= 3, "cd-info should see three audio tracks:\n{read}");
}

/// A wrong passphrase says so and changes nothing.
fn locks_and_unlocks(page: &Page) {
    page.go("/passport");
    page.press("Lock now");
    page.press_beginning("Unlock");
    page.fill("Passphrase", "not this one at all");
    page.press_in_dialog("Unlock");
    page.reads("That is not the passphrase");
    page.fill("Passphrase", PASSPHRASE);
    page.press_in_dialog("Unlock");
    page.sees("Passport unlocked");
}

/// A second start hands over what it was given and ends: a link plays, a broken voucher is explained.
fn is_opened_from_outside(seat: &Seat, page: &Page) {
    page.go("/store");
    page.press("Open record");
    page.is_at("/album/");
    let cover = page.until("a cover", "return found('main img[src*=\"/store/\"]')[0]?.src", &[]);
    let end = cover.as_str().and_then(|cover| cover.rsplit('/').next());
    let id = end.and_then(|end| end.get(..32)).expect("a cover names its track");
    page.go("/settings");
    seat.second_start(&[&format!("cadenza://preview/{id}")]);
    page.reads("It wants to play the clip of");
    page.is_at("/settings");
    page.press_in_dialog("Go on");
    page.is_at("/album/");
    page.plays();
    let broken = seat.path("broken.cadvoucher");
    fs::write(&broken, "{ this is no voucher").expect("room for a file");
    seat.second_start(&[&broken.to_string_lossy()]);
    page.sees("This voucher is damaged");
    page.reads_no_longer("This voucher is damaged");
}
