//! What the window (`src-tauri`) must not do: it converts, calls, converts.
//!
//! Money, time and sectors are reckoned with in `player-core`; what an error's code or words
//! mean is decided there too; a command has at most ten lines between its braces.

mod quantity;
mod words;

use syn::visit::Visit;

use super::finding::{Finding, Rule};
use super::rust::{Parsed, line};

/// The most lines that a command's body may have.
const LONGEST: usize = 10;

/// Looks through one file.
pub fn of(parsed: &Parsed) -> Vec<Finding> {
    let mut commands = Commands { path: &parsed.path, findings: Vec::new() };
    commands.visit_file(&parsed.file);
    let finding =
        |rule: Rule| move |(line, what): (usize, String)| Finding::new(&parsed.path, line, rule, what);
    let mut findings = commands.findings;
    findings.extend(quantity::reckoned_with(&parsed.file).into_iter().map(finding(Rule::Arithmetic)));
    findings.extend(words::compared(&parsed.file).into_iter().map(finding(Rule::ErrorWords)));
    findings
}

struct Commands<'p> {
    path: &'p str,
    findings: Vec<Finding>,
}

impl<'ast> Visit<'ast> for Commands<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if item.attrs.iter().any(is_command) {
            let braces = item.block.brace_token.span;
            let lines = line(braces.close()).saturating_sub(line(braces.open()) + 1);
            if lines > LONGEST {
                let name = &item.sig.ident;
                let what = format!("{name} has {lines} lines; a command has at most {LONGEST}");
                self.findings.push(Finding::new(self.path, line(name.span()), Rule::LongCommand, what));
            }
        }
        syn::visit::visit_item_fn(self, item);
    }
}

/// `#[tauri::command]`, also with words in brackets, also as `#[command]`.
fn is_command(attribute: &syn::Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "command")
}

#[cfg(test)]
mod tests {
    use super::super::rust;
    use super::*;

    fn found(rule: Rule, text: &str) -> Vec<usize> {
        let parsed = rust::parse("a.rs", text).unwrap();
        of(&parsed).into_iter().filter(|finding| finding.rule == rule).map(|finding| finding.line).collect()
    }

    #[test]
    fn a_command_has_at_most_ten_lines_and_other_functions_as_many_as_they_like() {
        let body = |lines: usize| "    call();\n".repeat(lines);
        let command = |lines: usize| format!("#[tauri::command]\npub async fn c() {{\n{}}}\n", body(lines));
        assert!(found(Rule::LongCommand, &command(10)).is_empty());
        assert_eq!(found(Rule::LongCommand, &command(11)), [2]);
        assert!(found(Rule::LongCommand, &format!("fn c() {{\n{}}}\n", body(30))).is_empty());
    }

    #[test]
    fn tests_may_do_all_of_it() {
        let text = "#[cfg(test)]\nmod tests { fn t() { let x = a_ms + 1; assert!(error.code == \"x\"); } }";
        assert!(found(Rule::Arithmetic, text).is_empty() && found(Rule::ErrorWords, text).is_empty());
    }
}
