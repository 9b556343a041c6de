//! An open passport, shared by whatever needs its keys until the vault is locked (requirement C7).

use std::sync::{Arc, PoisonError, RwLock};

use cadenza_protocol::cert::CertificateChain;
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapError, WrapLabel};
use cadenza_protocol::passport::{PersonalFacts, UnlockedPassport};

use super::refusal::VaultError;

/// Keys that are open until the vault is locked.
pub struct Session {
    open: RwLock<Option<UnlockedPassport>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(hidden)")
    }
}

impl Session {
    pub(super) fn of(passport: UnlockedPassport) -> Arc<Self> {
        Arc::new(Self { open: RwLock::new(Some(passport)) })
    }

    /// The consumer's certificate chain.
    pub fn chain(&self) -> Result<CertificateChain, VaultError> {
        self.with(|passport| passport.chain().clone())
    }

    /// The owner's personal facts.
    pub fn owner(&self) -> Result<PersonalFacts, VaultError> {
        self.with(|passport| passport.personal().clone())
    }

    /// Signs with the consumer's key.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.with(|passport| passport.sign(domain, message))
    }

    /// Opens media keys that were wrapped to this passport.
    pub fn unwrap_keys(&self, wrapped: &[u8], label: &WrapLabel) -> Result<KeyBundle, VaultError> {
        self.with(|passport| passport.unwrap_keys(wrapped, label))?
            .map_err(|_: WrapError| VaultError::NotYours)
    }

    /// Does something with the open passport, for as long as it is open.
    pub fn with<T>(&self, f: impl FnOnce(&UnlockedPassport) -> T) -> Result<T, VaultError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(f).ok_or(VaultError::Locked)
    }

    /// Wipes the keys, whoever still holds the session.
    pub(super) fn close(&self) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
