//! What goes on while notes sound: the pedal of a piano, the bow's and the breath's loudness.

use crate::clock::{Clock, at_place};
use crate::event::{Action, Event};
use crate::score::{Part, Pedal, Score, Ticks, UNMARKED};

/// MIDI controller numbers.
pub const PEDAL: u8 = 64;
const EXPRESSION: u8 = 11;

/// Lifts just after the new harmony sounds and holds again at once.
pub fn pedal(score: &Score, part: &Part, clock: &Clock, events: &mut Vec<Event>) {
    let mut change = |at: f64| {
        events.push(control(at + 0.012, PEDAL, 0));
        events.push(control(at + 0.062, PEDAL, 127));
    };
    for bar in &score.bars {
        let span = match part.setup.pedal {
            Pedal::Never => return,
            Pedal::EachBar => bar.length,
            Pedal::EachHalfBar => Ticks(bar.length.0.div_ceil(2)),
            Pedal::EachBeat => score.beat,
        };
        let mut into = 0;
        while into < bar.length.0 {
            change(clock.seconds(bar.start + Ticks(into)));
            into += span.0.max(1);
        }
    }
    let end = clock.seconds(score.end()) + score.manner.ring;
    events.push(control(end, PEDAL, 0));
}

/// Bows and breath: loudness that moves while a note is held.
pub fn expression(part: &Part, score: &Score, clock: &Clock, events: &mut Vec<Event>) {
    if !part.setup.sustained {
        return;
    }
    let mut sent = None;
    for tick in (0..score.end().0).step_by(120) {
        let at = Ticks(tick);
        let level = at_place(&part.dynamics, at, UNMARKED);
        let open = 52.0 + (level - 28.0) * 0.82;
        let value = (open * swelling(part, at, clock)).round().clamp(1.0, 127.0) as u8;
        if sent != Some(value) {
            events.push(control(clock.seconds(at), EXPRESSION, value));
            sent = Some(value);
        }
    }
}

/// A long note grows to its middle and gives way again.
fn swelling(part: &Part, at: Ticks, clock: &Clock) -> f64 {
    let started = part.notes.partition_point(|note| note.start <= at);
    let Some(note) = started.checked_sub(1).map(|index| &part.notes[index]) else {
        return 1.0;
    };
    let length = clock.seconds(note.start + note.length) - clock.seconds(note.start);
    if length < 0.8 || at >= note.start + note.length {
        return 1.0;
    }
    let share = f64::from(at.0 - note.start.0) / f64::from(note.length.0);
    1.0 - part.setup.swell * (1.0 - (share.powf(0.8) * std::f64::consts::PI).sin())
}

fn control(at: f64, number: u8, value: u8) -> Event {
    Event { at, action: Action::Control { number, value } }
}
