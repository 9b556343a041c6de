//! Taking entries in: verify each, store what holds, keep what was refused as evidence.
//!
//! Each upload goes on where the one before ended; what was stored is never replaced.

use axum::http::StatusCode;
use cadenza_protocol::audit_log::{Checkpoint, LogError, LogReader, LogStanding, LogUpload, log_name};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::signed::SignedMessage;
use sqlx::{Any, Transaction};

use super::rows::{LogState, Sealed, signed, what_to_do, writer_of};
use crate::api::ApiFailure;
use crate::licensing::LicensingCenter;
use crate::text::to_base64;

/// A log that goes on.
#[derive(Debug, sqlx::FromRow)]
struct LogRow {
    writer: String,
    #[sqlx(try_from = "String")]
    state: LogState,
    sealed_reader: String,
    entries: i64,
    promised: i64,
    promised_running: String,
}

/// What of an upload was refused.
struct Refusal {
    number: u64,
    code: &'static str,
    problem: String,
}

impl LicensingCenter {
    /// Reads an upload of this sender as far as it holds; `message` is what it came in, and the evidence if it does not.
    pub(super) async fn take_in(
        &self,
        upload: &LogUpload,
        sender: &Certificate,
        message: &SignedMessage,
    ) -> Result<LogStanding, ApiFailure> {
        let name = log_name(&upload.log);
        let mut tx = self.database.begin_write().await?;
        let row = hold(&mut tx, &name, sender).await?;
        let open = match row.state {
            LogState::Open => true,
            LogState::Superseded => false,
            LogState::Closed => {
                let why = "the licensing center has closed this log; begin another one";
                return Err(ApiFailure::new(StatusCode::GONE, "log-closed", why));
            }
        };
        let state =
            Sealed::Reader.open(&self.master, &name, &row.sealed_reader).map_err(ApiFailure::internal)?;
        let mut reader = LogReader::resume(&state).map_err(ApiFailure::internal)?;
        if upload.first > reader.checkpoint().entries {
            let why = format!("go on from entry {}", reader.checkpoint().entries);
            return Err(ApiFailure::new(StatusCode::CONFLICT, "log-gap", why));
        }
        let refusal = match self.take_entries(&mut tx, upload, &mut reader).await? {
            Some(refusal) => Some(refusal),
            None => against_checkpoint(upload, &reader.checkpoint()),
        };
        self.keep(&mut tx, upload, &row, &reader).await?;
        if let Some(refusal) = &refusal {
            self.keep_evidence(&mut tx, &name, refusal, message).await?;
        }
        tx.commit().await?;
        match refusal {
            Some(refusal) => Err(refused(&name, &sender.subject(), &refusal)),
            None => {
                let verified = reader.checkpoint();
                let stamp = self.stamp(&verified.imprint(), self.clock.now())?.to_bytes();
                Ok(LogStanding { verified, open, stamp })
            }
        }
    }

    /// Verifies and stores entry after entry, up to the first that does not hold.
    async fn take_entries(
        &self,
        tx: &mut Transaction<'static, Any>,
        upload: &LogUpload,
        reader: &mut LogReader,
    ) -> Result<Option<Refusal>, ApiFailure> {
        let name = log_name(&upload.log);
        for (number, entry) in (upload.first..).zip(&upload.entries) {
            if number < reader.checkpoint().entries {
                let (stored,): (String,) =
                    sqlx::query_as("SELECT entry FROM log_entries WHERE log_id = $1 AND number = $2")
                        .bind(&name)
                        .bind(signed(number))
                        .fetch_one(&mut **tx)
                        .await?;
                if stored != to_base64(&entry.0) {
                    return Ok(Some(refuse(number, &LogError::Altered { entry: number })));
                }
                continue;
            }
            if let Err(error) = reader.accept(&entry.0) {
                return Ok(Some(refuse(number, &error)));
            }
            sqlx::query(
                "INSERT INTO log_entries (log_id, number, received_at, entry) VALUES ($1, $2, $3, $4)",
            )
            .bind(&name)
            .bind(signed(number))
            .bind(self.clock.now().0)
            .bind(to_base64(&entry.0))
            .execute(&mut **tx)
            .await?;
        }
        Ok(None)
    }

    /// Writes how far the log is read, and what its writer promised.
    async fn keep(
        &self,
        tx: &mut Transaction<'static, Any>,
        upload: &LogUpload,
        row: &LogRow,
        reader: &LogReader,
    ) -> Result<(), ApiFailure> {
        let (name, read) = (log_name(&upload.log), reader.checkpoint());
        let promised = upload
            .checkpoint
            .filter(|promised| promised.log == upload.log && promised.entries >= row.promised.unsigned_abs());
        let (count, running) = match &promised {
            Some(promised) => (signed(promised.entries), to_base64(&promised.running)),
            None => (row.promised, row.promised_running.clone()),
        };
        let agrees = promised == Some(read);
        let sealed =
            Sealed::Reader.seal(&self.master, &name, &reader.state()).map_err(ApiFailure::internal)?;
        sqlx::query(
            "UPDATE logs SET sealed_reader = $1, entries = $2, running = $3, promised = $4, promised_running = $5,
                agreed_at = CASE WHEN $6 = 1 THEN $7 ELSE agreed_at END WHERE log_id = $8",
        )
        .bind(sealed)
        .bind(signed(read.entries))
        .bind(to_base64(&read.running))
        .bind(count)
        .bind(running)
        .bind(i64::from(agrees))
        .bind(self.clock.now().0)
        .bind(name)
        .execute(&mut **tx)
        .await?;
        debug_assert!(read.entries >= row.entries.unsigned_abs(), "a log is only read forward");
        Ok(())
    }

    async fn keep_evidence(
        &self,
        tx: &mut Transaction<'static, Any>,
        log: &str,
        refusal: &Refusal,
        message: &SignedMessage,
    ) -> Result<(), ApiFailure> {
        sqlx::query(
            "INSERT INTO log_evidence (log_id, number, code, at, problem, message) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (log_id, number, code) DO NOTHING",
        )
        .bind(log)
        .bind(signed(refusal.number))
        .bind(refusal.code)
        .bind(self.clock.now().0)
        .bind(&refusal.problem)
        .bind(serde_json::to_string(message).map_err(ApiFailure::internal)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// The log's row, held so that two uploads cannot both go on from the same entry.
async fn hold(
    tx: &mut Transaction<'static, Any>,
    name: &str,
    sender: &Certificate,
) -> Result<LogRow, ApiFailure> {
    let row: Option<LogRow> = sqlx::query_as(
        "UPDATE logs SET entries = entries WHERE log_id = $1
         RETURNING writer, state, sealed_reader, entries, promised, promised_running",
    )
    .bind(name)
    .fetch_optional(&mut **tx)
    .await?;
    row.filter(|row| row.writer == writer_of(sender)).ok_or_else(|| {
        let why = "the licensing center knows no such log of this content manager; begin another one";
        ApiFailure::new(StatusCode::NOT_FOUND, "unknown-log", why)
    })
}

/// The writer's own word against what was read: other entries than it wrote, or fewer.
fn against_checkpoint(upload: &LogUpload, read: &Checkpoint) -> Option<Refusal> {
    let promised = upload.checkpoint.filter(|promised| promised.log == upload.log)?;
    if promised.entries == read.entries && promised.running != read.running {
        let number = read.entries.saturating_sub(1);
        return Some(refuse(number, &LogError::Altered { entry: number }));
    }
    let cut = upload.complete && promised.entries > read.entries;
    cut.then(|| refuse(read.entries, &LogError::Cut { promised: promised.entries, present: read.entries }))
}

fn refuse(number: u64, error: &LogError) -> Refusal {
    let code = match error {
        LogError::Altered { .. } => "log-altered",
        LogError::OutOfOrder { .. } => "log-out-of-order",
        LogError::Cut { .. } => "log-cut",
        LogError::Malformed { .. } | LogError::TooLong | LogError::NotALog { .. } => "log-damaged",
    };
    Refusal { number, code, problem: error.to_string() }
}

fn refused(log: &str, writer: &str, refusal: &Refusal) -> ApiFailure {
    tracing::error!(log, writer, entry = refusal.number, problem = %refusal.problem, "a secure log does not hold; kept as evidence");
    let message =
        format!("the secure log {log} of '{writer}' does not hold: {}. {}", refusal.problem, what_to_do(log));
    ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.code, message)
}
