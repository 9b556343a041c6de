//! The memory of the player behind the window (C7, F8).

use cadenza_tests::memory::{Kind, SKIPPED, needles, print_table, search};
use cadenza_tests::player::{GOOD_CARD, PASSPHRASE};
use cadenza_tests::{TestPlayer, TestStore};

use crate::seat::Seat;

// C7, F8
#[test]
fn once_the_passport_is_locked_the_window_holds_no_key() {
    let store = TestStore::open();
    let listener = TestPlayer::registered(&store);
    listener.buy(&listener.track("First Light"), GOOD_CARD).succeeded();
    let needles = needles(&store, &listener);
    let seat = Seat::new();
    let (home, ready) = (listener.home(), store.ready_file());
    let page = seat.player(&["--home", &home.to_string_lossy(), "--store", &ready.to_string_lossy()]);
    page.resize(1280, 900);
    page.reads("On the front page");
    let process = seat.process(&home.to_string_lossy());
    let Ok(before) = search(process, &needles) else {
        eprintln!("{SKIPPED}");
        return;
    };

    page.go("/library");
    page.press("Songs");
    page.press("Play First Light");
    page.fill("Passphrase", PASSPHRASE);
    page.press_in_dialog("Unlock");
    page.plays();
    let playing = search(process, &needles).expect("it could be read before");
    page.go("/passport");
    page.press("Lock now");
    page.reads("Your personal facts are encrypted");
    let locked = search(process, &needles).expect("it could be read before");
    page.close();

    print_table(&[("never unlocked", &before), ("playing", &playing), ("locked while playing", &locked)]);
    // The search finds what is there.
    assert!(before.of(Kind::Control) > 0, "the home folder's path is in the memory of who opened it");
    assert!(playing.of(Kind::PrivateKey) > 0, "an open passport has its private key in memory");
    assert!(playing.of(Kind::MediaKey) > 0, "an open track has its key in memory");
    assert_eq!(playing.of(Kind::RegistrationKey), 0, "wiped once the passport is open");
    assert_eq!(before.of(Kind::Passphrase), 0, "nobody has typed it yet");
    // Afterwards what was typed is not judged: the web view's library keeps a copy in its buffers (docs/security.md).
    for (when, found) in [("never unlocked", before), ("locked while playing", locked)] {
        for kind in [Kind::RegistrationKey, Kind::PrivateKey, Kind::MediaKey] {
            assert_eq!(found.of(kind), 0, "{kind:?}, {when}");
        }
    }
}
