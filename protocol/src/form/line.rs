//! What fits into one field of a form.

use super::{FormError, LONGEST_FIELD, MOST_INTERESTS, TELEPHONE_DIGITS};

/// A line of text without the spaces around it: not empty, not too long, one line.
pub fn line(field: &'static str, typed: &str) -> Result<String, FormError> {
    let text = typed.trim();
    if text.is_empty() {
        return Err(FormError::Missing { field });
    }
    if text.chars().count() > LONGEST_FIELD || text.chars().any(char::is_control) {
        return Err(FormError::Unfit { field });
    }
    Ok(text.to_owned())
}

/// An address has several lines on paper; here they become one.
pub(super) fn address(typed: &str) -> Result<String, FormError> {
    let lines: Vec<&str> = typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    line("address", &lines.join(", "))
}

/// A region, or none.
pub(super) fn region(typed: &str) -> Result<String, FormError> {
    if typed.trim().is_empty() { Ok(String::new()) } else { line("region", typed) }
}

/// Interests, each a line.
pub(super) fn interests(typed: &[String]) -> Result<Vec<String>, FormError> {
    if typed.len() > MOST_INTERESTS {
        return Err(FormError::TooManyInterests);
    }
    typed.iter().map(|interest| line("interests", interest)).collect()
}

/// Exactly one `@`, something before it, a dotted name behind it. Whether mail arrives only mail can tell.
pub fn email(typed: &str) -> Result<String, FormError> {
    let text = line("email", typed)?;
    let refuse = || FormError::Email { typed: text.clone() };
    let (person, host) = text.split_once('@').ok_or_else(refuse)?;
    let labels_fit = host.split('.').all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
    let host_fits = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        && host.contains('.')
        && labels_fit;
    let person_fits =
        !person.is_empty() && !person.chars().any(|c| c.is_whitespace() || c == '@' || c == ',');
    if host_fits && person_fits { Ok(text) } else { Err(refuse()) }
}

/// Digits, as people group them.
pub fn telephone(typed: &str) -> Result<String, FormError> {
    let text = line("telephone", typed)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let fits =
        text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '/' | '.'));
    let (fewest, most) = TELEPHONE_DIGITS;
    if fits && (fewest..=most).contains(&digits) {
        Ok(text)
    } else {
        Err(FormError::Telephone { typed: text })
    }
}
