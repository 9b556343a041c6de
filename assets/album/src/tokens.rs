//! One bar of one voice: `g#4e. a b+d5q~` becomes notes with lengths.
//!
//! A note is a letter, an accidental (`#`, `b`, `n`, `##`), an octave and a length
//! (`w h q e s t x`, dotted `.`, triplet `3`); octave and length stay until changed.
//! Notes of a chord stand joined by `+`. Marks after the length: `~` tie,
//! `'` staccato, `_` tenuto, `^` accent, `$` rolled, `@` trill. `*` before a note
//! makes it a grace note. `r` is a rest.

use crate::score::{Note, Ticks, Touch};

/// Which letters are sharp or flat unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySignature {
    /// Sharps if positive, flats if negative.
    fifths: i8,
}

impl KeySignature {
    /// `2#`, `3b` or `0`.
    pub fn parse(text: &str) -> Option<KeySignature> {
        let (digits, sign) = match text.strip_suffix('#') {
            Some(digits) => (digits, 1),
            None => match text.strip_suffix('b') {
                Some(digits) => (digits, -1),
                None => (text, 1),
            },
        };
        let count: i8 = digits.parse().ok()?;
        (0..=7).contains(&count).then_some(KeySignature { fifths: sign * count })
    }

    fn alteration(self, letter: char) -> i16 {
        let order = "fcgdaeb";
        let at = order.find(letter).unwrap_or(0) as i8;
        if self.fifths > at {
            1
        } else if self.fifths < at - 6 {
            -1
        } else {
            0
        }
    }
}

/// What carries over from note to note within a line.
#[derive(Debug, Default, Clone)]
pub struct Voice {
    octave: Option<i16>,
    length: Option<Ticks>,
}

/// A written note; `tied` goes on into the next of its pitch.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub note: Note,
    pub tied: bool,
}

/// Reads a bar that starts at `start`; answers its notes and how long they last together.
pub fn bar(
    text: &str,
    start: Ticks,
    key: KeySignature,
    voice: &mut Voice,
) -> Result<(Vec<Written>, Ticks), String> {
    let mut notes = Vec::new();
    let mut graces = Vec::new();
    let mut at = start;
    for token in text.split_whitespace() {
        if let Some(grace) = token.strip_prefix('*') {
            let (pitches, _) = pitches(grace, key, voice).ok_or_else(|| unknown(token))?;
            graces.extend(pitches);
            continue;
        }
        let (pitches, tail) = pitches(token, key, voice).ok_or_else(|| unknown(token))?;
        let (length, marks) = length(tail, voice).ok_or_else(|| unknown(token))?;
        let marks = Marks::parse(marks).ok_or_else(|| unknown(token))?;
        let top = pitches.iter().copied().max();
        for (index, &pitch) in pitches.iter().enumerate() {
            let is_top = Some(pitch) == top;
            notes.push(Written {
                note: Note {
                    start: at,
                    length,
                    pitch,
                    touch: marks.touch,
                    rolled: marks.rolled.then_some((pitches.len() - 1 - index) as u8),
                    graces: if is_top { std::mem::take(&mut graces) } else { Vec::new() },
                    trill: (marks.trill && is_top).then(|| upper_neighbour(pitch, key)),
                    top: is_top,
                },
                tied: marks.tied,
            });
        }
        at = at + length;
    }
    Ok((notes, Ticks(at.0 - start.0)))
}

fn unknown(token: &str) -> String {
    format!("'{token}' is not a note, rest or chord (the first of a line needs octave and length)")
}

/// Pitches of a note or chord (none for a rest) and what stands after them.
fn pitches<'a>(token: &'a str, key: KeySignature, voice: &mut Voice) -> Option<(Vec<u8>, &'a str)> {
    if let Some(tail) = token.strip_prefix('r') {
        return Some((Vec::new(), tail));
    }
    let mut found = Vec::new();
    let mut rest = token;
    loop {
        let (pitch, tail) = pitch(rest, key, voice)?;
        found.push(pitch);
        match tail.strip_prefix('+') {
            Some(next) => rest = next,
            None => return Some((found, tail)),
        }
    }
}

fn pitch<'a>(text: &'a str, key: KeySignature, voice: &mut Voice) -> Option<(u8, &'a str)> {
    let letter = text.chars().next()?;
    let step = match letter {
        'c' => 0,
        'd' => 2,
        'e' => 4,
        'f' => 5,
        'g' => 7,
        'a' => 9,
        'b' => 11,
        _ => return None,
    };
    let rest = &text[1..];
    let (alteration, rest) = if let Some(rest) = rest.strip_prefix("##") {
        (2, rest)
    } else if let Some(rest) = rest.strip_prefix('#') {
        (1, rest)
    } else if let Some(rest) = rest.strip_prefix('b') {
        (-1, rest)
    } else if let Some(rest) = rest.strip_prefix('n') {
        (0, rest)
    } else {
        (key.alteration(letter), rest)
    };
    let digits = rest.chars().next().filter(char::is_ascii_digit);
    let rest = match digits {
        Some(digit) => {
            voice.octave = Some(digit as i16 - '0' as i16);
            &rest[1..]
        }
        None => rest,
    };
    let midi = (voice.octave? + 1) * 12 + step + alteration;
    u8::try_from(midi).ok().filter(|&key| key < 128).map(|key| (key, rest))
}

fn length<'a>(text: &'a str, voice: &mut Voice) -> Option<(Ticks, &'a str)> {
    let base = match text.chars().next() {
        Some('w') => 3840,
        Some('h') => 1920,
        Some('q') => 960,
        Some('e') => 480,
        Some('s') => 240,
        Some('t') => 120,
        Some('x') => 60,
        _ => return voice.length.map(|length| (length, text)),
    };
    let mut rest = &text[1..];
    let mut length = base;
    if let Some(tail) = rest.strip_prefix("..") {
        length = base * 7 / 4;
        rest = tail;
    } else if let Some(tail) = rest.strip_prefix('.') {
        length = base * 3 / 2;
        rest = tail;
    } else if let Some(tail) = rest.strip_prefix('3') {
        length = base * 2 / 3;
        rest = tail;
    }
    voice.length = Some(Ticks(length));
    Some((Ticks(length), rest))
}

struct Marks {
    touch: Touch,
    tied: bool,
    rolled: bool,
    trill: bool,
}

impl Marks {
    fn parse(text: &str) -> Option<Marks> {
        let mut marks = Marks { touch: Touch::Plain, tied: false, rolled: false, trill: false };
        for mark in text.chars() {
            match mark {
                '~' => marks.tied = true,
                '\'' => marks.touch = Touch::Staccato,
                '_' => marks.touch = Touch::Tenuto,
                '^' => marks.touch = Touch::Accent,
                '$' => marks.rolled = true,
                '@' => marks.trill = true,
                _ => return None,
            }
        }
        Some(marks)
    }
}

/// The next note up in the key.
fn upper_neighbour(pitch: u8, key: KeySignature) -> u8 {
    let scale: Vec<i16> = [('c', 0), ('d', 2), ('e', 4), ('f', 5), ('g', 7), ('a', 9), ('b', 11)]
        .iter()
        .map(|&(letter, step)| (step + key.alteration(letter)).rem_euclid(12))
        .collect();
    let whole = i16::from(pitch + 2) % 12;
    if scale.contains(&(i16::from(pitch + 1) % 12)) && !scale.contains(&whole) {
        return pitch + 1;
    }
    if scale.contains(&whole) { pitch + 2 } else { pitch + 1 }
}
