//! An open passport, and who its holder is.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Body, PassportError};
use crate::cert::{Certificate, CertificateChain};
use crate::crypto::chunked;
use crate::crypto::wrap::{KeyBundle, RsaPrivateKey, WrapError, WrapLabel};
use crate::secret::RegistrationKey;
use crate::wire::Writer;

/// Who the holder is. The only thing about a card that is kept is its brand and last four digits (requirement C8).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct PersonalFacts {
    /// Full name.
    pub name: String,
    /// Billing address.
    pub address: String,
    /// Telephone.
    pub telephone: String,
    /// E-mail.
    pub email: String,
    /// E.g. `Visa`.
    pub card_brand: String,
    /// Last four digits.
    pub card_last4: String,
    /// The one line the holder would not like to see passed around.
    pub confidential: String,
    /// Region, may be empty.
    pub region: String,
    /// Interests, may be empty.
    pub interests: Vec<String>,
}

impl std::fmt::Debug for PersonalFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonalFacts(hidden)")
    }
}

/// An open passport: signs, and opens media keys. Everything in it is wiped when it is dropped.
#[derive(Debug)]
pub struct UnlockedPassport {
    chain: CertificateChain,
    encryption: Certificate,
    signing_key: RsaPrivateKey,
    decryption_key: RsaPrivateKey,
    personal: PersonalFacts,
}

impl UnlockedPassport {
    /// The holder's certificate and issuers.
    pub const fn chain(&self) -> &CertificateChain {
        &self.chain
    }

    /// The certificate to which media keys are wrapped.
    pub const fn encryption(&self) -> &Certificate {
        &self.encryption
    }

    /// Who the holder is.
    pub const fn personal(&self) -> &PersonalFacts {
        &self.personal
    }

    /// Signs `message` for one purpose (see [`crate::crypto::sign`]).
    pub fn sign(&self, domain: &str, message: &[u8]) -> Vec<u8> {
        self.signing_key.sign(domain, message)
    }

    /// Opens media keys that were locked to this passport.
    pub fn unwrap_keys(&self, wrapped: &[u8], label: &WrapLabel) -> Result<KeyBundle, WrapError> {
        self.decryption_key.unwrap_keys(wrapped, label)
    }

    /// The memory pages that each private key lies on, for whoever can lock them: the address of the first, and the bytes of all.
    pub fn key_places(&self) -> [(*const u8, usize); 2] {
        [self.signing_key.place(), self.decryption_key.place()]
    }
}

pub(super) const SIGNING_KEY: &str = "cadenza/v1/passport/signing-key";
pub(super) const DECRYPTION_KEY: &str = "cadenza/v1/passport/decryption-key";
pub(super) const PERSONAL: &str = "cadenza/v1/passport/personal";

/// What binds a sealed part to its purpose and its passport.
pub(super) fn sealed_context(purpose: &str, holder: &Certificate) -> Vec<u8> {
    let mut w = Writer::new();
    w.text(purpose).bytes(&holder.fingerprint());
    w.into_bytes()
}

/// Opens what is sealed in the body under the registration key.
pub(super) fn open_body(body: &Body, key: &RegistrationKey) -> Result<UnlockedPassport, PassportError> {
    let holder = body.chain.leaf();
    let open = |purpose, sealed| {
        chunked::open(key, &sealed_context(purpose, holder), sealed).map_err(|_| PassportError::Altered)
    };
    let key = |purpose, sealed| {
        RsaPrivateKey::from_pkcs8_der(&open(purpose, sealed)?).map_err(|_| PassportError::Altered)
    };
    let signing_key = key(SIGNING_KEY, &body.signing_key)?;
    let decryption_key = key(DECRYPTION_KEY, &body.decryption_key)?;
    let personal = open(PERSONAL, &body.personal)?;
    let personal = serde_json::from_slice(&personal).map_err(|_| PassportError::Altered)?;
    let (chain, encryption) = (body.chain.clone(), body.encryption.clone());
    Ok(UnlockedPassport { chain, encryption, signing_key, decryption_key, personal })
}
