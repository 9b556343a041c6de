//! Bringing the log to the licensing center: ask how far it is, send what it lacks, in bounded pieces.
//!
//! Its answer holds its time stamp on what it has; once an hour that is entered and brought too (C2). Done every minute when something is new, and before the content manager's certificate is renewed. Logs that were written
//! earlier (their state was lost) are brought to their end first.

use std::sync::atomic::Ordering;

use cadenza_protocol::audit_log::{
    Checkpoint, EntryKind, LogId, LogStanding, LogUpload, SealedEntry, StampRecord, log_name, parse_log_name,
};
use cadenza_protocol::time_stamp::TimeStampToken;

use super::client::LogClientError;
use super::writer::{SecureLog, SecureLogError};
use crate::identity::Identity;

/// Seconds between two stamps in one log.
const STAMP_SECONDS: i64 = 3600;

impl SecureLog {
    /// Brings what is new, beginning another log where this one has ended. `report` says how long the log is even if nothing is
    /// new: what a renewal rests on.
    pub async fn settle(&self, identity: &Identity, report: bool) -> Result<(), SecureLogError> {
        match self.upload(identity, report).await {
            Err(SecureLogError::Lost(_) | SecureLogError::Log(_) | SecureLogError::Ended) => {}
            Err(SecureLogError::Licensing(LogClientError::Gone(_))) => {}
            done => return done,
        }
        self.begin(identity).await?;
        self.upload(identity, report).await
    }

    async fn upload(&self, identity: &Identity, report: bool) -> Result<(), SecureLogError> {
        let own = self.checkpoint().await?;
        let mut agreed = self.agreed.lock().await; // one upload at a time
        if !report && agreed.head == Some(own) {
            return Ok(());
        }
        let earlier = self.upload_earlier(identity, &own.log).await;
        let standing = self.upload_log(identity, own.log, Some(own)).await?;
        earlier?;
        if !standing.open {
            return Err(SecureLogError::Ended);
        }
        agreed.head = Some(own);
        let now = self.clock.now();
        let due = agreed.stamped_at.is_none_or(|at| now.0 - at.0 >= STAMP_SECONDS);
        if due && standing.verified == own && self.enter_stamp(&own, &standing).await? {
            agreed.stamped_at = Some(now);
            let stamped = self.checkpoint().await?;
            self.upload_log(identity, own.log, Some(stamped)).await?;
            agreed.head = Some(stamped);
        }
        Ok(())
    }

    /// Enters the licensing center's stamp on this log, unless there is nothing new since the last.
    async fn enter_stamp(&self, own: &Checkpoint, standing: &LogStanding) -> Result<bool, SecureLogError> {
        let last = self.rows(&own.log, own.entries.saturating_sub(1)).await?;
        let kind = last.first().and_then(|(_, entry)| EntryKind::of(entry).ok());
        if matches!(kind, None | Some(EntryKind::Opened | EntryKind::Stamped)) {
            return Ok(false);
        }
        let Ok(stamp) = TimeStampToken::from_bytes(&standing.stamp) else { return Ok(false) };
        let record = StampRecord { entries: own.entries, running: own.running, stamp };
        if let Err(error) = record.verify(own.log, self.client.0.root()) {
            tracing::error!(%error, "the licensing center's stamp on the secure log does not hold; it was not entered");
            return Ok(false);
        }
        let mut pen = self.pen().await?;
        let mut tx = self.database.begin_write().await?;
        pen.enter(&mut tx, EntryKind::Stamped, &record.to_bytes()).await?;
        tx.commit().await?;
        pen.keep().await;
        Ok(true)
    }

    /// Logs that this one replaced: what the licensing center lacks of them, as far as it holds.
    async fn upload_earlier(&self, identity: &Identity, own: &LogId) -> Result<(), SecureLogError> {
        if self.earlier_settled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let names: Vec<(String,)> =
            sqlx::query_as("SELECT DISTINCT log_id FROM secure_log WHERE log_id <> $1 AND writer = $2")
                .bind(log_name(own))
                .bind(self.writer)
                .fetch_all(self.database.pool())
                .await?;
        let mut problem = Ok(());
        for log in names.iter().filter_map(|(name,)| parse_log_name(name)) {
            match self.upload_log(identity, log, None).await {
                Ok(_) => {}
                Err(SecureLogError::Licensing(LogClientError::Gone(reason))) => {
                    tracing::info!(log = %log_name(&log), %reason, "an earlier log ends here");
                }
                Err(error) => problem = problem.and(Err(error)),
            }
        }
        self.earlier_settled.store(problem.is_ok(), Ordering::Relaxed);
        problem
    }

    async fn upload_log(
        &self,
        identity: &Identity,
        log: LogId,
        checkpoint: Option<Checkpoint>,
    ) -> Result<LogStanding, SecureLogError> {
        let mut standing = self.client.ask(identity, log, self.clock.now()).await?;
        loop {
            let first = standing.verified.entries;
            let rows = self.rows(&log, first).await?;
            let mut entries: Vec<Vec<u8>> = rows.into_iter().map(|(_, entry)| entry).collect();
            if let Some(checkpoint) = checkpoint {
                // what was entered since goes with the next upload, under its own checkpoint
                let promised =
                    usize::try_from(checkpoint.entries.saturating_sub(first)).unwrap_or(usize::MAX);
                entries.truncate(promised);
            }
            let found = entries.len();
            let entries = bounded(entries);
            let complete = entries.len() == found && found < LogUpload::MAX_ENTRIES;
            if entries.is_empty() && checkpoint.is_none() {
                return Ok(standing);
            }
            let at = self.clock.now();
            let entries = entries.into_iter().map(SealedEntry).collect();
            let piece = LogUpload { at, log, first, entries, checkpoint, complete };
            standing = self.client.send(identity, &piece).await?;
            if complete {
                return Ok(standing);
            }
        }
    }
}

/// As many entries as one upload takes.
fn bounded(mut entries: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut bytes = 0;
    let fits = entries.iter().take(LogUpload::MAX_ENTRIES).take_while(|entry| {
        bytes += entry.len();
        bytes <= LogUpload::MAX_BYTES
    });
    let fits = fits.count().max(1);
    entries.truncate(fits);
    entries
}
