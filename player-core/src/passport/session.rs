//! An open passport, shared by whatever needs its keys until the vault is locked (requirement C7).
//!
//! A track that is open holds a media key that was opened with the passport, and goes on when its session is long gone. So
//! the vault keeps a list of [`OpenImages`], and locking it closes them.

use std::fs::File;
use std::io::BufReader;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use cadenza_protocol::cert::CertificateChain;
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapError, WrapLabel};
use cadenza_protocol::media::ImageReader;
use cadenza_protocol::passport::{PersonalFacts, UnlockedPassport};

use super::refusal::VaultError;
use crate::memory::Unswapped;

/// Keys that are open until the vault is locked.
pub struct Session {
    open: RwLock<Option<Unswapped<UnlockedPassport>>>,
    images: Arc<OpenImages>,
}

/// The bought images that are being read, whichever session opened them.
#[derive(Default)]
pub(super) struct OpenImages(Mutex<Vec<Weak<OpenImage>>>);

/// A bought image that is being read; empty when the passport was locked meanwhile.
pub(crate) struct OpenImage(Mutex<Option<ImageReader<BufReader<File>>>>);

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(hidden)")
    }
}

impl Session {
    pub(super) fn of(passport: UnlockedPassport, images: &Arc<OpenImages>) -> Arc<Self> {
        let place = passport.key_place();
        let open = RwLock::new(Some(Unswapped::new(passport, place)));
        Arc::new(Self { open, images: Arc::clone(images) })
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
        open.as_ref().map(|open| f(open)).ok_or(VaultError::Locked)
    }

    /// Puts an image that was opened with these keys on the list of those that close when the vault is locked.
    pub(crate) fn charge(&self, image: ImageReader<BufReader<File>>) -> Result<Arc<OpenImage>, VaultError> {
        let image = Arc::new(OpenImage(Mutex::new(Some(image))));
        // While the keys are there: whoever locks takes them away first, and then goes through the list.
        self.with(|_| {
            let mut images = self.images.list();
            images.retain(|image| image.strong_count() > 0);
            images.push(Arc::downgrade(&image));
        })?;
        Ok(image)
    }

    /// Wipes the keys, whoever still holds the session.
    pub(super) fn close(&self) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl OpenImages {
    /// Closes them all and wipes their keys. No session may be open any more.
    pub(super) fn close(&self) {
        let images = std::mem::take(&mut *self.list());
        images.iter().filter_map(Weak::upgrade).for_each(|image| drop(image.reader().take()));
    }

    fn list(&self) -> MutexGuard<'_, Vec<Weak<OpenImage>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for OpenImages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenImages({})", self.list().len())
    }
}

impl OpenImage {
    /// The reader, unless the passport was locked.
    pub(crate) fn reader(&self) -> MutexGuard<'_, Option<ImageReader<BufReader<File>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
