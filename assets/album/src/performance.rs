//! Plays a score: from written notes to keys pressed at a moment with a force.
//!
//! What a player adds is added here: tempo that breathes (see [`crate::clock`]), loudness
//! between marks, weight on strong beats, the top of a chord brought out, onsets that
//! are never quite together, rolled chords, trills, the pedal. All chance has a seed.

use crate::chance::Chance;
use crate::clock::{Clock, at_place, phrase_share};
use crate::event::{Action, Event};
use crate::score::{Note, Part, Score, Ticks, Touch, UNMARKED};
use crate::sustain::{expression, pedal};

/// One part's events in the order of time.
#[derive(Debug)]
pub struct Track {
    pub part: usize,
    pub events: Vec<Event>,
}

/// A whole performance.
#[derive(Debug)]
pub struct Performance {
    pub tracks: Vec<Track>,
    /// Words with the second at which they come.
    pub words: Vec<(f64, String)>,
    pub clip: f64,
    /// When the synthesizer may stop: the last sound and its room have died away.
    pub end: f64,
}

/// Plays the score from the first bar to the last.
pub fn perform(score: &Score) -> Performance {
    let clock = Clock::new(score, 100.0);
    let tracks: Vec<Track> = score
        .parts
        .iter()
        .enumerate()
        .map(|(index, part)| Track {
            part: index,
            events: play(score, part, &clock, score.manner.seed + 977 * index as u64),
        })
        .collect();
    let last = tracks.iter().flat_map(|track| track.events.last()).map(|event| event.at).fold(0.0, f64::max);
    Performance {
        tracks,
        words: score.words.iter().map(|(at, text)| (clock.seconds(*at), text.clone())).collect(),
        clip: clock.seconds(score.clip),
        end: last + 4.0,
    }
}

fn play(score: &Score, part: &Part, clock: &Clock, seed: u64) -> Vec<Event> {
    let mut chance = Chance::new(seed);
    let mut strokes: Vec<Stroke> = Vec::new();
    let mut chord: Option<(Ticks, f64)> = None;
    for note in &part.notes {
        let late = match chord {
            Some((start, late)) if start == note.start => late,
            _ => 0.001 * part.setup.loose * chance.bell(),
        };
        chord = Some((note.start, late));
        strike(score, part, clock, note, late, &mut chance, &mut strokes);
    }
    release_before_striking_again(&mut strokes);
    let mut events = Vec::with_capacity(strokes.len() * 2);
    for stroke in &strokes {
        let key = stroke.key;
        let velocity = stroke.velocity;
        events.push(Event { at: stroke.down, action: Action::Press { key, velocity } });
        events.push(Event { at: stroke.up, action: Action::Release { key } });
    }
    if !strokes.is_empty() {
        pedal(score, part, clock, &mut events);
        expression(part, score, clock, &mut events);
    }
    events.sort_by(|a, b| a.at.total_cmp(&b.at).then(rank(a).cmp(&rank(b))));
    events
}

/// At the same moment: pedal and expression, then releases, then presses.
fn rank(event: &Event) -> u8 {
    match event.action {
        Action::Control { .. } => 0,
        Action::Release { .. } => 1,
        Action::Press { .. } => 2,
    }
}

struct Stroke {
    down: f64,
    up: f64,
    key: u8,
    velocity: u8,
}

/// One written note as one or more key strokes.
fn strike(
    score: &Score,
    part: &Part,
    clock: &Clock,
    note: &Note,
    late: f64,
    chance: &mut Chance,
    strokes: &mut Vec<Stroke>,
) {
    let setup = &part.setup;
    let start = clock.seconds(note.start);
    let end = clock.seconds(note.start + note.length);
    // The top of a rolled chord is what one hears on the beat.
    let roll = note.rolled.map_or(0.0, |below| 0.018 - 0.034 * f64::from(below));
    let mut down = start + late + 0.0015 * chance.bell() - 0.001 * setup.ahead + roll;
    let gate = match note.touch {
        Touch::Staccato => setup.gate.min(0.45),
        Touch::Tenuto => setup.gate.max(1.0),
        Touch::Plain | Touch::Accent => setup.gate,
    };
    let mut up = start + late + (end - start) * gate;
    if note.start + note.length >= score.end() {
        up = up.max(end + score.manner.ring * 0.4);
    }
    let force = force(score, part, note, chance);
    let key = |pitch: u8| (i16::from(pitch) + setup.transpose).clamp(0, 127) as u8;
    down = down.max(0.02);
    for (index, &grace) in note.graces.iter().enumerate() {
        let before = (note.graces.len() - index) as f64 * 0.075;
        strokes.push(Stroke {
            down: (down - before).max(0.0),
            up: down - before + 0.085,
            key: key(grace),
            velocity: velocity(force - 9.0),
        });
    }
    if let Some(upper) = note.trill {
        trill(key(note.pitch), key(upper), down, up, force, chance, strokes);
        return;
    }
    strokes.push(Stroke { down, up: up.max(down + 0.045), key: key(note.pitch), velocity: velocity(force) });
}

/// Baroque manner: from the upper note, a little slower at both ends.
fn trill(
    main: u8,
    upper: u8,
    down: f64,
    up: f64,
    force: f64,
    chance: &mut Chance,
    strokes: &mut Vec<Stroke>,
) {
    let count = (((up - down) / 0.085).floor() as usize).clamp(4, 40) & !1;
    let each = (up - down) / count as f64;
    for index in 0..count {
        let at = down + each * index as f64;
        let last = index + 1 == count;
        strokes.push(Stroke {
            down: at + 0.002 * chance.bell(),
            up: if last { up } else { at + each * 1.05 },
            key: if index % 2 == 0 { upper } else { main },
            velocity: velocity(force - 6.0 + 2.0 * chance.bell() + if index == 0 { 4.0 } else { 0.0 }),
        });
    }
}

/// How hard a note is struck.
fn force(score: &Score, part: &Part, note: &Note, chance: &mut Chance) -> f64 {
    let setup = &part.setup;
    let written = at_place(&part.dynamics, note.start, UNMARKED);
    let phrase = (phrase_share(score, note.start) * std::f64::consts::PI).sin();
    let touch = match note.touch {
        Touch::Accent => 11.0,
        Touch::Tenuto => 2.0,
        Touch::Plain | Touch::Staccato => 0.0,
    };
    let voicing = if note.top { 0.0 } else { -4.0 };
    written
        + setup.level
        + weight(score, note.start)
        + 4.0 * (phrase - 0.5)
        + touch
        + voicing
        + 1.8 * chance.bell()
}

/// The metre's weight: the bar, the half bar, the beat, what lies between.
fn weight(score: &Score, at: Ticks) -> f64 {
    let bar = score.bars.partition_point(|bar| bar.start <= at).saturating_sub(1);
    let upbeat = score.bars.get(bar + 1).zip(score.bars.get(bar));
    if upbeat.is_some_and(|(next, this)| this.length < next.length && this.opens_section) {
        return 0.0;
    }
    let Some(bar) = score.bars.get(bar) else { return 0.0 };
    let into = at.0 - bar.start.0;
    let heaviness = if into == 0 {
        4.0
    } else if into * 2 == bar.length.0 && bar.length.0 % (2 * score.beat.0) == 0 {
        2.0
    } else if into.is_multiple_of(score.beat.0) {
        0.5
    } else {
        -3.0
    };
    heaviness * score.manner.accent
}

fn velocity(force: f64) -> u8 {
    force.round().clamp(8.0, 127.0) as u8
}

/// A key cannot be struck while it is down.
fn release_before_striking_again(strokes: &mut [Stroke]) {
    strokes.sort_by(|a, b| a.down.total_cmp(&b.down));
    for index in 0..strokes.len() {
        let (key, up) = (strokes[index].key, strokes[index].up);
        let again = strokes[index + 1..]
            .iter()
            .take_while(|later| later.down < up + 0.012)
            .find(|later| later.key == key)
            .map(|later| later.down);
        if let Some(again) = again {
            strokes[index].up = (again - 0.012).max(strokes[index].down + 0.01);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::parse;
    use crate::sustain::PEDAL;

    fn score(body: &str) -> Score {
        parse(&format!(
            "title: T\nkey: 0\nmeter: 4/4\nplay: A\nrubato: 0\npart keys program=0 pedal=bar\n\n[A]\ntempo 1:60\n{body}"
        ))
        .unwrap()
    }

    fn presses(played: &Performance) -> Vec<(f64, u8, u8)> {
        let press = |event: &Event| match event.action {
            Action::Press { key, velocity } => Some((event.at, key, velocity)),
            _ => None,
        };
        played.tracks[0].events.iter().filter_map(press).collect()
    }

    #[test]
    fn the_same_seed_plays_the_same_and_onsets_stay_within_a_hair_of_the_beat() {
        let written = score("keys | c4q d e f | g4w |\n");
        let once = presses(&perform(&written));
        assert_eq!(once, presses(&perform(&written)));
        for (index, (at, _, _)) in once.iter().enumerate() {
            assert!((at - 0.25 - index as f64).abs() < 0.06, "note {index} at {at}");
        }
    }

    #[test]
    fn a_crescendo_grows_and_the_bar_is_heavier_than_the_afterbeat() {
        let written = score("dyn 1:p< 4:ff\nkeys | c4e c c c c c c c | % | % | % |\n");
        let force: Vec<u8> = presses(&perform(&written)).iter().map(|p| p.2).collect();
        let sum = |range: std::ops::Range<usize>| force[range].iter().map(|&v| u32::from(v)).sum::<u32>();
        assert!(sum(24..32) > sum(0..8) + 200);
        assert!(force[24] > force[25]);
    }

    #[test]
    fn a_repeated_key_is_let_go_before_it_is_struck_again() {
        let played = perform(&score("keys | c4e_ c_ c_ c_ c_ c_ c_ c_ |\n"));
        let mut down = false;
        for event in &played.tracks[0].events {
            match event.action {
                Action::Press { .. } => {
                    assert!(!down);
                    down = true;
                }
                Action::Release { .. } => down = false,
                Action::Control { .. } => {}
            }
        }
    }

    #[test]
    fn the_pedal_is_up_at_the_end() {
        let played = perform(&score("keys | c4w |\n"));
        let last = played.tracks[0].events.iter().rev().find_map(|event| match event.action {
            Action::Control { number: PEDAL, value } => Some(value),
            _ => None,
        });
        assert_eq!(last, Some(0));
    }
}
