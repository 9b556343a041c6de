//! The passport, from the listener's side: what one asks for it with, what comes of it, and the vault that keeps it. No network here:
//! `store/licensing.rs` asks, with what this module gives it.
//!
//! [`form`] (what a person types, checked before it is sent) → [`register`] (the answer: checks, passphrase, disk; recovery, too) →
//! [`vault`] (locked or open, for the rest of its life). [`keychain`] can remember the passphrase, [`strength`] judges it.

pub mod form;
pub mod keychain;
pub mod open;
pub mod refusal;
pub mod register;
pub mod strength;
pub mod vault;

pub use form::{FormError, RecoveryForm, RegistrationForm};
pub use vault::{Vault, VaultError};
