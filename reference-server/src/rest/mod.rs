//! What lies on this machine's disk, and who can read it there: nobody but the server's own user, and without the owner's key nothing secret.
//!
//! [`folder`] keeps the data folder to its owner. [`vault`] seals the keys of every role and the receipts of purchases under a key that the
//! owner keeps somewhere else, if there is one; [`seal`] is how.

pub mod folder;
pub mod seal;
pub mod vault;

pub use vault::{Vault, VaultError};
