//! What a person meets when something is not there: each is said with what to do, and nothing hangs.

use cadenza_tests::TestStore;

use crate::desk::Desk;
use crate::page::Page;

// C5: another store than the bundled one, reached the same way; then it is gone.
#[test]
fn a_store_that_goes_away_is_named_and_its_return_is_noticed() {
    let mut store = TestStore::open();
    let desk = Desk::new();
    let ready = store.ready_file();
    let page = Page(desk.player(&["--store", &ready.to_string_lossy()]));
    page.resize(1024, 760);
    page.press("Look around the store first");
    page.reads("On the front page");
    store.kill();
    page.go("/search/light");
    page.reads("The store does not answer");
    page.0.close();
}

// Settings that were spoilt by hand: the window says which line, instead of starting with something else.
#[test]
fn a_home_that_cannot_be_used_is_explained_in_the_window() {
    let desk = Desk::new();
    let home = desk.path("spoilt");
    std::fs::create_dir(&home).expect("room for a home");
    std::fs::write(home.join("settings.toml"), "after-delivery = 12").expect("room for settings");
    let page = Page(desk.player(&["--home", &home.to_string_lossy()]));
    page.reads("settings.toml");
    page.press("Try again");
    page.reads("settings.toml");
    page.0.close();
}
