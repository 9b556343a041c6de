//! Every page in both themes, looked at by a program for what a program can see, and kept as pictures for the README
//! when `CADENZA_PICTURES` names a folder.

use serde_json::json;

use crate::page::Page;

/// Pages by their address, and what shows that they are there.
const PAGES: [(&str, &str, &str); 8] = [
    ("store", "/store", "On the front page"),
    ("library", "/library", "Songs"),
    ("downloads", "/downloads", "Downloads and orders"),
    ("disc", "/disc", "Disc"),
    ("passport", "/passport", "Serial"),
    ("settings", "/settings", "Theme"),
    ("cart", "/cart", "Cart"),
    ("search", "/search", "Search"),
];

/// Looks at all of them, with music in the transport.
pub fn of_every_page(page: &Page) {
    page.resize(1440, 900);
    page.go("/library");
    page.press("Play Canon in D");
    page.plays();
    page.owner();
    for theme in ["Light", "Dark"] {
        let theme_name = theme.to_lowercase();
        page.go("/settings");
        page.reads("Theme");
        page.choose(theme);
        let scheme = "return getComputedStyle(document.documentElement).colorScheme.includes(arguments[0])";
        page.until("the theme", scheme, &[json!(theme_name)]);
        for (name, place, shows) in PAGES {
            page.go(place);
            page.reads(shows);
            page.picture(&format!("{name}-{theme_name}"));
            page.is_named();
        }
        page.go("/store");
        page.press("Open record");
        page.reads("Price");
        page.picture(&format!("album-{theme_name}"));
        page.go("/library");
        page.reads("Filter songs");
        page.press("Open Now playing");
        page.picture(&format!("now-playing-{theme_name}"));
        page.press("Close Now playing");
    }
    narrow(page);
}

/// The mini player: nothing is wider than the window.
fn narrow(page: &Page) {
    page.resize(480, 860);
    for (_, place, shows) in PAGES {
        page.go(place);
        page.reads(shows);
        page.fits();
    }
    page.go("/store");
    page.picture("narrow-dark");
    page.resize(1440, 900);
}
