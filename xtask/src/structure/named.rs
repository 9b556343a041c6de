//! The paths that code names: `crate::disc::plan`, `super::Cart`, `sleeves::of`.
//!
//! In plain code the parser knows them; inside macros and attributes they are picked out of the
//! tokens, since nobody but the macro knows what those mean.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;

/// One path and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    pub line: usize,
}

/// A path of the code; a single word was taken by a `use` already, or is of this file.
pub fn of_path(path: &syn::Path) -> Option<Named> {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    (segments.len() > 1).then(|| Named { path: segments, line: path.span().start().line })
}

/// The paths in the tokens of a macro or an attribute; in text that is one too (`with = "crate::bytes"`).
pub fn in_tokens(tokens: TokenStream, into: &mut Vec<Named>) {
    let mut path: Vec<String> = Vec::new();
    let mut line = 0;
    let mut colons = 0;
    let mut after_dot = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(name) => {
                if colons != 2 || path.is_empty() {
                    close(&mut path, line, into);
                    line = name.span().start().line;
                }
                // A field or method is not a path of its own.
                if !after_dot {
                    path.push(name.to_string());
                }
                (colons, after_dot) = (0, false);
                continue;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                colons += 1;
                continue;
            }
            TokenTree::Literal(text) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&text.to_string())
                    && text.value().starts_with("crate::")
                    && let Ok(inside) = text.parse::<syn::Path>()
                {
                    into.extend(
                        of_path(&inside).map(|named| Named { line: text.span().start().line, ..named }),
                    );
                }
            }
            _ => {}
        }
        close(&mut path, line, into);
        (colons, after_dot) = (0, matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.'));
        if let TokenTree::Group(group) = token {
            in_tokens(group.stream(), into);
        }
    }
    close(&mut path, line, into);
}

/// Every word in the tokens.
pub fn words(tokens: TokenStream, into: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => into.push(name.to_string()),
            TokenTree::Group(group) => words(group.stream(), into),
            _ => {}
        }
    }
}

fn close(path: &mut Vec<String>, line: usize, into: &mut Vec<Named>) {
    let path = std::mem::take(path);
    if path.len() > 1 {
        into.push(Named { path, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        in_tokens(text.parse().unwrap(), &mut found);
        found.into_iter().map(|named| named.path.join("::")).collect()
    }

    #[test]
    fn paths_inside_macros_are_found() {
        assert_eq!(
            paths(r#""{}", crate::sleeve::of(a.b, super::Size), x"#),
            ["crate::sleeve::of", "super::Size"]
        );
        assert_eq!(
            paths("shop::price(), $crate::id::Id, Cart::new"),
            ["shop::price", "crate::id::Id", "Cart::new"]
        );
    }

    #[test]
    fn paths_in_text_of_attributes_are_found() {
        assert_eq!(paths(r#"with = "crate::bytes", rename = "crate""#), ["crate::bytes"]);
    }
}
