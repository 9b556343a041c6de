//! Who a service, or an author, is: its certificate chain and private key, and the one file that holds both.
//!
//! The file is PEM: the chain, leaf first, then the PKCS#8 key; readable by its owner only. Author account
//! files (`publish --account`) have the same form.

use std::path::{Path, PathBuf};

use cadenza_protocol::cert::{CertificateChain, CertificateError};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::rest::{Vault, VaultError};

/// A certificate chain with the private key of its leaf.
#[derive(Clone)]
pub struct Identity {
    chain: CertificateChain,
    key_pkcs8: Zeroizing<Vec<u8>>,
}

/// Why an identity file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It is sealed under the data key of the server's owner, or could not be written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The file could not be read or written.
    #[error("the account file {0} could not be read or written; check its path and permissions: {1}")]
    Io(PathBuf, std::io::Error),
    /// There is no usable key in the file.
    #[error("the account file {0} holds no PKCS#8 private key; ask the licensing center for a new one")]
    NoKey(PathBuf),
    /// The certificates cannot be read.
    #[error(
        "the certificates in the account file {0} cannot be read; ask the licensing center for a new one: {1}"
    )]
    Chain(PathBuf, CertificateError),
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("subject", &self.chain.leaf().subject()).finish_non_exhaustive()
    }
}

impl Identity {
    /// Puts a chain and the PKCS#8 DER key of its leaf together.
    pub fn new(chain: CertificateChain, key_pkcs8: Zeroizing<Vec<u8>>) -> Self {
        Self { chain, key_pkcs8 }
    }

    /// The certificates, leaf first.
    pub fn chain(&self) -> &CertificateChain {
        &self.chain
    }

    /// The private key, PKCS#8 DER.
    pub fn key_pkcs8(&self) -> &[u8] {
        &self.key_pkcs8
    }

    /// The private key as rustls takes it.
    pub fn key_for_tls(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key_pkcs8.to_vec()))
    }

    /// Reads an account file that lies open.
    pub fn load(path: &Path) -> Result<Self, IdentityError> {
        let text = std::fs::read(path).map(Zeroizing::new);
        Self::from_pem(path, &text.map_err(|e| IdentityError::Io(path.to_owned(), e))?)
    }

    /// Reads an identity file of the data folder.
    pub fn open(vault: &Vault, path: &Path) -> Result<Self, IdentityError> {
        Self::from_pem(path, &vault.read(path)?)
    }

    /// Writes an identity file, whole or not at all, for its owner only.
    pub fn save(&self, vault: &Vault, path: &Path) -> Result<(), IdentityError> {
        Ok(vault.write(path, self.to_pem().as_bytes())?)
    }

    fn from_pem(path: &Path, text: &[u8]) -> Result<Self, IdentityError> {
        let unreadable = || IdentityError::NoKey(path.to_owned());
        let chain = CertificateChain::from_pem(std::str::from_utf8(text).map_err(|_| unreadable())?)
            .map_err(|e| IdentityError::Chain(path.to_owned(), e))?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(text).map_err(|_| unreadable())?;
        Ok(Self { chain, key_pkcs8: Zeroizing::new(key.secret_pkcs8_der().to_vec()) })
    }

    fn to_pem(&self) -> Zeroizing<String> {
        let body = crate::text::to_base64(&self.key_pkcs8);
        let mut text = Zeroizing::new(self.chain.to_pem());
        text.push_str("-----BEGIN PRIVATE KEY-----\n");
        for line in body.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END PRIVATE KEY-----\n");
        text
    }
}
