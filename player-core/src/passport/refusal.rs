//! Why the vault says no, in words for the person who wanted something of it.

use std::path::PathBuf;

use cadenza_protocol::form::FormError;
use thiserror::Error;

use super::strength;
use crate::atomic::FileError;
use crate::error::{Code, Explain};
use crate::path;

/// Why the vault does not give what it was asked for.
#[derive(Debug, Error)]
pub enum VaultError {
    /// There is no passport here.
    #[error(
        "there is no passport on this computer: register first, or import the passport that you have elsewhere"
    )]
    None,
    /// It is locked.
    #[error("the passport is locked: enter its passphrase")]
    Locked,
    /// The passphrase does not open it.
    #[error("this passphrase does not open the passport: check capitals and keyboard layout, and try again")]
    WrongPassphrase,
    /// A new passphrase that is too easy to guess.
    #[error(
        "this passphrase is too easy to guess: use at least {} characters, best four or five unrelated words",
        strength::FEWEST_CHARACTERS
    )]
    WeakPassphrase,
    /// The file is not a genuine passport.
    #[error("the passport {} is damaged or was altered ({reason}): import it again from a copy, or recover it", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The passport needs a root to be checked against.
    #[error(
        "the passport cannot be checked without its licensing center's root certificate: name your store with --store, or the certificate with --root"
    )]
    NoRoot,
    /// There is one already.
    #[error("there is a passport on this computer already: move {} away first if you want another", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Something stands where the export should go.
    #[error("{} exists already: choose another name, so that nothing is overwritten", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// Its certificate has run out (G8).
    #[error("the passport expired on {day}: what you bought still plays; renew it to buy again")]
    Expired {
        /// Its last day.
        day: String,
    },
    /// What the licensing center sent is not this passport's renewal.
    #[error(
        "the licensing center's answer does not renew this passport ({reason}): the passport is as it was. Try again, or recover it"
    )]
    Renewal {
        /// What is wrong with it.
        reason: String,
    },
    /// Keys for somebody else.
    #[error("this track was bought with another passport: import that passport to play it, or buy the track")]
    NotYours,
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Explain for VaultError {
    fn code(&self) -> Code {
        match self {
            Self::None => Code::NoPassport,
            Self::Locked => Code::PassportLocked,
            Self::WrongPassphrase => Code::WrongPassphrase,
            Self::WeakPassphrase => Code::WeakPassphrase,
            Self::Broken { .. } => Code::PassportBroken,
            Self::NoRoot => Code::StoreRoot,
            Self::Exists { .. } => Code::PassportExists,
            Self::Occupied { .. } => Code::FileExists,
            Self::Expired { .. } => Code::PassportExpired,
            Self::Renewal { .. } => Code::RenewalRefused,
            Self::NotYours => Code::NotYours,
            Self::File(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Broken { path, .. } | Self::Exists { path } | Self::Occupied { path } => {
                vec![("path", path::shown(path))]
            }
            Self::Expired { day } => vec![("day", day.clone())],
            Self::File(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

/// Why no renewal was asked for.
#[derive(Debug, Error)]
pub enum RenewalRefusal {
    /// The passport or its passphrase.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A changed detail has to be filled in differently.
    #[error(transparent)]
    Form(#[from] FormError),
}

impl Explain for RenewalRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Vault(e) => e.code(),
            Self::Form(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Vault(e) => e.fields(),
            Self::Form(e) => e.fields(),
        }
    }
}
