//! The author's block: who signed the file, when, and the signature over header and table of contents.
//!
//! ```text
//! length of the rest (4) | signing time (8) | number of certificates (1) | each: length (4), DER | signature: length (4), bytes
//! ```
//! Signed in the domain `cadenza/v1/media-file`: header, table of contents, signing time, certificates. The table holds every item's
//! SHA-256, so the signature covers every byte in front of it.

use std::io::{Read, Seek};

use super::parts::read_range;
use super::{HEADER, MediaError};
use crate::cert::{Certificate, CertificateChain, Role, verify_chain};
use crate::crypto::sign::{self, SigningKey};
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer};

/// Longest block, length field not counted.
pub const MAX_AUTHOR_BLOCK: u32 = 64 * 1024;

const DOMAIN: &str = "cadenza/v1/media-file";

/// Who signed, and when.
#[derive(Debug, Clone)]
pub struct AuthorBlock {
    /// The signer's certificate and its issuers.
    pub chain: CertificateChain,
    /// When; the chain is judged at this time.
    pub signed_at: UnixTime,
    signature: Vec<u8>,
}

impl AuthorBlock {
    /// Signs header and table of contents.
    pub fn sign(
        key: &SigningKey,
        chain: CertificateChain,
        signed_at: UnixTime,
        header: &[u8; HEADER],
        toc: &[u8],
    ) -> Self {
        let signature = key.sign(DOMAIN, &message(header, toc, signed_at, &chain));
        Self { chain, signed_at, signature }
    }

    /// Checks chain and signature.
    pub fn verify(&self, root: &Certificate, header: &[u8; HEADER], toc: &[u8]) -> Result<(), MediaError> {
        let author =
            verify_chain(&self.chain, root, Role::Author, self.signed_at).map_err(MediaError::Author)?;
        let message = message(header, toc, self.signed_at, &self.chain);
        sign::verify(author, DOMAIN, &message, &self.signature).map_err(|_| MediaError::AuthorSignature)
    }

    /// Reads the block with its length field: the block, the running hash behind it, and where it ends.
    pub(super) fn read<R: Read + Seek>(source: &mut R, at: u64) -> Result<(Self, [u8; 32], u64), MediaError> {
        let field = "author's signature";
        let length = read_range(source, at, 4, field)?;
        let length = u32::from_be_bytes(length.try_into().expect("four bytes were read"));
        if length > MAX_AUTHOR_BLOCK {
            let (length, bound) = (length.into(), MAX_AUTHOR_BLOCK.into());
            let error = WireError::TooLong { field: "author's block", length, bound };
            return Err(MediaError::malformed(field)(error));
        }
        let bytes = read_range(source, at + 4, length.into(), field)?;
        let end = at + 4 + u64::from(length);
        Ok((Self::from_bytes(&bytes)?, crate::crypto::sha256(&bytes), end))
    }

    /// The block with its length field.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer::new();
        body.i64(self.signed_at.0);
        self.chain.write(&mut body);
        body.bytes(&self.signature);
        let mut w = Writer::new();
        w.bytes(&body.into_bytes());
        w.into_bytes()
    }

    /// Reads the block without its length field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MediaError> {
        Self::parse(bytes).map_err(MediaError::malformed("author's signature"))
    }

    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let signed_at = UnixTime(r.i64("signing time")?);
        let chain = CertificateChain::read(&mut r)?;
        let signature = r.bytes(1024, "signature")?.to_vec();
        r.finish("author's block")?;
        Ok(Self { chain, signed_at, signature })
    }
}

fn message(header: &[u8; HEADER], toc: &[u8], signed_at: UnixTime, chain: &CertificateChain) -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(header).bytes(toc).i64(signed_at.0);
    chain.write(&mut w);
    w.into_bytes()
}
