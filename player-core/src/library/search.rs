//! Search (target P10): every word of the query must occur in title, artist or album, whatever its case and accents.
//!
//! All rows stand folded in one text, one line each, so that a search is one pass of a substring finder over a few megabytes:
//! no index to keep in step, and 100,000 tracks take a few milliseconds. Matches at the start of a title come first, then
//! those at the start of a word, then the rest; within each, rows keep their order.

use memchr::memmem::{Finder, find};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Between the fields of a row; never part of a folded text.
const FIELD: char = '\u{1f}';
const ROW: char = '\n';

/// Folded rows, searched by [`SearchTable::find`].
#[derive(Debug, Default)]
pub struct SearchTable {
    text: String,
    /// Where each row starts; one more for where the next would.
    starts: Vec<usize>,
}

impl SearchTable {
    /// Appends a row: title first.
    pub fn push(&mut self, fields: &[&str]) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for field in fields {
            fold_into(field, &mut self.text);
            self.text.push(FIELD);
        }
        self.text.push(ROW);
        self.starts.push(self.text.len());
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of the rows that hold every word, best first. An empty query finds everything.
    pub fn find(&self, query: &str) -> Vec<u32> {
        let mut folded = String::new();
        fold_into(query, &mut folded);
        let mut words: Vec<&str> = folded.split_whitespace().collect();
        // The longest word is the rarest, as a rule: it leads, the others only look at its rows.
        words.sort_by_key(|w| std::cmp::Reverse(w.len()));
        let Some((lead, rest)) = words.split_first() else {
            return (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        };
        self.rows_with(lead, rest)
    }

    fn rows_with(&self, lead: &str, rest: &[&str]) -> Vec<u32> {
        let finder = Finder::new(lead);
        let rest: Vec<Finder<'_>> = rest.iter().map(|w| Finder::new(*w)).collect();
        let text = self.text.as_bytes();
        let mut found: [Vec<u32>; 3] = Default::default();
        let mut row = 0;
        let mut from = 0;
        while let Some(hit) = finder.find(&text[from..]).map(|at| from + at) {
            row = self.row_at(hit, row);
            let (start, end) = (self.starts[row], self.starts[row + 1]);
            let line = &text[start..end];
            if rest.iter().all(|word| word.find(line).is_some()) {
                found[rank(line, hit - start, lead)].push(u32::try_from(row).unwrap_or(u32::MAX));
            }
            from = end;
        }
        found.concat()
    }

    /// The row that holds byte `at`, searched forward from row `from`: hits come in order.
    fn row_at(&self, at: usize, from: usize) -> usize {
        let mut step = 1;
        while from + step < self.starts.len() && self.starts[from + step] <= at {
            step *= 2;
        }
        let end = (from + step).min(self.starts.len());
        from + self.starts[from..end].partition_point(|start| *start <= at) - 1
    }
}

/// 0: starts the title; 1: starts a word; 2: anything else. Looks past the first hit for a better one.
fn rank(line: &[u8], first: usize, word: &str) -> usize {
    if first == 0 {
        return 0;
    }
    let mut at = first;
    loop {
        if matches!(line[at - 1], b' ' | 0x1f | b'(' | b'-' | b'\'' | b'"') {
            return 1;
        }
        match find(&line[at + 1..], word.as_bytes()) {
            Some(next) => at += 1 + next,
            None => return 2,
        }
    }
}

/// Lower case without accents; separators become spaces.
pub fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        folded.extend(text.chars().map(|c| if c.is_ascii_control() { ' ' } else { c.to_ascii_lowercase() }));
        return;
    }
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'ø' => folded.push('o'),
            'đ' => folded.push('d'),
            'ł' => folded.push('l'),
            c if c.is_control() => folded.push(' '),
            c => folded.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 3]]) -> SearchTable {
        let mut table = SearchTable::default();
        rows.iter().for_each(|row| table.push(row));
        table
    }

    fn some_rows() -> SearchTable {
        table(&[
            ["Gymnopédie No. 1", "Erik Satie", "Trois Gymnopédies"],
            ["The Entertainer", "Scott Joplin", "Rags"],
            ["Clair de lune", "Claude Debussy", "Suite bergamasque"],
            ["Lune rouge", "Nobody", "Nights"],
        ])
    }

    // M6
    #[test]
    fn accents_and_case_do_not_matter() {
        assert_eq!(some_rows().find("gymnopedie"), [0]);
        assert_eq!(some_rows().find("GYMNOPÉDIE satie"), [0]);
        assert_eq!(some_rows().find("gymnope\u{301}die"), [0]);
    }

    #[test]
    fn every_word_must_occur_and_best_matches_come_first() {
        assert_eq!(some_rows().find("lune"), [3, 2]);
        assert_eq!(some_rows().find("lune debussy"), [2]);
        assert_eq!(some_rows().find("lune joplin"), [0u32; 0]);
        assert_eq!(some_rows().find("tertain"), [1]);
    }

    #[test]
    fn words_never_match_across_fields_or_rows() {
        assert!(some_rows().find("1erik").is_empty());
        assert!(some_rows().find("gymnopediesthe").is_empty());
    }

    #[test]
    fn an_empty_query_finds_everything_and_an_empty_table_nothing() {
        assert_eq!(some_rows().find("  "), [0, 1, 2, 3]);
        assert!(SearchTable::default().find("x").is_empty());
        assert!(SearchTable::default().find("").is_empty());
    }

    #[test]
    fn a_row_is_found_wherever_it_stands() {
        let mut table = SearchTable::default();
        for n in 0..5_000 {
            table.push(&[&format!("Title {n}"), &format!("Artist {}", n % 97), "Album"]);
        }
        for n in [0, 1, 2, 63, 64, 1_000, 4_998, 4_999] {
            let found = table.find(&format!("title {n} artist"));
            assert!(found.contains(&n), "{n}");
        }
        assert_eq!(table.find("album").len(), 5_000);
    }
}
