//! The agency block (requirements O1, S9): the codes under which a record label or rights agency knows this song. A distribution
//! hub adds it behind the author's block and signs it; it opens neither texts nor audio for that, and changes no byte of the author's.
//!
//! ```text
//! magic "CDZAGNC1" (8) | length of the rest (4)
//! media id (16) added at (8) rights agent (text) SHA-256 of the agent's key (32)
//! number of codes (1), then each: scheme (text) value (text)
//! hub's chain (number 1, then each length 4, DER) | hub's signature (length 4, bytes)
//! ```
//! Signed in the domain `cadenza/v1/agency`: the running hash of what stands in front, author's block and earlier agency blocks, then all
//! of the above from the media id to the last certificate. A file holds at most four such blocks, of different hubs or agencies; keys
//! say which is which, names are for people.

use super::MediaError;
use super::parts;
use crate::cert::{Certificate, CertificateChain, Role, verify_chain};
use crate::crypto::sign::{self, SigningKey};
use crate::id::MediaId;
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer};

/// Most agency blocks in a file; no two of one hub for one rights agent.
pub const MAX_BLOCKS: usize = 4;
/// Longest block, magic and length field not counted.
pub const MAX_BLOCK: u32 = 64 * 1024;
/// Most codes in a block.
pub const MAX_CODES: usize = 16;
/// First eight bytes of every block.
pub const MAGIC: &[u8; 8] = b"CDZAGNC1";

const DOMAIN: &str = "cadenza/v1/agency";
const TEXT_BOUND: u32 = 128;

/// One code and whose numbering it belongs to, e.g. `product` and `ML-0042`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyCode {
    /// The numbering: `artist`, `product`, `sku`, `isrc`, `iswc` or an agency's own; 1 to 128 bytes.
    pub scheme: String,
    /// The code in it; 1 to 128 bytes.
    pub value: String,
}

/// What a hub says of a song.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyFacts {
    /// Which song.
    pub media_id: MediaId,
    /// When; the hub's chain is judged at this time.
    pub added_at: UnixTime,
    /// Name of the rights agent to whom sales and previews are reported; 1 to 128 bytes.
    pub agent: String,
    /// Who that is: [`Certificate::key_fingerprint`] of the rights agent.
    pub agent_key: [u8; 32],
    /// 1 to [`MAX_CODES`] codes.
    pub codes: Vec<AgencyCode>,
}

/// The block as it stands in a file.
#[derive(Debug, Clone)]
pub struct AgencyBlock {
    /// What it says.
    pub facts: AgencyFacts,
    /// The hub's certificate and its issuers.
    pub chain: CertificateChain,
    signature: Vec<u8>,
}

impl AgencyFacts {
    /// The block, signed by a hub; `running_hash` is [`MediaFile::running_hash`](super::MediaFile::running_hash) of the file it will be added to.
    pub fn sign(
        self,
        running_hash: &[u8; 32],
        key: &SigningKey,
        chain: CertificateChain,
    ) -> Result<AgencyBlock, MediaError> {
        self.check().map_err(MediaError::malformed("agency codes"))?;
        let signature = key.sign(DOMAIN, &self.message(running_hash, &chain));
        Ok(AgencyBlock { facts: self, chain, signature })
    }

    /// The facts as they stand in the block; signed together with the running hash and the hub's certificates.
    ///
    /// # Panics
    /// More than 255 codes; signing and reading refuse more than sixteen.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(self.media_id.as_bytes()).i64(self.added_at.0).text(&self.agent).raw(&self.agent_key);
        w.u8(u8::try_from(self.codes.len()).expect("at most sixteen, checked when signed and when read"));
        for code in &self.codes {
            w.text(&code.scheme).text(&code.value);
        }
        w.into_bytes()
    }

    fn message(&self, running_hash: &[u8; 32], chain: &CertificateChain) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(running_hash).raw(&self.to_bytes());
        chain.write(&mut w);
        w.into_bytes()
    }

    fn check(&self) -> Result<(), WireError> {
        let invalid = |field| Err(WireError::Invalid { field });
        let fits = |text: &str| (1..=TEXT_BOUND as usize).contains(&text.len());
        if !fits(&self.agent) {
            return invalid("rights agent");
        }
        if self.codes.is_empty() || self.codes.len() > MAX_CODES {
            return invalid("number of agency codes");
        }
        if !self.codes.iter().all(|c| fits(&c.scheme) && fits(&c.value)) {
            return invalid("agency code");
        }
        Ok(())
    }
}

impl AgencyBlock {
    /// The block's bytes, to be appended behind the author's block or an agency block.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut rest = Writer::new();
        rest.raw(&self.facts.to_bytes());
        self.chain.write(&mut rest);
        rest.bytes(&self.signature);
        parts::block(MAGIC, rest)
    }

    /// Reads a block without its magic and length field; nothing may follow it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MediaError> {
        Self::parse(bytes).map_err(MediaError::malformed("agency codes"))
    }

    /// Checks chain and signature, and that the block belongs to this song and to what stands in front of it.
    pub fn verify(
        &self,
        root: &Certificate,
        media_id: &MediaId,
        running_hash: &[u8; 32],
    ) -> Result<(), MediaError> {
        let refuse = |reason: String| MediaError::Agency { reason };
        if self.facts.media_id != *media_id {
            return Err(refuse("they belong to other media".into()));
        }
        let hub = verify_chain(&self.chain, root, Role::Hub, self.facts.added_at)
            .map_err(|e| refuse(e.to_string()))?;
        sign::verify(hub, DOMAIN, &self.facts.message(running_hash, &self.chain), &self.signature)
            .map_err(|e| refuse(e.to_string()))
    }

    /// Whether this is a second block of the other's hub for the other's agent, by their keys: sales would be reported twice.
    pub(super) fn repeats(&self, other: &AgencyBlock) -> bool {
        self.is_by(other.chain.leaf(), &other.facts.agent_key)
    }

    /// Whether this hub (by its key) added it for this agent.
    pub fn is_by(&self, hub: &Certificate, agent_key: &[u8; 32]) -> bool {
        self.facts.agent_key == *agent_key && self.chain.leaf().key_fingerprint() == hub.key_fingerprint()
    }

    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let media_id = MediaId::from_bytes(r.array("media id")?);
        let added_at = UnixTime(r.i64("time of the agency codes")?);
        let agent = r.text(TEXT_BOUND, "rights agent")?.to_owned();
        let agent_key = r.array("rights agent's key")?;
        let count = r.u8("number of agency codes")?;
        let mut codes = Vec::new();
        for _ in 0..count {
            let scheme = r.text(TEXT_BOUND, "agency code")?.to_owned();
            codes.push(AgencyCode { scheme, value: r.text(TEXT_BOUND, "agency code")?.to_owned() });
        }
        let facts = AgencyFacts { media_id, added_at, agent, agent_key, codes };
        facts.check()?;
        let chain = CertificateChain::read(&mut r)?;
        let signature = r.bytes(1024, "hub's signature")?.to_vec();
        r.finish("agency codes")?;
        Ok(Self { facts, chain, signature })
    }
}
