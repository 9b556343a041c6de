//! The publication block (requirement O1): a content manager's word for the whole that it sells. It stands behind author's block and agency
//! blocks, so none of those can be removed, added or put in another order afterwards.
//!
//! ```text
//! magic "CDZPUBL1" (8) | length of the rest (4)
//! media id (16) published at (8)
//! content manager's chain (number 1, then each length 4, DER) | its signature (length 4, bytes)
//! ```
//! Signed in the domain `cadenza/v1/publication`: the running hash ([`MediaFile::running_hash`](super::MediaFile::running_hash)) of what stands in
//! front, then all of the above from the media id to the last certificate.

use super::MediaError;
use super::author::{read_chain, write_chain};
use super::parts;
use crate::cert::{Certificate, CertificateChain, Role, verify_chain};
use crate::crypto::sign::{self, SigningKey};
use crate::id::MediaId;
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer};

/// Longest block, magic and length field not counted.
pub const MAX_BLOCK: u32 = 64 * 1024;
/// First eight bytes.
pub const MAGIC: &[u8; 8] = b"CDZPUBL1";

const DOMAIN: &str = "cadenza/v1/publication";

/// What a content manager says of a file that it sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationFacts {
    /// Which song.
    pub media_id: MediaId,
    /// When; the content manager's chain is judged at this time.
    pub published_at: UnixTime,
}

/// The block as it stands in a file.
#[derive(Debug, Clone)]
pub struct PublicationBlock {
    /// What it says.
    pub facts: PublicationFacts,
    /// The content manager's certificate and its issuers.
    pub chain: CertificateChain,
    signature: Vec<u8>,
}

impl PublicationFacts {
    /// The block, signed by a content manager; `running_hash` is that of the file it will be added to.
    pub fn sign(
        self,
        running_hash: &[u8; 32],
        key: &SigningKey,
        chain: CertificateChain,
    ) -> PublicationBlock {
        let signature = key.sign(DOMAIN, &message(running_hash, &self, &chain));
        PublicationBlock { facts: self, chain, signature }
    }
}

impl PublicationBlock {
    /// The block's bytes, to be appended behind the author's block or the last agency block.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut rest = Writer::new();
        write_facts(&mut rest, &self.facts, &self.chain);
        rest.bytes(&self.signature);
        parts::block(MAGIC, rest)
    }

    /// Reads a block without its magic and length field; nothing may follow it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MediaError> {
        Self::parse(bytes).map_err(MediaError::malformed("record of publication"))
    }

    /// Checks chain and signature, and that the block belongs to this song and to what stands in front of it.
    pub fn verify(
        &self,
        root: &Certificate,
        media_id: &MediaId,
        running_hash: &[u8; 32],
    ) -> Result<(), MediaError> {
        let refuse = |reason: String| MediaError::Publication { reason };
        if self.facts.media_id != *media_id {
            return Err(refuse("it belongs to other media".into()));
        }
        let manager = verify_chain(&self.chain, root, Role::ContentManager, self.facts.published_at)
            .map_err(|e| refuse(e.to_string()))?;
        sign::verify(manager, DOMAIN, &message(running_hash, &self.facts, &self.chain), &self.signature)
            .map_err(|e| refuse(e.to_string()))
    }

    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let media_id = MediaId::from_bytes(r.array("media id")?);
        let published_at = UnixTime(r.i64("time of publication")?);
        let chain = read_chain(&mut r)?;
        let signature = r.bytes(1024, "content manager's signature")?.to_vec();
        r.finish("record of publication")?;
        Ok(Self { facts: PublicationFacts { media_id, published_at }, chain, signature })
    }
}

fn write_facts(w: &mut Writer, facts: &PublicationFacts, chain: &CertificateChain) {
    w.raw(facts.media_id.as_bytes()).i64(facts.published_at.0);
    write_chain(w, chain);
}

fn message(running_hash: &[u8; 32], facts: &PublicationFacts, chain: &CertificateChain) -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(running_hash);
    write_facts(&mut w, facts, chain);
    w.into_bytes()
}
