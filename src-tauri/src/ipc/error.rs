//! How a failure crosses to the window: a stable code to match on, fields to fill into the translated
//! sentence, and an English message that says what happened and what to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

/// A failed command. Never carries a passphrase, a key or a card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppError {
    /// Stable kebab-case code, one of [`KNOWN_CODES`] or a code that a server sent.
    pub code: String,
    /// What the translated sentence needs, e.g. `field`, `title`, `path`.
    pub data: BTreeMap<String, String>,
    /// The same in English, for a code that the window does not know.
    pub message: String,
}

impl AppError {
    /// A failure with this code and message and no fields.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), data: BTreeMap::new(), message: message.into() }
    }

    /// The same failure with one more field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl ToString) -> Self {
        self.data.insert(field.into(), value.to_string());
        self
    }
}

/// Every code that this program makes itself; the window has words for each.
pub const KNOWN_CODES: &[&str] = &[
    "already-owned",
    "burn-failed",
    "cancelled",
    "card-declined",
    "card-expired",
    "card-invalid",
    "cart-empty",
    "certificate-revoked",
    "delivery-not-trusted",
    "device-busy",
    "device-lost",
    "device-not-connected",
    "disc-busy",
    "disc-empty",
    "disc-too-long",
    "disc-too-many-tracks",
    "disc-track",
    "disc-track-too-short",
    "disc-unwritable",
    "disc-verify",
    "disk-full",
    "download-damaged",
    "download-failed",
    "file-broken",
    "file-exists",
    "file-unreadable",
    "home-busy",
    "home-unusable",
    "internal",
    "invalid-form",
    "link-unknown",
    "no-device",
    "no-passport",
    "no-sound-device",
    "no-store",
    "no-stream",
    "not-available-yet",
    "not-for-sale",
    "not-found",
    "not-recognised",
    "not-yours",
    "order-uncertain",
    "other-licensing-center",
    "passport-broken",
    "passport-exists",
    "passport-expired",
    "passport-locked",
    "payment-timeout",
    "playlist-name",
    "playlist-place",
    "playlist-taken",
    "previews-busy",
    "record-not-allowed",
    "renewal-refused",
    "settings-broken",
    "store-address",
    "store-garbled",
    "store-not-trusted",
    "store-refused",
    "store-root",
    "store-start",
    "store-unreachable",
    "stream-failed",
    "too-many-attempts",
    "track-damaged",
    "track-locked",
    "track-missing",
    "track-unreadable",
    "track-unsupported",
    "unplayable",
    "voucher-altered",
    "voucher-broken",
    "voucher-expired",
    "voucher-used",
    "weak-passphrase",
    "write-failed",
    "wrong-passphrase",
];
