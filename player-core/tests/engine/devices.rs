//! Devices that come, go and stand still; and a device that nobody needs just now.

use std::time::Duration;

use cadenza_player::Code;
use cadenza_player::audio::output::DeviceChoice;
use cadenza_player::playback::{Command, Event, OnDeviceLoss, PlaybackState};

use crate::rig::{PERIOD, Rig, numbers, stamp};

// M4, F11
#[test]
fn a_device_that_comes_back_goes_on_where_it_was() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 4_000_000, stamp)]);
    rig.periods(100);
    let before = rig.status().position_ms;
    rig.world.unplug();
    rig.wait(Duration::from_millis(500));
    assert!(rig.news().iter().any(|event| matches!(event, Event::DeviceLost { .. })));
    assert!(!rig.world.is_open());
    rig.world.connect(&["speakers"]);
    rig.wait(Duration::from_millis(260));
    assert!(rig.world.is_open());
    assert_eq!(rig.status().state, PlaybackState::Playing);
    let heard = rig.periods(4);
    assert!(heard.iter().any(|sample| *sample != 0.0));
    let after = rig.status().position_ms;
    assert!((before..before + 120).contains(&after), "{before} to {after}");
}

// M4, F11
#[test]
fn a_device_lost_just_before_a_join_goes_on_in_the_track_that_was_heard() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 100_000, stamp), numbers("b", 44_100, 4_000_000, stamp)]);
    rig.periods(80);
    let before = rig.status().position_ms;
    rig.world.unplug();
    rig.world.connect(&["speakers"]);
    rig.wait(Duration::from_millis(300));
    let status = rig.status();
    assert_eq!((status.state, status.position_ms), (PlaybackState::Playing, before));
    assert_eq!(status.current.expect("a").track.title, "a", "though more than it has been decoded");
}

// M4, F11
#[test]
fn a_device_that_stands_still_is_opened_again_within_a_second() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 4_000_000, stamp)]);
    rig.periods(50);
    rig.world.suspend();
    rig.wait(Duration::from_millis(990));
    assert!(rig.world.is_open());
    assert_eq!(rig.status().state, PlaybackState::Playing);
    assert!(rig.periods(4).iter().any(|sample| *sample != 0.0));
}

// F11
#[test]
fn paused_stays_paused_when_the_device_is_replaced() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 4_000_000, stamp)]);
    rig.periods(50);
    rig.send(Command::Pause);
    rig.periods(3);
    let before = rig.status().position_ms;
    rig.world.connect(&["headphones"]);
    rig.world.unplug();
    rig.wait(Duration::from_millis(900));
    assert_eq!((rig.status().state, rig.status().position_ms), (PlaybackState::Paused, before));
    assert!(rig.periods(10).iter().all(|sample| *sample == 0.0));
    rig.send(Command::Play);
    assert_eq!(rig.world.open_name().as_deref(), Some("headphones"));
    assert!(rig.periods(4).iter().any(|sample| *sample != 0.0));
}

// M4, P9
#[test]
fn an_idle_device_is_given_back_and_play_goes_on_at_the_same_place() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 4_000_000, stamp)]);
    rig.periods(50);
    rig.send(Command::Pause);
    rig.periods(3);
    let before = rig.status();
    rig.wait(Duration::from_millis(3_100));
    assert!(!rig.world.is_open());
    assert_eq!(rig.status().position_ms, before.position_ms);
    assert_eq!(rig.status().frames_played, before.frames_played);
    assert_eq!(rig.engine.step(rig.now), None, "nothing is due any more");
    rig.send(Command::Play);
    let heard = rig.periods(1);
    assert!(heard.iter().any(|sample| *sample != 0.0), "the first period is music");
    assert!(heard[0].abs() < 0.01, "faded in");
}

// M2
#[test]
fn next_while_paused_waits_silently_at_the_next_track() {
    for idle in [Duration::ZERO, Duration::from_secs(4)] {
        let mut rig = Rig::at(44_100);
        rig.load(&[numbers("a", 44_100, 400_000, stamp), numbers("b", 44_100, 400_000, stamp)]);
        rig.periods(5);
        rig.send(Command::Pause);
        rig.periods(2);
        rig.wait(idle);
        rig.send(Command::Next);
        assert!(rig.periods(8).iter().all(|sample| *sample == 0.0));
        let status = rig.status();
        assert_eq!((status.state, status.position_ms), (PlaybackState::Paused, 0));
        assert_eq!(status.current.expect("b").track.title, "b");
        rig.send(Command::Play);
        assert!(rig.periods(4).iter().any(|sample| *sample != 0.0));
    }
}

// P4
#[test]
fn a_play_after_a_stop_does_not_queue_behind_silence() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 400_000, stamp)]);
    rig.periods(5);
    rig.send(Command::Stop);
    rig.periods(10);
    rig.news();
    rig.send(Command::Play);
    assert!(rig.news().iter().any(|event| matches!(event, Event::Device { .. })), "opened afresh");
    let heard = rig.periods(1);
    assert!(heard.iter().enumerate().all(|(n, sample)| *sample == stamp(n as u64)));
    assert_eq!(
        rig.status().frames_played,
        5 * PERIOD as u64 + 265 + PERIOD as u64,
        "with the fade of the stop"
    );
}

// M4
#[test]
fn a_lost_device_pauses_or_moves_as_the_listener_chose() {
    for (on_loss, state) in
        [(OnDeviceLoss::Pause, PlaybackState::Paused), (OnDeviceLoss::Move, PlaybackState::Playing)]
    {
        let mut rig = Rig::at(44_100);
        rig.world.connect(&["speakers", "headphones"]);
        rig.send(Command::Device(DeviceChoice::Default));
        rig.send(Command::OnDeviceLoss(on_loss));
        rig.load(&[numbers("a", 44_100, 4_000_000, stamp)]);
        rig.periods(20);
        rig.world.unplug();
        rig.wait(Duration::from_millis(300));
        assert_eq!(rig.world.open_name().as_deref(), Some("headphones"));
        assert_eq!(rig.status().state, state, "{on_loss:?}");
    }
}

// M4
#[test]
fn no_device_is_a_clear_message_and_not_a_hang() {
    let mut rig = Rig::at(44_100);
    rig.world.connect(&[]);
    rig.load(&[numbers("a", 44_100, 4_000_000, stamp)]);
    let told = rig.news().into_iter().find_map(|event| match event {
        Event::DeviceLost { code, message } => Some((code, message)),
        _ => None,
    });
    let (code, message) = told.expect("it is said");
    assert_eq!(code, Code::NoSoundDevice);
    assert!(message.contains("connect one"), "{message}");
    assert_eq!(rig.status().state, PlaybackState::Stopped);
    rig.world.connect(&["speakers"]);
    rig.send(Command::Play);
    assert!(rig.periods(4).iter().any(|sample| *sample != 0.0));
}
