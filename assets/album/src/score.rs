//! What a piece is once its text has been read: parts with notes at exact
//! places, and the marks a player reads beside them.
//!
//! Made by [`crate::notation`], read by [`crate::performance`]. Nothing here
//! knows about seconds; that is the performer's business.

/// Loudness in MIDI velocity where no mark stands.
pub const UNMARKED: f64 = 70.0;

/// A length or a place in the score; 960 to the quarter note, so that triplet
/// sixty-fourths are still whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Ticks(pub u32);

impl Ticks {
    pub const QUARTER: Ticks = Ticks(960);
    pub const WHOLE: Ticks = Ticks(3840);

    /// In quarter notes, for messages.
    pub fn quarters(self) -> f64 {
        f64::from(self.0) / f64::from(Self::QUARTER.0)
    }
}

impl std::ops::Add for Ticks {
    type Output = Ticks;
    fn add(self, other: Ticks) -> Ticks {
        Ticks(self.0 + other.0)
    }
}

/// One piece, in playing order: repeats are already written out.
#[derive(Debug, Clone)]
pub struct Score {
    pub parts: Vec<Part>,
    pub bars: Vec<Bar>,
    pub tempo: Vec<Mark<f64>>,
    /// What one counts: a quarter, a dotted quarter.
    pub beat: Ticks,
    /// Words with the place where they are sung or shown.
    pub words: Vec<(Ticks, String)>,
    /// Where the preview clip starts.
    pub clip: Ticks,
    pub manner: Manner,
}

impl Score {
    /// Where the last bar ends.
    pub fn end(&self) -> Ticks {
        self.bars.last().map_or(Ticks::default(), |bar| bar.start + bar.length)
    }
}

/// How it is to be played and in which room.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Starts every random choice, so a render can be repeated to the bit.
    pub seed: u64,
    /// How far the tempo breathes within a phrase: 0.04 is 4 %.
    pub rubato: f64,
    /// Bars in a phrase.
    pub phrase: u32,
    /// Weight on strong beats, 1.0 is ordinary.
    pub accent: f64,
    /// Seconds the last sound may ring.
    pub ring: f64,
    pub room: Room,
}

/// FluidSynth's reverb and chorus.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    pub size: f64,
    pub damp: f64,
    pub width: f64,
    pub level: f64,
    pub chorus: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub start: Ticks,
    pub length: Ticks,
    /// First bar of a written section: phrases are counted from here.
    pub opens_section: bool,
}

/// A value from a place on; `glides` moves evenly to the next mark's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark<T> {
    pub at: Ticks,
    pub value: T,
    pub glides: bool,
}

/// One instrument and what it plays.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    pub setup: Setup,
    pub notes: Vec<Note>,
    /// Loudness in MIDI velocity.
    pub dynamics: Vec<Mark<f64>>,
}

/// A part's place in the ensemble: `key=value` words on its line.
#[derive(Debug, Clone)]
pub struct Setup {
    /// General MIDI program, 0 to 127.
    pub program: u8,
    pub volume: u8,
    pub pan: u8,
    pub reverb: u8,
    pub chorus: u8,
    /// Sounding share of a note's written length.
    pub gate: f64,
    /// Added to every velocity.
    pub level: f64,
    pub pedal: Pedal,
    /// Bowed or blown: loudness goes on changing within a note.
    pub sustained: bool,
    /// How much a long note swells, 0.1 is 10 %.
    pub swell: f64,
    /// Milliseconds ahead of the beat (a singing melody) or behind.
    pub ahead: f64,
    /// Spread of onsets in milliseconds.
    pub loose: f64,
    /// Semitones added to the written pitch.
    pub transpose: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pedal {
    Never,
    EachBar,
    EachHalfBar,
    EachBeat,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub start: Ticks,
    pub length: Ticks,
    /// MIDI key, 60 is middle C.
    pub pitch: u8,
    pub touch: Touch,
    /// Steps below the top when the chord is rolled.
    pub rolled: Option<u8>,
    /// Short notes just before this one.
    pub graces: Vec<u8>,
    /// The upper note of a trill.
    pub trill: Option<u8>,
    /// Highest note of its chord, or alone.
    pub top: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    Plain,
    Staccato,
    Tenuto,
    Accent,
}
