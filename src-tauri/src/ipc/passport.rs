//! Registration, the passport and who owns the music (requirements G1 to G8, M5, C8).

use serde::{Deserialize, Serialize};
use specta::Type;

/// Where the passport stands, and so what the window shows first (G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PassportPhase {
    /// None on this computer: show registration.
    None,
    /// Issued and checked, but held in memory only until a passphrase is chosen (G5).
    NeedsPassphrase,
    /// Here and locked: can browse, preview and play what needs no key; asks for the passphrase otherwise.
    Locked,
    /// Open: can buy and play.
    Unlocked,
}

/// The registration form (G2).
#[derive(Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationForm {
    pub name: String,
    pub address: String,
    pub telephone: String,
    pub email: String,
    /// Digits, spaces allowed. Goes to the payment processor only (C8).
    pub card_number: String,
    /// `MM/YY`.
    pub card_expiry: String,
    /// One line that the owner would not want to hand to strangers.
    pub confidential: String,
    /// Optional; empty when not said.
    pub region: String,
    pub interests: Vec<String>,
}

impl std::fmt::Debug for RegistrationForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegistrationForm { .. }")
    }
}

/// A field of a form, for a passport or at the till.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FormField {
    Name,
    Address,
    Telephone,
    Email,
    CardNumber,
    CardExpiry,
    CardName,
    Confidential,
}

/// What is wrong with what stands in a field; the window has words for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FieldFault {
    Missing,
    /// Too long, or with line breaks.
    Unfit,
    Email,
    Telephone,
    CardDigits,
    CardCheckDigit,
    CardExpiry,
    CardExpired,
    CardName,
}

/// The recovery form (G7): what the licensing center compares with the registration.
#[derive(Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryForm {
    pub name: String,
    pub email: String,
    pub telephone: String,
    /// The card that was registered; digits, spaces allowed. Goes to the payment processor only (C8).
    pub card_number: String,
    /// `MM/YY`.
    pub card_expiry: String,
}

impl std::fmt::Debug for RecoveryForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryForm { .. }")
    }
}

/// The owner's line: stands in the window while purchased music plays (M5).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OwnerLine {
    pub name: String,
    pub email: String,
    /// `Visa`, `Mastercard`...
    pub card_brand: String,
    /// The last four digits, all that is ever kept.
    pub card_last4: String,
    /// The confidential line.
    pub confidential: String,
}

impl std::fmt::Debug for OwnerLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnerLine { .. }")
    }
}

/// How the passport's dates stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PassportValidity {
    Valid,
    /// Fewer than thirty days left.
    ExpiresSoon,
    /// Plays what was bought, cannot buy (G8).
    Expired,
}

/// What the passport page shows. Personal facts are null while it is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PassportFacts {
    pub phase: PassportPhase,
    pub validity: PassportValidity,
    /// Certificate serial, lower-case hexadecimal.
    pub serial: String,
    /// Who issued it, e.g. `Cadenza Licensing Center`.
    pub issuer: String,
    /// Seconds since 1970.
    pub issued_at: u32,
    /// Seconds since 1970.
    pub expires_at: u32,
    /// Where the file lies; null before a passphrase is chosen.
    pub path: Option<String>,
    pub owner: Option<OwnerLine>,
    pub address: Option<String>,
    pub telephone: Option<String>,
    pub region: Option<String>,
    pub interests: Vec<String>,
}

/// How good a passphrase is (G5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PassphraseStrength {
    /// 0 (hopeless) to 4 (very good).
    pub score: u8,
    /// False when `set_passphrase` would refuse it.
    pub acceptable: bool,
    pub advice: PassphraseAdvice,
}

/// What to say beside the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PassphraseAdvice {
    TooShort,
    TooCommon,
    AddWords,
    Good,
}
