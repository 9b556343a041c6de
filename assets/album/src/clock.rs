//! From places in the score to seconds: tempo marks, glides, and the breath of a phrase.

use crate::chance::Chance;
use crate::score::{Mark, Score, Ticks};

/// Fineness of the map: a sixteenth of a quarter.
const STEP: u32 = 60;
/// Silence before the first note, for the attack to be heard whole.
const LEAD_IN: f64 = 0.25;

/// When every tick of a score sounds.
#[derive(Debug)]
pub struct Clock {
    seconds: Vec<f64>,
}

impl Clock {
    /// Integrates the tempo over the whole piece.
    pub fn new(score: &Score, opening_tempo: f64) -> Clock {
        let mut chance = Chance::new(score.manner.seed ^ 0x7e39);
        let mut seconds = vec![LEAD_IN];
        let mut now = LEAD_IN;
        let mut drift = 0.0;
        let beat = f64::from(score.beat.0);
        for step in 0..score.end().0.div_ceil(STEP) + 1 {
            let at = Ticks(step * STEP);
            if at.0.is_multiple_of(Ticks::QUARTER.0) {
                drift = 0.7 * drift + 0.004 * chance.bell();
            }
            let written = at_place(&score.tempo, at, opening_tempo);
            let tempo = written * (1.0 + breath(score, at) + drift);
            now += f64::from(STEP) / beat * 60.0 / tempo.max(5.0);
            seconds.push(now);
        }
        Clock { seconds }
    }

    /// Seconds from the start of the recording.
    pub fn seconds(&self, at: Ticks) -> f64 {
        let index = (at.0 / STEP) as usize;
        let last = self.seconds.len() - 1;
        if index >= last {
            return self.seconds[last];
        }
        let share = f64::from(at.0 % STEP) / f64::from(STEP);
        self.seconds[index] + (self.seconds[index + 1] - self.seconds[index]) * share
    }
}

/// The value of a line of marks at a place: held, or gliding to the next mark.
pub fn at_place(marks: &[Mark<f64>], at: Ticks, otherwise: f64) -> f64 {
    let next = marks.partition_point(|mark| mark.at <= at);
    let Some(mark) = next.checked_sub(1).map(|index| &marks[index]) else {
        return otherwise;
    };
    match marks.get(next) {
        Some(goal) if mark.glides => {
            let share = f64::from(at.0 - mark.at.0) / f64::from(goal.at.0 - mark.at.0);
            mark.value + (goal.value - mark.value) * share
        }
        _ => mark.value,
    }
}

/// Where we are in the phrase, 0 to 1.
pub fn phrase_share(score: &Score, at: Ticks) -> f64 {
    let bar = score.bars.partition_point(|bar| bar.start <= at).saturating_sub(1);
    let opening = score.bars[..=bar].iter().rposition(|bar| bar.opens_section).unwrap_or(0);
    let into = (bar - opening) as u32 % score.manner.phrase.max(1);
    let bar = &score.bars[bar];
    let within = f64::from(at.0 - bar.start.0) / f64::from(bar.length.0.max(1));
    ((f64::from(into) + within) / f64::from(score.manner.phrase.max(1))).clamp(0.0, 1.0)
}

/// A phrase moves on in its middle and gives at its end.
fn breath(score: &Score, at: Ticks) -> f64 {
    let share = phrase_share(score, at);
    let arch = (share * std::f64::consts::PI).sin();
    let give = ((share - 0.85) / 0.15).clamp(0.0, 1.0);
    score.manner.rubato * (arch - 0.62 - 0.9 * give * give)
}
