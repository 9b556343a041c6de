//! Time stamps (requirement C2): the licensing center's word that something existed, as it is, at a time.
//!
//! Whoever signs states a time of their own, and a stolen key states what its thief likes. So what is sold, and how far a shop's log has
//! come, is stamped by the licensing center: it signs the hash of what it is shown, the *imprint* (RFC 3161, section 2.4.1), with the time on its clock.
//!
//! ```text
//! time (8) | licensing center's chain (number 1, then each length 4, DER) | its signature (length 4, bytes)
//! ```
//! Signed in the domain `cadenza/v1/time-stamp`: imprint (32), then time and chain as above.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cert::{Certificate, CertificateChain, CertificateError, Role, verify_chain};
use crate::crypto::sign::{self, SignatureError, SigningKey};
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer, base64_bytes};

/// Longest token, in bytes.
pub const MAX_TOKEN: u32 = 40 * 1024;
/// Seconds by which what is stamped may be ahead of the stamp: clocks differ.
pub const AHEAD_SECONDS: i64 = 300;

const DOMAIN: &str = "cadenza/v1/time-stamp";

/// What was stamped, as a hash: [`imprint`].
pub type Imprint = [u8; 32];

/// The hash of something of a kind: SHA-256 over the kind's name (`text`) and its bytes.
pub fn imprint(kind: &str, bytes: &[u8]) -> Imprint {
    let mut w = Writer::new();
    w.text(kind).raw(bytes);
    crate::crypto::sha256(&w.into_bytes())
}

/// A stamp that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StampError {
    /// Whoever made it is no licensing center of ours.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It is another's, or was altered.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// A time, and the licensing center's signature that something was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampToken {
    /// When, by the licensing center's clock; its chain is judged at this time.
    pub at: UnixTime,
    chain: CertificateChain,
    signature: Vec<u8>,
}

impl TimeStampToken {
    /// Stamps an imprint.
    pub fn issue(imprint: &Imprint, at: UnixTime, key: &SigningKey, chain: CertificateChain) -> Self {
        let signature = key.sign(DOMAIN, &message(imprint, at, &chain));
        Self { at, chain, signature }
    }

    /// Checks that the licensing center stamped this imprint.
    pub fn verify(&self, imprint: &Imprint, root: &Certificate) -> Result<(), StampError> {
        let center = verify_chain(&self.chain, root, Role::LicensingCenter, self.at)?;
        Ok(sign::verify(center, DOMAIN, &message(imprint, self.at, &self.chain), &self.signature)?)
    }

    /// The token's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.at.0);
        self.chain.write(&mut w);
        w.bytes(&self.signature);
        w.into_bytes()
    }

    /// Reads them back; nothing may follow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let at = UnixTime(r.i64("time of the time stamp")?);
        let chain = CertificateChain::read(&mut r)?;
        let signature = r.bytes(1024, "licensing center's signature")?.to_vec();
        r.finish("time stamp")?;
        Ok(Self { at, chain, signature })
    }
}

fn message(imprint: &Imprint, at: UnixTime, chain: &CertificateChain) -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(imprint).i64(at.0);
    chain.write(&mut w);
    w.into_bytes()
}

/// A token on its way, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stamped {
    /// [`TimeStampToken::to_bytes`].
    #[serde(with = "base64_bytes")]
    pub token: Vec<u8>,
}
