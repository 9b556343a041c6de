//! The transaction block (requirement O5): what makes one delivered copy somebody's.
//!
//! The player appends it behind the author's signed part when a purchase has arrived. It names voucher, delivery time, the content
//! manager's certificate and the player's, carries the media keys wrapped to the player, and is signed twice: the content
//! manager's grant inside, the player's signature around.
//!
//! ```text
//! magic "CDZXACT1" (8) | length of the rest (4)
//! voucher id (16) media id (16) delivered at (8)
//! grant (length 4, bytes) grant signature (length 4, bytes) wrapped keys (length 4, bytes)
//! content manager's chain, player's chain (number 1, then each length 4, DER)
//! player's signature (length 4, bytes) over all of the above from the voucher id on
//! ```

use super::MediaError;
use super::parts;
use crate::cert::{Certificate, CertificateChain, Role, verify_chain};
use crate::crypto::sign;
use crate::id::{MediaId, VoucherId};
use crate::redeem::DeliveryGrant;
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer};

/// Longest block in bytes.
pub const MAX_BLOCK: u64 = 128 * 1024;

const MAGIC: &[u8; 8] = b"CDZXACT1";
const DOMAIN: &str = "cadenza/v1/transaction";

/// What the block says, without the player's signature.
#[derive(Debug, Clone)]
pub struct TransactionFacts {
    /// When the player had received all of it.
    pub delivered_at: UnixTime,
    /// What the content manager granted: voucher, media, quality, buyer.
    pub grant: DeliveryGrant,
    /// The content manager's signature over the grant.
    pub grant_signature: Vec<u8>,
    /// The media keys, wrapped to the player's certificate.
    pub wrapped_keys: Vec<u8>,
    /// The content manager's certificate and issuers.
    pub content_manager_chain: CertificateChain,
    /// The player's certificate and issuers.
    pub consumer_chain: CertificateChain,
}

/// The block as it stands in a delivered file.
#[derive(Debug, Clone)]
pub struct TransactionBlock {
    /// What it says.
    pub facts: TransactionFacts,
    player_signature: Vec<u8>,
}

impl TransactionFacts {
    /// The block, signed by the player: `sign` is the unlocked passport's, given domain and message.
    pub fn signed(self, sign: impl FnOnce(&str, &[u8]) -> Vec<u8>) -> TransactionBlock {
        let player_signature = sign(DOMAIN, &self.to_bytes());
        TransactionBlock { facts: self, player_signature }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(self.grant.voucher_id.as_bytes()).raw(self.grant.media_id.as_bytes()).i64(self.delivered_at.0);
        w.bytes(&self.grant.to_bytes()).bytes(&self.grant_signature).bytes(&self.wrapped_keys);
        self.content_manager_chain.write(&mut w);
        self.consumer_chain.write(&mut w);
        w.into_bytes()
    }
}

impl TransactionBlock {
    /// Whose purchase it is.
    pub const fn voucher_id(&self) -> &VoucherId {
        &self.facts.grant.voucher_id
    }

    /// The block's bytes, to be appended to the author's signed part.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut rest = Writer::new();
        rest.raw(&self.facts.to_bytes()).bytes(&self.player_signature);
        parts::block(MAGIC, rest)
    }

    /// Reads the whole block; nothing may follow it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MediaError> {
        Self::parse(bytes).map_err(MediaError::malformed("record of purchase"))
    }

    /// Checks both signatures and both chains, each at its own time, and that the block belongs to this media.
    pub fn verify(&self, root: &Certificate, media_id: &MediaId) -> Result<(), MediaError> {
        let refuse = |reason: String| MediaError::Transaction { reason };
        let TransactionFacts { grant, content_manager_chain, consumer_chain, .. } = &self.facts;
        if grant.media_id != *media_id {
            return Err(refuse("it belongs to other media".into()));
        }
        grant
            .verify(content_manager_chain, &self.facts.grant_signature, &self.facts.wrapped_keys, root)
            .map_err(|e| refuse(e.to_string()))?;
        let player = verify_chain(consumer_chain, root, Role::Consumer, self.facts.delivered_at)
            .map_err(|e| refuse(e.to_string()))?;
        if player.fingerprint() != grant.consumer_fingerprint {
            return Err(refuse("it was granted to another passport".into()));
        }
        sign::verify(player, DOMAIN, &self.facts.to_bytes(), &self.player_signature)
            .map_err(|e| refuse(e.to_string()))
    }

    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut outer = Reader::new(bytes);
        if outer.array::<8>("record of purchase")? != *MAGIC {
            return Err(WireError::Invalid { field: "record of purchase" });
        }
        let rest = outer.bytes(128 * 1024, "record of purchase")?;
        outer.finish("record of purchase")?;

        let mut r = Reader::new(rest);
        let voucher_id = VoucherId::from_bytes(r.array("voucher id")?);
        let media_id = MediaId::from_bytes(r.array("media id")?);
        let delivered_at = UnixTime(r.i64("delivery time")?);
        let grant = DeliveryGrant::from_bytes(r.bytes(1024, "grant")?)?;
        if (grant.voucher_id, grant.media_id) != (voucher_id, media_id) {
            return Err(WireError::Invalid { field: "grant" });
        }
        let grant_signature = r.bytes(1024, "grant signature")?.to_vec();
        let wrapped_keys = r.bytes(1024, "wrapped keys")?.to_vec();
        let content_manager_chain = CertificateChain::read(&mut r)?;
        let consumer_chain = CertificateChain::read(&mut r)?;
        let player_signature = r.bytes(1024, "player's signature")?.to_vec();
        r.finish("record of purchase")?;
        let facts = TransactionFacts {
            delivered_at,
            grant,
            grant_signature,
            wrapped_keys,
            content_manager_chain,
            consumer_chain,
        };
        Ok(Self { facts, player_signature })
    }
}
