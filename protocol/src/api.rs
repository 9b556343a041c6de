//! How every service of ours refuses: a stable code for programs, a sentence for people, and the field of a form that is meant. One JSON
//! object, sent with a fitting HTTP status.
//!
//! Codes belong to whoever sends them and pass through a player unchanged; those that a player acts on are named in [`code`].

use serde::{Deserialize, Serialize};

/// Longest code that is read, characters.
const LONGEST_CODE: usize = 60;
/// Longest sentence or name of a field that is read, characters.
const LONGEST_TEXT: usize = 400;

/// Codes that a player acts on.
pub mod code {
    /// The challenge of a redemption has run out or was used: ask for another one.
    pub const STALE_CHALLENGE: &str = "stale-challenge";
    /// There is no such thing, or no longer.
    pub const NOT_FOUND: &str = "not-found";
    /// The voucher has run out: a fresh one may be asked for.
    pub const VOUCHER_EXPIRED: &str = "voucher-expired";
    /// What the voucher is good for was delivered already.
    pub const VOUCHER_USED: &str = "voucher-used";
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// Stable kebab-case, e.g. `voucher-used`.
    pub code: String,
    /// What happened, and what to do.
    pub message: String,
    /// The field of a form that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What an order comes to now, hundredths: with `price-changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_cents: Option<u64>,
}

impl ApiError {
    /// A refusal that is about no field.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), field: None, total_cents: None }
    }

    /// Reads the body of a refusal from anyone; `None` when it is not one of ours. Its texts are short and hold no control characters.
    pub fn read(body: &[u8]) -> Option<Self> {
        let error: Self = serde_json::from_slice(body).ok()?;
        let is_code = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        Some(Self {
            code: error.code.chars().filter(is_code).take(LONGEST_CODE).collect(),
            message: shown(&error.message),
            field: error.field.as_deref().map(shown),
            total_cents: error.total_cents,
        })
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_its_json_with_and_without_a_field() {
        for field in [None, Some("name".to_owned())] {
            let error = ApiError { field, ..ApiError::new("invalid-form", "write your name") };
            let json = serde_json::to_vec(&error).unwrap();
            assert_eq!(String::from_utf8_lossy(&json).contains("field"), error.field.is_some());
            assert_eq!(ApiError::read(&json), Some(error));
        }
    }

    #[test]
    fn what_anyone_answers_is_cut_and_cleaned() {
        let (code, message) = ("x y/z-".repeat(50), "a\u{1b}[31m".repeat(500));
        let json = serde_json::json!({ "code": code, "message": message, "field": "f\n" }).to_string();
        let read = ApiError::read(json.as_bytes()).unwrap();
        assert!(read.code.starts_with("xyz-x") && read.code.len() == LONGEST_CODE);
        assert!(!read.message.contains('\u{1b}') && read.message.len() == LONGEST_TEXT);
        assert_eq!(read.field.as_deref(), Some("f"));
        assert_eq!(ApiError::read(b"<html>bad gateway</html>"), None);
        assert_eq!(ApiError::read(br#"{"code":"x"}"#), None);
    }
}
