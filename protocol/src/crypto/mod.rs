//! The cryptography under the objects (requirements C1 to C4): one file a primitive, each with its specification.
//!
//! | file | what | specification |
//! |---|---|---|
//! | [`chunked`] | bulk encryption with random access | C2SP chunked-encryption, `Cobblestone-256` |
//! | [`wrap`] | content keys to a public key | RSAES-OAEP, RFC 8017 section 7.1, SHA-256 |
//! | [`sign`] | signatures by certificates | RSASSA-PSS (RFC 8017 section 8.1) or ECDSA P-256 (FIPS 186-5) |
//! | [`mac`] | proof of a receipt | HMAC-SHA256, RFC 2104 |
//! | [`kdf`] | passphrase to key | Argon2id, RFC 9106; AES-256-GCM, SP 800-38D; HKDF, RFC 5869 |

pub mod chunked;
pub mod kdf;
pub mod mac;
pub mod sign;
pub mod wrap;

pub use crate::digest::sha256;
