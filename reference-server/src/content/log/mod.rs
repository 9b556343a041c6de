//! The content manager's secure log (R2): what was sold and previewed, so that neither a thief nor the shop itself can rewrite it
//! unnoticed.
//!
//! | part | what |
//! |---|---|
//! | [`writer`] | enters sales and previews, in the transaction that they belong to |
//! | [`records`] | the shop's rows as what is entered |
//! | [`state_file`] | the one key that is left, overwritten with each entry |
//! | [`client`] | the way to the licensing center |
//! | [`upload`] | brings new entries to it, and begins another log where one has ended |
//!
//! A merchant keeps such a log of what it took with the same parts ([`crate::merchant`]).
//!
//! Cryptography, the entries' bytes and the messages are [`cadenza_protocol::audit_log`]; the licensing center's end is
//! [`crate::licensing::log`].

pub mod client;
pub mod records;
pub mod state_file;
pub mod upload;
pub mod writer;

#[cfg(test)]
mod tests;

pub use writer::{SecureLog, SecureLogError};
