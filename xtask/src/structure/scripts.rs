//! Which file of the user interface needs which: the imports of TypeScript and of the scripts in
//! Svelte components. Imports of types alone are left out: nothing of them runs.

use std::path::Path;

use super::circles::Arrow;

/// Names of ours that stand for a file: the build decides which (`ui/vite.config.ts`).
const ALIASES: &[(&str, &[&str])] = &[("#core", &["ipc/window.ts", "ipc/fake/index.ts"])];

/// One import: what is asked for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub from: String,
    pub line: usize,
}

/// A script with its path inside `ui/src`.
#[derive(Debug)]
pub struct Script {
    pub path: String,
    pub imports: Vec<Import>,
}

/// The arrows between these scripts, each named `{top}/{path}`.
pub fn arrows(top: &str, scripts: &[Script]) -> Vec<Arrow> {
    let whole = |path: &str| format!("{top}/{path}");
    let mut arrows = Vec::new();
    for script in scripts {
        for import in &script.imports {
            for target in targets(script, &import.from) {
                if let Some(found) = candidates(&target).find(|path| scripts.iter().any(|s| s.path == *path))
                {
                    let (from, to) = (whole(&script.path), whole(&found));
                    arrows.push(Arrow {
                        file: from.clone(),
                        from,
                        to,
                        line: import.line,
                        name: import.from.clone(),
                    });
                }
            }
        }
    }
    arrows
}

/// The same arrows between what lies side by side in a folder; one list for each folder.
pub fn between_folders(arrows: &[Arrow]) -> Vec<(String, Vec<Arrow>)> {
    let mut folders: Vec<(String, Vec<Arrow>)> = Vec::new();
    for arrow in arrows {
        let [from, to] = [&arrow.from, &arrow.to].map(|path| path.split('/').collect::<Vec<_>>());
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        // A folder's own `index` stands above it, not in it.
        let is_face = |path: &[&str]| path.len() == shared + 1 && path[shared].starts_with("index.");
        if shared >= from.len() || is_face(&from) || is_face(&to) {
            continue;
        }
        let folder = from[..shared].join("/");
        let between = Arrow {
            from: from[shared].to_owned(),
            to: to[shared].to_owned(),
            file: arrow.file.clone(),
            line: arrow.line,
            name: arrow.to.clone(),
        };
        match folders.iter_mut().find(|(known, _)| *known == folder) {
            Some((_, arrows)) => arrows.push(between),
            None => folders.push((folder, vec![between])),
        }
    }
    folders
}

/// What an import may mean, as paths inside `ui/src`.
fn targets(script: &Script, from: &str) -> Vec<String> {
    if let Some((_, files)) = ALIASES.iter().find(|(name, _)| *name == from) {
        return files.iter().map(|file| (*file).to_owned()).collect();
    }
    if !from.starts_with('.') {
        return Vec::new();
    }
    let mut parts: Vec<&str> = script.path.split('/').collect();
    parts.pop();
    for part in from.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    vec![parts.join("/")]
}

/// The endings that an import may leave out.
fn candidates(target: &str) -> impl Iterator<Item = String> + '_ {
    ["", ".ts", ".svelte.ts", ".js", "/index.ts", "/index.svelte.ts"]
        .into_iter()
        .map(move |end| format!("{target}{end}"))
}

/// The imports of a file, by its name: `.svelte` holds scripts in a page, the rest are scripts.
pub fn imports(path: &Path, text: &str) -> Vec<Import> {
    if path.extension().is_some_and(|end| end == "svelte") {
        return scripts_of_page(text).flat_map(|(line, script)| imports_of(script, line)).collect();
    }
    imports_of(text, 1)
}

/// The insides of `<script ...>` with the lines at which they begin.
fn scripts_of_page(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("<script").filter_map(|(at, _)| {
        let begin = at + text[at..].find('>')? + 1;
        let end = begin + text[begin..].find("</script>")?;
        Some((text[..begin].matches('\n').count() + 1, &text[begin..end]))
    })
}

fn imports_of(script: &str, first_line: usize) -> Vec<Import> {
    let tokens = tokens(script);
    let mut imports = Vec::new();
    for (index, (line, token)) in tokens.iter().enumerate() {
        let is_word = matches!(token, Token::Word("import" | "export"));
        // `x.import`, `import.meta`: names, not statements.
        if !is_word || index.checked_sub(1).is_some_and(|before| tokens[before].1 == Token::Sign('.')) {
            continue;
        }
        let rest: Vec<&Token> = tokens[index + 1..].iter().map(|(_, token)| token).collect();
        let from = match (token, &rest[..]) {
            (Token::Word("import"), [Token::Text(from), ..]) => Some(*from),
            (Token::Word("import"), [Token::Sign('('), Token::Text(from), ..]) => Some(*from),
            (Token::Word("import"), [Token::Sign('(' | '.'), ..]) => None,
            (_, clause) => taken_from(clause),
        };
        if let Some(from) = from {
            imports.push(Import { from: from.to_owned(), line: first_line + line });
        }
    }
    imports
}

/// `{ a, type B } from 'x'` behind the first word; none when only types are taken, or nothing is.
fn taken_from<'t>(clause: &[&Token<'t>]) -> Option<&'t str> {
    let end = clause.iter().position(|token| !is_of_clause(token))?;
    let Some(Token::Text(from)) = clause.get(end) else { return None };
    let clause = &clause[..end];
    if clause.last() != Some(&&Token::Word("from")) {
        return None;
    }
    let whole_is_type = clause.first() == Some(&&Token::Word("type"))
        && !matches!(clause.get(1), Some(Token::Word("from") | Token::Sign(',')));
    let names = clause.split(|token| matches!(token, Token::Sign('{' | '}' | ',') | Token::Word("from")));
    let takes_a_value =
        names.filter(|name| !name.is_empty()).any(|name| !matches!(name, [Token::Word("type"), _, ..]));
    (!whole_is_type && takes_a_value).then_some(*from)
}

fn is_of_clause(token: &Token) -> bool {
    matches!(token, Token::Word(_) | Token::Sign('{' | '}' | ',' | '*'))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Text(&'t str),
    Sign(char),
}

/// Words, plain texts and signs with their lines from 0; comments and template texts are left out.
fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens: Vec<(usize, Token)> = Vec::new();
    let (mut at, mut line) = (0, 0);
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, token) = match sign {
            _ if rest.starts_with("//") => (until(rest, 2, "\n"), None),
            _ if rest.starts_with("/*") => (until(rest, 2, "*/") + 2, None),
            '\'' | '"' => {
                let length = quoted(rest, sign);
                (length, rest.get(1..length - 1).map(Token::Text))
            }
            '`' => (quoted(rest, sign), None),
            '/' if begins_pattern(tokens.last().map(|(_, token)| token)) => (quoted(rest, sign), None),
            _ if is_of_word(sign) => {
                let length = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
                (length, Some(Token::Word(&rest[..length])))
            }
            _ if sign.is_whitespace() => (sign.len_utf8(), None),
            _ => (sign.len_utf8(), Some(Token::Sign(sign))),
        };
        let length = length.min(rest.len());
        tokens.extend(token.map(|token| (line, token)));
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_' || sign == '$'
}

fn until(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |found| from + found)
}

/// How long a quoted text is, its marks included; a backslash keeps the next sign.
fn quoted(text: &str, mark: char) -> usize {
    let mut signs = text.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => {
                signs.next();
            }
            _ if sign == mark => return at + 1,
            // A text ends with its line at the latest; what looked like a pattern was a division.
            '\n' if mark != '`' => return at.max(2),
            _ => {}
        }
    }
    text.len().max(2)
}

/// A `/` begins a pattern where no value stands before it.
fn begins_pattern(before: Option<&Token>) -> bool {
    match before {
        None => true,
        Some(Token::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
        Some(Token::Word(word)) => matches!(*word, "return" | "case" | "typeof"),
        Some(Token::Text(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        imports(Path::new("a.ts"), text).into_iter().map(|import| import.from).collect()
    }

    #[test]
    fn values_are_imports_and_types_are_not() {
        assert_eq!(
            found("import a, { type B } from './a';\nimport { b } from './b';\nimport * as c from './c'"),
            ["./a", "./b", "./c"]
        );
        assert_eq!(
            found("import { type A, b } from './a'; export { c } from './c'; export * from './d';"),
            ["./a", "./c", "./d"]
        );
        assert_eq!(found("import './a.css'; const b = await import('./b');"), ["./a.css", "./b"]);
        assert!(found("import type { A } from './a'; import type B from './b'; import { type C, type D } from './c'; export type { E } from './e'").is_empty());
    }

    #[test]
    fn what_only_looks_like_an_import_is_none() {
        assert!(
            found("// import a from './a'\n/* import b from './b' */\nconst c = `import d from './d'`;")
                .is_empty()
        );
        assert!(found("const a = /import b from '.b'/; core.import('./x'); export const from = './y'; t('import'); import.meta.url").is_empty());
    }

    #[test]
    fn an_import_of_a_component_has_its_line() {
        let page = "<p>import</p>\n<script lang=\"ts\">\n  import A from './A.svelte';\n</script>\n<b>import {x} from './n'</b>";
        let imports = imports(Path::new("a.svelte"), page);
        assert_eq!(imports, [Import { from: "./A.svelte".into(), line: 3 }]);
    }

    #[test]
    fn an_import_leads_to_its_file_and_through_an_alias_to_each_it_stands_for() {
        let script = |path: &str, from: &[&str]| Script {
            path: path.into(),
            imports: from.iter().map(|from| Import { from: (*from).into(), line: 1 }).collect(),
        };
        let scripts = [
            script("state/a.svelte.ts", &["../ipc/client", "./a.svelte", "svelte"]),
            script("ipc/client.ts", &["#core"]),
            script("ipc/window.ts", &[]),
            script("ipc/fake/index.ts", &[]),
        ];
        let arrows = arrows("ui/src", &scripts);
        let shown: Vec<String> = arrows.iter().map(|arrow| format!("{} {}", arrow.from, arrow.to)).collect();
        assert_eq!(
            shown,
            [
                "ui/src/state/a.svelte.ts ui/src/ipc/client.ts",
                "ui/src/state/a.svelte.ts ui/src/state/a.svelte.ts",
                "ui/src/ipc/client.ts ui/src/ipc/window.ts",
                "ui/src/ipc/client.ts ui/src/ipc/fake/index.ts"
            ]
        );
        let folders = between_folders(&arrows);
        assert_eq!(folders[0].0, "ui/src");
        assert_eq!((folders[0].1[0].from.as_str(), folders[0].1[0].to.as_str()), ("state", "ipc"));
    }
}
