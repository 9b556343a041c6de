//! Reads a `.score` file: a header, then blocks of systems, as on paper.
//!
//! The form is told in `assets/demo-album/README.md`. A bar that does not fill
//! its metre is refused with piece, block, part and bar, because that is the
//! mistake one makes when entering music by hand. Bytes come from
//! `assets/demo-album/scores/` and go to [`crate::performance`].

use crate::block;
use crate::header;
use crate::refusal::NotationError;
use crate::score::{Bar, Mark, Note, Score, Ticks};

/// Reads the text of one piece and writes its repeats out.
pub fn parse(text: &str) -> Result<Score, NotationError> {
    let head = header::parse(text)?;
    let blocks = block::parse_all(text, &head)?;
    let mut tied: Vec<Vec<bool>> = vec![Vec::new(); head.parts.len()];
    let mut score = Score {
        parts: head.parts,
        bars: Vec::new(),
        tempo: Vec::new(),
        beat: head.beat,
        words: Vec::new(),
        clip: Ticks::default(),
        manner: head.manner,
    };
    for name in &head.play {
        let block = blocks.get(name).ok_or_else(|| NotationError::UnknownBlock(name.clone()))?;
        append(block, &mut score, &mut tied);
    }
    for (part, tied) in tied.into_iter().enumerate() {
        join_ties(&mut score, part, tied)?;
    }
    score.clip = score.bars.get(head.clip_bar.saturating_sub(1)).map_or(Ticks::default(), |bar| bar.start);
    Ok(score)
}

/// Plays one block after what is there already.
fn append(block: &block::Block, score: &mut Score, tied: &mut [Vec<bool>]) {
    let origin = score.end();
    let mut at = origin;
    for (number, &length) in block.lengths.iter().enumerate() {
        score.bars.push(Bar { start: at, length, opens_section: number == 0 });
        at = at + length;
    }
    let shifted = |mark: &Mark<f64>| Mark { at: mark.at + origin, ..*mark };
    score.tempo.extend(block.tempo.iter().map(shifted));
    score.words.extend(block.words.iter().map(|(at, text)| (*at + origin, text.clone())));
    for (part, marks) in score.parts.iter_mut().zip(&block.dynamics) {
        part.dynamics.extend(marks.iter().map(shifted));
    }
    for entry in &block.notes {
        let mut note = entry.note.clone();
        note.start = note.start + origin;
        score.parts[entry.part].notes.push(note);
        tied[entry.part].push(entry.tied);
    }
}

/// Makes one long note of two written ones, across bars and blocks.
fn join_ties(score: &mut Score, part: usize, tied: Vec<bool>) -> Result<(), NotationError> {
    let bars = &score.bars;
    let part = &mut score.parts[part];
    let mut written: Vec<(Note, bool)> = part.notes.drain(..).zip(tied).collect();
    written.sort_by_key(|(note, _)| (note.start, note.pitch));
    let mut joined: Vec<(Note, bool)> = Vec::with_capacity(written.len());
    for (note, ties_on) in written {
        let held = joined.iter_mut().rev().find(|(before, open)| {
            *open && before.pitch == note.pitch && before.start + before.length == note.start
        });
        match held {
            Some((before, open)) => {
                before.length = before.length + note.length;
                *open = ties_on;
            }
            None => joined.push((note, ties_on)),
        }
    }
    if let Some((note, _)) = joined.iter().find(|(_, open)| *open) {
        return Err(NotationError::LooseTie {
            part: part.name.clone(),
            bar: bars.partition_point(|bar| bar.start <= note.start),
        });
    }
    part.notes = joined.into_iter().map(|(note, _)| note).collect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title: Test\nkey: 1#\nmeter: 3/4\nplay: A\npart top program=0\n\n[A]\n";

    fn read(body: &str) -> Result<Score, NotationError> {
        parse(&format!("{HEAD}{body}"))
    }

    #[test]
    fn a_bar_that_does_not_fill_its_metre_is_refused_by_name() {
        let refused = read("top | g4q a b | g4q a |\n").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "block [A], part top, bar 2: holds 2 quarters where the metre wants 3; count its notes"
        );
    }

    #[test]
    fn the_key_signature_sharpens_f_and_a_natural_takes_it_back() {
        let score = read("top | f4q fn f# |\n").unwrap();
        let pitches: Vec<u8> = score.parts[0].notes.iter().map(|n| n.pitch).collect();
        assert_eq!(pitches, [66, 65, 66]);
    }

    #[test]
    fn ties_join_across_a_bar_line_and_a_loose_tie_is_refused() {
        let score = read("top | g4h. ~ | g4h. |\n".replace(" ~", "~").as_str()).unwrap();
        assert_eq!(score.parts[0].notes.len(), 1);
        assert_eq!(score.parts[0].notes[0].length, Ticks(5760));
        let refused = read("top | g4h.~ | a4h. |\n").unwrap_err();
        assert!(matches!(refused, NotationError::LooseTie { bar: 1, .. }));
    }

    #[test]
    fn octave_and_length_stay_until_changed_and_triplets_fill_a_bar() {
        let score = read("top | g4q b d5 | g4e3 b d5 c e g f4 a d5 |\n").unwrap();
        let notes = &score.parts[0].notes;
        assert_eq!(notes[2].pitch, 74);
        assert_eq!(notes[8].pitch, 79);
        assert_eq!(notes[11].start, Ticks(2880 + 8 * 320));
    }

    #[test]
    fn systems_follow_each_other_and_a_silent_part_rests() {
        let text = format!(
            "{}part low program=42\n\n[A]\ntop | g4h. |\nlow | - |\n\ntop | a4h. |\n\n[B = A]\ntempo 2:50\n",
            HEAD.trim_end_matches("[A]\n").replace("play: A", "play: A B")
        );
        let score = parse(&text).unwrap();
        assert_eq!(score.bars.len(), 4);
        assert_eq!(score.parts[0].notes.len(), 4);
        assert!(score.parts[1].notes.is_empty());
        assert_eq!(score.tempo.last().unwrap().at, Ticks(3 * 2880));
    }

    #[test]
    fn an_unknown_note_or_block_says_where() {
        assert!(read("top | h4q a b |\n").unwrap_err().to_string().contains("'h4q'"));
        let refused = parse(&HEAD.replace("play: A", "play: Z")).unwrap_err();
        assert_eq!(refused, NotationError::UnknownBlock("Z".into()));
    }
}
