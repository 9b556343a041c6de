//! How a failure reaches a person: a stable code, the fields a translated sentence needs, and an English message that
//! says what happened and what to do.
//!
//! Every operation has its own error enum; each implements [`Explain`]. At the door of the crate they become one
//! [`Failure`], which the command line prints and the window translates by its code. Nothing secret is ever in one.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

mod code;

pub use code::Code;

/// An error that a person can meet.
pub trait Explain: std::error::Error {
    /// What both faces match on, and the window has words for.
    fn code(&self) -> Code;

    /// What a translated sentence needs besides the code, e.g. `path`, `field`.
    fn fields(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A failed wish, as it leaves this crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What happened, as a stable word.
    pub code: Code,
    /// Fields for the translated sentence.
    pub data: BTreeMap<String, String>,
    /// English: what happened, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure of a place that has no enum of its own.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, data: BTreeMap::new(), message: message.into() }
    }

    /// What an error says, leaving the error to its owner.
    pub fn of(error: &impl Explain) -> Self {
        let data = error.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { code: error.code(), data, message: error.to_string() }
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl ToString) -> Self {
        self.data.insert(field.to_owned(), value.to_string());
        self
    }

    /// What a later version will do.
    pub fn not_available_yet(what: &str) -> Self {
        Self::new(Code::NotAvailableYet, format!("not available yet: {what}"))
    }

    /// A task of ours ended without a result: a bug, told as one.
    pub fn internal(what: impl fmt::Display) -> Self {
        Self::new(
            Code::Internal,
            format!("something went wrong inside Cadenza ({what}): try again, and report it if it stays"),
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the jar is shut: turn the lid")]
    struct Shut;

    impl Explain for Shut {
        fn code(&self) -> Code {
            Code::FileUnreadable
        }

        fn fields(&self) -> Vec<(&'static str, String)> {
            vec![("lid", "red".into())]
        }
    }

    #[test]
    fn an_error_keeps_code_fields_and_words_on_its_way_out() {
        let failure = Failure::from(Shut).with("shelf", 3);
        assert_eq!(failure.code, Code::FileUnreadable);
        assert_eq!(failure.data["lid"], "red");
        assert_eq!(failure.data["shelf"], "3");
        assert_eq!(failure.to_string(), "the jar is shut: turn the lid");
    }
}
