//! A message that proves who sent it: any JSON document, signed by the holder of a certificate in a domain of its own.
//!
//! For the few requests where the TLS connection does not say who is speaking: a passport's renewal (requirement G8), a content
//! manager's log (R2). What is signed are the body's exact bytes; how fresh a message must be is its receiver's question,
//! so bodies carry the time at which they were made.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cert::{
    Certificate, CertificateChain, CertificateError, RevocationLists, Role, verify_unrevoked_chain,
};
use crate::crypto::sign;
use crate::time::UnixTime;
use crate::wire::base64_bytes;

/// Longest body, in bytes.
pub const MAX_BODY: usize = 4 << 20;

/// Why a signed message is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignedError {
    /// The sender's chain is not to be trusted.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature does not fit.
    #[error("the signed request was altered or signed by someone else; send it again")]
    Signature,
    /// The body is not what it should be.
    #[error("the signed request cannot be read; update Cadenza and send it again")]
    Malformed,
}

/// A signed JSON document on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedMessage {
    #[serde(with = "base64_bytes")]
    body: Vec<u8>,
    #[serde(with = "base64_bytes")]
    signature: Vec<u8>,
    chain: CertificateChain,
}

impl SignedMessage {
    /// Signs `body` for one purpose; `sign` is the holder's, given domain and message.
    pub fn new<T: Serialize>(
        domain: &str,
        body: &T,
        chain: &CertificateChain,
        sign: impl FnOnce(&str, &[u8]) -> Vec<u8>,
    ) -> Self {
        let body = serde_json::to_vec(body).expect("our messages are JSON");
        let signature = sign(domain, &body);
        Self { body, signature, chain: chain.clone() }
    }

    /// Who says they sent it, before anything is checked.
    pub const fn chain(&self) -> &CertificateChain {
        &self.chain
    }

    /// The body, once chain (as of `at`), role, revocation and signature were checked.
    pub fn open<T: DeserializeOwned>(
        &self,
        domain: &str,
        root: &Certificate,
        role: Role,
        at: UnixTime,
        revoked: &RevocationLists,
    ) -> Result<T, SignedError> {
        if self.body.len() > MAX_BODY {
            return Err(SignedError::Malformed);
        }
        let sender = verify_unrevoked_chain(&self.chain, root, role, at, revoked)?;
        sign::verify(sender, domain, &self.body, &self.signature).map_err(|_| SignedError::Signature)?;
        serde_json::from_slice(&self.body).map_err(|_| SignedError::Malformed)
    }
}
