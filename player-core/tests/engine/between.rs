//! Previews between: what stood in the queue comes back after them.

use cadenza_player::audio::fade::ClipFades;
use cadenza_player::playback::{Command, PlaybackState, Status};

use crate::rig::{Rig, clip, numbers, stamp};

/// Two songs, of which the first is heard for a second.
fn listening() -> Rig {
    let mut rig = Rig::at(48_000);
    rig.load(&[numbers("a", 48_000, 480_000, stamp), numbers("b", 48_000, 480_000, stamp)]);
    rig.periods(47);
    rig
}

/// A preview of a tenth of a second.
fn preview(rig: &mut Rig, name: &str) {
    let tracks = vec![clip(name, 48_000, 4_800, ClipFades::default())];
    rig.send(Command::Interrupt { tracks, start: 0 });
}

fn titles(status: &Status) -> String {
    status.queue.iter().map(|entry| entry.track.title.as_str()).collect::<Vec<_>>().join(" ")
}

fn current(status: &Status) -> &str {
    status.current.as_ref().map_or("", |entry| &entry.track.title)
}

// V5, M2
#[test]
fn music_goes_on_where_a_preview_interrupted_it() {
    let mut rig = listening();
    let before = rig.status();
    preview(&mut rig, "clip");
    assert_eq!((titles(&rig.status()), current(&rig.status())), ("clip".to_owned(), "clip"));
    rig.periods(20);
    let after = rig.status();
    assert_eq!(
        (titles(&after), current(&after), after.state),
        ("a b".to_owned(), "a", PlaybackState::Playing)
    );
    let again = after.position_ms - before.position_ms;
    assert!(again < 400, "{again} ms later in the song, and the clip was not counted");
    let keys = |status: &Status| status.queue.iter().map(|entry| entry.key).collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&after), "the entries are the same ones");
}

// V5, M2
#[test]
fn music_that_was_paused_or_a_preview_that_is_stopped_starts_no_music() {
    let mut paused = listening();
    paused.send(Command::Pause);
    preview(&mut paused, "clip");
    paused.periods(20);
    let mut stopped = listening();
    preview(&mut stopped, "clip");
    stopped.send(Command::Stop);
    for mut rig in [paused, stopped] {
        let now = rig.status();
        assert_eq!((titles(&now), now.state), ("a b".to_owned(), PlaybackState::Stopped));
        assert!(now.position_ms > 900, "{} ms: where it was", now.position_ms);
        rig.send(Command::Play);
        rig.periods(3);
        assert!(rig.status().position_ms > 900);
        assert_eq!(rig.status().state, PlaybackState::Playing);
    }
}

// V5
#[test]
fn a_second_preview_and_one_that_is_skipped_still_lead_back() {
    let mut rig = listening();
    preview(&mut rig, "one");
    rig.periods(1);
    preview(&mut rig, "two");
    assert_eq!(titles(&rig.status()), "two");
    rig.send(Command::Next);
    assert_eq!((titles(&rig.status()), current(&rig.status())), ("a b".to_owned(), "a"));
    assert_eq!(rig.status().state, PlaybackState::Playing);
}

// V5
#[test]
fn a_preview_that_interrupted_nothing_can_be_heard_again() {
    let mut rig = Rig::at(48_000);
    preview(&mut rig, "one");
    preview(&mut rig, "two");
    rig.periods(20);
    let now = rig.status();
    assert_eq!((titles(&now), current(&now), now.state), ("two".to_owned(), "two", PlaybackState::Stopped));
}

// V5
#[test]
fn other_music_takes_the_place_of_what_was_interrupted() {
    let mut rig = listening();
    preview(&mut rig, "clip");
    rig.load(&[numbers("c", 48_000, 4_800, stamp)]);
    rig.periods(20);
    assert_eq!((titles(&rig.status()), rig.status().state), ("c".to_owned(), PlaybackState::Stopped));
}
