//! The head of a `.score` file: `field: value` lines and one line for each part.

use crate::refusal::NotationError;
use crate::score::{Manner, Part, Pedal, Room, Setup, Ticks};
use crate::tokens::KeySignature;

/// Everything above the first block.
#[derive(Debug)]
pub struct Header {
    pub key: KeySignature,
    pub bar: Ticks,
    pub beat: Ticks,
    /// Blocks in the order they are played.
    pub play: Vec<String>,
    /// Bar, as played, where the preview clip starts.
    pub clip_bar: usize,
    pub manner: Manner,
    pub parts: Vec<Part>,
}

/// Lines of the text with their numbers from 1, without comments.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("").trim()))
}

/// Reads the header; the blocks are left to [`crate::block`].
pub fn parse(text: &str) -> Result<Header, NotationError> {
    let mut fields = Fields::default();
    let mut parts = Vec::new();
    for (number, line) in lines(text).take_while(|(_, line)| !line.starts_with('[')) {
        let wrong = |what: String| NotationError::Line { line: number, what };
        if line.is_empty() {
            continue;
        }
        if let Some(rest) = line.strip_prefix("part ") {
            parts.push(part(rest).map_err(wrong)?);
        } else if let Some((name, value)) = line.split_once(':') {
            fields.0.push((name.trim().into(), value.trim().into()));
        } else {
            return Err(wrong("expected 'field: value' or 'part NAME ...'".into()));
        }
    }
    fields.need("title")?;
    let bar =
        fields.need("meter").and_then(|text| fraction(text).ok_or(NotationError::MissingField("meter")))?;
    let beat = match fields.find("beat") {
        Some(text) => fraction(text).ok_or(NotationError::MissingField("beat"))?,
        None => Ticks::QUARTER,
    };
    Ok(Header {
        key: KeySignature::parse(fields.need("key")?).ok_or(NotationError::MissingField("key"))?,
        bar,
        beat,
        play: fields.need("play")?.split_whitespace().map(Into::into).collect(),
        clip_bar: fields.number("clip", 1.0) as usize,
        manner: Manner {
            seed: fields.number("seed", 1.0) as u64,
            rubato: fields.number("rubato", 0.02),
            phrase: fields.number("phrase", 4.0) as u32,
            accent: fields.number("accent", 1.0),
            ring: fields.number("ring", 2.5),
            room: room(fields.find("room").unwrap_or("")),
        },
        parts,
    })
}

/// `3/4` as a length.
pub fn fraction(text: &str) -> Option<Ticks> {
    let (count, unit) = text.split_once('/')?;
    let (count, unit): (u32, u32) = (count.trim().parse().ok()?, unit.trim().parse().ok()?);
    (count <= 64 && [1, 2, 4, 8, 16, 32].contains(&unit)).then(|| Ticks(Ticks::WHOLE.0 / unit * count))
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    fn need(&self, name: &'static str) -> Result<&str, NotationError> {
        self.find(name).ok_or(NotationError::MissingField(name))
    }

    fn number(&self, name: &str, otherwise: f64) -> f64 {
        self.find(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    }
}

fn room(text: &str) -> Room {
    let value = |name: &str, otherwise: f64| {
        options(text)
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(otherwise)
    };
    Room {
        size: value("size", 0.55),
        damp: value("damp", 0.35),
        width: value("width", 0.9),
        level: value("level", 0.5),
        chorus: value("chorus", 0.0),
    }
}

fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_whitespace().filter_map(|word| word.split_once('='))
}

fn part(line: &str) -> Result<Part, String> {
    let name = line.split_whitespace().next().unwrap_or_default();
    let mut setup = Setup {
        program: 0,
        volume: 100,
        pan: 64,
        reverb: 50,
        chorus: 0,
        gate: 0.94,
        level: 0.0,
        pedal: Pedal::Never,
        sustained: false,
        swell: 0.0,
        ahead: 0.0,
        loose: 5.0,
        transpose: 0,
    };
    for (key, value) in options(line) {
        let wrong = || format!("part {name}: '{key}={value}' is not understood");
        let number: f64 = value.parse().unwrap_or(f64::NAN);
        match (key, value) {
            ("pedal", "bar") => setup.pedal = Pedal::EachBar,
            ("pedal", "half") => setup.pedal = Pedal::EachHalfBar,
            ("pedal", "beat") => setup.pedal = Pedal::EachBeat,
            ("sustained", _) => setup.sustained = value == "yes",
            _ if number.is_nan() => return Err(wrong()),
            ("program", _) => setup.program = midi(number),
            ("volume", _) => setup.volume = midi(number),
            ("pan", _) => setup.pan = midi(number),
            ("reverb", _) => setup.reverb = midi(number),
            ("chorus", _) => setup.chorus = midi(number),
            ("gate", _) => setup.gate = number.clamp(0.05, 1.2),
            ("level", _) => setup.level = number,
            ("swell", _) => setup.swell = number,
            ("ahead", _) => setup.ahead = number,
            ("loose", _) => setup.loose = number,
            ("transpose", _) => setup.transpose = number as i16,
            _ => return Err(wrong()),
        }
    }
    Ok(Part { name: name.into(), setup, notes: Vec::new(), dynamics: Vec::new() })
}

fn midi(number: f64) -> u8 {
    number.clamp(0.0, 127.0) as u8
}
