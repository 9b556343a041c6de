//! The licensing center's master key, and records sealed under it (G3, G7).
//!
//! AES-256-GCM, random 96-bit nonce in front, the certificate's serial as associated data: a record cannot be moved
//! to another person. The master key is `licensing/master.key`, 64 hexadecimal digits, for its owner only.

use std::path::Path;

use cadenza_protocol::id::hex;
use cadenza_protocol::secret::Secret;
use ring::hmac;
use zeroize::Zeroizing;

use crate::rest::{Vault, VaultError, seal};

/// The licensing center's master key.
#[derive(Debug)]
pub struct MasterKey(Secret<32>);

/// Why the key, or a record under it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The key file cannot be read or made.
    #[error("the licensing center's master key cannot be read; restore it from a backup: {0}")]
    KeyFile(#[from] VaultError),
    /// The record was altered or belongs to someone else.
    #[error("a recovery record does not open; it was altered, or the master key is another one")]
    Record,
}

impl MasterKey {
    /// Reads the key file, or makes one on the first start.
    pub fn open(path: &Path, vault: &Vault) -> Result<Self, MasterKeyError> {
        Ok(Self(vault.key(path)?))
    }

    /// Seals a record for one certificate.
    pub fn seal(&self, serial: &str, record: &[u8]) -> Result<Vec<u8>, MasterKeyError> {
        seal::seal(&self.0, serial, record).map_err(|_| MasterKeyError::Record)
    }

    /// Opens a sealed record.
    pub fn open_record(&self, serial: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
        seal::open(&self.0, serial, sealed).map_err(|_| MasterKeyError::Record)
    }

    /// A tag that finds an e-mail address again without saying it.
    pub fn email_tag(&self, email: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        hex(hmac::sign(&key, format!("e-mail\0{}", email.trim().to_lowercase()).as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_for_its_own_certificate_only() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::open(&folder.path().join("master.key"), &Vault::default()).unwrap();
        let sealed = key.seal("01ab", b"a secret").unwrap();
        assert_eq!(key.open_record("01ab", &sealed).unwrap().as_slice(), b"a secret");
        assert!(key.open_record("01ac", &sealed).is_err());
        let again = MasterKey::open(&folder.path().join("master.key"), &Vault::default()).unwrap();
        assert!(again.open_record("01ab", &sealed).is_ok());
    }
}
