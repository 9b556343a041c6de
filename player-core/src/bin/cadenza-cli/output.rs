//! What the person, or their script, gets to see.

use std::io::{self, Write};
use std::process::ExitCode;

use cadenza_player::Failure;
use cadenza_protocol::line;
use serde::Serialize;
use serde_json::json;

/// Text for people, or one JSON document.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// The result: `document` with `--json`, otherwise the text that `text` makes.
    pub fn result(&self, document: &impl Serialize, text: impl FnOnce() -> String) {
        let shown = if self.json {
            serde_json::to_string_pretty(document).unwrap_or_else(|_| "{}".into())
        } else {
            visible(&text())
        };
        // A closed pipe (`| head`) is the reader's choice, not a failure.
        let _ = writeln!(io::stdout(), "{}", shown.trim_end());
    }

    /// Whether a person reads it.
    pub const fn is_text(self) -> bool {
        !self.json
    }

    /// How something is going; not part of the result.
    pub fn progress(&self, line: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", visible(line));
        }
    }

    /// One line on stderr, and with `--json` the same as a document.
    pub fn failed(&self, failure: &Failure) -> ExitCode {
        let line = line::shown(&failure.message);
        let _ = writeln!(io::stderr(), "cadenza-cli: {line}");
        if self.json {
            let document = json!({ "error": failure });
            let _ = writeln!(io::stdout(), "{document}");
        }
        ExitCode::FAILURE
    }
}

/// Titles are other people's words: none of them speaks to the terminal. Lines and columns are ours.
fn visible(text: &str) -> String {
    text.replace(|c| line::is_hidden(c) && !matches!(c, '\n' | '\t'), " ")
}

/// `3:07`, `1:02:09`.
pub fn minutes(ms: u64) -> String {
    let seconds = (ms + 500) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `1.29 USD`.
pub fn price(cents: u64, currency: &str) -> String {
    format!("{}.{:02} {currency}", cents / 100, cents % 100)
}

/// Rows in columns as wide as their widest cell; the last one is not filled up.
pub fn table(rows: &[Vec<String>]) -> String {
    let in_one_line = |cell: &String| line::shown(cell).into_owned();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(in_one_line).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(text, width)| {
            let blanks = width.saturating_sub(text.chars().count());
            format!("{text}{}", " ".repeat(blanks))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_prices_read_as_people_write_them() {
        assert_eq!(minutes(187_400), "3:07");
        assert_eq!(minutes(3_729_000), "1:02:09");
        assert_eq!(price(129, "USD"), "1.29 USD");
    }

    // F4
    #[test]
    fn a_title_writes_no_second_row_and_does_not_speak_to_the_terminal() {
        let rows = vec![vec!["a\nb".into(), "\u{1b}]0;x\u{7}".into(), "\u{202e}z".into()]];
        assert_eq!(table(&rows), "a b   ]0;x    z");
        assert_eq!(visible("Paid for \u{1b}[2Jit.\nDone.\tYes"), "Paid for  [2Jit.\nDone.\tYes");
    }

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["a".into(), "bb".into()], vec!["éé".into(), "c".into()]];
        assert_eq!(table(&rows), "a   bb\néé  c");
    }
}
