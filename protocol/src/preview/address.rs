//! The address of a preview: `rtsp[s]://host:port/MEDIA_ID?voucher=VOUCHER_ID&kind=clip|song`.
//!
//! A content manager gives the parts in a preview voucher; a player, or any RTSP client, asks a delivery server for it.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::id::{MediaId, VoucherId};

/// What part of the song a preview plays, or a voucher is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreviewKind {
    /// The stretch that its author chose.
    Clip,
    /// The whole song, at preview quality.
    Song,
}

impl PreviewKind {
    /// The word in addresses and descriptions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Song => "song",
        }
    }

    /// Its number in binary forms, which is that of the same part in an audio image's parameters.
    pub const fn code(self) -> u8 {
        match self {
            Self::Song => 1,
            Self::Clip => 2,
        }
    }

    /// The kind that a number means.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Clip, Self::Song].into_iter().find(|kind| kind.code() == code)
    }

    /// The kind that a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Clip, Self::Song].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for PreviewKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address that names no preview.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not an RTSP address.
    #[error("this is not the address of a preview; it begins with rtsp:// or rtsps://")]
    NotRtsp,
    /// No media id where one should be.
    #[error("the address names no song; copy it whole from the store")]
    NoMedia,
    /// No voucher, or not a voucher id.
    #[error("the address carries no preview voucher; get a new one from the store")]
    NoVoucher,
    /// A kind that there is not.
    #[error("the address asks for a kind of preview that there is not; use kind=clip or kind=song")]
    Kind,
}

/// Which preview, allowed by which voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PreviewAddress {
    /// The song.
    pub media_id: MediaId,
    /// The voucher that allows it.
    pub voucher_id: VoucherId,
    /// Clip or whole song; an address that does not say means the clip.
    pub kind: PreviewKind,
}

impl PreviewAddress {
    /// Reads a request's address. The host is the connection's business and parameters that we do not know are skipped.
    pub fn from_url(url: &Url) -> Result<Self, AddressError> {
        if !matches!(url.scheme(), "rtsp" | "rtsps") {
            return Err(AddressError::NotRtsp);
        }
        let name = url.path().trim_matches('/');
        let media_id = name.parse().map_err(|_| AddressError::NoMedia)?;
        let (mut voucher_id, mut kind) = (None, PreviewKind::Clip);
        for (key, value) in url.query_pairs() {
            match &*key {
                "voucher" => voucher_id = value.parse().ok(),
                "kind" => kind = PreviewKind::from_word(&value).ok_or(AddressError::Kind)?,
                _ => {}
            }
        }
        Ok(Self { media_id, voucher_id: voucher_id.ok_or(AddressError::NoVoucher)?, kind })
    }

    /// The address at a delivery server: `host` as a name or an IP address, `tls` for `rtsps`.
    pub fn to_url(&self, host: &str, port: u16, tls: bool) -> Result<Url, AddressError> {
        let scheme = if tls { "rtsps" } else { "rtsp" };
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let Self { media_id, voucher_id, kind } = self;
        Url::parse(&format!("{scheme}://{host}:{port}/{media_id}?voucher={voucher_id}&kind={kind}"))
            .map_err(|_| AddressError::NotRtsp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_url() {
        let address = PreviewAddress {
            media_id: MediaId::random(),
            voucher_id: VoucherId::random(),
            kind: PreviewKind::Song,
        };
        for host in ["127.0.0.1", "::1", "delivery.example"] {
            let url = address.to_url(host, 5544, true).unwrap();
            assert_eq!(url.port(), Some(5544));
            assert_eq!(PreviewAddress::from_url(&url), Ok(address));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let read = |text: &str| PreviewAddress::from_url(&Url::parse(text).unwrap());
        let id = "00112233445566778899aabbccddeeff";
        assert_eq!(read("https://h/"), Err(AddressError::NotRtsp));
        assert_eq!(read("rtsp://h/"), Err(AddressError::NoMedia));
        assert_eq!(read(&format!("rtsp://h/{id}")), Err(AddressError::NoVoucher));
        assert_eq!(read(&format!("rtsp://h/{id}?voucher=1")), Err(AddressError::NoVoucher));
        assert_eq!(read(&format!("rtsp://h/{id}?voucher={id}&kind=all")), Err(AddressError::Kind));
        let clip = read(&format!("rtsp://h/{id}?voucher={id}&stream=audio")).unwrap();
        assert_eq!(clip.kind, PreviewKind::Clip);
    }
}
