//! The environment variables of ours: the table in `CONTRIBUTING.md` names those that the
//! sources name, and no others.

use std::collections::BTreeMap;

use super::finding::{Finding, Rule};

/// Where the table stands.
pub const TABLE: &str = "CONTRIBUTING.md";

/// How all of them begin.
const OURS: &str = concat!("CADENZA", "_");

/// Holds the table against the sources: `(path, text)` each.
pub fn agree<'s>(table: &str, sources: impl Iterator<Item = (&'s str, &'s str)>) -> Vec<Finding> {
    let told = in_table(table);
    let mut used: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for (path, text) in sources {
        for (line, name) in named(text) {
            used.entry(name.to_owned()).or_insert_with(|| (path.to_owned(), line));
        }
    }
    let finding = |path: &str, line: usize, what: String| Finding::new(path, line, Rule::Variable, what);
    let missing =
        used.iter().filter(|(name, _)| !told.contains_key(name.as_str())).map(|(name, (path, line))| {
            finding(path, *line, format!("{name} is not in the table of variables in {TABLE}"))
        });
    let gone = told
        .iter()
        .filter(|(name, _)| !used.contains_key(**name))
        .map(|(name, line)| finding(TABLE, *line, format!("{name} is told here, and no source names it")));
    missing.chain(gone).collect()
}

/// The variables whose rows the table has, with their lines.
fn in_table(text: &str) -> BTreeMap<&str, usize> {
    let row = |(at, line): (usize, &'_ str)| -> Option<(usize, usize)> {
        line.strip_prefix("| `")
            .filter(|rest| rest.starts_with(OURS))
            .map(|rest| (at + 1, rest.find('`').unwrap_or(0)))
    };
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let (number, length) = row((at, line))?;
            Some((&line[3..3 + length], number))
        })
        .collect()
}

/// Every whole name in a text, with its line.
fn named(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(at, line)| {
        line.match_indices(OURS).filter_map(move |(start, _)| {
            let name = &line[start..];
            let end = name.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(name.len());
            (end > OURS.len()).then_some((at + 1, &name[..end]))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_without_a_row_and_a_row_without_a_variable_are_both_found() {
        let (kept, lost, new) = (format!("{OURS}KEPT"), format!("{OURS}LOST"), format!("{OURS}NEW"));
        let table = format!("# Variables\n| `{kept}` | x |\n| `{lost}` | y |\n");
        let source = format!("env(\"{kept}\");\nenv(\"{new}\");");
        let found = agree(&table, [("a.rs", source.as_str())].into_iter());
        let places: Vec<(&str, usize)> =
            found.iter().map(|finding| (finding.path.as_str(), finding.line)).collect();
        assert_eq!(places, [("a.rs", 2), (TABLE, 3)]);
        assert!(agree(&table, [("a.rs", format!("{kept} {lost}").as_str())].into_iter()).is_empty());
    }
}
