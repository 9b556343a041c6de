//! Texts of one line that come from others and go to a terminal, a log or a page: titles, names, albums (requirement F4).

use std::borrow::Cow;

/// Longest title, name and the like, characters.
pub const LONGEST: usize = 300;

/// Whether a character does something where it should be seen: moves a cursor, ends a line, turns the direction of what follows.
pub const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Whether this is one line of at most [`LONGEST`] characters of which each is seen.
pub fn is_line(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.contains(is_hidden)
}

/// The text with a blank for each character that is not seen.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.contains(is_hidden) { text.replace(is_hidden, " ").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F4
    #[test]
    fn a_title_cannot_speak_to_the_terminal_or_write_lines_into_a_log() {
        for title in ["Für Elise", "夜に駆ける", "שיר\u{200f}", "R&B — 100 %", &"x".repeat(LONGEST)]
        {
            assert!(is_line(title), "{title}");
            assert_eq!(shown(title), title);
        }
        for hidden in ["\u{1b}]0;x\u{7}", "a\nb", "a\u{0}", "gpj.\u{202e}exe", "\u{9b}31m", "a\u{2028}b"] {
            assert!(!is_line(hidden), "{hidden:?}");
            assert!(!shown(hidden).contains(is_hidden));
        }
        assert!(!is_line(&"x".repeat(LONGEST + 1)));
    }
}
