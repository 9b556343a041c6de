//! An open passport, shared by whatever needs its keys until the vault is locked (requirement C7).
//!
//! A track that is open holds a media key that was opened with the passport, and goes on long after. So
//! the vault keeps a list of what is [`OpenedWithKeys`], and locking it closes them.

use std::sync::{Arc, Weak};

use cadenza_protocol::cert::CertificateChain;
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapError, WrapLabel};
use cadenza_protocol::passport::{PersonalFacts, UnlockedPassport};
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::refusal::VaultError;
use crate::memory::Unswapped;

/// Keys that are open until the vault is locked.
pub struct OpenPassport {
    open: RwLock<Option<Unswapped<UnlockedPassport>>>,
    charges: Arc<Charges>,
}

/// Something that was opened with the passport's keys and must not outlast them.
pub trait OpenedWithKeys: Send + Sync {
    /// Drops every key at once, whoever is using it.
    fn close(&self);
}

/// What is open, whichever passport opened it.
#[derive(Default)]
pub(super) struct Charges(Mutex<Vec<Weak<dyn OpenedWithKeys>>>);

impl std::fmt::Debug for OpenPassport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenPassport(hidden)")
    }
}

impl OpenPassport {
    pub(super) fn of(passport: UnlockedPassport, charges: &Arc<Charges>) -> Arc<Self> {
        let places = passport.key_places();
        let open = RwLock::new(Some(Unswapped::new(passport, places)));
        Arc::new(Self { open, charges: Arc::clone(charges) })
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
        let open = self.open.read();
        open.as_ref().map(|open| f(open)).ok_or(VaultError::Locked)
    }

    /// Puts what was opened with these keys on the list of those that close when the vault is locked.
    pub fn charge(&self, opened: Weak<dyn OpenedWithKeys>) -> Result<(), VaultError> {
        // While the keys are there: whoever locks takes them away first, and then goes through the list.
        self.with(|_| {
            let mut charges = self.charges.list();
            charges.retain(|charge| charge.strong_count() > 0);
            charges.push(opened);
        })
    }

    /// Wipes the keys, whoever still holds them.
    pub(super) fn close(&self) {
        self.open.write().take();
    }
}

impl Charges {
    /// Closes them all. No passport may be open any more.
    pub(super) fn close(&self) {
        let charges = std::mem::take(&mut *self.list());
        charges.iter().filter_map(Weak::upgrade).for_each(|charge| charge.close());
    }

    fn list(&self) -> MutexGuard<'_, Vec<Weak<dyn OpenedWithKeys>>> {
        self.0.lock()
    }
}

impl std::fmt::Debug for Charges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Charges({})", self.list().len())
    }
}
