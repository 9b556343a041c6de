//! Forms that a person writes by hand, FORM.toml and CARD.toml: read, or refused by line and field.
//!
//! They hold personal facts and card numbers, so no message repeats a value.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{Code, Failure};
use crate::path;

/// Reads the form in these bytes of the file at `path`; `help` is the command whose help shows an example.
pub fn read<T: DeserializeOwned>(bytes: &[u8], path: &Path, help: &str) -> Result<T, Failure> {
    let broken = |reason: &str| {
        let message =
            format!("{} is not understood ({reason}): `cadenza-cli {help}` shows an example", path.display());
        Failure::new(Code::InvalidForm, message).with("path", path::shown(path))
    };
    let text = std::str::from_utf8(bytes).map_err(|_| broken("it is not text in UTF-8"))?;
    toml::from_str(text).map_err(|e| {
        let message = e.message();
        if message.starts_with("missing field") || message.starts_with("unknown field") {
            return broken(message);
        }
        match e.span() {
            Some(span) => broken(&format!("line {}", line_at(bytes, span.start))),
            None => broken("it is not TOML of this form"),
        }
    })
}

/// The line that a byte stands in, from 1.
fn line_at(bytes: &[u8], place: usize) -> usize {
    1 + bytes.iter().take(place).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::card::TypedCard;

    use super::*;

    fn refusal(text: &str) -> String {
        let read: Result<TypedCard, Failure> = read(text.as_bytes(), Path::new("CARD.toml"), "buy --help");
        read.expect_err("refused").message
    }

    // C8
    #[test]
    fn a_form_that_is_not_understood_is_refused_by_its_line_and_no_value_is_repeated() {
        let message = refusal("name = \"Ä\"\nnumber = 4242424242424242\nexpiry = \"09/29\"\n");
        assert!(message.contains("CARD.toml") && message.contains("line 2"), "{message}");
        assert!(!message.contains("4242"), "{message}");
        assert!(refusal("name = \"Ann\"").contains("missing field"));
    }
}
