//! The two descriptions of a disc image: a CUE sheet and a cdrdao TOC, both with CD-Text.
//!
//! Both name the same `.bin` file of little-endian samples; the TOC says `SWAP`, because cdrdao takes raw files for
//! big-endian. Neither writes the first two seconds of pregap, which every drive adds by itself.
//!
//! CD-Text is Latin-1 (Red Book, IEC 61866): the TOC spells it in octal escapes, and letters that Latin-1 does not
//! have become plain ones where there is a usual way and `?` where there is not. A CUE sheet is UTF-8 and has no
//! escapes at all, so quotation marks in it become apostrophes.

use std::fmt::Write as _;

use super::layout::{DiscLayout, Placed, Sectors};

/// Longest field of a CUE sheet.
const CUE_FIELD_CHARS: usize = 80;

/// The CUE sheet of an image in `bin_name`.
#[must_use]
pub fn cue(layout: &DiscLayout, bin_name: &str) -> String {
    let mut out = String::from("REM COMMENT \"Cadenza\"\r\n");
    let text = |indent: &str, title: &str, performer: &str, out: &mut String| {
        for (word, value) in [("TITLE", title), ("PERFORMER", performer)] {
            let value = cue_text(value);
            if !value.is_empty() {
                line(out, format_args!("{indent}{word} \"{value}\""));
            }
        }
    };
    text("", &layout.options.title, &layout.options.performer, &mut out);
    line(&mut out, format_args!("FILE \"{}\" BINARY", cue_text(bin_name)));
    for (number, placed) in (1..).zip(&layout.tracks) {
        line(&mut out, format_args!("  TRACK {number:02} AUDIO"));
        text("    ", &placed.track.title, &placed.track.performer, &mut out);
        if let Some(isrc) = &placed.track.isrc {
            line(&mut out, format_args!("    ISRC {isrc}"));
        }
        if placed.pregap < placed.start {
            line(&mut out, format_args!("    INDEX 00 {}", placed.pregap));
        }
        line(&mut out, format_args!("    INDEX 01 {}", placed.start));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = out.write_fmt(text);
    out.push_str("\r\n");
}

fn cue_text(text: &str) -> String {
    let plain = text.chars().map(|c| match c {
        '"' => '\'',
        c if c.is_control() => ' ',
        c => c,
    });
    plain.take(CUE_FIELD_CHARS).collect::<String>().trim().to_owned()
}

/// The cdrdao TOC of an image in `bin_name`.
#[must_use]
pub fn toc(layout: &DiscLayout, bin_name: &str) -> String {
    // If one track has a performer, all of them and the disc must have one.
    let performers =
        !layout.options.performer.is_empty() || layout.tracks.iter().any(|p| !p.track.performer.is_empty());
    let text = |title: &str, performer: &str| {
        let performer = if performer.is_empty() { &layout.options.performer } else { performer };
        let performer = match performers {
            true => format!("\n    PERFORMER {}", toc_string(performer)),
            false => String::new(),
        };
        format!("  LANGUAGE 0 {{\n    TITLE {}{performer}\n  }}\n", toc_string(title))
    };
    let mut out = String::from("// Cadenza\nCD_DA\n\nCD_TEXT {\n  LANGUAGE_MAP {\n    0 : EN\n  }\n");
    out += &text(&layout.options.title, &layout.options.performer);
    out += "}\n";
    for (number, placed) in (1..).zip(&layout.tracks) {
        out += &format!("\n// track {number}\nTRACK AUDIO\nNO COPY\nNO PRE_EMPHASIS\nTWO_CHANNEL_AUDIO\n");
        if let Some(isrc) = &placed.track.isrc {
            out += &format!("ISRC \"{isrc}\"\n");
        }
        out += &format!("CD_TEXT {{\n{}}}\n", text(&placed.track.title, &placed.track.performer));
        out += &toc_file(placed, bin_name);
    }
    out
}

fn toc_file(placed: &Placed, bin_name: &str) -> String {
    let length = Sectors(placed.end.0 - placed.pregap.0);
    let mut out = format!("FILE {} SWAP {} {length}\n", toc_string(bin_name), placed.pregap);
    if placed.pregap < placed.start {
        out += &format!("START {}\n", Sectors(placed.start.0 - placed.pregap.0));
    }
    out
}

/// A quoted string in which everything but plain ASCII is an octal escape of Latin-1.
fn toc_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        for c in latin_1(c).chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\134"),
                ' '..='~' => out.push(c),
                c => out += &format!("\\{:03o}", u32::from(c)),
            }
        }
    }
    out.push('"');
    out
}

/// A character in Latin-1, spelt out where it has none.
fn latin_1(c: char) -> String {
    let spelt = match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2026}' => "...",
        '\u{0152}' => "OE",
        '\u{0153}' => "oe",
        'Š' => "S",
        'š' => "s",
        'Ž' => "Z",
        'ž' => "z",
        'Č' | 'Ć' => "C",
        'č' | 'ć' => "c",
        'Ř' => "R",
        'ř' => "r",
        'Ě' => "E",
        'ě' => "e",
        'Ů' | 'Ű' => "U",
        'ů' | 'ű' => "u",
        'Ő' => "O",
        'ő' => "o",
        'Ł' => "L",
        'ł' => "l",
        'Ń' | 'Ň' => "N",
        'ń' | 'ň' => "n",
        'Ś' | 'Ş' => "S",
        'ś' | 'ş' => "s",
        'Ż' | 'Ź' => "Z",
        'ż' | 'ź' => "z",
        'Ą' | 'Ă' => "A",
        'ą' | 'ă' => "a",
        'Ę' => "E",
        'ę' => "e",
        'Ğ' => "G",
        'ğ' => "g",
        'İ' => "I",
        'ı' => "i",
        '€' => "EUR",
        c if c.is_control() => " ",
        c if u32::from(c) <= 0xff => return c.to_string(),
        _ => "?",
    };
    spelt.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_of_its_quotes() {
        assert_eq!(cue_text("a \"b\"\r\nFILE \"x\""), "a 'b'  FILE 'x'");
        assert_eq!(toc_string("a \"b\" \\ \n é"), "\"a \\\"b\\\" \\134   \\351\"");
    }

    #[test]
    fn letters_outside_latin_1_are_spelt_out() {
        assert_eq!(toc_string("Dvořák – “Œuvres” 東"), "\"Dvor\\341k - \\\"OEuvres\\\" ?\"");
    }
}
