//! Registration and recovery (requirements G2 to G5, G7): the licensing center's answer → checks → passphrase → disk, in this order
//! and no other. A recovered passport takes the place of the one that is here, which stays beside it as a file.
//!
//! The answer (`store/licensing.rs` fetches it) is a registration file, which holds the registration key in the clear and
//! therefore exists in memory only (one that a browser downloaded is read once, and its owner told to delete it): [`Registration`] is that moment between the answer and the passphrase. Dropped, it is wiped.

use std::path::Path;

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::passport::{Passport, PassportError, RegistrationFile, VerifiedRegistration};
use cadenza_protocol::secret::{OwnPages, Passphrase, without_traces};
use cadenza_protocol::time::UnixTime;
use thiserror::Error;
use zeroize::Zeroizing;

use super::vault::{self, Vault, VaultError, check_strength};
use crate::atomic;
use crate::error::{Code, Explain};
use crate::memory::Unswapped;

/// Why there is no passport.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// What it sent is not genuine.
    #[error(
        "the licensing center's answer is not a genuine passport ({0}): nothing was kept. Check the store's address and root certificate"
    )]
    NotGenuine(#[source] PassportError),
    /// The passphrase, or the disk.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Explain for RegisterError {
    fn code(&self) -> Code {
        match self {
            Self::NotGenuine(_) => Code::PassportBroken,
            Self::Vault(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotGenuine(_) => Vec::new(),
            Self::Vault(e) => e.fields(),
        }
    }
}

/// A passport that was issued and checked, and is not on disk yet.
#[derive(Debug)]
pub struct Registration {
    holder: String,
    stage: Stage,
    root: Certificate,
    place: Place,
}

/// Where the passport goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where none is.
    Free,
    /// In place of the one that is here.
    Instead,
}

#[derive(Debug)]
enum Stage {
    /// Waits for its passphrase.
    Verified(Unswapped<OwnPages<VerifiedRegistration>>),
    /// Locked, but could not be written (a full disk): kept so that nothing is lost.
    Locked(Box<Passport>),
}

impl Registration {
    /// Checks what a registration was answered with: certificate chain from the pinned root, then the signature (G4).
    pub fn check(answer: &[u8], root: &Certificate, now: UnixTime) -> Result<Self, RegisterError> {
        Self::take(answer, root, now, Place::Free)
    }

    /// Checks what a recovery was answered with, in the same way.
    pub fn check_recovered(answer: &[u8], root: &Certificate, now: UnixTime) -> Result<Self, RegisterError> {
        Self::take(answer, root, now, Place::Instead)
    }

    /// What a registration file holds, as the store's web page gives it; `None` where the file is anything else. `instead` of a passport that is
    /// here.
    pub fn in_file(
        from: &Path,
        root: &Certificate,
        now: UnixTime,
        instead: bool,
    ) -> Result<Option<Self>, VaultError> {
        let bytes = Zeroizing::new(atomic::read_bounded(from, vault::BOUND)?);
        if !without_traces(|| RegistrationFile::is_one(&bytes)) {
            return Ok(None);
        }
        let place = if instead { Place::Instead } else { Place::Free };
        Self::take(&bytes, root, now, place).map(Some).map_err(|error| match error {
            RegisterError::NotGenuine(e) => {
                VaultError::Broken { path: from.to_owned(), reason: e.to_string() }
            }
            RegisterError::Vault(e) => e,
        })
    }

    fn take(answer: &[u8], root: &Certificate, now: UnixTime, place: Place) -> Result<Self, RegisterError> {
        let verified = without_traces(|| RegistrationFile::verify(answer, root, now).map(OwnPages::new))
            .map_err(RegisterError::NotGenuine)?;
        let holder = verified.personal().name.clone();
        Ok(Self { holder, stage: Stage::Verified(Unswapped::pages(verified)), root: root.clone(), place })
    }

    /// Whose it is.
    pub fn holder(&self) -> String {
        self.holder.clone()
    }

    /// Whether a passphrase would do, told before it is used: a refused one leaves the registration as it is.
    pub fn accepts(&self, passphrase: &Passphrase) -> Result<(), VaultError> {
        check_strength(passphrase, &[&self.holder])
    }

    /// Encrypts the registration key under the passphrase (G5), writes the passport and opens it. Takes about a second of work.
    /// If it cannot be written the registration comes back, to be tried again with the same passphrase.
    pub fn finish(
        self,
        passphrase: &Passphrase,
        params: KdfParams,
        vault: &Vault,
    ) -> Result<Certificate, Box<Unfinished>> {
        let Self { holder, stage, root, place } = self;
        let passport = match stage {
            Stage::Verified(verified) => without_traces(|| verified.into_inner().lock(passphrase, params))
                .map_err(|e| Unfinished { registration: None, error: RegisterError::NotGenuine(e) })?,
            Stage::Locked(passport) => *passport,
        };
        let stored = match place {
            Place::Free => vault.store(&passport, &root),
            Place::Instead => vault.replace(&passport, &root),
        };
        match stored.and_then(|()| vault.unlock(passphrase)) {
            Ok(()) => Ok(root),
            Err(e) => {
                let stage = Stage::Locked(Box::new(passport));
                let registration = Some(Self { holder, stage, root, place });
                Err(Box::new(Unfinished { registration, error: e.into() }))
            }
        }
    }
}

/// A registration that could not be finished now.
#[derive(Debug)]
pub struct Unfinished {
    /// To try again with, unless it was worth nothing.
    pub registration: Option<Registration>,
    /// Why.
    pub error: RegisterError,
}
