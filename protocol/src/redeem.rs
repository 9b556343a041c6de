//! Redeeming a voucher (requirements B5, B6, C4): the messages between player, delivery server and content manager.
//!
//! ```text
//! player                         delivery server                 content manager
//!   | challenge {voucher}  ------------>|                              |
//!   |<----- nonce, server id -----------|                              |
//!   | redeem {proof, chain} ----------->| forwards -------------------->| checks MAC, signature, chain, voucher's state
//!   |<----- approval: grant, wrapped keys, download token --------------|
//!   | GET media, Range ---------------->|                              |
//!   | done {hash} --------------------->| forwards -------------------->| 'delivered', log entry
//! ```
//! JSON over TLS 1.3; bytes as base64. The player checks grant and keys before it downloads anything.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::audit_log::EntryPlace;
use crate::cert::{
    Certificate, CertificateChain, CertificateError, RevocationLists, Role, verify_chain,
    verify_encryption_certificate, verify_unrevoked_chain,
};
use crate::crypto::sign::{self, SignatureError, SigningKey};
use crate::crypto::{mac, sha256};
use crate::id::{DeliveryServerId, MediaId, VoucherId};
use crate::secret::ReceiptToken;
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer, base64_array, base64_bytes};

const REQUEST_DOMAIN: &str = "cadenza/v1/redeem-request";
const GRANT_DOMAIN: &str = "cadenza/v1/delivery-grant";

/// Asks for a nonce.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// The voucher that is to be redeemed.
    pub voucher_id: VoucherId,
}

/// The delivery server's nonce: used once, short-lived.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RedeemChallenge {
    /// 256 random bits.
    #[serde(with = "base64_array")]
    pub nonce: [u8; 32],
    /// The server's own name, part of the proof.
    pub delivery_server: DeliveryServerId,
}

/// Proof of receipt and passport.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RedeemRequest {
    /// Which voucher.
    pub voucher_id: VoucherId,
    /// Which media it is for.
    pub media_id: MediaId,
    /// The challenge's nonce.
    #[serde(with = "base64_array")]
    pub nonce: [u8; 32],
    /// HMAC under the receipt token ([`mac::redeem_mac`]).
    #[serde(with = "base64_array")]
    pub mac: [u8; 32],
    /// The passport's signature over all of the above.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
    /// The passport's certificate and issuers.
    pub chain: CertificateChain,
    /// Its second certificate: to this one media keys are wrapped.
    pub encryption: Certificate,
}

impl RedeemRequest {
    /// Builds and signs the proof; `sign` is the unlocked passport's, given domain and message.
    pub fn prove(
        voucher_id: VoucherId,
        media_id: MediaId,
        receipt: &ReceiptToken,
        challenge: &RedeemChallenge,
        chain: &CertificateChain,
        encryption: &Certificate,
        sign: impl FnOnce(&str, &[u8]) -> Vec<u8>,
    ) -> Self {
        let fingerprint = chain.leaf().fingerprint();
        let RedeemChallenge { nonce, delivery_server } = challenge;
        let mac = mac::redeem_mac(receipt, &voucher_id, &fingerprint, delivery_server, nonce);
        let (chain, encryption) = (chain.clone(), encryption.clone());
        let unsigned =
            Self { voucher_id, media_id, nonce: *nonce, mac, signature: Vec::new(), chain, encryption };
        let signature = sign(REQUEST_DOMAIN, &unsigned.signed_bytes(delivery_server));
        Self { signature, ..unsigned }
    }

    /// The passport's part of the proof: both certificates and the signature. The MAC is checked by [`mac::verify_redeem_mac`] with the receipt
    /// token, the nonce by whoever issued it.
    pub fn verify_passport(
        &self,
        delivery_server: &DeliveryServerId,
        root: &Certificate,
        now: UnixTime,
        revoked: &RevocationLists,
    ) -> Result<(), ProofError> {
        let leaf = verify_unrevoked_chain(&self.chain, root, Role::Consumer, now, revoked)?;
        sign::verify(leaf, REQUEST_DOMAIN, &self.signed_bytes(delivery_server), &self.signature)?;
        verify_encryption_certificate(&self.encryption, &self.chain, root, now, revoked)?;
        Ok(())
    }

    fn signed_bytes(&self, delivery_server: &DeliveryServerId) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(self.voucher_id.as_bytes()).raw(self.media_id.as_bytes()).raw(&self.nonce).raw(&self.mac);
        w.text(delivery_server.as_str()).raw(&self.encryption.fingerprint());
        w.into_bytes()
    }
}

/// Why a proof or a grant is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The chain is not to be trusted.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The grant names other keys than came with it.
    #[error("the media keys are not those that were granted; try the download again")]
    OtherKeys,
}

/// What the content manager grants to one passport for one voucher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryGrant {
    /// Which voucher.
    pub voucher_id: VoucherId,
    /// Which media.
    pub media_id: MediaId,
    /// The quality that was bought; an image's name in the file.
    pub quality: String,
    /// Bytes of the published part: what the author signed, and agency blocks.
    pub length: u64,
    /// SHA-256 of the published part.
    #[serde(with = "base64_array")]
    pub sha256: [u8; 32],
    /// The buyer's certificate.
    #[serde(with = "base64_array")]
    pub consumer_fingerprint: [u8; 32],
    /// The buyer's encryption certificate, to which the keys are wrapped.
    #[serde(with = "base64_array")]
    pub encryption_fingerprint: [u8; 32],
    /// Serial number of the content manager's certificate, hexadecimal.
    pub content_manager_serial: String,
    /// The content manager's secure log in which the sale was entered, and as which entry: the licensing center can tell when.
    pub sale: EntryPlace,
    /// SHA-256 of the wrapped keys that belong to this grant.
    #[serde(with = "base64_array")]
    pub wrapped_keys_sha256: [u8; 32],
    /// When; the content manager's chain is judged at this time.
    pub issued_at: UnixTime,
}

impl DeliveryGrant {
    /// The content manager's signature.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        key.sign(GRANT_DOMAIN, &self.to_bytes())
    }

    /// Checks who granted, and that the wrapped keys are the granted ones.
    pub fn verify(
        &self,
        content_manager: &CertificateChain,
        signature: &[u8],
        wrapped_keys: &[u8],
        root: &Certificate,
    ) -> Result<(), ProofError> {
        let leaf = verify_chain(content_manager, root, Role::ContentManager, self.issued_at)?;
        sign::verify(leaf, GRANT_DOMAIN, &self.to_bytes(), signature)?;
        let same =
            sha256(wrapped_keys) == self.wrapped_keys_sha256 && leaf.serial() == self.content_manager_serial;
        if same { Ok(()) } else { Err(ProofError::OtherKeys) }
    }

    /// The bytes that are signed and that stand in a transaction block.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(self.voucher_id.as_bytes()).raw(self.media_id.as_bytes()).text(&self.quality);
        w.u64(self.length)
            .raw(&self.sha256)
            .raw(&self.consumer_fingerprint)
            .raw(&self.encryption_fingerprint);
        w.text(&self.content_manager_serial).raw(&self.sale.log).u64(self.sale.number);
        w.raw(&self.wrapped_keys_sha256).i64(self.issued_at.0);
        w.into_bytes()
    }

    /// Reads them back.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let grant = Self {
            voucher_id: VoucherId::from_bytes(r.array("voucher id")?),
            media_id: MediaId::from_bytes(r.array("media id")?),
            quality: r.text(32, "quality")?.to_owned(),
            length: r.u64("length")?,
            sha256: r.array("media hash")?,
            consumer_fingerprint: r.array("buyer's certificate")?,
            encryption_fingerprint: r.array("buyer's encryption certificate")?,
            content_manager_serial: r.text(64, "content manager's serial")?.to_owned(),
            sale: EntryPlace { log: r.array("log of the sale")?, number: r.u64("entry of the sale")? },
            wrapped_keys_sha256: r.array("wrapped keys' hash")?,
            issued_at: UnixTime(r.i64("time of grant")?),
        };
        r.finish("grant")?;
        Ok(grant)
    }
}

/// The content manager's yes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RedeemApproval {
    /// What is granted.
    pub grant: DeliveryGrant,
    /// The content manager's signature over it.
    #[serde(with = "base64_bytes")]
    pub grant_signature: Vec<u8>,
    /// The media keys of the bought quality and of the encrypted texts, wrapped to the passport's encryption key with
    /// [`crate::crypto::wrap::WrapLabel::purchase`].
    #[serde(with = "base64_bytes")]
    pub wrapped_keys: Vec<u8>,
    /// The content manager's certificate and issuers.
    pub content_manager_chain: CertificateChain,
    /// Number of the promotional picture chosen for this buyer (requirement B8), an item of the file.
    pub promotional_item: Option<u32>,
    /// Path of the media on the delivery server.
    pub download: String,
    /// `Authorization: Bearer` token for that path and for `done`; short-lived.
    pub download_token: String,
}

/// The player's report that all of it arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// Which voucher.
    pub voucher_id: VoucherId,
    /// SHA-256 of what was received.
    #[serde(with = "base64_array")]
    pub sha256: [u8; 32],
    /// How long the download took.
    pub seconds: u32,
}
