//! Arithmetic on cents, milliseconds, seconds or sectors.
//!
//! There is no telling types from text, so names tell: an operand whose name has one of these
//! words in it (`total_cents`, `position_ms`, `clip.duration_ms()`, `Duration::as_millis`). What
//! only passes a quantity on, compares or converts it is no arithmetic.

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{BinOp, Expr};

use super::super::rust::line;

/// Parts of a name, between underscores, that tell a quantity.
const QUANTITIES: &[&str] = &[
    "cent",
    "cents",
    "ms",
    "milli",
    "millis",
    "millisecond",
    "milliseconds",
    "sec",
    "secs",
    "second",
    "seconds",
    "sector",
    "sectors",
];

/// The lines with arithmetic on a quantity, and what they say.
pub fn reckoned_with(file: &syn::File) -> Vec<(usize, String)> {
    let mut search = Search(Vec::new());
    search.visit_file(file);
    search.0
}

struct Search(Vec<(usize, String)>);

impl Search {
    fn note(&mut self, place: &impl Spanned, what: &str, name: &str) {
        let what = format!("`{what}` with {name}: money, time and sectors are reckoned with in player-core");
        self.0.push((line(place.span()), what));
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if let Some(sign) = arithmetic(&binary.op)
            && let Some(name) = quantity(&binary.left).or_else(|| quantity(&binary.right))
        {
            self.note(&binary.op, sign, &name);
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let method = call.method.to_string();
        let name = if is_arithmetic(&method) {
            quantity(&call.receiver).or_else(|| call.args.iter().find_map(quantity))
        } else if matches!(method.as_str(), "sum" | "product" | "fold") {
            anywhere(&call.receiver).or_else(|| call.args.iter().find_map(anywhere))
        } else {
            None
        };
        if let Some(name) = name {
            self.note(&call.method, &method, &name);
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // What a macro is given is mostly a list of expressions: `format!("{}", a_ms / 1_000)`.
        for expression in super::words::expressions(mac) {
            self.visit_expr(&expression);
        }
    }
}

fn arithmetic(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::Add(_) | BinOp::AddAssign(_) => "+",
        BinOp::Sub(_) | BinOp::SubAssign(_) => "-",
        BinOp::Mul(_) | BinOp::MulAssign(_) => "*",
        BinOp::Div(_) | BinOp::DivAssign(_) => "/",
        BinOp::Rem(_) | BinOp::RemAssign(_) => "%",
        _ => return None,
    })
}

fn is_arithmetic(method: &str) -> bool {
    let ways = ["saturating_", "checked_", "wrapping_", "overflowing_"];
    let bare = ways.iter().find_map(|way| method.strip_prefix(way)).unwrap_or(method);
    matches!(
        bare,
        "add"
            | "sub"
            | "mul"
            | "div"
            | "rem"
            | "mul_f32"
            | "mul_f64"
            | "div_f32"
            | "div_f64"
            | "div_ceil"
            | "div_euclid"
            | "rem_euclid"
            | "abs_diff"
            | "next_multiple_of"
    )
}

/// The name of the quantity that an operand is, through brackets, conversions and calls upon it.
fn quantity(operand: &Expr) -> Option<String> {
    match operand {
        Expr::Path(path) => telling(&path.path.segments.last()?.ident.to_string()),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => telling(&name.to_string()),
            // `sectors.0`: the number inside.
            syn::Member::Unnamed(_) => quantity(&field.base),
        },
        Expr::MethodCall(call) => telling(&call.method.to_string()).or_else(|| quantity(&call.receiver)),
        Expr::Call(call) => quantity(&call.func).or_else(|| call.args.iter().find_map(quantity)),
        Expr::Paren(inner) => quantity(&inner.expr),
        Expr::Group(inner) => quantity(&inner.expr),
        Expr::Cast(inner) => quantity(&inner.expr),
        Expr::Unary(inner) => quantity(&inner.expr),
        Expr::Reference(inner) => quantity(&inner.expr),
        Expr::Try(inner) => quantity(&inner.expr),
        Expr::Await(inner) => quantity(&inner.base),
        Expr::Index(inner) => quantity(&inner.expr),
        _ => None,
    }
}

/// The first name of a quantity anywhere in an expression, for sums over lists.
fn anywhere(expression: &Expr) -> Option<String> {
    struct Names(Option<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_ident(&mut self, name: &'ast syn::Ident) {
            if self.0.is_none() {
                self.0 = telling(&name.to_string());
            }
        }
    }
    let mut names = Names(None);
    names.visit_expr(expression);
    names.0
}

fn telling(name: &str) -> Option<String> {
    let is_quantity = name.split('_').any(|part| QUANTITIES.contains(&part.to_lowercase().as_str()));
    is_quantity.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> usize {
        reckoned_with(&syn::parse_file(&format!("fn f() {{ {body} }}")).unwrap()).len()
    }

    #[test]
    fn arithmetic_on_a_quantity_is_found_however_it_is_written() {
        for body in [
            "let x = total_cents - saving;",
            "at += track.duration_ms;",
            "let x = 2 * u64::from(a.duration_ms);",
            "let x = (end.as_millis() as u64) / 1_000;",
            "let x = position_ms.saturating_sub(1);",
            "let x = a.checked_add(b.sectors().0);",
            "let x = capacity.sectors().0 % 75;",
            "let x: u64 = rows.iter().map(|row| row.price_cents).sum();",
            "let x = format!(\"{}\", seconds / 60);",
            "let x = SECTORS_A_SECOND * 4;",
        ] {
            assert_eq!(lines(body), 1, "{body}");
        }
    }

    #[test]
    fn what_only_passes_a_quantity_on_is_let_pass() {
        for body in [
            "let x = Position { position_ms: p.position_ms };",
            "let x = u32::try_from(total_cents).ok();",
            "if a_ms > b_ms { call(sectors); }",
            "let x = index + 1;",
            "let x = incenter * 2;",
            "let x = names.len() / columns; tick(duration_ms);",
            "let x = list.iter().map(|t| t.size).sum();",
        ] {
            assert_eq!(lines(body), 0, "{body}");
        }
    }
}
