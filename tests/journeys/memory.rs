//! The memory of a running player, searched for everything that opens a passport or a track (C7, F8).

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cadenza_tests::memory::{Kind, SKIPPED, needles, print_table, search};
use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::programs::program;
use cadenza_tests::{TestPlayer, TestStore};
use serde_json::json;

// C7, F8
#[test]
fn nothing_that_opens_a_passport_or_a_track_is_in_memory_once_the_passport_is_locked() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();
    let needles = needles(&store, &player);
    let mut listener = Listener::start(&store, &player);

    let Ok(before) = search(listener.process.id(), &needles) else {
        eprintln!("{SKIPPED}");
        return;
    };
    listener.told(&format!("unlock {}", player.text("passphrase")));
    let idle = search(listener.process.id(), &needles).expect("it could be read before");
    listener.told(&format!("play {track}"));
    let playing = search(listener.process.id(), &needles).expect("it could be read before");
    listener.told("lock");
    let locked = search(listener.process.id(), &needles).expect("it could be read before");
    listener.told(&format!("unlock {}", player.text("passphrase")));
    listener.told(&format!("play {track}"));
    listener.told("stop");
    listener.told("lock");
    let again = search(listener.process.id(), &needles).expect("it could be read before");

    print_table(&[
        ("never unlocked", &before),
        ("unlocked", &idle),
        ("playing", &playing),
        ("locked while playing", &locked),
        ("stopped and locked", &again),
    ]);
    // The search finds what is there.
    assert!(before.of(Kind::Control) > 0, "the home folder's path is in the memory of who opened it");
    assert!(idle.of(Kind::PrivateKey) > 0, "an open passport has its private key in memory");
    assert!(playing.of(Kind::MediaKey) > 0, "an open track has its key in memory");
    for kind in [Kind::Passphrase, Kind::RegistrationKey] {
        assert_eq!((idle.of(kind), playing.of(kind)), (0, 0), "{kind:?}: wiped once the passport is open");
    }
    assert_eq!(idle.of(Kind::MediaKey), 0, "no media key while nothing plays");
    for (when, found) in
        [("never unlocked", before), ("locked while playing", locked), ("stopped and locked", again)]
    {
        for kind in [Kind::Passphrase, Kind::RegistrationKey, Kind::PrivateKey, Kind::MediaKey] {
            assert_eq!(found.of(kind), 0, "{kind:?}, {when}");
        }
    }
}

// C7, G5, F8: it arrives over TLS with its registration key in the clear
#[test]
fn a_passport_that_was_just_issued_leaves_nothing_in_memory_either() {
    let store = TestStore::open();
    let player = TestPlayer::new(&store);
    let form = json!({
        "name": "Ada Listener", "address": "1 Quiet Lane, 12345 Town", "telephone": "+1 555 0100",
        "email": "ada@example.org", "card": GOOD_CARD, "expiry": "12/39", "confidential": "a waltz",
    });
    std::fs::write(player.path("form.json"), form.to_string()).expect("room for a form");
    let mut listener = Listener::start(&store, &player);

    listener.told(&format!("register {} {}", player.text("form.json"), player.text("passphrase")));
    let needles = needles(&store, &player);
    let Ok(open) = search(listener.process.id(), &needles) else {
        eprintln!("{SKIPPED}");
        return;
    };
    listener.told("lock");
    let locked = search(listener.process.id(), &needles).expect("it could be read before");

    print_table(&[("registered", &open), ("locked", &locked)]);
    for kind in [Kind::Passphrase, Kind::RegistrationKey] {
        assert_eq!(open.of(kind), 0, "{kind:?}: wiped once the passport is locked under its passphrase");
    }
    for kind in [Kind::Passphrase, Kind::RegistrationKey, Kind::PrivateKey] {
        assert_eq!(locked.of(kind), 0, "{kind:?}");
    }
}

/// The player whose memory is searched.
struct Listener {
    process: Child,
    wishes: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    fn start(store: &TestStore, player: &TestPlayer) -> Self {
        let mut command = Command::new(program("listener"));
        command.arg(player.home()).arg(store.ready_file()).arg(store.ready("root_cert"));
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let wishes = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut listener = Self { process, wishes, answers };
        listener.hears_done();
        listener
    }

    #[track_caller]
    fn told(&mut self, wish: &str) {
        writeln!(self.wishes, "{wish}").expect("it still runs");
        self.hears_done();
    }

    #[track_caller]
    fn hears_done(&mut self) {
        let answer = self.answers.next().expect("it still runs").expect("text");
        assert_eq!(answer, "done");
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
