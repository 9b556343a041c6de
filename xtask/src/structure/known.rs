//! The list of what is still allowed to break a rule, `structure/known.txt`: one `path: rule` a line.
//!
//! It only ever shrinks. A line that no longer covers anything is itself a failure, so what was
//! mended once stays mended.

use std::collections::BTreeSet;

use super::finding::{Finding, Rule};

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    path: String,
    rule: Rule,
}

impl Exception {
    fn covers(&self, finding: &Finding) -> bool {
        self.path == finding.path && self.rule == finding.rule
    }
}

impl std::fmt::Display for Exception {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.path, self.rule.name())
    }
}

/// Reads the list; a line that is none is told back.
pub fn read(text: &str) -> Result<BTreeSet<Exception>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (path, name) =
                line.rsplit_once(": ").ok_or_else(|| format!("'{line}' is no 'path: rule'"))?;
            let rule = Rule::ALL.into_iter().find(|rule| rule.name() == name);
            let rule = rule.ok_or_else(|| format!("'{line}' names no rule"))?;
            Ok(Exception { path: path.to_owned(), rule })
        })
        .collect()
}

/// The findings that no exception covers, and the exceptions that cover nothing.
pub fn hold_against<'a>(
    known: &'a BTreeSet<Exception>,
    findings: &'a [Finding],
) -> (Vec<&'a Finding>, Vec<&'a Exception>) {
    let new = findings.iter().filter(|finding| !known.iter().any(|line| line.covers(finding))).collect();
    let stale = known.iter().filter(|line| !findings.iter().any(|finding| line.covers(finding))).collect();
    (new, stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(path: &str, rule: Rule) -> Finding {
        Finding::new(path, 7, rule, "is so")
    }

    #[test]
    fn an_exception_covers_its_own_rule_in_its_own_file_and_is_refused_once_it_covers_nothing() {
        let known = read("# today\na.rs: circle\n\nb.rs: long command\n").unwrap();
        let findings = [finding("a.rs", Rule::Circle), finding("a.rs", Rule::Arithmetic)];
        let (new, stale) = hold_against(&known, &findings);
        assert_eq!(new, [&findings[1]]);
        assert_eq!(stale.iter().map(|line| line.to_string()).collect::<Vec<_>>(), ["b.rs: long command"]);
    }

    #[test]
    fn a_line_that_names_no_rule_is_refused() {
        assert!(read("a.rs: whatever").is_err());
        assert!(read("a.rs").is_err());
    }
}
