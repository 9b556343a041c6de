//! Content keys locked to one public key (requirement C2): RSAES-OAEP with SHA-256 for hash and mask (RFC 8017, section 7.1),
//! keys of 3072 to 4096 bits.
//!
//! The OAEP label says what the lock is for (media id, voucher id, certificate), so a wrapped key moved to another
//! purchase does not open. The player unwraps with the `rsa` crate, blinded; the server, being reachable by
//! strangers, unwraps with `aws-lc-rs` (RUSTSEC-2023-0071) and the same label bytes.
//!
//! `rsa` keeps its numbers wherever the heap puts them. So an unlocked key is kept as its one document, on pages that can be locked
//! into memory, and taken apart for each operation.

use rand_core::OsRng;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::sha2::{Digest, Sha256};
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, Pss, RsaPublicKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cert::{Certificate, KeyAlgorithm};
use crate::crypto::sign;
use crate::id::{KeyId, MediaId, VoucherId, hex};
use crate::secret::{ContentKey, OwnPages, Secret, without_traces};

/// Most keys in one bundle; more do not fit one OAEP block of a 3072-bit key.
pub const MAX_KEYS: usize = 7;
const ENTRY: usize = 2 + 32;

/// Why keys could not be wrapped or unwrapped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WrapError {
    /// The certificate's key is not RSA of 3072 to 4096 bits, or not for receiving keys.
    #[error(
        "the certificate of '{subject}' has no RSA key of 3072 to 4096 bits for receiving media keys; have it renewed with such a key"
    )]
    UnfitKey {
        /// Whose certificate.
        subject: String,
    },
    /// The private key is unreadable or of another size.
    #[error("the private key is not an RSA key of 3072 to 4096 bits in PKCS #8 form; have a new one issued")]
    UnfitPrivateKey,
    /// Not this key, not this label, or altered; which of them is not told.
    #[error(
        "these media keys are locked to another passport or another purchase; download the track again with the passport that bought it"
    )]
    NotForUs,
    /// More than [`MAX_KEYS`], or the same key twice.
    #[error("a bundle of media keys holds 1 to 7 different ones; publish the file again")]
    BadBundle,
}

/// The content keys of one file that go to one holder: sorted by id, 1 to 7.
#[derive(Debug)]
pub struct KeyBundle {
    entries: Vec<(KeyId, ContentKey)>,
}

impl KeyBundle {
    /// Keys in any order, each id once.
    pub fn new(mut entries: Vec<(KeyId, ContentKey)>) -> Result<Self, WrapError> {
        entries.sort_by_key(|(id, _)| *id);
        let unique = entries.windows(2).all(|pair| pair[0].0 != pair[1].0);
        if entries.is_empty() || entries.len() > MAX_KEYS || !unique {
            return Err(WrapError::BadBundle);
        }
        Ok(Self { entries })
    }

    /// The key with this id, if the bundle has it.
    pub fn get(&self, id: KeyId) -> Option<&ContentKey> {
        self.entries.iter().find(|(k, _)| *k == id).map(|(_, key)| key)
    }

    /// The ids it has.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.entries.iter().map(|(id, _)| *id)
    }

    /// A bundle of only the keys named, e.g. what one purchased quality needs.
    pub fn only(&self, ids: &[KeyId]) -> Result<Self, WrapError> {
        let wanted = self.entries.iter().filter(|(id, _)| ids.contains(id));
        Self::new(wanted.map(|(id, key)| (*id, key.duplicate())).collect())
    }

    /// Per key: id (2 bytes, big-endian) and the 32 bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.entries.len() * ENTRY));
        for (id, key) in &self.entries {
            bytes.extend_from_slice(&id.0.to_be_bytes());
            bytes.extend_from_slice(key.expose());
        }
        bytes
    }

    /// The mirror of [`KeyBundle::to_bytes`]: ids strictly ascending, nothing left over.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WrapError> {
        if !bytes.len().is_multiple_of(ENTRY) {
            return Err(WrapError::BadBundle);
        }
        // Room for all: growing would leave copies behind.
        let mut entries = Vec::with_capacity(bytes.len() / ENTRY);
        for entry in bytes.chunks_exact(ENTRY) {
            let id = KeyId(u16::from_be_bytes([entry[0], entry[1]]));
            entries.push((id, Secret::from_slice(&entry[2..]).ok_or(WrapError::BadBundle)?));
        }
        if !entries.is_sorted_by_key(|(id, _)| *id) {
            return Err(WrapError::BadBundle);
        }
        Self::new(entries)
    }
}

/// What a wrapped key is for; ASCII, bound into the OAEP label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrapLabel(String);

impl WrapLabel {
    /// Keys delivered to a buyer, by the fingerprint of their encryption certificate.
    pub fn purchase(media: &MediaId, voucher: &VoucherId, buyer: &[u8; 32]) -> Self {
        Self(format!("cadenza/v1/purchase;media={media};voucher={voucher};to={}", hex(buyer)))
    }

    /// Keys kept by an author or a content manager with the master file.
    pub fn custody(media: &MediaId, keeper: &Certificate) -> Self {
        Self(format!("cadenza/v1/custody;media={media};to={}", hex(&keeper.fingerprint())))
    }

    /// The label's text; its bytes are the OAEP label `L`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Locks keys to the RSA key of a certificate. The result is as long as the key's modulus.
pub fn wrap_keys(keys: &KeyBundle, to: &Certificate, label: &WrapLabel) -> Result<Vec<u8>, WrapError> {
    let unfit = || WrapError::UnfitKey { subject: to.subject() };
    if to.key_algorithm() != KeyAlgorithm::Rsa || !to.receives_keys() {
        return Err(unfit());
    }
    let key = RsaPublicKey::from_public_key_der(to.spki()).map_err(|_| unfit())?;
    if !(3072..=4096).contains(&key.n().bits()) {
        return Err(unfit());
    }
    let padding = Oaep::new_with_label::<Sha256, _>(label.as_str());
    key.encrypt(&mut OsRng, padding, &keys.to_bytes()).map_err(|_| unfit())
}

/// A consumer's or author's RSA key while it is unlocked; wiped on drop, every private operation blinded.
pub struct RsaPrivateKey(OwnPages<Pkcs8>);

/// A PKCS #8 `PrivateKeyInfo`, DER.
struct Pkcs8 {
    bytes: Zeroizing<[u8; MAX_PKCS8]>,
    length: usize,
}

/// Longer than the document of a 4096-bit key.
const MAX_PKCS8: usize = 4096;

impl std::fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaPrivateKey(hidden)")
    }
}

impl RsaPrivateKey {
    /// Reads a PKCS #8 `PrivateKeyInfo`, DER.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, WrapError> {
        let bits = without_traces(|| rsa::RsaPrivateKey::from_pkcs8_der(der).map(|key| key.n().bits()));
        if !bits.is_ok_and(|bits| (3072..=4096).contains(&bits)) || der.len() > MAX_PKCS8 {
            return Err(WrapError::UnfitPrivateKey);
        }
        let mut kept = OwnPages::new(Pkcs8 { bytes: Zeroizing::new([0; MAX_PKCS8]), length: der.len() });
        kept.bytes[..der.len()].copy_from_slice(der);
        Ok(Self(kept))
    }

    /// Opens keys that were locked to this key under this label.
    pub fn unwrap_keys(&self, wrapped: &[u8], label: &WrapLabel) -> Result<KeyBundle, WrapError> {
        self.with_key(|key| {
            let padding = Oaep::new_with_label::<Sha256, _>(label.as_str());
            let plain = key.decrypt_blinded(&mut OsRng, padding, wrapped).map_err(|_| WrapError::NotForUs)?;
            KeyBundle::from_bytes(&Zeroizing::new(plain))
        })
    }

    /// Signs as [`sign::SigningKey`] does: RSASSA-PSS, SHA-256, 32-byte salt.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Vec<u8> {
        let digest = Sha256::digest(sign::in_domain(domain, message));
        self.with_key(|key| {
            key.sign_with_rng(&mut OsRng, Pss::new_blinded::<Sha256>(), &digest)
                .expect("a key of 3072 bits has room for PSS with SHA-256")
        })
    }

    /// The pages that the key lies on while it is not used, for whoever can lock them into memory.
    pub fn place(&self) -> (*const u8, usize) {
        self.0.place()
    }

    /// The key as `rsa` wants it, for one operation.
    fn with_key<T>(&self, operation: impl FnOnce(&rsa::RsaPrivateKey) -> T) -> T {
        without_traces(|| {
            let der = &self.0.bytes[..self.0.length];
            let key = rsa::RsaPrivateKey::from_pkcs8_der(der).expect("the document was read once before");
            operation(&key)
        })
    }
}
