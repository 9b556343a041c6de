//! Passports that are lost, forgotten, moved or renewed, in the terminal (G6, G7, G8).

use std::fs;

use cadenza_player::home::HomeFolder;
use cadenza_player::store::StoreAddress;
use cadenza_player::{Player, PlayerConfig};
use cadenza_protocol::passport::ChangedDetails;
use cadenza_protocol::secret::Passphrase;
use cadenza_tests::player::{GOOD_CARD, PASSPHRASE};
use cadenza_tests::{TestPlayer, TestStore};

fn recover(player: &TestPlayer) -> cadenza_tests::programs::Finished {
    player.run(&["passport", "recover", "--form", &player.text("form.toml")])
}

// G7: the passphrase is lost, the files are here
#[test]
fn who_forgot_the_passphrase_recovers_and_plays_what_was_bought() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();
    let before = player.json(&["passport", "show"]);
    player.types_passphrase("eleven new herons over water");
    player.run(&["play", &track, "--seconds", "1"]).refused();

    recover(&player).succeeded();

    let after = player.json(&["passport", "show"]);
    assert_ne!(after["serial"], before["serial"]);
    assert_eq!(after["owner"], before["owner"]);
    player.run(&["play", &track, "--seconds", "1"]).succeeded();
    let aside = format!("passport-{}.cadpassport", before["serial"].as_str().expect("a serial"));
    assert!(player.home().join(aside).is_file(), "the old passport is kept beside the new one");
}

// G7: the computer is lost
#[test]
fn who_lost_the_passport_recovers_it_on_another_computer_and_brings_the_music_along() {
    let store = TestStore::open();
    let lost = TestPlayer::registered(&store);
    let track = lost.track("First Light");
    lost.buy(&track, GOOD_CARD).succeeded();
    let found = TestPlayer::new(&store);
    fs::copy(lost.path("form.toml"), found.path("form.toml")).expect("room for a form");
    fs::create_dir_all(found.home().join("music")).expect("room for music");
    for file in lost.purchases() {
        let name = file.file_name().expect("a file has a name").to_owned();
        fs::copy(&file, found.home().join("music").join(name)).expect("room for music");
    }

    recover(&found).succeeded();

    found.run(&["play", &track, "--seconds", "1"]).succeeded();
    found.buy(&found.track("Last Light"), GOOD_CARD).succeeded();
}

// G7: none of the details is singled out, nothing here changes
#[test]
fn wrong_details_recover_nothing_and_leave_the_passport_as_it_is() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let passport = fs::read(player.home().join("passport.cadpassport")).expect("a passport");
    let form = fs::read_to_string(player.path("form.toml")).expect("a form");
    fs::write(player.path("form.toml"), form.replace("555 0100", "555 0199")).expect("room for a form");

    let reason = recover(&player).refused();

    assert!(reason.contains("do not match a registration"), "{reason}");
    assert!(!reason.contains("telephone"), "{reason}");
    assert_eq!(fs::read(player.home().join("passport.cadpassport")).expect("a passport"), passport);
}

// G8
#[test]
fn a_renewed_passport_has_a_new_certificate_and_plays_and_buys() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("First Light");
    player.buy(&track, GOOD_CARD).succeeded();
    let before = player.json(&["passport", "show"]);

    player.run(&["passport", "renew"]).succeeded();

    let after = player.json(&["passport", "show"]);
    assert_ne!(after["serial"], before["serial"]);
    assert_eq!(after["owner"], before["owner"]);
    player.run(&["play", &track, "--seconds", "1"]).succeeded();
    player.buy(&player.track("Last Light"), GOOD_CARD).succeeded();

    player.types_passphrase("not the right one at all");
    let reason = player.run(&["passport", "renew"]).refused();
    assert!(reason.contains("passphrase"), "{reason}");
}

// G7, G8: player and center; the command for it may come later
#[test]
fn a_renewal_takes_changed_details_along_and_recovery_goes_by_them() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let before = player.json(&["passport", "show"]);
    let moved = ChangedDetails {
        address: Some("2 Sea Road, 54321 Haven".into()),
        email: Some("moved@example.org".into()),
        ..ChangedDetails::default()
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut config = PlayerConfig::new(HomeFolder::at(player.home()));
        config.store = Some(StoreAddress::from_ready_file(&store.ready_file(), None).expect("a ready file"));
        let core = Player::open(config).expect("a home");
        let passphrase = || Passphrase::new(PASSPHRASE.into());
        let wrong = ChangedDetails { email: Some("nobody".into()), ..ChangedDetails::default() };
        let refused = core.renew_with(passphrase(), Some(wrong)).await.expect_err("no e-mail address");
        assert_eq!(refused.data["field"], "email", "{refused}");
        core.renew_with(passphrase(), Some(moved)).await.expect("renewed");
    });

    let after = player.json(&["passport", "show"]);
    assert_ne!(after["serial"], before["serial"]);
    assert_eq!(after["owner"]["address"], "2 Sea Road, 54321 Haven");
    assert_eq!(after["owner"]["name"], before["owner"]["name"]);

    let reason = recover(&player).refused();
    assert!(reason.contains("do not match a registration"), "{reason}");
    let form = fs::read_to_string(player.path("form.toml")).expect("a form");
    let line = form.lines().find(|line| line.starts_with("email")).expect("an e-mail address").to_owned();
    fs::write(player.path("form.toml"), form.replace(&line, "email = \"moved@example.org\"")).expect("room");
    recover(&player).succeeded();
    assert_eq!(player.json(&["passport", "show"])["owner"], after["owner"]);
}
