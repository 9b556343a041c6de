//! How a failure crosses to the window: a stable code to match on, fields to fill into the translated
//! sentence, and an English message that says what happened and what to do.

use std::collections::BTreeMap;

use cadenza_player::Code;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A failed command. Never carries a passphrase, a key or a card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppError {
    /// Stable kebab-case code, one of `errorCodes`.
    pub code: String,
    /// What the translated sentence needs, e.g. `field`, `title`, `path`.
    pub data: BTreeMap<String, String>,
    /// The same in English; a server's own words when the store refused for a reason of its own.
    pub message: String,
}

impl AppError {
    /// A failure with this code and message and no fields.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code.to_string(), data: BTreeMap::new(), message: message.into() }
    }

    /// The same failure with one more field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl ToString) -> Self {
        self.data.insert(field.into(), value.to_string());
        self
    }
}
