//! The lock on a passport: passphrase to key (requirement C3).
//!
//! Argon2id (RFC 9106) turns the passphrase into a key; AES-256-GCM (SP 800-38D) under it seals the registration key, with
//! parameters, salt and the passport's signed body as associated data. What the registration key itself protects is
//! sealed by [`super::chunked`], whose context gives private key and personal facts different keys.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::secret::{Passphrase, RegistrationKey, random_bytes, without_traces};
use crate::wire::{Writer, base64_array, base64_bytes};

/// Cost of one passphrase try: memory in KiB, passes, lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KdfParams {
    /// Memory in KiB: 19,456 to 131,072.
    pub m_kib: u32,
    /// Passes: 2 to 4.
    pub t: u32,
    /// Lanes: 1 to 4.
    pub p: u32,
}

impl KdfParams {
    /// What new passports use: 64 MiB, 3 passes, 1 lane.
    pub const STANDARD: Self = Self { m_kib: 64 * 1024, t: 3, p: 1 };
    /// The least that is accepted; also what tests use to be quick.
    pub const FLOOR: Self = Self { m_kib: 19_456, t: 2, p: 1 };
    /// The most that is accepted, three times the work of what is written: a passport from elsewhere must not exhaust memory or time.
    pub const CAP: Self = Self { m_kib: 128 * 1024, t: 4, p: 4 };

    fn check(self) -> Result<Self, LockError> {
        let within = |v, low, high| (low..=high).contains(&v);
        let fits = within(self.m_kib, Self::FLOOR.m_kib, Self::CAP.m_kib)
            && within(self.t, Self::FLOOR.t, Self::CAP.t)
            && within(self.p, Self::FLOOR.p, Self::CAP.p);
        if fits { Ok(self) } else { Err(LockError::BadParameters) }
    }
}

/// Why a lock did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LockError {
    /// Wrong passphrase, or an altered lock; which is not told.
    #[error("this passphrase does not open the passport; check capitals and keyboard layout and try again")]
    WrongPassphrase,
    /// Costs below the floor or above the cap.
    #[error(
        "the passport asks for more work at each passphrase than any that Cadenza made, and is not opened; export it again from where it came from, or recover it"
    )]
    BadParameters,
}

/// A registration key sealed under a passphrase, as it stands in the passport file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedKey {
    /// `argon2id`, the only one.
    pub algorithm: KdfAlgorithm,
    /// Cost parameters.
    pub params: KdfParams,
    /// Argon2 salt.
    #[serde(with = "base64_array")]
    pub salt: [u8; 16],
    /// AES-GCM nonce.
    #[serde(with = "base64_array")]
    pub nonce: [u8; 12],
    /// 32 sealed bytes and their tag.
    #[serde(with = "base64_bytes")]
    pub sealed: Vec<u8>,
}

/// Names the key derivation in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KdfAlgorithm {
    /// RFC 9106, version 0x13.
    Argon2id,
}

impl LockedKey {
    /// Whether it may be tried at all. Costs no work: for whoever takes a lock in from elsewhere, before anybody types a passphrase.
    pub fn check(&self) -> Result<(), LockError> {
        self.params.check()?;
        if self.sealed.len() == 32 + 16 { Ok(()) } else { Err(LockError::BadParameters) }
    }
}

/// Seals the registration key under a passphrase. Takes as long as `params` say: never on a UI thread.
pub fn lock(
    key: &RegistrationKey,
    passphrase: &Passphrase,
    params: KdfParams,
    bound_to: &[u8],
) -> Result<LockedKey, LockError> {
    let (salt, nonce) = (random_bytes(), random_bytes());
    let aad = associated_data(params, &salt, bound_to);
    let payload = Payload { msg: key.expose(), aad: &aad };
    let sealed = without_traces(|| {
        let cipher = derive(passphrase, params, &salt)?;
        cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| LockError::BadParameters)
    })?;
    Ok(LockedKey { algorithm: KdfAlgorithm::Argon2id, params, salt, nonce, sealed })
}

/// Opens what [`lock`] sealed. The costs are checked before any memory is taken. The key comes back by value: call this inside
/// [`without_traces`].
pub fn unlock(
    locked: &LockedKey,
    passphrase: &Passphrase,
    bound_to: &[u8],
) -> Result<RegistrationKey, LockError> {
    locked.check()?;
    let cipher = derive(passphrase, locked.params, &locked.salt)?;
    let aad = associated_data(locked.params, &locked.salt, bound_to);
    let payload = Payload { msg: &locked.sealed, aad: &aad };
    let plain =
        cipher.decrypt(&Nonce::from(locked.nonce), payload).map_err(|_| LockError::WrongPassphrase)?;
    RegistrationKey::from_slice(&Zeroizing::new(plain)).ok_or(LockError::WrongPassphrase)
}

/// Expanded key and hash key are wiped on drop: with aes-gcm's feature `zeroize`, which turns on the same in `aes`. Without it this does
/// not compile.
const _: () = {
    const fn is_wiped<T: ZeroizeOnDrop>() {}
    is_wiped::<Aes256Gcm>();
};

fn derive(passphrase: &Passphrase, params: KdfParams, salt: &[u8; 16]) -> Result<Aes256Gcm, LockError> {
    let KdfParams { m_kib, t, p } = params.check()?;
    let params = Params::new(m_kib, t, p, Some(32)).map_err(|_| LockError::BadParameters)?;
    let mut key = Zeroizing::new([0u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| LockError::BadParameters)?;
    Ok(Aes256Gcm::new((&*key).into()))
}

fn associated_data(params: KdfParams, salt: &[u8; 16], bound_to: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.text("cadenza/v1/passport-lock").u32(params.m_kib).u32(params.t).u32(params.p);
    w.bytes(salt).bytes(&crate::digest::sha256(bound_to));
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(text: &str) -> Passphrase {
        Passphrase::new(text.into())
    }

    #[test]
    fn only_the_passphrase_in_its_passport_opens_the_lock() {
        let key = RegistrationKey::random();
        let locked = lock(&key, &phrase("three blind mice"), KdfParams::FLOOR, b"body").unwrap();
        let opened = unlock(&locked, &phrase("three blind mice"), b"body").unwrap();
        assert_eq!(opened.expose(), key.expose());
        let wrong = unlock(&locked, &phrase("Three blind mice"), b"body").unwrap_err();
        let moved = unlock(&locked, &phrase("three blind mice"), b"another body").unwrap_err();
        assert_eq!((wrong, moved), (LockError::WrongPassphrase, LockError::WrongPassphrase));
    }

    #[test]
    fn costs_outside_floor_and_cap_are_refused_before_any_work() {
        let key = RegistrationKey::random();
        let locked = lock(&key, &phrase("x"), KdfParams::FLOOR, b"").unwrap();
        for params in [
            KdfParams { m_kib: 8, ..KdfParams::FLOOR },
            KdfParams { m_kib: u32::MAX, ..KdfParams::FLOOR },
            KdfParams { t: 1, ..KdfParams::FLOOR },
            KdfParams { t: 1_000_000, ..KdfParams::FLOOR },
            KdfParams { p: 0, ..KdfParams::FLOOR },
            KdfParams { m_kib: 128 * 1024 + 1, ..KdfParams::FLOOR },
            KdfParams { t: 5, ..KdfParams::FLOOR },
            KdfParams { p: 5, ..KdfParams::FLOOR },
        ] {
            let hostile = LockedKey { params, ..locked.clone() };
            assert_eq!(unlock(&hostile, &phrase("x"), b"").unwrap_err(), LockError::BadParameters);
        }
    }
}
