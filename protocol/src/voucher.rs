//! The media voucher (requirement O6): which media, which transaction, which delivery server.
//!
//! A JSON file, extension `.cadvoucher`, media type `application/vnd.cadenza.voucher+json`. A browser hands it to the player.
//! A purchase voucher carries receipt tokens and is as good as the music until it is redeemed; a preview
//! voucher carries none.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{DeliveryServerId, MediaId, VoucherId};
use crate::secret::ReceiptToken;
use crate::time::UnixTime;

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
    #[error("this file is too large to be a voucher")]
    TooLarge,
    /// Not JSON of the right form.
    #[error("this is not a Cadenza voucher, or it is damaged ({0}); fetch it again from the store")]
    Malformed(String),
    /// A later format.
    #[error("this voucher has format version {0}, newer than this program; update Cadenza")]
    NewerVersion(u32),
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

/// A voucher that is well formed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct MediaVoucher {
    /// Purchase or preview.
    pub kind: VoucherKind,
    /// 1 to [`MAX_TRACKS`].
    pub tracks: Vec<VoucherTrack>,
    /// The last second at which it is taken.
    pub expires: UnixTime,
}

impl MediaVoucher {
    /// The file's bytes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a voucher has only text keys")
    }

    /// Reads a file; expiry is a question of its own, see [`MediaVoucher::check_expiry`].
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
        serde_json::from_slice(bytes).map_err(|e| VoucherError::Malformed(e.to_string()))
    }

    /// Refuses a voucher past its time.
    pub const fn check_expiry(&self, now: UnixTime) -> Result<(), VoucherError> {
        if now.0 > self.expires.0 { Err(VoucherError::Expired) } else { Ok(()) }
    }
}

impl Clone for MediaVoucher {
    fn clone(&self) -> Self {
        let tracks = self.tracks.iter().map(VoucherTrack::duplicate).collect();
        Self { kind: self.kind, tracks, expires: self.expires }
    }
}

impl VoucherTrack {
    /// A second copy, receipt included.
    pub fn duplicate(&self) -> Self {
        Self {
            voucher_id: self.voucher_id,
            media_id: self.media_id,
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
    expires: UnixTime,
    tracks: Vec<VoucherTrack>,
}

const FORMAT: &str = "cadenza-voucher";

impl From<MediaVoucher> for Wire {
    fn from(v: MediaVoucher) -> Self {
        Self { format: FORMAT.into(), version: 1, kind: v.kind, expires: v.expires, tracks: v.tracks }
    }
}

impl TryFrom<Wire> for MediaVoucher {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let Wire { format, version, kind, expires, tracks } = wire;
        if format != FORMAT || version != 1 {
            return Err("another kind of file".into());
        }
        if tracks.is_empty() || tracks.len() > MAX_TRACKS {
            return Err(format!("a voucher names 1 to {MAX_TRACKS} tracks"));
        }
        for track in &tracks {
            let DeliveryAddress { host, https, rtsps, .. } = &track.delivery;
            let host_fits = (1..=255).contains(&host.len())
                && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
            if !host_fits || *https == 0 || *rtsps == 0 {
                return Err("the delivery server's address is not one".into());
            }
            if track.receipt.is_some() != (kind == VoucherKind::Purchase) {
                return Err("purchase vouchers, and only they, carry receipts".into());
            }
        }
        Ok(Self { kind, tracks, expires })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voucher(kind: VoucherKind) -> MediaVoucher {
        let delivery = DeliveryAddress {
            id: DeliveryServerId::new("delivery-1").unwrap(),
            host: "127.0.0.1".into(),
            https: 8443,
            rtsps: 8322,
            rtsp: None,
        };
        let track = VoucherTrack {
            voucher_id: VoucherId::from_bytes([1; 16]),
            media_id: MediaId::from_bytes([2; 16]),
            receipt: (kind == VoucherKind::Purchase).then(|| ReceiptToken::from_bytes([3; 32])),
            delivery,
            quality: Some("lossless".into()),
            title: None,
        };
        MediaVoucher { kind, tracks: vec![track], expires: UnixTime(1_800_000_000) }
    }

    #[test]
    fn a_voucher_survives_its_file() {
        // O6
        for kind in [VoucherKind::Purchase, VoucherKind::Preview] {
            let bytes = voucher(kind).to_json();
            let read = MediaVoucher::from_json(&bytes).unwrap();
            assert_eq!(read.kind, kind);
            assert_eq!(read.tracks[0].voucher_id, VoucherId::from_bytes([1; 16]));
            assert_eq!(read.tracks[0].receipt.is_some(), kind == VoucherKind::Purchase);
        }
    }

    #[test]
    fn a_voucher_that_is_late_too_new_or_not_one_is_told_apart() {
        let v = voucher(VoucherKind::Preview);
        assert!(v.check_expiry(UnixTime(1_800_000_000)).is_ok());
        assert!(matches!(v.check_expiry(UnixTime(1_800_000_001)), Err(VoucherError::Expired)));
        let newer = String::from_utf8(v.to_json()).unwrap().replace("\"version\": 1", "\"version\": 2");
        assert!(matches!(MediaVoucher::from_json(newer.as_bytes()), Err(VoucherError::NewerVersion(2))));
        assert!(matches!(MediaVoucher::from_json(b"{}"), Err(VoucherError::Malformed(_))));
        let no_receipt = String::from_utf8(v.to_json()).unwrap().replace("preview", "purchase");
        assert!(MediaVoucher::from_json(no_receipt.as_bytes()).is_err());
    }
}
