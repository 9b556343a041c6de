//! Secrets: bytes that are wiped when dropped and never shown by `Debug` (requirements C6, C7).

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes. No `Clone`, no equality: what must be compared is compared in constant time by its user.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

/// Encrypts one audio image, or the encrypted descriptive items of one file.
pub type ContentKey = Secret<32>;
/// Encrypts the private key and the personal facts of one passport.
pub type RegistrationKey = Secret<32>;

impl<const N: usize> Secret<N> {
    /// From the operating system's generator.
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// Takes bytes that were read or derived elsewhere; the caller wipes its own copy.
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// `None` when the slice is not exactly `N` bytes long.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for the moment of use.
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// A second copy, said aloud because each copy is one more to guard.
    pub fn duplicate(&self) -> Self {
        Self(self.0)
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(hidden)")
    }
}

/// 256 random bits that the content manager hands to the buyer inside a voucher; knowing them is having paid.
///
/// It crosses in vouchers and voucher packets (JSON over TLS) as base64, and nowhere else.
#[derive(Debug, Zeroize, ZeroizeOnDrop)]
pub struct ReceiptToken(Secret<32>);

impl ReceiptToken {
    /// A new token.
    pub fn random() -> Self {
        Self(Secret::random())
    }

    /// A token with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// The bytes, for the moment of use.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// A second copy.
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

impl Serialize for ReceiptToken {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        crate::wire::base64_bytes::serialize(self.expose(), s)
    }
}

impl<'de> Deserialize<'de> for ReceiptToken {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::wire::base64_array::deserialize(d).map(Self::from_bytes)
    }
}

/// What a person types to open their passport. Wiped when dropped; compare nothing with it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes the text; any length is taken here, the strength rule belongs to where it is chosen.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the moment of key derivation.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(hidden)")
    }
}

/// `N` bytes from the operating system's generator.
///
/// # Panics
/// If the operating system cannot give randomness at all; nothing safe can be done then.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_secret() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Secret::<4>::from_bytes([0xAB; 4]),
            ReceiptToken::from_bytes([0xCD; 32]),
            Passphrase::new("open sesame".into())
        );
        assert!(!shown.contains("171") && !shown.contains("205") && !shown.contains("sesame"), "{shown}");
    }

    #[test]
    fn two_random_secrets_differ() {
        assert_ne!(Secret::<32>::random().expose(), Secret::<32>::random().expose());
    }
}
