//! Reading a log from its first entry on, for the auditor: every entry that holds, the first that does not, and what the
//! checkpoints say of the rest. And the operator's view of all logs.

use cadenza_protocol::audit_log::{
    Checkpoint, EntryKind, LogError, LogFile, LogId, LogReader, OpenedEntry, PreviewRecord, RefundRecord,
    SaleRecord, StampRecord, TakingRecord, log_name, parse_log_name,
};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::time::UnixTime;

use super::rows::{LogState, STANDINGS, Sealed, Standing, checkpoint_of};
use crate::licensing::archive::Archive;
use crate::licensing::master_key::MasterKeyError;

/// Why a log cannot be judged at all.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Another licensing center's, or nobody's.
    #[error("this licensing center agreed on no log {0}; use the data folder of the center that did")]
    Unknown(String),
    /// It was closed before.
    #[error("the log {0} is closed already")]
    Closed(String),
    /// The secret cannot be opened.
    #[error(transparent)]
    Secret(#[from] MasterKeyError),
    /// The row is damaged.
    #[error("what the licensing center keeps of the log {0} is damaged; restore its database from a backup")]
    Damaged(String),
    /// The tables cannot be read.
    #[error("the licensing center's logs cannot be read; check the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The log began.
    Opened(Option<UnixTime>),
    /// A purchase was delivered.
    Sale(SaleRecord),
    /// A merchant took money.
    Taking(TakingRecord),
    /// A purchase was paid back.
    Refund(RefundRecord),
    /// A preview ended.
    Preview(PreviewRecord),
    /// The licensing center said how long the log was, and when; none if its signature does not hold.
    Stamped(Option<StampRecord>),
    /// The log ended.
    Closed,
    /// Genuine, but not what this version writes.
    Unreadable,
}

/// An entry that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// What it says.
    pub content: Content,
}

/// What an audit found.
#[derive(Debug)]
pub struct Findings {
    /// The log.
    pub log: String,
    /// Its writer's name.
    pub writer: String,
    /// When it was agreed on.
    pub opened_at: UnixTime,
    /// Every entry that holds, in order.
    pub entries: Vec<Entry>,
    /// Why it does not go on, or does not agree with a checkpoint.
    pub problem: Option<LogError>,
    /// How many entries the best checkpoint vouches for.
    pub vouched: u64,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    name: String,
    opened_at: i64,
    sealed_secret: String,
    entries: i64,
    running: String,
    promised: i64,
    promised_running: String,
}

/// Reads a log file with the secret that the log was started with, and holds it against both checkpoints: how far
/// the licensing center itself has read, and what the writer promised last.
pub async fn examine(archive: &Archive, file: &LogFile) -> Result<Findings, AuditError> {
    let name = log_name(&file.log);
    let row: Option<Row> = sqlx::query_as(
        "SELECT name, opened_at, sealed_secret, entries, running, promised, promised_running FROM logs WHERE log_id = $1",
    )
    .bind(&name)
    .fetch_optional(archive.database.pool())
    .await?;
    let row = row.ok_or_else(|| AuditError::Unknown(name.clone()))?;
    let secret = Sealed::Secret.open(&archive.master, &name, &row.sealed_secret)?;
    let damaged = || AuditError::Damaged(name.clone());
    let secret = Secret::<32>::from_slice(&secret).ok_or_else(damaged)?;
    let own = checkpoint_of(file.log, row.entries, &row.running).ok_or_else(damaged)?;
    let promised = checkpoint_of(file.log, row.promised, &row.promised_running).ok_or_else(damaged)?;
    let (entries, problem) = read(file, secret, &[own, promised], &archive.root);
    Ok(Findings {
        log: name,
        writer: row.name,
        opened_at: UnixTime(row.opened_at),
        entries,
        problem,
        vouched: own.entries.max(promised.entries),
    })
}

fn read(
    file: &LogFile,
    secret: Secret<32>,
    checkpoints: &[Checkpoint],
    root: &Certificate,
) -> (Vec<Entry>, Option<LogError>) {
    let mut reader = LogReader::new(file.log, secret);
    let mut held = Vec::new();
    for bytes in &file.entries {
        let opened = match reader.accept(bytes) {
            Ok(opened) => opened,
            Err(error) => return (held, Some(error)),
        };
        let now = reader.checkpoint();
        if checkpoints.iter().any(|vouched| vouched.entries == now.entries && *vouched != now) {
            return (held, Some(LogError::Altered { entry: opened.number }));
        }
        held.push(entry(&opened, file.log, root));
    }
    let present = held.len() as u64;
    let promised = checkpoints.iter().map(|vouched| vouched.entries).max().unwrap_or_default();
    let cut = (promised > present).then_some(LogError::Cut { promised, present });
    (held, cut)
}

fn entry(opened: &OpenedEntry, log: LogId, root: &Certificate) -> Entry {
    let bytes = opened.content.as_slice();
    let content = match opened.kind {
        EntryKind::Opened => {
            Content::Opened(bytes.try_into().ok().map(|at| UnixTime(i64::from_be_bytes(at))))
        }
        EntryKind::Sale => SaleRecord::from_bytes(bytes).map_or(Content::Unreadable, Content::Sale),
        EntryKind::Taking => TakingRecord::from_bytes(bytes).map_or(Content::Unreadable, Content::Taking),
        EntryKind::Refund => RefundRecord::from_bytes(bytes).map_or(Content::Unreadable, Content::Refund),
        EntryKind::Preview => PreviewRecord::from_bytes(bytes).map_or(Content::Unreadable, Content::Preview),
        EntryKind::Stamped => {
            let record = StampRecord::from_bytes(bytes).ok();
            Content::Stamped(record.filter(|record| record.verify(log, root).is_ok()))
        }
        EntryKind::Closed => Content::Closed,
    };
    Entry { number: opened.number, content }
}

/// One log as the operator of the licensing center sees it.
#[derive(Debug, serde::Serialize)]
pub struct LogSummary {
    /// The log.
    pub log: String,
    /// Its writer's name.
    pub writer: String,
    /// Where it is in its life.
    pub state: LogState,
    /// Entries verified.
    pub entries: u64,
    /// When a checkpoint of the writer last agreed, Unix seconds.
    pub agreed_at: Option<i64>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Every log of this licensing center, oldest first.
pub async fn list(archive: &Archive) -> Result<Vec<LogSummary>, AuditError> {
    let rows: Vec<Standing> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{STANDINGS} ORDER BY l.opened_at, l.log_id")))
            .fetch_all(archive.database.pool())
            .await?;
    let summary = |row: Standing| LogSummary {
        problem: row.dispute(),
        log: row.log_id,
        writer: row.name,
        state: row.state,
        entries: row.entries.unsigned_abs(),
        agreed_at: row.agreed_at,
    };
    Ok(rows.into_iter().map(summary).collect())
}

/// Ends a log that cannot be mended: it takes no entry any more and stands in the way of no renewal. Evidence and entries stay.
pub async fn close(archive: &Archive, name: &str, now: UnixTime) -> Result<(), AuditError> {
    let unknown = || AuditError::Unknown(name.to_owned());
    let log = log_name(&parse_log_name(name).ok_or_else(unknown)?);
    let closed = sqlx::query("UPDATE logs SET state = $1, ended_at = $2 WHERE log_id = $3 AND state <> $1")
        .bind(LogState::Closed.word())
        .bind(now.0)
        .bind(&log)
        .execute(archive.database.pool())
        .await?;
    if closed.rows_affected() == 1 {
        return Ok(());
    }
    let known: Option<(String,)> = sqlx::query_as("SELECT log_id FROM logs WHERE log_id = $1")
        .bind(&log)
        .fetch_optional(archive.database.pool())
        .await?;
    Err(if known.is_some() { AuditError::Closed(log) } else { unknown() })
}
