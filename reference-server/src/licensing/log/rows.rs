//! A log as the licensing center's table has it: its state, how far it was read, what its writer promised; and what is wrong with it.

use cadenza_protocol::audit_log::{Checkpoint, LogId};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::id::hex;
use zeroize::Zeroizing;

use crate::db::UnknownWord;
use crate::licensing::master_key::{MasterKey, MasterKeyError};
use crate::text::{from_base64, to_base64};

/// Where a log is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(into = "&'static str")]
pub enum LogState {
    /// Its writer's current log.
    Open,
    /// Its writer began another without ending this one: what it lacks may still come, or be lost.
    Superseded,
    /// Ended by the licensing center: it takes nothing any more.
    Closed,
}

impl LogState {
    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
        }
    }
}

impl TryFrom<String> for LogState {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        match word.as_str() {
            "open" => Ok(Self::Open),
            "superseded" => Ok(Self::Superseded),
            "closed" => Ok(Self::Closed),
            _ => Err(UnknownWord(word)),
        }
    }
}

impl From<LogState> for &'static str {
    fn from(state: LogState) -> Self {
        state.word()
    }
}

/// What a renewal, or the operator, wants to know of a log.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Standing {
    pub log_id: String,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub state: LogState,
    pub entries: i64,
    pub running: String,
    pub promised: i64,
    pub promised_running: String,
    pub agreed_at: Option<i64>,
    pub opened_at: i64,
    pub ended_at: Option<i64>,
    /// What was refused and has not been mended since.
    pub problem: Option<String>,
}

/// A writer that heard nothing asks for its log again within this time.
const LOST_ANSWER_SECONDS: i64 = 300;

/// Reads [`Standing`]s.
pub(super) const STANDINGS: &str =
    "SELECT l.log_id, l.name, l.state, l.entries, l.running, l.promised, l.promised_running, l.agreed_at, l.opened_at, l.ended_at,
        (SELECT MIN(e.problem) FROM log_evidence e WHERE e.log_id = l.log_id AND e.number >= l.entries) AS problem
     FROM logs l";

impl Standing {
    /// What is wrong with the log as it stands.
    pub fn dispute(&self) -> Option<String> {
        if let Some(problem) = &self.problem {
            return Some(problem.clone());
        }
        if self.promised > self.entries {
            return Some(format!(
                "its writer vouches for {} entries and {} were uploaded",
                self.promised, self.entries
            ));
        }
        if self.promised == self.entries && self.promised_running != self.running {
            return Some("its writer's checkpoint is not that of the entries that were uploaded".to_owned());
        }
        let without_end = self.state == LogState::Superseded && !self.never_written();
        without_end.then(|| {
            "its writer began another log without ending this one, so nobody knows whether entries are missing".to_owned()
        })
    }

    /// The answer that agreed on it was lost, and the writer asked again at once.
    fn never_written(&self) -> bool {
        self.entries == 0 && self.ended_at.is_some_and(|ended| ended - self.opened_at <= LOST_ANSWER_SECONDS)
    }
}

/// What can be done about a log that does not hold.
pub(super) fn what_to_do(log: &str) -> String {
    format!(
        "Restore the content manager's table secure_log from a backup; what it lacks is uploaded by itself. If it is lost for good, \
         let the licensing center close the log: cadenza-server admin --data DIR close-log {log}"
    )
}

/// A writer is its key: a content manager keeps it across renewals.
pub(super) fn writer_of(certificate: &Certificate) -> String {
    hex(&certificate.key_fingerprint())
}

/// A part of a log's row that only the master key opens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sealed {
    /// What the log was started with.
    Secret,
    /// What is needed to read on.
    Reader,
}

impl Sealed {
    fn label(self, log: &str) -> String {
        let what = match self {
            Self::Secret => "secret",
            Self::Reader => "reader",
        };
        format!("log {what} {log}")
    }

    pub fn seal(self, master: &MasterKey, log: &str, bytes: &[u8]) -> Result<String, MasterKeyError> {
        Ok(to_base64(&master.seal(&self.label(log), bytes)?))
    }

    pub fn open(
        self,
        master: &MasterKey,
        log: &str,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
        let bytes = from_base64(sealed).ok_or(MasterKeyError::Record)?;
        master.open_record(&self.label(log), &bytes)
    }
}

/// A checkpoint from the columns of a row.
pub(super) fn checkpoint_of(log: LogId, entries: i64, running: &str) -> Option<Checkpoint> {
    let running = from_base64(running)?.try_into().ok()?;
    Some(Checkpoint { log, entries: u64::try_from(entries).ok()?, running })
}

/// A count as a column takes it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
