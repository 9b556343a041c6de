//! A performance as a Standard MIDI File, format 1, one track for each part.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use crate::event::Action;
use crate::performance::{Performance, Track};
use crate::score::{Score, Setup};

/// File ticks in a second: a quarter of a second's thousandth.
const RESOLUTION: u16 = 4000;
/// General MIDI keeps this channel for drums.
const DRUMS: u8 = 9;

/// The bytes of the file.
pub fn write(score: &Score, performance: &Performance) -> std::io::Result<Vec<u8>> {
    let mut file = Smf::new(Header::new(Format::Parallel, Timing::Metrical(u15::new(RESOLUTION))));
    file.tracks.push(vec![
        event(0, TrackEventKind::Meta(MetaMessage::Tempo(u24::new(1_000_000)))),
        event(ticks(performance.end), TrackEventKind::Meta(MetaMessage::EndOfTrack)),
    ]);
    for track in &performance.tracks {
        let setup = &score.parts[track.part].setup;
        file.tracks.push(part(track, setup, performance.end));
    }
    let mut bytes = Vec::new();
    file.write_std(&mut bytes)?;
    Ok(bytes)
}

fn part<'a>(track: &Track, setup: &Setup, end: f64) -> Vec<TrackEvent<'a>> {
    let number = track.part as u8;
    let channel = u4::new(if number >= DRUMS { number + 1 } else { number } & 15);
    let message = |message| TrackEventKind::Midi { channel, message };
    let control = |controller: u8, value: u8| {
        message(MidiMessage::Controller { controller: u7::new(controller), value: u7::new(value) })
    };
    let mut events = vec![
        event(0, message(MidiMessage::ProgramChange { program: u7::new(setup.program) })),
        event(0, control(7, setup.volume)),
        event(0, control(10, setup.pan)),
        event(0, control(91, setup.reverb)),
        event(0, control(93, setup.chorus)),
    ];
    let mut before = 0;
    for played in &track.events {
        let at = ticks(played.at);
        let kind = match played.action {
            Action::Press { key, velocity } => {
                message(MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(velocity) })
            }
            Action::Release { key } => message(MidiMessage::NoteOff { key: u7::new(key), vel: u7::new(64) }),
            Action::Control { number, value } => control(number, value),
        };
        events.push(event(at - before, kind));
        before = at;
    }
    // Something must happen at the end, or the synthesizer stops with the last note.
    let end = ticks(end).max(before);
    events.push(event(end - before, control(7, setup.volume)));
    events.push(event(0, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
    events
}

fn ticks(seconds: f64) -> u32 {
    (seconds.max(0.0) * f64::from(RESOLUTION)).round() as u32
}

fn event(delta: u32, kind: TrackEventKind<'_>) -> TrackEvent<'_> {
    TrackEvent { delta: u28::new(delta), kind }
}
