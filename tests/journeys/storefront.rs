//! The storefront in an ordinary browser (S6, B4): Chromium, driven like a person would.

use std::fs;

use cadenza_tests::player::{DECLINED_CARD, GOOD_CARD};
use cadenza_tests::webdriver::Window;
use cadenza_tests::{Browser, TestPlayer, TestStore};
use serde_json::Value;

/// Opens the store's front page and walks to the album.
fn at_the_album(store: &TestStore) -> Browser {
    let browser = Browser::open();
    browser.page.go(store.ready("web_url"));
    browser.page.click("a[href*='/album/']");
    browser.page.is_at("/album/");
    browser
}

/// From the shop's form to the payment processor's page, which is of another site.
fn to_the_card(page: &Window) {
    page.click("form[method='post'] button");
    page.reads("Your card");
}

/// Fills in the card on the processor's page and sends it; what is filled in already stays.
fn show(page: &Window, card: &str) {
    for (field, text) in [("name", "Ada Listener"), ("number", card), ("expiry", "12/39")] {
        page.fill(&input(field), text);
    }
    page.click("form[method='post'] button");
}

fn input(field: &str) -> String {
    format!("input[name='{field}']")
}

// S6: title, artist, price, preview, order
#[test]
fn the_album_page_lists_every_track_with_artist_price_and_preview() {
    let store = TestStore::open();
    let browser = at_the_album(&store);

    for expected in ["First Light", "Steady Tone", "Last Light", "The Measuring Tones", "1.29"] {
        browser.page.reads(expected);
    }
    browser.page.has(3, "a[href*='/preview/']");
}

// V1, O6: one click gives a voucher that any player can use, and that proves no payment
#[test]
fn a_preview_link_downloads_a_voucher_without_a_receipt() {
    let store = TestStore::open();
    let browser = at_the_album(&store);

    let file = browser.download("a[href*='/preview/']");

    assert_eq!(file.extension().and_then(|extension| extension.to_str()), Some("cadvoucher"));
    let voucher = fs::read(file).expect("a whole file");
    let voucher: Value = serde_json::from_slice(&voucher).expect("JSON");
    assert_eq!(voucher["kind"], "preview");
    assert_eq!(voucher["tracks"][0]["receipt"], Value::Null);
}

// B1, B3, B4
#[test]
fn a_declined_card_brings_the_form_back_and_a_good_one_leads_to_music_in_the_player() {
    let store = TestStore::open();
    let browser = at_the_album(&store);
    let page = &browser.page;
    page.click("a[href*='/buy?track']");

    to_the_card(page);
    show(page, "4242 4242 4242 4241");
    page.reads("wrong digit");
    // The form is still filled in, all but the card number.
    page.holds(&input("name"), "Ada Listener");
    page.holds(&input("number"), "");
    show(page, DECLINED_CARD);
    page.reads("Pay $1.29 to");
    page.click("form[method='post'] button");

    page.reads("declined");

    to_the_card(page);
    show(page, GOOD_CARD);
    page.reads("Pay $1.29 to");
    page.click("form[method='post'] button");

    page.is_at("/order/");
    let file = browser.download("a[href*='/voucher']");

    let player = TestPlayer::registered(&store);
    player.run(&["redeem", &file.to_string_lossy()]).succeeded();
    assert_eq!(player.purchases().len(), 1, "the browser's purchase is in the player");
}

// G2, G6: who registers on the web page has a file, which the player takes in
#[test]
fn a_passport_registered_in_a_browser_is_taken_in_by_the_player_and_buys() {
    let store = TestStore::open();
    let browser = Browser::open();
    let page = &browser.page;
    page.go(&format!("{}/register", store.ready("web_url").trim_end_matches('/')));
    let facts = [
        ("name", "Ada Listener"),
        ("address", "1 Difference Street"),
        ("telephone", "+44 20 7946 0958"),
        ("email", "ada@example.org"),
        ("confidential", "the canary sings at noon"),
    ];
    for (field, text) in facts {
        page.fill(&input(field), text);
    }
    page.click("form[method='post'] button");
    page.reads("Now your card");
    to_the_card(page);
    show(page, GOOD_CARD);
    page.reads("Nothing is charged");
    let file = browser.download("form[method='post'] button");

    let player = TestPlayer::new(&store);
    let taken = player.run(&["passport", "import", &file.to_string_lossy()]).succeeded();
    assert!(taken.stderr().contains("delete it"), "{}", taken.stderr());
    let again = player.run(&["passport", "import", &file.to_string_lossy()]).refused();
    assert!(again.contains("passport"), "{again}");
    let shown = player.json(&["passport", "show"]);
    assert_eq!(shown["owner"]["confidential"], "the canary sings at noon");
    player.buy(&player.track("First Light"), GOOD_CARD).succeeded();
    assert_eq!(player.purchases().len(), 1);
}

// S6: what does not exist is said so, in a page and not in a stack of words
#[test]
fn an_album_that_is_not_sold_gives_a_page_that_says_so() {
    let store = TestStore::open();
    let browser = Browser::open();

    browser.page.go(&format!("{}/album/nothing-here", store.ready("web_url").trim_end_matches('/')));

    browser.page.reads("not in the store");
}
