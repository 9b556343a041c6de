//! The publication block (requirements O1, C2): a content manager's word for the whole that it sells, and the licensing center's time stamp
//! under it. It stands behind author's block and agency blocks, so none of those can be removed, added or put in another order afterwards,
//! and nothing of it can be dated back, not even with a stolen key.
//!
//! ```text
//! magic "CDZPUBL1" (8) | length of the rest (4)
//! media id (16) published at (8)
//! content manager's chain (number 1, then each length 4, DER) | its signature (length 4, bytes)
//! time stamp token (length 4, bytes)
//! ```
//! Signed in the domain `cadenza/v1/publication`: the running hash ([`MediaFile::running_hash`](super::MediaFile::running_hash)) of what stands in
//! front, then all of the above from the media id to the last certificate. Stamped: the running hash, then all from the media id to the signature.

use super::MediaError;
use super::parts;
use crate::cert::{Certificate, CertificateChain, Role, verify_chain};
use crate::crypto::sign::{self, SigningKey};
use crate::id::MediaId;
use crate::time::UnixTime;
use crate::time_stamp::{Imprint, MAX_TOKEN, TimeStampToken, imprint};
use crate::wire::{Reader, WireError, Writer};

/// Longest block, magic and length field not counted.
pub const MAX_BLOCK: u32 = 96 * 1024;
/// First eight bytes.
pub const MAGIC: &[u8; 8] = b"CDZPUBL1";

const DOMAIN: &str = "cadenza/v1/publication";
const FIELD: &str = "record of publication";

/// What a content manager says of a file that it sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationFacts {
    /// Which song.
    pub media_id: MediaId,
    /// When, by the content manager's own clock.
    pub published_at: UnixTime,
}

/// A content manager's signed word, as the licensing center stamps it.
#[derive(Debug, Clone)]
pub struct Publication {
    /// What it says.
    pub facts: PublicationFacts,
    /// The content manager's certificate and its issuers.
    pub chain: CertificateChain,
    signature: Vec<u8>,
}

/// The block as it stands in a file.
#[derive(Debug, Clone)]
pub struct PublicationBlock {
    /// The content manager's word.
    pub word: Publication,
    /// The licensing center's word for when: at this time everyone who had signed was in good standing.
    pub stamp: TimeStampToken,
}

impl PublicationFacts {
    /// Signed by a content manager; `running_hash` is that of the file it will be added to.
    pub fn sign(self, running_hash: &[u8; 32], key: &SigningKey, chain: CertificateChain) -> Publication {
        let signature = key.sign(DOMAIN, &message(running_hash, &self, &chain));
        Publication { facts: self, chain, signature }
    }
}

impl Publication {
    /// With the licensing center's stamp on [`Publication::imprint`].
    pub const fn stamped(self, stamp: TimeStampToken) -> PublicationBlock {
        PublicationBlock { word: self, stamp }
    }

    /// What the licensing center stamps.
    pub fn imprint(&self, running_hash: &[u8; 32]) -> Imprint {
        let mut w = Writer::new();
        w.raw(running_hash);
        self.write(&mut w);
        imprint(DOMAIN, &w.into_bytes())
    }

    /// Checks chain and signature, and that it belongs to this song and to what stands in front of it.
    pub fn verify(
        &self,
        root: &Certificate,
        media_id: &MediaId,
        running_hash: &[u8; 32],
    ) -> Result<(), MediaError> {
        if self.facts.media_id != *media_id {
            return Err(refuse("it belongs to other media"));
        }
        let manager =
            verify_chain(&self.chain, root, Role::ContentManager, self.facts.published_at).map_err(refuse)?;
        sign::verify(manager, DOMAIN, &message(running_hash, &self.facts, &self.chain), &self.signature)
            .map_err(refuse)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.write(&mut w);
        w.into_bytes()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, MediaError> {
        let mut r = Reader::new(bytes);
        Self::read(&mut r)
            .and_then(|word| r.finish(FIELD).map(|()| word))
            .map_err(MediaError::malformed(FIELD))
    }

    fn write(&self, w: &mut Writer) {
        write_facts(w, &self.facts, &self.chain);
        w.bytes(&self.signature);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let media_id = MediaId::from_bytes(r.array("media id")?);
        let published_at = UnixTime(r.i64("time of publication")?);
        let chain = CertificateChain::read(r)?;
        let signature = r.bytes(1024, "content manager's signature")?.to_vec();
        Ok(Self { facts: PublicationFacts { media_id, published_at }, chain, signature })
    }
}

impl PublicationBlock {
    /// The block's bytes, to be appended behind the author's block or the last agency block.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut rest = Writer::new();
        self.word.write(&mut rest);
        rest.bytes(&self.stamp.to_bytes());
        parts::block(MAGIC, rest)
    }

    /// Reads a block without its magic and length field; nothing may follow it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MediaError> {
        Self::parse(bytes).map_err(MediaError::malformed(FIELD))
    }

    /// Checks word and stamp. Who signed what stands in front is judged by [`super::standing`].
    pub fn verify(
        &self,
        root: &Certificate,
        media_id: &MediaId,
        running_hash: &[u8; 32],
    ) -> Result<(), MediaError> {
        self.word.verify(root, media_id, running_hash)?;
        self.stamp
            .verify(&self.word.imprint(running_hash), root)
            .map_err(|e| refuse(format!("time stamp: {e}")))
    }

    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let word = Publication::read(&mut r)?;
        let stamp = TimeStampToken::from_bytes(r.bytes(MAX_TOKEN, "time stamp")?)?;
        r.finish(FIELD)?;
        Ok(Self { word, stamp })
    }
}

fn refuse(reason: impl ToString) -> MediaError {
    MediaError::Publication { reason: reason.to_string() }
}

fn write_facts(w: &mut Writer, facts: &PublicationFacts, chain: &CertificateChain) {
    w.raw(facts.media_id.as_bytes()).i64(facts.published_at.0);
    chain.write(w);
}

fn message(running_hash: &[u8; 32], facts: &PublicationFacts, chain: &CertificateChain) -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(running_hash);
    write_facts(&mut w, facts, chain);
    w.into_bytes()
}
