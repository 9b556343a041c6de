//! Signatures by the holders of certificates.
//!
//! The algorithm follows from the key: RSA keys sign RSASSA-PSS with SHA-256 and a 32-byte salt (RFC 8017, section 8.1), P-256
//! keys sign ECDSA with SHA-256 in its fixed form of 64 bytes, `r` then `s`, where `s` is at most half the group's order: whoever holds
//! no key cannot write the same signature in a second way (`s` and `n - s` fit alike). What is signed is `domain`, a zero byte, then
//! the message, so a signature made for one purpose is worthless for another.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use thiserror::Error;

use crate::cert::{Certificate, KeyAlgorithm};

/// A signature that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the signature does not match: the content was altered or signed by someone else; get it again from where it came from"
)]
pub struct SignatureError;

/// A private key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the private key is not an RSA (2048 to 4096 bit) or P-256 key in PKCS #8 form; have a new one issued"
)]
pub struct SigningKeyError;

/// A private key of a service or an author, held for the life of the process.
pub struct SigningKey(Algorithm);

enum Algorithm {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(hidden)")
    }
}

impl SigningKey {
    /// Reads a PKCS #8 `PrivateKeyInfo` (RFC 5958), DER.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, SigningKeyError> {
        if let Ok(rsa) = RsaKeyPair::from_pkcs8(der) {
            return Ok(Self(Algorithm::Rsa(Box::new(rsa))));
        }
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new())
            .map(|key| Self(Algorithm::P256(Box::new(key))))
            .map_err(|_| SigningKeyError)
    }

    /// Signs `message` for one purpose.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Vec<u8> {
        let bytes = in_domain(domain, message);
        let random = SystemRandom::new();
        match &self.0 {
            Algorithm::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PSS_SHA256, &random, &bytes, &mut signature)
                    .expect("the signature buffer has the modulus' length");
                signature
            }
            Algorithm::P256(key) => {
                let made = key.sign(&random, &bytes).expect("the operating system gives random bytes");
                with_low_s(made.as_ref().try_into().expect("the fixed form is 64 bytes"))
            }
        }
    }
}

/// Checks a signature against the key in a certificate. Whether that certificate may be trusted is
/// [`crate::cert::verify_chain`]'s question.
pub fn verify(
    signer: &Certificate,
    domain: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let bytes = in_domain(domain, message);
    let result = match signer.key_algorithm() {
        KeyAlgorithm::Rsa => {
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, signer.public_key()).verify(&bytes, signature)
        }
        // The fixed form is refused by `ring` at any other length.
        KeyAlgorithm::P256 if signature.get(32..).is_some_and(|s| *s <= HALF_ORDER[..]) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, signer.public_key()).verify(&bytes, signature)
        }
        KeyAlgorithm::P256 => return Err(SignatureError),
    };
    result.map_err(|_| SignatureError)
}

/// The order of P-256's group (FIPS 186-5 and SP 800-186, section 3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// Half of it, rounded down.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
    0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// The one of the two signatures, `s` and `n - s`, that is taken.
fn with_low_s(mut signature: [u8; 64]) -> Vec<u8> {
    if signature[32..] > HALF_ORDER[..] {
        let mut borrow = 0;
        for (s, n) in signature[32..].iter_mut().zip(ORDER).rev() {
            let difference = i16::from(n) - i16::from(*s) - borrow;
            borrow = i16::from(difference < 0);
            *s = u8::try_from(difference + 256 * borrow).expect("a byte's difference, made positive");
        }
    }
    signature.to_vec()
}

/// The bytes that are really signed.
pub(crate) fn in_domain(domain: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(domain.len() + 1 + message.len());
    bytes.extend_from_slice(domain.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(message);
    bytes
}
