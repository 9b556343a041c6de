//! Playing: joins, fades, seeks, pauses.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cadenza_player::Code;
use cadenza_player::audio::counted::{Counted, PlayTally};
use cadenza_player::audio::fade::{ClipFades, raised_cosine};
use cadenza_player::audio::loudness::{Loudness, Normalisation};
use cadenza_player::audio::source::{PcmSource, SourceError};
use cadenza_player::playback::{Command, Event, PlaybackState, Repeat, Track, TrackKind};

use crate::rig::{Numbers, PERIOD, Rig, clip, largest_step, named, numbers, stamp, steady};

/// Periods that hold so many frames, and a few more.
fn periods_for(frames: usize) -> usize {
    frames.div_ceil(PERIOD) + 4
}

// F1, M3
#[test]
fn tracks_join_with_no_frame_missing_and_none_added() {
    let mut rig = Rig::at(44_100);
    let lengths = [50_001_u64, 4_409, 120_000];
    let tracks: Vec<_> = lengths
        .iter()
        .enumerate()
        .map(|(n, length)| numbers(&n.to_string(), 44_100, *length, stamp))
        .collect();
    rig.load(&tracks);
    let heard = rig.periods(periods_for(174_410));
    let authored: Vec<f32> = lengths.iter().flat_map(|length| (0..*length).map(stamp)).collect();
    assert_eq!(heard[..authored.len()], authored[..]);
    assert!(heard[authored.len()..].iter().all(|sample| *sample == 0.0));
    assert_eq!(rig.status().underruns, 0);
    assert_eq!(rig.status().frames_played, 174_410);
    assert!(rig.news().contains(&Event::Ended));
    assert_eq!(rig.status().state, PlaybackState::Stopped);
}

// F1, M2
#[test]
fn a_track_appended_while_the_last_one_plays_out_joins_it() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 60_000, stamp)]);
    let mut heard = rig.periods(50);
    rig.send(Command::Append(vec![numbers("b", 44_100, 60_000, stamp)]));
    heard.extend(rig.periods(60));
    assert!(heard.iter().enumerate().all(|(n, sample)| *sample == stamp(n as u64 % 60_000)));
}

// M3
#[test]
fn a_join_through_the_resampler_is_as_smooth_as_one_track() {
    fn slow(frame: u64) -> f32 {
        (frame as f64 * 0.02).sin() as f32 * 0.5
    }
    fn slow_later(frame: u64) -> f32 {
        slow(frame + 30_000)
    }
    let heard_of = |tracks: &[Arc<Track>]| {
        let mut rig = Rig::at(48_000);
        rig.load(tracks);
        rig.periods(periods_for(70_000))
    };
    let whole = heard_of(&[numbers("whole", 44_100, 60_000, slow)]);
    let parts = heard_of(&[numbers("a", 44_100, 30_000, slow), numbers("b", 44_100, 30_000, slow_later)]);
    assert_eq!(whole, parts);
    let end = (60_000.0_f64 * 48_000.0 / 44_100.0).round() as usize;
    assert!(whole[end..].iter().all(|sample| *sample == 0.0), "not one frame too many");
    assert!(whole[end - 200..end].iter().any(|sample| sample.abs() > 0.1));
}

// M3
#[test]
fn tracks_of_different_rates_follow_each_other_at_their_exact_lengths() {
    let mut rig = Rig::at(48_000);
    rig.load(&[
        numbers("a", 48_000, 10_000, stamp),
        numbers("b", 96_000, 20_000, steady),
        numbers("c", 48_000, 5_000, stamp),
    ]);
    let heard = rig.periods(periods_for(25_000));
    assert!(heard[..10_000].iter().enumerate().all(|(n, sample)| *sample == stamp(n as u64)));
    assert!((heard[15_000] - 0.5).abs() < 1e-3);
    assert!(heard[20_000..25_000].iter().enumerate().all(|(n, sample)| *sample == stamp(n as u64)));
}

// O3, V5
#[test]
fn a_clip_is_faded_as_its_author_asked() {
    let mut rig = Rig::at(48_000);
    rig.load(&[clip("clip", 48_000, 96_000, ClipFades { fade_in_ms: 500, fade_out_ms: 1_000 })]);
    let heard = rig.periods(periods_for(96_000));
    for frame in (0..24_000).step_by(100) {
        let due = 0.5 * raised_cosine((frame as f32 + 0.5) / 24_000.0);
        assert!((heard[frame] - due).abs() < 1e-5, "frame {frame}");
    }
    assert!(heard[24_000..48_000].iter().all(|sample| *sample == 0.5), "untouched between the fades");
    for frame in (48_000..96_000).step_by(100) {
        let due = 0.5 * raised_cosine((96_000.0 - frame as f32 - 0.5) / 48_000.0);
        assert!((heard[frame] - due).abs() < 1e-5, "frame {frame}");
    }
}

// V5, P3
#[test]
fn a_seek_is_heard_within_one_period_without_a_click() {
    fn ramp(frame: u64) -> f32 {
        frame as f32 / 1_000_000.0
    }
    let mut rig = Rig::at(48_000);
    rig.load(&[numbers("a", 48_000, 900_000, ramp)]);
    rig.periods(10);
    rig.send(Command::Seek(10_000));
    assert_eq!(rig.status().position_ms, 10_000, "the position follows at once");
    let heard = rig.periods(1);
    assert!(largest_step(&heard) < 0.01);
    let last = *heard.last().expect("a period");
    assert!((0.48..0.4811).contains(&last), "{last}");
    let silent = heard.iter().filter(|sample| sample.abs() < 1e-4).count();
    assert!(silent < PERIOD / 4, "{silent} frames of silence");
    let next = rig.periods(1);
    assert!((next[0] - last - 1e-6).abs() < 1e-7, "and goes on frame by frame");
}

// P3
#[test]
fn a_dragged_slider_never_waits_for_the_device() {
    let mut rig = Rig::at(48_000);
    rig.load(&[numbers("a", 48_000, 4_000_000, stamp)]);
    rig.periods(3);
    rig.news();
    for seek in 1..=100 {
        rig.send(Command::Seek(seek * 500));
        let ready = rig.news().into_iter().filter(|event| matches!(event, Event::Ready { .. })).count();
        assert_eq!(ready, 1, "samples of seek {seek} are in the ring before the device has asked again");
    }
    rig.periods(2);
    let heard = rig.periods(2);
    let first = (50 * 48_000..).take(6_000).position(|frame| stamp(frame) == heard[0]).expect("from 50 s on");
    assert!(heard.iter().zip(50 * 48_000 + first as u64..).all(|(sample, frame)| *sample == stamp(frame)));
}

#[test]
fn seeks_in_a_row_end_at_the_last_one() {
    let mut rig = Rig::at(48_000);
    rig.load(&[numbers("a", 48_000, 2_000_000, stamp)]);
    rig.periods(3);
    for position in 1..=20 {
        rig.send(Command::Seek(position * 1_000));
    }
    let heard = rig.periods(4);
    let first =
        (20 * 48_000..).take(4_000).position(|frame| stamp(frame) == heard[3_000]).expect("from 20 s on");
    assert!(
        heard[3_000..]
            .iter()
            .zip(20 * 48_000 + first as u64..)
            .all(|(sample, frame)| *sample == stamp(frame))
    );
    assert_eq!(rig.status().underruns, 0);
}

// M2
#[test]
fn pause_holds_the_position_and_resume_goes_on_without_a_click() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 900_000, steady)]);
    rig.periods(8);
    rig.send(Command::Pause);
    assert_eq!(rig.status().state, PlaybackState::Paused);
    let fading = rig.periods(2);
    assert!(largest_step(&fading) < 0.01);
    let paused_at = rig.status().position_ms;
    assert!(rig.periods(20).iter().all(|sample| *sample == 0.0));
    assert_eq!(rig.status().position_ms, paused_at);
    rig.send(Command::Play);
    assert!(largest_step(&rig.periods(3)) < 0.01);
    assert!(rig.status().position_ms > paused_at);
}

// C7, M2
#[test]
fn stop_fades_out_and_closes_the_track() {
    let open = Arc::new(Mutex::new(0));
    struct Counted(Numbers, Arc<Mutex<i32>>);
    impl Drop for Counted {
        fn drop(&mut self) {
            *self.1.lock().expect("count") -= 1;
        }
    }
    impl PcmSource for Counted {
        fn spec(&self) -> cadenza_player::audio::source::PcmSpec {
            self.0.spec()
        }
        fn duration_frames(&self) -> Option<u64> {
            self.0.duration_frames()
        }
        fn read(&mut self, out: &mut Vec<f32>) -> Result<cadenza_player::audio::source::Pull, SourceError> {
            self.0.read(out)
        }
        fn seek(&mut self, frame: u64) -> Result<cadenza_player::audio::source::Seeked, SourceError> {
            self.0.seek(frame)
        }
    }
    let count = Arc::clone(&open);
    let track = Track::new(named("a"), TrackKind::Purchased, "a", move || {
        *count.lock().expect("count") += 1;
        let numbers = Numbers { rate_hz: 44_100, frames: 900_000, at: 0, value: steady, gate: None };
        Ok(Box::new(Counted(numbers, Arc::clone(&count))) as Box<dyn PcmSource>)
    });
    let mut rig = Rig::at(44_100);
    rig.load(&[Arc::new(track)]);
    rig.periods(5);
    assert_eq!(*open.lock().expect("count"), 1);
    rig.send(Command::Stop);
    assert_eq!(*open.lock().expect("count"), 0, "the key is gone with the source");
    assert!(largest_step(&rig.periods(2)) < 0.02);
    assert_eq!((rig.status().state, rig.status().position_ms), (PlaybackState::Stopped, 0));
}

// M2
#[test]
fn next_and_previous_move_through_the_queue() {
    let mut rig = Rig::at(44_100);
    let tracks: Vec<_> = ["a", "b", "c"].map(|name| numbers(name, 44_100, 900_000, steady)).to_vec();
    rig.load(&tracks);
    let title = |rig: &Rig| rig.status().current.expect("a track").track.title.clone();
    rig.send(Command::Next);
    rig.periods(2);
    assert_eq!(title(&rig), "b");
    rig.send(Command::Previous);
    rig.periods(1);
    assert_eq!(title(&rig), "a");
    rig.send(Command::Next);
    rig.periods(200);
    rig.send(Command::Previous);
    rig.periods(1);
    assert_eq!(
        (title(&rig).as_str(), rig.status().position_ms < 100),
        ("b", true),
        "back to its start first"
    );
    rig.send(Command::Next);
    rig.send(Command::Next);
    assert_eq!(rig.status().state, PlaybackState::Stopped);
}

// M3
#[test]
fn normalisation_acts_at_once_and_off_is_exact_again() {
    let loudness = Some(Loudness { integrated_lufs: -20.0, true_peak_dbtp: -20.0 });
    let track = Track { loudness, ..Track::clone(&numbers("a", 44_100, 900_000, |_| 0.25)) };
    let mut rig = Rig::at(44_100);
    rig.load(&[Arc::new(track)]);
    assert!(rig.periods(3).iter().all(|sample| *sample == 0.25));
    rig.send(Command::Normalise(Normalisation::Track));
    let heard = rig.periods(2);
    assert!(largest_step(&heard) < 0.01);
    assert!((heard.last().expect("sound") - 0.25 * 10.0_f32.powf(6.0 / 20.0)).abs() < 1e-5);
    rig.send(Command::Normalise(Normalisation::Off));
    rig.periods(1);
    assert!(rig.periods(2).iter().all(|sample| *sample == 0.25));
}

// M2
#[test]
fn repeat_one_loops_without_a_gap() {
    let mut rig = Rig::at(44_100);
    rig.send(Command::Repeat(Repeat::One));
    rig.load(&[numbers("a", 44_100, 5_000, stamp)]);
    let heard = rig.periods(20);
    assert!(heard.iter().enumerate().all(|(n, sample)| *sample == stamp(n as u64 % 5_000)));
}

// M2
#[test]
fn news_of_a_track_comes_when_it_is_heard_not_when_it_is_decoded() {
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 44_100, stamp), numbers("b", 44_100, 44_100, stamp)]);
    rig.news();
    rig.periods(40);
    assert!(!rig.news().iter().any(|event| matches!(event, Event::Track { .. })));
    assert_eq!(rig.status().current.expect("a").track.title, "a");
    rig.periods(6);
    assert!(rig.news().iter().any(|event| matches!(event, Event::Track { id, .. } if *id == named("b"))));
    assert!(rig.status().position_ms < 100);
}

// V5, V7
#[test]
fn a_live_source_that_falls_behind_buffers_and_comes_back() {
    let arrived = Arc::new(Mutex::new(0_u64));
    let gate = Arc::clone(&arrived);
    let live = Track::new(named("live"), TrackKind::Preview, "live", move || {
        let gate = Some(Arc::clone(&gate));
        Ok(Box::new(Numbers { rate_hz: 48_000, frames: 480_000, at: 0, value: steady, gate })
            as Box<dyn PcmSource>)
    });
    let mut rig = Rig::at(48_000);
    rig.load(&[Arc::new(live)]);
    assert_eq!(rig.status().state, PlaybackState::Buffering);
    assert!(!rig.news().iter().any(|event| matches!(event, Event::Ready { .. })));
    assert!(!rig.world.is_open(), "sound would have to queue behind the silence");
    *arrived.lock().expect("gate") = 24_000;
    rig.wait(Duration::from_millis(20));
    assert!(rig.news().iter().any(|event| matches!(event, Event::Ready { .. })));
    let heard = rig.periods(30);
    assert_eq!(rig.status().state, PlaybackState::Buffering);
    assert!(largest_step(&heard[3_000..]) < 0.01, "no click when it runs dry");
    assert_eq!(rig.status().underruns, 1);
    *arrived.lock().expect("gate") = 480_000;
    assert!(largest_step(&rig.periods(4)) < 0.01);
    assert_eq!(rig.status().state, PlaybackState::Playing);
}

// V7
#[test]
fn a_track_that_cannot_be_opened_is_named_and_passed_over() {
    let broken = Arc::new(Track::new(named("broken"), TrackKind::Own, "broken", || {
        Err(SourceError::Missing("/music/gone.flac".to_owned()))
    }));
    let mut rig = Rig::at(44_100);
    rig.load(&[numbers("a", 44_100, 3_000, stamp), broken.clone(), numbers("c", 44_100, 3_000, stamp)]);
    let heard = rig.periods(9);
    assert!(heard[..6_000].iter().enumerate().all(|(n, sample)| *sample == stamp(n as u64 % 3_000)));
    let told: Vec<_> = rig
        .news()
        .into_iter()
        .filter_map(|event| match event {
            Event::TrackFailed { id, code, .. } => Some((id, code)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(named("broken"), Code::TrackMissing)]);
    rig.send(Command::Repeat(Repeat::All));
    rig.load(&[broken]);
    assert_eq!(rig.status().state, PlaybackState::Stopped, "a queue of nothing but broken tracks ends");
}

// M7
#[test]
fn a_restored_queue_waits_silently_at_its_position() {
    let mut rig = Rig::at(48_000);
    let tracks = vec![numbers("a", 48_000, 480_000, stamp), numbers("b", 48_000, 480_000, stamp)];
    rig.send(Command::Load { tracks, start: 1, position_ms: 2_000, play: false });
    assert_eq!(rig.status().position_ms, 2_000);
    assert_eq!(rig.status().current.expect("b").track.title, "b");
    assert!(rig.periods(3).iter().all(|sample| *sample == 0.0));
    rig.send(Command::Play);
    let heard = rig.periods(2);
    assert_eq!(heard[1_500], stamp(96_000 + 1_500));
}

// O3: an author who allows three plays means three, however they come about
#[test]
fn a_limited_track_under_repeat_one_counts_each_time_and_stops_at_its_limit() {
    let plays = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&plays);
    let tally = PlayTally::new(move || {
        let mut plays = counted.lock().expect("plays");
        if *plays == 3 {
            let message = "it was played 3 times, which is all that its author allows".to_owned();
            return Err(SourceError::Refused { code: Code::Unplayable, message });
        }
        *plays += 1;
        Ok(())
    });
    let frames = 50_000;
    let track = Track::new(named("limited"), TrackKind::Purchased, "Limited", move || {
        let source = Numbers { rate_hz: 44_100, frames, at: 0, value: steady, gate: None };
        Ok(Box::new(Counted::new(Box::new(source), Arc::clone(&tally))) as Box<dyn PcmSource>)
    });
    let mut rig = Rig::at(44_100);
    rig.send(Command::Repeat(Repeat::One));
    rig.load(&[Arc::new(track)]);
    let heard = rig.periods(periods_for(5 * frames as usize));
    assert_eq!(heard.iter().filter(|sample| **sample != 0.0).count(), 3 * frames as usize);
    assert_eq!(*plays.lock().expect("plays"), 3);
    let refused = rig.news().into_iter().any(|event| matches!(event, Event::TrackFailed { .. }));
    assert!(refused, "and the listener is told");
}
