//! The blocks of a `.score` file: systems of bars, and the marks beside them.
//!
//! `[A]` opens a block, `[A2 = A]` one that plays the same notes with marks of its own,
//! `[A first=1/4 last=3/4 key=3b meter=2/4]` one with an upbeat or another key.
//! A blank line parts two systems; a part may have several lines (voices) in one.
//! `-` is an empty bar, `%` the bar before once more, `{...}2` its notes twice,
//! `!` at a bar's end says that it is the short one that `last=` speaks of.

use std::collections::BTreeMap;

use crate::header::{Header, fraction, lines};
use crate::refusal::{NotationError, Place};
use crate::score::{Mark, Ticks};
use crate::tokens::{self, KeySignature, Voice, Written};

/// Music and marks; every place is counted from the block's start.
#[derive(Debug, Clone, Default)]
pub struct Block {
    pub lengths: Vec<Ticks>,
    pub notes: Vec<Entry>,
    pub tempo: Vec<Mark<f64>>,
    /// One list for each part.
    pub dynamics: Vec<Vec<Mark<f64>>>,
    pub words: Vec<(Ticks, String)>,
}

/// A note and the part that plays it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub part: usize,
    pub note: crate::score::Note,
    pub tied: bool,
}

/// Reads all blocks by name.
pub fn parse_all(text: &str, head: &Header) -> Result<BTreeMap<String, Block>, NotationError> {
    let mut blocks = BTreeMap::new();
    let mut open: Option<Reader<'_>> = None;
    let mut body = lines(text).skip_while(|(_, line)| !line.starts_with('[')).peekable();
    while let Some((number, line)) = body.next() {
        if line.starts_with('[') {
            let reader = Reader::open(line, number, head, &blocks)?;
            open = Some(reader);
        } else if let Some(reader) = &mut open {
            reader.line(number, line)?;
        }
        let block_ends = body.peek().is_none_or(|(_, next)| next.starts_with('['));
        if block_ends && let Some(reader) = open.take() {
            let (name, block) = reader.close()?;
            blocks.insert(name, block);
        }
    }
    Ok(blocks)
}

struct Reader<'a> {
    head: &'a Header,
    name: String,
    key: KeySignature,
    bar: Ticks,
    first: Option<Ticks>,
    last: Option<Ticks>,
    block: Block,
    /// Lines of the system being read: part, bars.
    system: Vec<(usize, Vec<String>)>,
    /// Marks wait until all bars are known.
    marks: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    fn open(
        line: &str,
        number: usize,
        head: &'a Header,
        known: &BTreeMap<String, Block>,
    ) -> Result<Self, NotationError> {
        let wrong = |what: &str| NotationError::Line { line: number, what: what.into() };
        let inner = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .ok_or_else(|| wrong("a block's name ends with ']'"))?;
        let mut words = inner.split_whitespace();
        let name = words.next().ok_or_else(|| wrong("a block needs a name"))?;
        let mut reader = Reader {
            head,
            name: name.into(),
            key: head.key,
            bar: head.bar,
            first: None,
            last: None,
            block: Block { dynamics: vec![Vec::new(); head.parts.len()], ..Block::default() },
            system: Vec::new(),
            marks: Vec::new(),
        };
        while let Some(word) = words.next() {
            if word == "=" {
                let base = words.next().and_then(|base| known.get(base));
                reader.block = base.ok_or_else(|| wrong("'=' wants a block written above"))?.clone();
                continue;
            }
            let (option, value) = word.split_once('=').ok_or_else(|| wrong("unknown option"))?;
            let length = fraction(value);
            match option {
                "key" => reader.key = KeySignature::parse(value).ok_or_else(|| wrong("unknown key"))?,
                "meter" => reader.bar = length.ok_or_else(|| wrong("unknown metre"))?,
                "first" => reader.first = length,
                "last" => reader.last = length,
                _ => return Err(wrong("options are key, meter, first, last")),
            }
        }
        Ok(reader)
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), NotationError> {
        let word = line.split([' ', '|']).next().unwrap_or_default();
        if line.is_empty() {
            return self.end_system();
        }
        if word == "say" || word == "tempo" || word.starts_with("dyn") {
            self.marks.push((number, line.into()));
            return Ok(());
        }
        let part = self.head.parts.iter().position(|part| part.name == word);
        let part = part.ok_or_else(|| NotationError::Line {
            line: number,
            what: format!("'{word}' is no part of this piece; add 'part {word} ...' to the header"),
        })?;
        let bars = line[word.len()..].trim().trim_matches('|').split('|');
        self.system.push((part, bars.map(|bar| bar.trim().into()).collect()));
        Ok(())
    }

    /// Turns the gathered lines of a system into notes.
    fn end_system(&mut self) -> Result<(), NotationError> {
        let Some(count) = self.system.first().map(|(_, bars)| bars.len()) else {
            return Ok(());
        };
        let from = self.block.lengths.len();
        for number in from..from + count {
            let length = if number == 0 { self.first.unwrap_or(self.bar) } else { self.bar };
            self.block.lengths.push(length);
        }
        for (part, bars) in std::mem::take(&mut self.system) {
            let (block, name) = (self.name.clone(), self.head.parts[part].name.clone());
            let place = |bar: usize| Place { block: block.clone(), part: name.clone(), bar: from + bar + 1 };
            if bars.len() != count {
                return Err(NotationError::Bar {
                    place: place(bars.len().min(count)),
                    what: format!("this line has {} bars, the first of its system {count}", bars.len()),
                });
            }
            self.voice(part, from, &bars, &place)?;
        }
        Ok(())
    }

    fn voice(
        &mut self,
        part: usize,
        from: usize,
        bars: &[String],
        place: &impl Fn(usize) -> Place,
    ) -> Result<(), NotationError> {
        let mut voice = Voice::default();
        let mut start = self.block.lengths[..from].iter().fold(Ticks(0), |sum, &length| sum + length);
        let mut before: Option<(Ticks, Vec<Written>)> = None;
        for (index, text) in bars.iter().enumerate() {
            let whole = self.block.lengths[from + index];
            let ends_short = self.last.filter(|_| text.ends_with('!'));
            let wanted = ends_short.unwrap_or(whole);
            let text = text.trim_end_matches('!').trim();
            let (notes, found) = match (text, &before) {
                ("-", _) => (Vec::new(), wanted),
                ("%", Some((origin, notes))) => (moved(notes, *origin, start), wanted),
                _ => tokens::bar(&written_out(text), start, self.key, &mut voice)
                    .map_err(|what| NotationError::Bar { place: place(index), what })?,
            };
            if found != wanted {
                return Err(NotationError::BarLength {
                    place: place(index),
                    found: found.quarters().to_string(),
                    wanted: wanted.quarters().to_string(),
                });
            }
            self.block.lengths[from + index] = wanted;
            for written in &notes {
                self.block.notes.push(Entry { part, note: written.note.clone(), tied: written.tied });
            }
            before = Some((start, notes));
            start = start + wanted;
        }
        Ok(())
    }

    fn close(mut self) -> Result<(String, Block), NotationError> {
        self.end_system()?;
        let kinds = ["tempo", "say", "dyn"];
        for kind in kinds.iter().filter(|kind| self.marks.iter().any(|(_, m)| m.starts_with(**kind))) {
            match *kind {
                "tempo" => self.block.tempo.clear(),
                "say" => self.block.words.clear(),
                _ => self.block.dynamics.iter_mut().for_each(Vec::clear),
            }
        }
        for (number, mark) in std::mem::take(&mut self.marks) {
            self.mark(&mark).map_err(|what| NotationError::Line { line: number, what })?;
        }
        for marks in &mut self.block.dynamics {
            marks.sort_by_key(|mark| mark.at);
        }
        Ok((self.name, self.block))
    }

    /// `tempo 1:72 8@2:60>`, `dyn 1:p`, `dyn.flute 3:mf>`, `say 5 Some words`.
    fn mark(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').ok_or("a mark needs a place")?;
        if word == "say" {
            let (place, text) = rest.trim().split_once(' ').ok_or("'say' wants a bar and words")?;
            let at = self.place(place)?;
            self.block.words.push((at, text.trim().into()));
            return Ok(());
        }
        for item in rest.split_whitespace() {
            let (place, value) = item.split_once(':').ok_or("a mark is 'bar:value' or 'bar@beat:value'")?;
            let at = self.place(place)?;
            let glides = value.ends_with(['<', '>']);
            let value = value.trim_end_matches(['<', '>']);
            if word == "tempo" {
                let value = value.parse().map_err(|_| format!("'{item}': not a tempo"))?;
                self.block.tempo.push(Mark { at, value, glides });
                continue;
            }
            let value = loudness(value).ok_or_else(|| format!("'{item}': not a dynamic"))?;
            let wanted = word.strip_prefix("dyn").unwrap_or("").trim_start_matches('.');
            let mut found = false;
            for (part, marks) in self.head.parts.iter().zip(&mut self.block.dynamics) {
                if wanted.is_empty() || wanted.split(',').any(|name| name == part.name) {
                    marks.push(Mark { at, value, glides });
                    found = true;
                }
            }
            if !found {
                return Err(format!("'{word}': no such part"));
            }
        }
        Ok(())
    }

    fn place(&self, text: &str) -> Result<Ticks, String> {
        let (bar, beat) = text.split_once('@').unwrap_or((text, "1"));
        let bar: usize = bar.parse().map_err(|_| format!("'{text}': not a bar number"))?;
        let beat: f64 = beat.parse().map_err(|_| format!("'{text}': not a beat"))?;
        if bar == 0 || bar > self.block.lengths.len() || beat < 1.0 {
            return Err(format!("'{text}': the block has {} bars", self.block.lengths.len()));
        }
        let start = self.block.lengths[..bar - 1].iter().map(|length| length.0).sum::<u32>();
        Ok(Ticks(start + ((beat - 1.0) * f64::from(self.head.beat.0)).round() as u32))
    }
}

/// `{ c4s e g }2` becomes what it stands for.
fn written_out(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once('{') {
        plain.push_str(before);
        let Some((inner, after)) = inner.split_once('}') else {
            rest = inner;
            break;
        };
        let times = after.chars().next().and_then(|digit| digit.to_digit(10));
        let times = times.unwrap_or(1);
        for _ in 0..times {
            plain.push_str(inner);
            plain.push(' ');
        }
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    plain.push_str(rest);
    plain
}

fn moved(notes: &[Written], from: Ticks, to: Ticks) -> Vec<Written> {
    let shift = |written: &Written| {
        let mut copy = written.clone();
        copy.note.start = Ticks(written.note.start.0 - from.0 + to.0);
        copy
    };
    notes.iter().map(shift).collect()
}

/// A dynamic as MIDI velocity.
fn loudness(text: &str) -> Option<f64> {
    Some(match text {
        "ppp" => 28.0,
        "pp" => 39.0,
        "p" => 51.0,
        "mp" => 63.0,
        "mf" => 75.0,
        "f" => 89.0,
        "ff" => 103.0,
        "fff" => 116.0,
        _ => return text.parse().ok().filter(|value| (1.0..=127.0).contains(value)),
    })
}
