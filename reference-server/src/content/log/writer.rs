//! The writer's end of the secure log: entries go into the transaction of what they record, the key goes forward.
//!
//! Order of things, so that a crash between any two of them loses nothing: the entry is inserted, the transaction commits, the
//! state is overwritten. A state that is behind its table (the crash was before the last step) steps over what is there. A state
//! that is lost or damaged ends its log where it stands; a new log is begun, and the licensing center sees that one was.
//!
//! One entry is made at a time: whoever holds the [`Pen`] writes. A pen that is dropped before [`Pen::keep`], because something
//! failed or the caller went away, leaves the log to be read from the disk again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use cadenza_protocol::audit_log::{
    Checkpoint, EntryKind, EntryPlace, LogError, LogFile, LogId, LogWriter, log_name, parse_log_name,
};
use cadenza_protocol::time::UnixTime;
use sqlx::{Any, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::client::{LogClient, LogClientError};
use super::state_file::StateFile;
use crate::api::ApiFailure;
use crate::clock::Clock;
use crate::db::Database;
use crate::identity::Identity;
use crate::text::{from_base64, to_base64};

/// Entries read from the table at one time.
const AT_ONCE: i64 = 256;

/// The content manager's secure log.
#[derive(Debug)]
pub struct SecureLog {
    /// Who writes it: the name of the service whose log it is.
    pub(super) writer: &'static str,
    pub(super) database: Database,
    pub(super) client: LogClient,
    pub(super) clock: Clock,
    pub(super) agreed: Mutex<Agreed>,
    /// Earlier logs need no more sending in this run.
    pub(super) earlier_settled: AtomicBool,
    state: StateFile,
    slot: Arc<Mutex<Slot>>,
}

/// What the licensing center said last.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    /// How far the log was brought.
    pub head: Option<Checkpoint>,
    /// When a stamp of it was entered last, in this run.
    pub stamped_at: Option<UnixTime>,
}

#[derive(Debug)]
enum Slot {
    /// Ready to write.
    Ready(LogWriter),
    /// Not read yet, or something failed on the way: what the disk says counts.
    Unread,
}

/// Why the log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SecureLogError {
    /// There is no state to go on from.
    #[error(
        "the state of the secure log, {0}, is lost or damaged; a new log is begun as soon as the licensing center answers"
    )]
    Lost(std::path::PathBuf),
    /// The state file failed.
    #[error(
        "the state of the secure log cannot be read or written; check space and permissions of the data folder: {0}"
    )]
    State(#[from] std::io::Error),
    /// The table failed.
    #[error("the table of the secure log cannot be read or written; check the database: {0}")]
    Database(#[from] sqlx::Error),
    /// An entry does not fit, or one in the table is not what was written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The licensing center said no, or nothing.
    #[error(transparent)]
    Licensing(#[from] LogClientError),
    /// Another log of this content manager took its place at the licensing center.
    #[error("the secure log has ended at the licensing center; a new one is begun")]
    Ended,
    /// No such log was written here.
    #[error("there is no log {0} here; leave --log away for the present one")]
    Unknown(String),
}

impl From<SecureLogError> for ApiFailure {
    fn from(error: SecureLogError) -> Self {
        tracing::error!(%error, "the secure log was not written");
        let why = "this cannot be recorded right now, so it was not done; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "log-unavailable", why)
    }
}

/// The right to write the next entry.
#[derive(Debug)]
pub struct Pen {
    writer: &'static str,
    slot: OwnedMutexGuard<Slot>,
    state: StateFile,
    written: Option<LogWriter>,
}

impl SecureLog {
    /// A log over its table and its state; nothing is read yet.
    pub fn new(
        writer: &'static str,
        database: Database,
        state: StateFile,
        client: LogClient,
        clock: Clock,
    ) -> Self {
        let slot = Arc::new(Mutex::new(Slot::Unread));
        let (agreed, earlier_settled) = (Mutex::default(), AtomicBool::new(false));
        Self { writer, database, client, clock, agreed, earlier_settled, state, slot }
    }

    /// Makes the log ready for its first entry after a start: goes on with the one that is there, or begins one.
    pub async fn begin(&self, identity: &Identity) -> Result<(), SecureLogError> {
        let mut slot = self.slot.clone().lock_owned().await;
        let found = match &*slot {
            Slot::Ready(writer) => Ok(writer.checkpoint()),
            Slot::Unread => self.reopen().await.map(|writer| {
                let checkpoint = writer.checkpoint();
                *slot = Slot::Ready(writer);
                checkpoint
            }),
        };
        let why = match found {
            Ok(own) => match self.client.ask(identity, own.log, self.clock.now()).await {
                Ok(standing) if !standing.open => "the licensing center takes no more entries into this log",
                Ok(standing) if standing.verified.entries > own.entries => {
                    "this log is behind what the licensing center has of it, as after restoring a backup"
                }
                Err(LogClientError::Gone(_)) => "the licensing center does not know this log any more",
                // what it has can be compared later
                Ok(_) | Err(_) => return Ok(()),
            },
            Err(SecureLogError::Lost(_)) => "there is no state of an earlier one",
            Err(SecureLogError::Log(_)) => "entries in its table do not follow from its state",
            Err(error) => return Err(error),
        };
        tracing::warn!(why, "a new secure log is begun");
        *slot = Slot::Unread;
        *slot = Slot::Ready(self.open_new(identity).await?);
        Ok(())
    }

    /// Waits for the right to write.
    pub async fn pen(&self) -> Result<Pen, SecureLogError> {
        let mut slot = self.slot.clone().lock_owned().await;
        if matches!(*slot, Slot::Unread) {
            *slot = Slot::Ready(self.reopen().await?);
        }
        Ok(Pen { writer: self.writer, slot, state: self.state.clone(), written: None })
    }

    /// How long the log is now.
    pub async fn checkpoint(&self) -> Result<Checkpoint, SecureLogError> {
        match &*self.pen().await?.slot {
            Slot::Ready(writer) => Ok(writer.checkpoint()),
            Slot::Unread => Err(SecureLogError::Lost(self.state.path().to_owned())),
        }
    }

    /// A whole log as it lies in the table, the present one or another that was written here; nothing of it is checked.
    pub async fn export(&self, name: Option<&str>) -> Result<LogFile, SecureLogError> {
        let log = match name {
            Some(name) => parse_log_name(name).ok_or_else(|| SecureLogError::Unknown(name.to_owned()))?,
            None => self.checkpoint().await?.log,
        };
        let (mut entries, mut next) = (Vec::new(), 0);
        loop {
            let some = self.rows(&log, next).await?;
            let Some((last, _)) = some.last() else { break };
            next = last + 1;
            entries.extend(some.into_iter().map(|(_, entry)| entry));
        }
        if entries.is_empty() {
            return Err(SecureLogError::Unknown(log_name(&log)));
        }
        Ok(LogFile { log, entries })
    }

    /// Entries of the table in order with their numbers, from this one or the next that is there, at most [`AT_ONCE`]; a row that
    /// is no base64 is an entry that nobody can read.
    pub(super) async fn rows(&self, log: &LogId, from: u64) -> Result<Vec<(u64, Vec<u8>)>, sqlx::Error> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT number, entry FROM secure_log WHERE log_id = $1 AND number >= $2 ORDER BY number LIMIT $3",
        )
        .bind(log_name(log))
        .bind(i64::try_from(from).unwrap_or(i64::MAX))
        .bind(AT_ONCE)
        .fetch_all(self.database.pool())
        .await?;
        let row =
            |(number, entry): (i64, String)| (number.unsigned_abs(), from_base64(&entry).unwrap_or_default());
        Ok(rows.into_iter().map(row).collect())
    }

    /// The writer as the disk has it, stepped over entries that were committed after its state was last kept.
    async fn reopen(&self) -> Result<LogWriter, SecureLogError> {
        let lost = || SecureLogError::Lost(self.state.path().to_owned());
        let mut writer = self.state.load()?.ok_or_else(lost)?;
        let kept = writer.checkpoint().entries;
        loop {
            let ahead = self.rows(writer.log(), writer.checkpoint().entries).await?;
            if ahead.is_empty() {
                break;
            }
            for (_, entry) in ahead {
                writer.skip(&entry)?;
            }
        }
        let now = writer.checkpoint().entries;
        if now > kept {
            tracing::info!(entries = now - kept, "the secure log's state was behind its table; stepped over");
            self.state.store(&writer)?;
        }
        Ok(writer)
    }

    async fn open_new(&self, identity: &Identity) -> Result<LogWriter, SecureLogError> {
        let now = self.clock.now();
        let (log, secret) = self.client.open(identity, now).await?.into_parts();
        let mut writer = LogWriter::new(log, secret);
        let entry = writer.append(EntryKind::Opened, &now.0.to_be_bytes())?;
        let mut tx = self.database.begin_write().await?;
        insert(&mut tx, self.writer, &log, 0, &entry).await?;
        tx.commit().await?;
        self.state.store(&writer)?;
        self.earlier_settled.store(false, Ordering::Relaxed);
        tracing::info!(log = %log_name(&log), "secure log opened");
        Ok(writer)
    }
}

impl Pen {
    /// Seals an entry and inserts it, and tells where it stands; it counts once the transaction commits, and then [`Pen::keep`] must be called.
    pub async fn enter(
        &mut self,
        tx: &mut Transaction<'static, Any>,
        kind: EntryKind,
        content: &[u8],
    ) -> Result<EntryPlace, SecureLogError> {
        let before = match self.written.take() {
            Some(writer) => Slot::Ready(writer), // one of several entries in this transaction
            None => std::mem::replace(&mut *self.slot, Slot::Unread),
        };
        let mut writer = match before {
            Slot::Ready(writer) => writer,
            Slot::Unread => return Err(SecureLogError::Lost(self.state.path().to_owned())),
        };
        let (log, number) = (*writer.log(), writer.checkpoint().entries);
        let entry = writer.append(kind, content)?;
        insert(tx, self.writer, &log, number, &entry).await?;
        self.written = Some(writer);
        Ok(EntryPlace { log, number })
    }

    /// After the commit: overwrites the old key. Should that fail, the entry stands all the same and the state follows later.
    pub async fn keep(mut self) {
        let Some(writer) = self.written.take() else { return };
        // the lock goes along: whoever is next must find the new state, even if the caller went away
        let kept = tokio::task::spawn_blocking(move || match self.state.store(&writer) {
            Ok(()) => *self.slot = Slot::Ready(writer),
            Err(error) => {
                tracing::error!(%error, "the secure log's old key could not be overwritten; check space and permissions of the data folder");
            }
        });
        if let Err(error) = kept.await {
            tracing::error!(%error, "the secure log's state was not kept");
        }
    }
}

async fn insert(
    tx: &mut Transaction<'static, Any>,
    writer: &str,
    log: &LogId,
    number: u64,
    entry: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO secure_log (writer, log_id, number, entry) VALUES ($1, $2, $3, $4)")
        .bind(writer)
        .bind(log_name(log))
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .bind(to_base64(entry))
        .execute(&mut **tx)
        .await
        .map(drop)
}
