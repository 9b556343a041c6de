//! The media voucher (requirement O6): which media, which transaction, which delivery server.
//!
//! A JSON file, extension `.cadvoucher`, media type `application/vnd.cadenza.voucher+json`. A browser hands it to the player.
//! A purchase voucher carries receipt tokens and is as good as the music until it is redeemed; a preview
//! voucher carries none.
//!
//! The content manager signs what it says, in the domain `cadenza/v1/voucher`, over the fields in a binary form of their own
//! ([`MediaVoucher::signed_bytes`]), so that white space and the order of JSON's keys mean nothing. [`VoucherFile`] is the
//! file; only [`VoucherFile::verify`] gives the [`MediaVoucher`] that may be used.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cert::{Certificate, CertificateChain, CertificateError, Role, verify_chain};
use crate::crypto::sign::{self, SigningKey};
use crate::id::{DeliveryServerId, MediaId, VoucherId};
use crate::preview::PreviewKind;
use crate::secret::ReceiptToken;
use crate::time::UnixTime;
use crate::wire::{Writer, base64_array, base64_bytes};

/// Media type of a voucher.
pub const MEDIA_TYPE: &str = "application/vnd.cadenza.voucher+json";
/// File extension without the dot.
pub const EXTENSION: &str = "cadvoucher";
/// Longest voucher file.
pub const MAX_BYTES: usize = 128 * 1024;
/// Most tracks in one voucher.
pub const MAX_TRACKS: usize = 100;

/// Why a voucher is refused.
#[derive(Debug, Error)]
pub enum VoucherError {
    /// Over [`MAX_BYTES`].
    #[error("this file is too large to be a voucher; fetch the voucher again from the store")]
    TooLarge,
    /// Not JSON of the right form.
    #[error("this is not a Cadenza voucher, or it is damaged ({0}); fetch it again from the store")]
    Malformed(String),
    /// A later format.
    #[error("this voucher has format version {0}, newer than this program; update Cadenza")]
    NewerVersion(u32),
    /// The signature does not fit the contents.
    #[error("this voucher was altered since the store issued it; fetch it again from the store")]
    Altered,
    /// Whoever signed it may not issue vouchers.
    #[error("this voucher cannot be trusted ({0}); fetch it again from the store")]
    Certificate(#[from] CertificateError),
    /// Issued under another root than that of its signer.
    #[error(
        "this voucher belongs to another licensing center than the store that handed it out; fetch it again from the store that sold it"
    )]
    OtherCenter,
    /// Past its time.
    #[error("this voucher has expired; ask the store for a new one (a paid order keeps its music)")]
    Expired,
}

/// What the voucher is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoucherKind {
    /// Delivery of bought tracks.
    Purchase,
    /// A stream.
    Preview,
}

/// Where to reach a delivery server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAddress {
    /// Its name.
    pub id: DeliveryServerId,
    /// Host name or address.
    pub host: String,
    /// TCP port for redeeming and downloading.
    pub https: u16,
    /// TCP port for previews over TLS.
    pub rtsps: u16,
    /// TCP port for previews in the clear, if it offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtsp: Option<u16>,
}

/// One track of a voucher.
#[derive(Debug, Serialize, Deserialize)]
pub struct VoucherTrack {
    /// The transaction.
    pub voucher_id: VoucherId,
    /// The media.
    pub media_id: MediaId,
    /// What of it: a purchase is always of the song.
    pub part: PreviewKind,
    /// Proof of payment; purchase vouchers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptToken>,
    /// Who delivers it.
    pub delivery: DeliveryAddress,
    /// What was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What a voucher says.
#[derive(Debug)]
pub struct MediaVoucher {
    /// Purchase or preview.
    pub kind: VoucherKind,
    /// 1 to [`MAX_TRACKS`].
    pub tracks: Vec<VoucherTrack>,
    /// When it was issued; its signer's certificate is judged at this time.
    pub issued: UnixTime,
    /// The last second at which it is taken.
    pub expires: UnixTime,
    /// Fingerprint of the licensing center's root: which center's passports it is for.
    pub root: [u8; 32],
    /// Key fingerprint of the merchant who sold it, or offered the preview.
    pub merchant_key: [u8; 32],
    /// Bought to be given away: whoever brings it redeems it.
    pub gift: bool,
}

impl MediaVoucher {
    /// The voucher as the content manager hands it out.
    pub fn sign(self, key: &SigningKey, signer: CertificateChain) -> VoucherFile {
        let signature = key.sign(DOMAIN, &self.signed_bytes());
        VoucherFile { voucher: self, signature, signer }
    }

    /// Refuses a voucher past its time.
    pub const fn check_expiry(&self, now: UnixTime) -> Result<(), VoucherError> {
        if now.0 > self.expires.0 { Err(VoucherError::Expired) } else { Ok(()) }
    }

    /// What is signed: every field, in the file's order. An optional field is a `bool`, then the field if it is there.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(match self.kind {
            VoucherKind::Purchase => 1,
            VoucherKind::Preview => 2,
        });
        w.i64(self.issued.0).i64(self.expires.0).raw(&self.root).raw(&self.merchant_key).bool(self.gift);
        w.count(self.tracks.len());
        for track in &self.tracks {
            w.raw(track.voucher_id.as_bytes()).raw(track.media_id.as_bytes()).u8(track.part.code());
            w.bool(track.receipt.is_some());
            if let Some(receipt) = &track.receipt {
                w.raw(receipt.expose());
            }
            let DeliveryAddress { id, host, https, rtsps, rtsp } = &track.delivery;
            w.text(id.as_str()).text(host).u16(*https).u16(*rtsps).bool(rtsp.is_some());
            if let Some(port) = rtsp {
                w.u16(*port);
            }
            for text in [&track.quality, &track.title] {
                w.bool(text.is_some());
                if let Some(text) = text {
                    w.text(text);
                }
            }
        }
        w.into_bytes()
    }

    fn check(&self) -> Result<(), String> {
        if self.tracks.is_empty() || self.tracks.len() > MAX_TRACKS {
            return Err(format!("a voucher names 1 to {MAX_TRACKS} tracks"));
        }
        for track in &self.tracks {
            let DeliveryAddress { host, https, rtsps, .. } = &track.delivery;
            let host_fits = (1..=255).contains(&host.len())
                && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
            if !host_fits || *https == 0 || *rtsps == 0 {
                return Err("the delivery server's address is not one".into());
            }
            if track.receipt.is_some() != (self.kind == VoucherKind::Purchase) {
                return Err("purchase vouchers, and only they, carry receipts".into());
            }
            if self.kind == VoucherKind::Purchase && track.part != PreviewKind::Song {
                return Err("a purchase is of the song".into());
            }
        }
        Ok(())
    }
}

/// A voucher file that is well formed; whether it is genuine is [`VoucherFile::verify`]'s question.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct VoucherFile {
    voucher: MediaVoucher,
    signature: Vec<u8>,
    signer: CertificateChain,
}

impl VoucherFile {
    /// The file's bytes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a voucher has only text keys")
    }

    /// Reads a file.
    pub fn from_json(bytes: &[u8]) -> Result<Self, VoucherError> {
        if bytes.len() > MAX_BYTES {
            return Err(VoucherError::TooLarge);
        }
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        if let Ok(Version { version }) = serde_json::from_slice(bytes)
            && version > 1
        {
            return Err(VoucherError::NewerVersion(version));
        }
        // The position only: the text may hold a receipt.
        serde_json::from_slice(bytes)
            .map_err(|e| VoucherError::Malformed(format!("line {}, column {}", e.line(), e.column())))
    }

    /// The voucher, once its signer is found to be a content manager of this licensing center (at the time of issue) and the
    /// signature to fit. Expiry is a question of its own, see [`MediaVoucher::check_expiry`].
    pub fn verify(self, root: &Certificate) -> Result<MediaVoucher, VoucherError> {
        let signer = verify_chain(&self.signer, root, Role::ContentManager, self.voucher.issued)?;
        if self.voucher.root != root.fingerprint() {
            return Err(VoucherError::OtherCenter);
        }
        sign::verify(signer, DOMAIN, &self.voucher.signed_bytes(), &self.signature)
            .map_err(|_| VoucherError::Altered)?;
        Ok(self.voucher)
    }
}

impl Clone for MediaVoucher {
    fn clone(&self) -> Self {
        let tracks = self.tracks.iter().map(VoucherTrack::duplicate).collect();
        let Self { kind, tracks: _, issued, expires, root, merchant_key, gift } = *self;
        Self { kind, tracks, issued, expires, root, merchant_key, gift }
    }
}

impl VoucherTrack {
    /// A second copy, receipt included.
    pub fn duplicate(&self) -> Self {
        Self {
            voucher_id: self.voucher_id,
            media_id: self.media_id,
            part: self.part,
            receipt: self.receipt.as_ref().map(ReceiptToken::duplicate),
            delivery: self.delivery.clone(),
            quality: self.quality.clone(),
            title: self.title.clone(),
        }
    }
}

/// The JSON as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Wire {
    format: String,
    version: u32,
    kind: VoucherKind,
    issued: UnixTime,
    expires: UnixTime,
    #[serde(with = "base64_array")]
    root: [u8; 32],
    #[serde(with = "base64_array")]
    merchant_key: [u8; 32],
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gift: bool,
    tracks: Vec<VoucherTrack>,
    #[serde(with = "base64_bytes")]
    signature: Vec<u8>,
    signer: CertificateChain,
}

const FORMAT: &str = "cadenza-voucher";
const DOMAIN: &str = "cadenza/v1/voucher";

impl From<VoucherFile> for Wire {
    fn from(VoucherFile { voucher, signature, signer }: VoucherFile) -> Self {
        let MediaVoucher { kind, tracks, issued, expires, root, merchant_key, gift } = voucher;
        let (format, version) = (FORMAT.into(), 1);
        Self { format, version, kind, issued, expires, root, merchant_key, gift, tracks, signature, signer }
    }
}

impl TryFrom<Wire> for VoucherFile {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let Wire { format, version, signature, signer, .. } = wire;
        let Wire { kind, tracks, issued, expires, root, merchant_key, gift, .. } = wire;
        if format != FORMAT || version != 1 {
            return Err("another kind of file".into());
        }
        let voucher = MediaVoucher { kind, tracks, issued, expires, root, merchant_key, gift };
        voucher.check()?;
        Ok(Self { voucher, signature, signer })
    }
}
