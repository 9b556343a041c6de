//! The secure log (R2): what was sold and previewed, so that neither a thief nor the shop itself can rewrite it unnoticed.
//!
//! | part | who | what |
//! |---|---|---|
//! | [`writer`] | content manager | enters sales and previews, in the transaction that they belong to |
//! | [`state_file`] | content manager | the one key that is left, overwritten with each entry |
//! | [`upload`] | content manager | asks for a log, brings new entries to the licensing center |
//! | [`center`] | licensing center | agrees on logs, verifies and stores entries, keeps what it refused |
//! | [`renewal`] | licensing center | no new certificate for a content manager whose log does not hold |
//! | [`audit`] | licensing center | reads a log from its first entry on (`verify-log`) |
//!
//! Cryptography and the entries' bytes are [`cadenza_protocol::audit_log`]. Here are the messages between the two: JSON, signed
//! by the content manager in a domain of its own ([`SignedMessage`](cadenza_protocol::signed::SignedMessage)), to a licensing
//! center that is known by its TLS certificate.
//!
//! | request (POST) | signed body | answer |
//! |---|---|---|
//! | `/v1/logs` | [`LogOpening`] | [`LogOpened`] |
//! | `/v1/logs/entries` | [`LogUpload`] | [`LogStanding`]; 422 `log-altered`, `log-out-of-order`, `log-damaged`, `log-cut`; 404 `unknown-log`; 410 `log-closed` |

pub mod audit;
pub mod center;
pub mod records;
pub mod renewal;
pub mod state_file;
pub mod upload;
pub mod writer;

use cadenza_protocol::audit_log::{Checkpoint, LogId};
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::wire::{base64_array, base64_bytes};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use writer::SecureLog;

/// What a request for a log is signed in.
pub const OPENING_DOMAIN: &str = "cadenza/v1/log-opening";
/// What an upload is signed in.
pub const UPLOAD_DOMAIN: &str = "cadenza/v1/log-upload";
/// Seconds that a signed request may be old, or ahead of the licensing center's clock.
pub const FRESH_SECONDS: i64 = 300;
/// Most entries in one upload.
pub const MAX_ENTRIES: usize = 256;
/// Most bytes of entries in one upload; one entry always fits.
pub const MAX_BYTES: usize = 256 * 1024;

/// Asks for a log.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogOpening {
    /// When.
    pub at: UnixTime,
    /// Drawn for this request: it counts once.
    #[serde(with = "base64_array")]
    pub nonce: [u8; 16],
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

/// How far the licensing center has verified a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStanding {
    /// Entries verified and stored.
    pub verified: Checkpoint,
    /// Whether it takes further entries as this writer's current log.
    pub open: bool,
}

/// A log's name in tables, on command lines and in messages: 32 hexadecimal digits.
pub fn log_name(log: &LogId) -> String {
    hex(log)
}

/// Reads such a name.
pub fn parse_log_name(name: &str) -> Option<LogId> {
    unhex(name)?.try_into().ok()
}
