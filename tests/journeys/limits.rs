//! What an author allows so many times (O3, D3): a crash costs nothing, and nothing that can be deleted here opens another one.

use std::fs;
use std::path::{Path, PathBuf};

use cadenza_tests::patience::wait_for;
use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::programs::{Finished, tool};
use cadenza_tests::song::Samples;
use cadenza_tests::{Shop, TestPlayer, TestStore};

const CLIP: &str = "clip = { start = 0.0, duration = 4.0, fade_in = 0.0, fade_out = 0.5 }\n";
const ONCE: &str =
    "clip = { start = 0.0, duration = 4.0, fade_in = 0.0, fade_out = 0.5 }\nrestrictions = { record = 1 }\n";

fn burn(player: &TestPlayer, track: &str, folder: &str) -> Finished {
    player.run(&["burn", track, "--to", &format!("image:{}", player.text(folder))])
}

/// A store with one song that may be recorded once, and a player who bought it.
fn one_song_to_record_once() -> (TestStore, TestPlayer, String) {
    let store = TestStore::open_with_descriptions(&[("Only Once", Samples::music(6, 3), ONCE)]);
    let player = TestPlayer::registered(&store);
    let track = player.track("Only Once");
    player.buy(&track, GOOD_CARD).succeeded();
    (store, player, track)
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    tool("cp", &["-a", &from.to_string_lossy(), &to.to_string_lossy()]).succeeded();
}

fn counts_beside_tracks(player: &TestPlayer) -> Vec<PathBuf> {
    let music = fs::read_dir(player.home().join("music")).expect("a music folder").flatten();
    music.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "counts")).collect()
}

// D3
#[test]
fn deleting_or_cutting_any_copy_of_the_count_opens_no_other_recording() {
    let (mut store, player, track) = one_song_to_record_once();
    burn(&player, &track, "first").succeeded();
    burn(&player, &track, "second").refused();
    // Nobody can be asked: what is here decides.
    store.kill();
    let ledger = player.home().join("record-ledger");
    let whole = player.path("whole");
    copy_folder(&player.home(), &whole);
    let lose: [(&str, &dyn Fn()); 4] = [
        ("the ledger", &|| fs::remove_file(&ledger).expect("our own file")),
        ("the ledger's last line", &|| {
            let text = fs::read_to_string(&ledger).expect("a ledger");
            let first = text.lines().next().expect("a reservation");
            fs::write(&ledger, format!("{first}\n")).expect("our own file");
        }),
        ("ledger and index", &|| {
            fs::remove_file(&ledger).expect("our own file");
            fs::remove_dir_all(player.home().join("library")).expect("our own folder");
        }),
        ("ledger and the count beside the track", &|| {
            fs::remove_file(&ledger).expect("our own file");
            counts_beside_tracks(&player)
                .iter()
                .for_each(|file| fs::remove_file(file).expect("our own file"));
        }),
    ];
    for (what, lose) in lose {
        copy_folder(&whole, &player.home());
        lose();
        let reason = burn(&player, &track, "another").refused();
        assert!(reason.contains("recorded 1 times"), "without {what}: {reason}");
    }
}

// D3
#[test]
fn last_week_s_home_and_another_computer_learn_from_the_store_what_was_recorded() {
    let (store, player, track) = one_song_to_record_once();
    let last_week = player.path("last-week");
    copy_folder(&player.home(), &last_week);
    burn(&player, &track, "first").succeeded();

    copy_folder(&last_week, &player.home());
    let reason = burn(&player, &track, "second").refused();
    assert!(reason.contains("recorded"), "{reason}");

    // Another computer with the same passport fetches the purchase again.
    let orders = player.json(&["orders"]);
    let order = orders["orders"][0]["order"]["order_id"].as_str().expect("an order").to_owned();
    let elsewhere = TestPlayer::new(&store);
    fs::create_dir_all(elsewhere.home()).expect("room for a home");
    for file in ["passport.cadpassport", "licensing-root.pem"] {
        fs::copy(player.home().join(file), elsewhere.home().join(file)).expect("room for a passport");
    }
    let voucher = elsewhere.path("again.cadvoucher");
    fs::write(&voucher, Shop::of(&store).voucher(&order)).expect("room for a voucher");
    elsewhere.run(&["redeem", &voucher.to_string_lossy()]).succeeded();
    assert_eq!(elsewhere.purchases().len(), 1);
    burn(&elsewhere, &track, "third").refused();
}

// D3, D4
#[test]
fn a_burn_that_is_cut_off_leaves_nothing_readable_and_costs_no_recording() {
    let songs = [("Only Once", Samples::music(30, 3), ONCE), ("Many Times", Samples::music(30, 4), CLIP)];
    let store = TestStore::open_with_descriptions(&songs);
    let player = TestPlayer::registered(&store);
    let (once, many) = (player.track("Only Once"), player.track("Many Times"));
    player.buy_with(&once, GOOD_CARD, &[&many]).succeeded();
    let folder = player.path("disc");
    let target = format!("image:{}", folder.display());
    let mut words = vec!["burn", &once];
    words.extend(std::iter::repeat_n(many.as_str(), 90));
    words.extend(["--to", &target]);

    let mut burning = player.begin(&words);
    let part = wait_for("sectors on their way", || {
        let on_the_way = fs::read_dir(&folder).ok()?.flatten();
        let mut parts =
            on_the_way.filter(|entry| entry.file_name().to_string_lossy().starts_with(".cadenza-"));
        parts.find(|part| part.metadata().is_ok_and(|stat| stat.len() > 4_000_000)).map(|part| part.path())
    });
    burning.kill();

    let left = fs::read(&part).expect("what the burn left");
    let clear = songs[0].1.bytes();
    let is_clear = |at: usize| left.windows(256).any(|window| window == &clear[at..at + 256]);
    assert!(!is_clear(0) && !is_clear(clear.len() / 2), "bought audio lies in the clear");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&part).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    burn(&player, &once, "once").succeeded();
    assert!(!part.exists(), "the next start takes it away");
    burn(&player, &once, "twice").refused();
}
