//! Decisions taken by an error's words: its code or message compared with a text.
//!
//! A code that is an enum may be matched: the compiler knows all of its variants, and a variant
//! is told from a text by its name (`Code::NotFound`, not `codes::NOT_FOUND`).

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{BinOp, Expr, Lit, Pat, Token};

use super::super::rust::line;

/// Names of what an error says.
const WORDS: &[&str] = &["code", "message"];

/// Methods by which one text is looked for in another.
const LOOKING: &[&str] =
    &["contains", "starts_with", "ends_with", "eq", "ne", "eq_ignore_ascii_case", "find", "strip_prefix"];

/// The lines that compare an error's words, and what they say.
pub fn compared(file: &syn::File) -> Vec<(usize, String)> {
    let mut search = Search(Vec::new());
    search.visit_file(file);
    search.0
}

/// The expressions that a macro is given, as far as they are such.
pub fn expressions(mac: &syn::Macro) -> Vec<Expr> {
    if let Some(Matches { expression, .. }) = Matches::of(mac) {
        return vec![expression];
    }
    let list = Punctuated::<Expr, Token![,]>::parse_terminated;
    list.parse2(mac.tokens.clone()).map(|list| list.into_iter().collect()).unwrap_or_default()
}

/// What `matches!` is given; a condition behind the pattern does not matter here.
struct Matches {
    expression: Expr,
    pattern: Pat,
}

impl Matches {
    fn of(mac: &syn::Macro) -> Option<Self> {
        let is_matches = mac.path.segments.last().is_some_and(|last| last.ident == "matches");
        is_matches.then(|| syn::parse2(mac.tokens.clone()).ok()).flatten()
    }
}

impl Parse for Matches {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let expression: Expr = input.parse()?;
        input.parse::<Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<TokenStream>()?;
        Ok(Self { expression, pattern })
    }
}

struct Search(Vec<(usize, String)>);

impl Search {
    fn note(&mut self, place: &impl Spanned, how: &str) {
        let what = format!("{how}: what an error means is decided in player-core, by its type");
        self.0.push((line(place.span()), what));
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let compares = matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_));
        let sides = [(&binary.left, &binary.right), (&binary.right, &binary.left)];
        if compares && sides.iter().any(|(one, other)| is_words(one) && !is_variant(other)) {
            self.note(&binary.op, "an error's words are compared");
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let looks = LOOKING.contains(&call.method.to_string().as_str());
        let among = call.args.iter().any(|argument| is_words(argument) && !is_variant(&call.receiver));
        if looks && (is_words(&call.receiver) || among) {
            self.note(&call.method, "an error's words are looked through");
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_match(&mut self, matching: &'ast syn::ExprMatch) {
        if is_words(&matching.expr) && matching.arms.iter().any(|arm| has_text(&arm.pat)) {
            self.note(&matching.match_token, "an error's words are matched");
        }
        syn::visit::visit_expr_match(self, matching);
    }

    fn visit_expr_let(&mut self, binding: &'ast syn::ExprLet) {
        if is_words(&binding.expr) && has_text(&binding.pat) {
            self.note(&binding.let_token, "an error's words are matched");
        }
        syn::visit::visit_expr_let(self, binding);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if Matches::of(mac).is_some_and(|it| is_words(&it.expression) && has_text(&it.pattern)) {
            self.note(&mac.path, "an error's words are matched");
        }
        for expression in expressions(mac) {
            self.visit_expr(&expression);
        }
    }
}

/// `error.code`, `&*failure.message`, `refusal.code().as_str()`, `error.to_string()`.
fn is_words(expression: &Expr) -> bool {
    match expression {
        Expr::Field(field) => {
            matches!(&field.member, syn::Member::Named(name) if WORDS.contains(&name.to_string().as_str()))
        }
        Expr::MethodCall(call) => {
            let method = call.method.to_string();
            let of_error = method == "to_string" && names_an_error(&call.receiver);
            WORDS.contains(&method.as_str()) || of_error || is_words(&call.receiver)
        }
        Expr::Paren(inner) => is_words(&inner.expr),
        Expr::Group(inner) => is_words(&inner.expr),
        Expr::Unary(inner) => is_words(&inner.expr),
        Expr::Reference(inner) => is_words(&inner.expr),
        _ => false,
    }
}

fn names_an_error(expression: &Expr) -> bool {
    let name = match expression {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => None,
        },
        _ => None,
    };
    name.is_some_and(|name| ["error", "failure", "refusal", "reason"].iter().any(|word| name.contains(word)))
}

/// A variant of an enum of codes, as against a text or a constant text.
fn is_variant(expression: &Expr) -> bool {
    let Expr::Path(path) = expression else { return false };
    let is_camel = |name: String| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
    path.path.segments.len() > 1
        && path.path.segments.last().is_some_and(|last| is_camel(last.ident.to_string()))
}

fn has_text(pattern: &Pat) -> bool {
    struct Texts(bool);
    impl<'ast> Visit<'ast> for Texts {
        fn visit_lit(&mut self, lit: &'ast Lit) {
            self.0 |= matches!(lit, Lit::Str(_) | Lit::ByteStr(_));
        }
    }
    let mut texts = Texts(false);
    texts.visit_pat(pattern);
    texts.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> usize {
        compared(&syn::parse_file(&format!("fn f() {{ {body} }}")).unwrap()).len()
    }

    #[test]
    fn a_decision_by_an_error_s_words_is_found_however_it_is_written() {
        for body in [
            "if failure.code == \"not-found\" { call(); }",
            "match call() { Err(error) if error.code != codes::GONE => {}, _ => {} }",
            "if SILENCE.contains(&&*failure.code) { call(); }",
            "if error.message.starts_with(\"no \") { call(); }",
            "match &*failure.code { \"gone\" => 1, _ => 2 };",
            "let gone = matches!(failure.code.as_str(), \"gone\" | \"lost\");",
            "if error.to_string().contains(\"denied\") { call(); }",
            "if let \"gone\" = error.code() { call(); }",
        ] {
            assert_eq!(lines(body), 1, "{body}");
        }
    }

    #[test]
    fn handing_words_on_and_matching_an_enum_is_let_pass() {
        for body in [
            "let x = AppError { code: failure.code.into(), message: failure.message };",
            "if failure.code == Code::NotFound { call(); }",
            "match failure.code { Code::Gone => 1, _ => 2 };",
            "if matches!(failure.code, Code::Gone | Code::Lost) { call(); }",
            "if name == \"x\" && list.contains(&name) { call(); }",
        ] {
            assert_eq!(lines(body), 0, "{body}");
        }
    }
}
