//! Secrets: bytes that are wiped when dropped and never shown by `Debug` (requirements C6, C7).
//!
//! A value that is moved leaves its old bytes behind on the stack, where no destructor comes by. Whoever derives or opens
//! secrets does so inside [`without_traces`]; what is kept for long lies on [`OwnPages`] and is moved no more.

use std::fmt;
use std::hint::black_box;
use std::ops::{Deref, DerefMut};

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

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
    /// Takes the text in its normal form (NFC, Unicode Standard Annex 15) and without a byte order mark: keyboards, editors and
    /// file systems write one letter in different ways. Any length is taken here, the strength rule belongs to where it is chosen.
    pub fn new(text: String) -> Self {
        let typed = Zeroizing::new(text);
        let plain = typed.strip_prefix('\u{feff}').unwrap_or(&typed);
        // Room for all: growing would leave copies behind. No character gets longer than three times itself in UTF-8.
        let mut normal = String::with_capacity(3 * plain.len());
        normal.extend(plain.nfc());
        Self(normal)
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

/// The largest page of the processors that Cadenza runs on (Apple's).
const PAGE: usize = 16 * 1024;
/// Deeper than what derives keys and opens secrets goes. Most of it are values on their way to or from [`OwnPages`]: each takes a
/// whole page of stack and begins at a page's start, wherever the system put the stack, so a few of them reach past 64 KiB now and then.
const TRACES: usize = 256 * 1024;

/// A value alone on memory pages of its own, for as long as it is kept: the pages can be locked into memory without locking a
/// neighbour's, and unlocked again without unlocking one. Wiping is the value's own business.
pub struct OwnPages<T>(Box<Paged<T>>);

// The attribute takes no constant: this is `PAGE`.
#[repr(C, align(16384))]
struct Paged<T>(T);

const _: () = assert!(align_of::<Paged<u8>>() == PAGE);

impl<T> OwnPages<T> {
    /// Takes the value in. The caller's own copy of it stays on the stack; see [`without_traces`].
    pub fn new(value: T) -> Self {
        Self(Box::new(Paged(value)))
    }

    /// Where the pages are: the address of the first, and the bytes of all.
    pub fn place(&self) -> (*const u8, usize) {
        (std::ptr::from_ref(&*self.0).cast(), size_of::<Paged<T>>())
    }

    /// Takes the value out again, and off its pages.
    pub fn into_inner(self) -> T {
        let Paged(value) = *self.0;
        value
    }
}

impl<T> Deref for OwnPages<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.0
    }
}

impl<T> DerefMut for OwnPages<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.0
    }
}

impl<T: fmt::Debug> fmt::Debug for OwnPages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(f)
    }
}

/// Does `work`, then writes over the part of the stack that it used. What it returns should hold its secrets on the heap.
pub fn without_traces<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    scrub_stack();
    done
}

/// Keeps the frames of `work` below the caller's, where [`scrub_stack`] comes by.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn scrub_stack() {
    black_box(&mut [0u8; TRACES]);
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

    // C3
    #[test]
    fn a_passphrase_is_the_same_however_its_letters_were_written() {
        let typed = |text: &str| Passphrase::new(text.into());
        assert_eq!(typed("gru\u{308}ne Heide").expose(), "grüne Heide");
        assert_eq!(typed("\u{feff}grüne Heide").expose(), "grüne Heide");
        assert_eq!(typed("\u{212b} \u{1d15e}").expose(), "\u{c5} \u{1d157}\u{1d165}");
        assert_ne!(typed("grune Heide").expose(), "grüne Heide");
        assert_ne!(typed("ﬁn").expose(), "fin"); // what looks alike is not made alike
    }

    // C7
    #[test]
    fn what_is_kept_on_own_pages_has_no_neighbour_there() {
        let (kept, other) = (OwnPages::new([7u8; 40]), OwnPages::new([9u8; PAGE + 1]));
        assert_eq!((kept.place().0.addr() % PAGE, other.place().0.addr() % PAGE), (0, 0));
        assert_eq!((kept.place().1, other.place().1), (PAGE, 2 * PAGE));
        assert_eq!((kept[39], other.into_inner()[PAGE]), (7, 9));
    }

    #[test]
    fn two_random_secrets_differ() {
        assert_ne!(Secret::<32>::random().expose(), Secret::<32>::random().expose());
    }
}
