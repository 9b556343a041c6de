//! One player, two faces: what `cadenza-cli` refuses, the window refuses with the same code and the same words.

use std::fs;

use cadenza_tests::player::{DECLINED_CARD, EXPIRED_CARD, GOOD_CARD, PASSPHRASE};
use cadenza_tests::song::Samples;
use cadenza_tests::{TestPlayer, TestStore};
use serde_json::{Value, json};

use crate::page::Page;
use crate::seat::Seat;

/// A refusal as both faces can ask for it.
struct Case {
    what: &'static str,
    /// What is typed after `cadenza-cli`.
    typed: Vec<String>,
    /// Commands of the window, the last of which is refused.
    asked: Vec<(&'static str, Value)>,
}

// B1 to B5, D1 to D3, M1: every refusal of buying, playing and burning that both can meet.
#[test]
fn window_and_command_line_refuse_alike() {
    let store = TestStore::open();
    let listener = TestPlayer::registered(&store);
    listener.buy(&listener.track("Steady Tone"), GOOD_CARD).succeeded();
    let (short, long) = (own_track(&listener, "Short", 2), own_track(&listener, "Long", 60));
    let gone = own_track(&listener, "Gone", 5);
    fs::remove_file(listener.path("Gone.flac")).expect("it was there");
    let mut cases = buying(&listener);
    cases.push(playing());
    cases.extend(burning(&listener, &short, &long, &gone));

    // The home is one player's at a time: first all of one face, then all of the other.
    let typed: Vec<Value> = cases.iter().map(|case| by_command_line(&listener, case)).collect();
    let seat = Seat::new();
    let (home, ready) = (listener.home(), store.ready_file());
    let page = seat.player(&["--home", &home.to_string_lossy(), "--store", &ready.to_string_lossy()]);
    page.reads("On the front page");
    ask(&page, "unlock", &json!({ "passphrase": PASSPHRASE }));

    for (case, typed) in cases.iter().zip(typed) {
        let (last, before) = case.asked.split_last().expect("a refusal is asked for");
        for (command, words) in before {
            ask(&page, command, words);
        }
        let asked = ask(&page, last.0, &last.1)["refused"].clone();
        assert_eq!(asked["code"], typed["code"], "{}: {asked} and {typed}", case.what);
        assert_eq!(asked["message"], typed["message"], "{}", case.what);
        assert_eq!(asked["data"], typed["data"], "{}", case.what);
    }
    page.close();
}

// G1, B5: without a passport neither buys.
#[test]
fn window_and_command_line_refuse_alike_without_a_passport() {
    let store = TestStore::open();
    let listener = TestPlayer::new(&store);
    let case = with_card(&listener, "no passport", GOOD_CARD, "12/39", "Ada Listener");
    let typed = by_command_line(&listener, &case);
    let seat = Seat::new();
    let (home, ready) = (listener.home(), store.ready_file());
    let page = seat.player(&["--home", &home.to_string_lossy(), "--store", &ready.to_string_lossy()]);
    page.reads("Make my passport");
    for (command, words) in &case.asked[..2] {
        ask(&page, command, words);
    }
    let asked = ask(&page, case.asked[2].0, &case.asked[2].1)["refused"].clone();
    assert_eq!((&asked["code"], &asked["message"]), (&typed["code"], &typed["message"]));
    page.close();
}

fn buying(listener: &TestPlayer) -> Vec<Case> {
    let card = |what, number, expiry, name| with_card(listener, what, number, expiry, name);
    let good = GOOD_CARD;
    vec![
        card("a declined card", DECLINED_CARD, "12/39", "Ada Listener"),
        card("a card that the bank says has expired", EXPIRED_CARD, "12/39", "Ada Listener"),
        card("a card whose month is over", good, "01/20", "Ada Listener"),
        card("a month that is none", good, "13/39", "Ada Listener"),
        card("a mistyped number", "4242 4242 4242 4241", "12/39", "Ada Listener"),
        card("a card without a name", good, "12/39", " "),
    ]
}

/// Buying a track by a card: the command line in one command, the window by its cart.
fn with_card(listener: &TestPlayer, what: &'static str, number: &str, expiry: &str, name: &str) -> Case {
    let file = listener.text(&format!("{what}.toml"));
    let text = format!("number = \"{number}\"\nexpiry = \"{expiry}\"\nname = \"{name}\"\n");
    fs::write(&file, text).expect("room for a card");
    let track = listener.track("First Light");
    let card = json!({ "number": number, "expiry": expiry, "name": name });
    Case {
        what,
        typed: words(&["buy", &track, "--card-file", &file]),
        asked: vec![
            ("cart_clear", json!({})),
            ("cart_add", json!({ "items": [{ "mediaId": track, "quality": null }] })),
            ("checkout", json!({ "card": card, "passphrase": null })),
        ],
    }
}

fn playing() -> Case {
    let unknown = "00000000000000000000000000000000";
    Case {
        what: "a track that is not in the library",
        typed: words(&["play", unknown]),
        asked: vec![("play", json!({ "trackIds": [unknown], "startIndex": 0 }))],
    }
}

fn burning(listener: &TestPlayer, short: &str, long: &str, gone: &str) -> Vec<Case> {
    let kept = listener.track("Steady Tone");
    let folder = listener.text("disc");
    let blocked = listener.text("blocked");
    fs::write(&blocked, "a file, not a folder").expect("room for a file");
    let burn = |what, ids: &[&str], folder: &str| {
        let target = format!("image:{folder}");
        let typed = std::iter::once("burn").chain(ids.iter().copied()).chain(["--to", &target]);
        Case {
            what,
            typed: words(&typed.collect::<Vec<_>>()),
            asked: vec![(
                "disc_burn",
                json!({ "trackIds": ids, "size": "minutes80", "title": "disc", "folder": folder }),
            )],
        }
    };
    vec![
        burn("a track that may not be recorded", &[&kept], &folder),
        burn("a track of two seconds", &[short], &folder),
        burn("more than eighty minutes", &vec![long; 90], &folder),
        burn("more than 99 tracks", &vec![long; 100], &folder),
        burn("a track whose file is gone", &[gone], &folder),
        burn("a folder that is a file", &[long], &blocked),
    ]
}

/// A file of the listener's own, taken into the library; its id there.
fn own_track(listener: &TestPlayer, title: &str, seconds: u32) -> String {
    let file = listener.path(&format!("{title}.flac"));
    Samples::music(seconds, 9).write_flac(&file);
    listener.json(&["library", "import", &file.to_string_lossy()]);
    let found = listener.json(&["library", "search", title]);
    found["tracks"][0]["id"].as_str().unwrap_or_else(|| panic!("{title} in {found}")).to_owned()
}

fn words(typed: &[&str]) -> Vec<String> {
    typed.iter().map(|word| (*word).to_owned()).collect()
}

#[track_caller]
fn by_command_line(listener: &TestPlayer, case: &Case) -> Value {
    let typed: Vec<&str> = std::iter::once("--json").chain(case.typed.iter().map(String::as_str)).collect();
    let finished = listener.run(&typed);
    assert_eq!(finished.code(), Some(1), "{} is refused: {}", case.what, finished.text());
    finished.json()["error"].clone()
}

/// What the player behind the window answers: `{ "done": ... }` or `{ "refused": ... }`.
#[track_caller]
fn ask(page: &Page, command: &str, words: &Value) -> Value {
    let script = "if (window.asked !== arguments[0]) {
            window.asked = arguments[0];
            window.answered = null;
            window.__TAURI_INTERNALS__.invoke(arguments[1], arguments[2]).then(
                (done) => (window.answered = { done: done ?? null }),
                (refused) => (window.answered = { refused }),
            );
        }
        return window.answered";
    // Each wish is asked once, however often its answer is looked for.
    let wish = format!("{command} {words} {:?}", std::time::Instant::now());
    page.until(&format!("the answer to {command}"), script, &[json!(wish), json!(command), words.clone()])
}
