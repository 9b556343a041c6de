//! The system's key store (Secret Service, Keychain, Credential Manager), for those who want their passphrase remembered.
//!
//! It is an offer, never a need: without a key store, or with a locked one, the passphrase is asked for as ever.
//! Calls may wait for the desktop's own dialogue, so never on a UI thread.

use cadenza_protocol::secret::Passphrase;
use keyring::v1::{Entry, Error};
use thiserror::Error as ThisError;
use zeroize::Zeroizing;

use crate::error::{Code, Explain};

const SERVICE: &str = "org.cadenza.player";

/// Why the key store did not do it.
#[derive(Debug, ThisError)]
pub enum KeychainError {
    /// The system has none, or it does not run.
    #[error("this system offers no key store: the passphrase is not remembered, type it when asked")]
    Absent,
    /// It is there and locked, or refuses us.
    #[error("the system's key store is locked: unlock it, or type the passphrase when asked")]
    Locked,
    /// It failed.
    #[error("the system's key store failed ({reason}): the passphrase is not remembered, type it when asked")]
    Failed {
        /// In its words; never the secret.
        reason: String,
    },
}

impl Explain for KeychainError {
    fn code(&self) -> Code {
        match self {
            Self::Absent => Code::KeychainAbsent,
            Self::Locked => Code::KeychainLocked,
            Self::Failed { .. } => Code::KeychainFailed,
        }
    }
}

/// Keeps the passphrase of the passport with this certificate serial.
pub fn remember(serial: &str, passphrase: &Passphrase) -> Result<(), KeychainError> {
    entry(serial)?.set_password(passphrase.expose()).map_err(told)
}

/// Gives it back; `None` when it was never kept.
pub fn recall(serial: &str) -> Result<Option<Passphrase>, KeychainError> {
    match entry(serial)?.get_password() {
        Ok(passphrase) => Ok(Some(Passphrase::new(passphrase))),
        Err(Error::NoEntry) => Ok(None),
        Err(e) => Err(told(e)),
    }
}

/// Forgets it; that there is none is fine.
pub fn forget(serial: &str) -> Result<(), KeychainError> {
    match entry(serial)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(e) => Err(told(e)),
    }
}

fn entry(serial: &str) -> Result<Entry, KeychainError> {
    Entry::new(SERVICE, serial).map_err(told)
}

fn told(error: Error) -> KeychainError {
    match error {
        Error::NoDefaultStore | Error::NotSupportedByStore(_) => KeychainError::Absent,
        Error::NoStorageAccess(_) => KeychainError::Locked,
        // These carry what was stored: wipe it, and say nothing of it.
        Error::BadEncoding(secret) | Error::BadDataFormat(secret, _) => {
            drop(Zeroizing::new(secret));
            KeychainError::Failed { reason: "what it kept is not a passphrase".into() }
        }
        Error::PlatformFailure(e) => {
            KeychainError::Failed { reason: e.to_string().chars().take(200).collect() }
        }
        _ => KeychainError::Failed { reason: "it refused the entry".into() },
    }
}
