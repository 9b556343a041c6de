//! What a content manager and its licensing center say to each other about a log: JSON, signed by the content manager in a domain
//! of its own ([`SignedMessage`](crate::signed::SignedMessage)), to a licensing center that is known by its TLS certificate.
//!
//! | request (POST) | signed body | answer |
//! |---|---|---|
//! | `/v1/logs` | [`LogOpening`] | [`LogOpened`] |
//! | `/v1/logs/entries` | [`LogUpload`] | [`LogStanding`]; 422 `log-altered`, `log-out-of-order`, `log-damaged`, `log-cut`; 404 `unknown-log`; 410 `log-closed` |

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Checkpoint, LogId};
use crate::id::{hex, unhex};
use crate::secret::Secret;
use crate::time::UnixTime;
use crate::wire::{base64_array, base64_bytes};

/// Asks for a log.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogOpening {
    /// When.
    pub at: UnixTime,
    /// Drawn for this request: it counts once.
    #[serde(with = "base64_array")]
    pub nonce: [u8; 16],
}

impl LogOpening {
    /// What a request for a log is signed in.
    pub const DOMAIN: &str = "cadenza/v1/log-opening";
}

/// A new log: its name, and the secret that the writer forgets with its first entry.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct LogOpened {
    #[serde(with = "base64_array")]
    log: LogId,
    #[serde(with = "base64_array")]
    secret: [u8; 32],
}

impl LogOpened {
    /// A log with its secret.
    pub fn new(log: LogId, secret: &Secret<32>) -> Self {
        Self { log, secret: *secret.expose() }
    }

    /// Name and secret.
    pub fn into_parts(self) -> (LogId, Secret<32>) {
        (self.log, Secret::from_bytes(self.secret))
    }
}

impl std::fmt::Debug for LogOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogOpened({}, secret hidden)", hex(&self.log))
    }
}

/// One sealed entry on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedEntry(#[serde(with = "base64_bytes")] pub Vec<u8>);

/// Brings entries, and says how long the log is; without entries it only asks how far the licensing center is.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogUpload {
    /// When.
    pub at: UnixTime,
    /// Which log.
    #[serde(with = "base64_array")]
    pub log: LogId,
    /// Number of the first entry.
    pub first: u64,
    /// Entries without a gap.
    pub entries: Vec<SealedEntry>,
    /// How long the writer's log is; none for a log whose state was lost.
    pub checkpoint: Option<Checkpoint>,
    /// The writer has no more than this: what the checkpoint promises beyond it is missing.
    pub complete: bool,
}

impl LogUpload {
    /// What an upload is signed in.
    pub const DOMAIN: &str = "cadenza/v1/log-upload";
    /// Most entries in one upload.
    pub const MAX_ENTRIES: usize = 256;
    /// Most bytes of entries in one upload; one entry always fits.
    pub const MAX_BYTES: usize = 256 * 1024;
}

/// How far the licensing center has verified a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStanding {
    /// Entries verified and stored.
    pub verified: Checkpoint,
    /// Whether it takes further entries as this writer's current log.
    pub open: bool,
    /// Its stamp on what is verified: [`TimeStampToken::to_bytes`](crate::time_stamp::TimeStampToken::to_bytes).
    #[serde(with = "base64_bytes")]
    pub stamp: Vec<u8>,
}

/// A log's name in tables, on command lines and in messages: 32 hexadecimal digits.
pub fn log_name(log: &LogId) -> String {
    hex(log)
}

/// Reads such a name.
pub fn parse_log_name(name: &str) -> Option<LogId> {
    unhex(name)?.try_into().ok()
}
