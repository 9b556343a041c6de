//! What delivery servers and the content manager say to each other: JSON over mutual TLS.
//!
//! The source's 'DS Register', 'Allocate Stream', 'Release Stream', 'Get Info' and the verification of
//! a redemption (V2, V3, B5, B6). A delivery server is known by its certificate: role
//! `DeliveryServer`, common name equal to its [`DeliveryServerId`](cadenza_protocol::id::DeliveryServerId); no message repeats who is speaking.
//!
//! | request (POST) | body | answer |
//! |---|---|---|
//! | `/v1/delivery/register` | [`RegisterDelivery`] | [`DeliveryConfiguration`] |
//! | `/v1/delivery/allocate` | [`AllocateStream`] | [`MediaFacts`], or 503 `no-stream`, 404 `unknown-voucher`, 410 `voucher-expired` |
//! | `/v1/delivery/release` | [`ReleaseStream`] | 204 |
//! | `/v1/delivery/media` | [`MediaQuestion`] | [`MediaFacts`] |
//! | `/v1/delivery/redeem` | `RedeemRequest` | [`RedeemVerified`], or an `ApiError` to hand to the player as it is |
//! | `/v1/delivery/done` | `DeliveryReport` | 204 (again and again, but logged once) |

use cadenza_protocol::cert::CertificateChain;
use cadenza_protocol::id::{MediaId, VoucherId};
pub use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::redeem::DeliveryGrant;
use serde::{Deserialize, Serialize};

/// 'DS Register': where players reach this delivery server. Repeated every
/// [`DeliveryConfiguration::refresh_seconds`]; a server not heard of for three times that long is chosen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDelivery {
    /// Host name or address for players, without a port.
    pub host: String,
    /// HTTPS port: redeem and download.
    pub https: u16,
    /// RTSP over TLS port: previews.
    pub rtsps: u16,
    /// Plain RTSP port, on loopback, for ordinary clients.
    pub rtsp: Option<u16>,
    /// True for the first registration after a start: streams that it had before are gone.
    pub starting: bool,
}

/// What the content manager tells a delivery server to work with (V3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryConfiguration {
    /// How many streams may play at one time.
    pub streams: u32,
    /// First UDP port for RTP, `None` for any free port.
    pub udp_base_port: Option<u16>,
    /// Upper bound of one download, bytes per second; `None` for as fast as it goes (B6).
    pub download_rate: Option<u64>,
    /// Register again after this many seconds.
    pub refresh_seconds: u32,
}

/// How a stream reaches the player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// RTP inside the RTSP connection.
    Interleaved,
    /// RTP over UDP.
    Udp,
}

/// 'Allocate Stream': asks for one of this server's streams for a preview voucher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocateStream {
    /// Preview voucher.
    pub voucher_id: VoucherId,
    /// Track that the player asks for; must be the voucher's.
    pub media_id: MediaId,
    /// Clip or whole song; must be what the voucher allows.
    pub kind: PreviewKind,
    /// Network address of the player.
    pub player: String,
    /// How the stream goes out.
    pub transport: Transport,
    /// The player's bandwidth, kilobits per second; 0 when it did not say.
    pub bandwidth_kbps: u32,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamStatus {
    /// Played to the end or torn down.
    Completed,
    /// The player's connection went away.
    Disconnected,
    /// The server gave up.
    Failed,
}

/// 'Release Stream': the stream is free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseStream {
    /// Preview voucher of the stream.
    pub voucher_id: VoucherId,
    /// Track of the stream.
    pub media_id: MediaId,
    /// What was heard.
    pub kind: PreviewKind,
    /// Over what.
    pub transport: Transport,
    /// How it ended.
    pub status: StreamStatus,
    /// Milliseconds of sound sent.
    pub played_ms: u64,
    /// Quality name of the image that was streamed.
    pub image: Option<String>,
    /// Quality name of the free image that the player fetched to keep.
    pub kept: Option<String>,
}

/// 'Get Info'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaQuestion {
    /// The track.
    pub media_id: MediaId,
}

/// Asks whether what was granted may still be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherQuestion {
    /// The purchase.
    pub voucher_id: VoucherId,
}

/// Where a published track's bytes are, and the facts that may change after authoring.
/// Clip times, images and index come from the file itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFacts {
    /// The track.
    pub media_id: MediaId,
    /// Name of its file in the object store: give it to [`MediaFiles::open`](super::files::MediaFiles::open).
    pub object: String,
    /// Length of the author-signed file, bytes.
    pub length: u64,
    /// SHA-256 of the author-signed file, lower-case hex.
    pub sha256: String,
    /// Title in the catalogue.
    pub title: String,
    /// Artist in the catalogue.
    pub artist: String,
}

/// A redemption that the content manager has verified: everything of `RedeemApproval` but
/// the delivery server's own download path and token, and where the bytes are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RedeemVerified {
    /// What is delivered to whom.
    pub grant: DeliveryGrant,
    /// The content manager's signature over the grant.
    #[serde(with = "cadenza_protocol::wire::base64_bytes")]
    pub grant_signature: Vec<u8>,
    /// Media keys wrapped to the buyer.
    #[serde(with = "cadenza_protocol::wire::base64_bytes")]
    pub wrapped_keys: Vec<u8>,
    /// The content manager's certificates.
    pub content_manager_chain: CertificateChain,
    /// Number of the promotional picture for this buyer (B8).
    pub promotional_item: Option<u32>,
    /// Where the bytes are.
    pub media: MediaFacts,
}
