//! The licensing center's end of secure logs: agree on one, verify what comes, keep what was refused as evidence.
//!
//! A log belongs to its writer's key, which a content manager keeps across renewals. Secret and reader lie under the master key. Each
//! upload goes on where the one before ended; what was stored is never replaced. A content manager whose certificate has run out
//! may still bring its log (it needs that for a new one), so its chain is judged at its last good moment; a revoked one may not.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use cadenza_protocol::audit_log::{Checkpoint, LogError, LogId, LogReader};
use cadenza_protocol::cert::{Certificate, RevocationLists, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::signed::{SignedError, SignedMessage};
use cadenza_protocol::time::UnixTime;
use serde::de::DeserializeOwned;
use sqlx::{Any, Transaction};

use super::{
    FRESH_SECONDS, LogOpened, LogOpening, LogStanding, LogUpload, MAX_ENTRIES, OPENING_DOMAIN, UPLOAD_DOMAIN,
    log_name,
};
use crate::api::{ApiFailure, JsonBody};
use crate::licensing::LicensingCenter;
use crate::licensing::master_key::{MasterKey, MasterKeyError};
use crate::text::{from_base64, to_base64};
use crate::tls::gate;

/// Longest request: a full upload twice in base64, and the sender's certificates.
const REQUEST_LIMIT: usize = 1 << 20;

/// The licensing center's routes for logs.
pub fn routes() -> Router<Arc<LicensingCenter>> {
    Router::new()
        .route("/v1/logs", post(open))
        .route("/v1/logs/entries", post(receive))
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
}

/// A log as the table has it.
#[derive(Debug, sqlx::FromRow)]
struct LogRow {
    writer: String,
    state: String,
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

async fn open(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(message): JsonBody<SignedMessage>,
) -> Result<Response, ApiFailure> {
    let (request, sender) = center.open_signed::<LogOpening>(&message, OPENING_DOMAIN).await?;
    center.check_fresh(request.at)?;
    let log: LogId = *Secret::random().expose();
    let secret = Secret::<32>::random();
    let reader = LogReader::new(log, secret.duplicate());
    let (name, writer, now) = (log_name(&log), writer_of(&sender), center.clock.now());
    let seal =
        |what: &str, bytes: &[u8]| seal(&center.master, what, &name, bytes).map_err(ApiFailure::internal);
    let origin = to_base64(&reader.checkpoint().running);
    let mut tx = center.database.begin_write().await?;
    sqlx::query("UPDATE logs SET state = 'superseded', ended_at = $1 WHERE writer = $2 AND state = 'open'")
        .bind(now.0)
        .bind(&writer)
        .execute(&mut *tx)
        .await?;
    let opened = sqlx::query(
        "INSERT INTO logs (log_id, writer, name, opening, opened_at, state, sealed_secret, sealed_reader, entries, running, promised, promised_running)
         VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, 0, $8, 0, $8) ON CONFLICT (opening) DO NOTHING",
    )
    .bind(&name)
    .bind(&writer)
    .bind(sender.subject())
    .bind(hex(&request.nonce))
    .bind(now.0)
    .bind(seal("secret", secret.expose())?)
    .bind(seal("reader", &reader.state())?)
    .bind(origin)
    .execute(&mut *tx)
    .await?;
    if opened.rows_affected() == 0 {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "log-opened-before",
            "this request for a log came before; ask again with a new one",
        ));
    }
    tx.commit().await?;
    tracing::info!(log = %name, writer = %sender.subject(), "a secure log was agreed on");
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(LogOpened::new(log, &secret))).into_response())
}

async fn receive(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(message): JsonBody<SignedMessage>,
) -> Result<Json<LogStanding>, ApiFailure> {
    let (upload, sender) = center.open_signed::<LogUpload>(&message, UPLOAD_DOMAIN).await?;
    center.check_fresh(upload.at)?;
    if upload.entries.len() > MAX_ENTRIES {
        let why = "an upload holds at most 256 entries; send them in pieces";
        return Err(ApiFailure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-entries", why));
    }
    let name = log_name(&upload.log);
    let mut tx = center.database.begin_write().await?;
    // holds the log's row, so that two uploads cannot both go on from the same entry
    let row: Option<LogRow> = sqlx::query_as(
        "UPDATE logs SET entries = entries WHERE log_id = $1
         RETURNING writer, state, sealed_reader, entries, promised, promised_running",
    )
    .bind(&name)
    .fetch_optional(&mut *tx)
    .await?;
    let row = row.filter(|row| row.writer == writer_of(&sender)).ok_or_else(|| {
        let why = "the licensing center knows no such log of this content manager; begin another one";
        ApiFailure::new(StatusCode::NOT_FOUND, "unknown-log", why)
    })?;
    if row.state == "closed" {
        let why = "the licensing center has closed this log; begin another one";
        return Err(ApiFailure::new(StatusCode::GONE, "log-closed", why));
    }
    let state = unseal(&center.master, "reader", &name, &row.sealed_reader).map_err(ApiFailure::internal)?;
    let mut reader = LogReader::resume(&state).map_err(ApiFailure::internal)?;
    if upload.first > reader.checkpoint().entries {
        let why = format!("go on from entry {}", reader.checkpoint().entries);
        return Err(ApiFailure::new(StatusCode::CONFLICT, "log-gap", why));
    }
    let refusal = match center.take_entries(&mut tx, &upload, &mut reader).await? {
        Some(refusal) => Some(refusal),
        None => against_checkpoint(&upload, &reader.checkpoint()),
    };
    center.keep(&mut tx, &upload, &row, &reader).await?;
    if let Some(refusal) = &refusal {
        keep_evidence(&mut tx, &name, refusal, &message, center.clock.now()).await?;
    }
    tx.commit().await?;
    match refusal {
        Some(refusal) => Err(refused(&name, &sender.subject(), &refusal)),
        None => Ok(Json(LogStanding { verified: reader.checkpoint(), open: row.state == "open" })),
    }
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
    let message = format!(
        "the secure log {log} of '{writer}' does not hold: {}. {}",
        refusal.problem,
        super::renewal::what_to_do(log)
    );
    ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.code, message)
}

async fn keep_evidence(
    tx: &mut Transaction<'static, Any>,
    log: &str,
    refusal: &Refusal,
    message: &SignedMessage,
    now: UnixTime,
) -> Result<(), ApiFailure> {
    sqlx::query(
        "INSERT INTO log_evidence (log_id, number, code, at, problem, message) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (log_id, number, code) DO NOTHING",
    )
    .bind(log)
    .bind(signed(refusal.number))
    .bind(refusal.code)
    .bind(now.0)
    .bind(&refusal.problem)
    .bind(serde_json::to_string(message).map_err(ApiFailure::internal)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl LicensingCenter {
    /// The body and the sender of a content manager's signed request.
    async fn open_signed<T: DeserializeOwned>(
        &self,
        message: &SignedMessage,
        domain: &str,
    ) -> Result<(T, Certificate), ApiFailure> {
        let sender = message.chain().leaf();
        let at = UnixTime(self.clock.now().0.min(sender.not_after().0));
        let root = self.authority.root();
        let body = message
            .open(domain, root, Role::ContentManager, at, &RevocationLists::none())
            .map_err(refuse_sender)?;
        let known: Option<(Option<i64>,)> =
            sqlx::query_as("SELECT revoked_at FROM certificates WHERE serial = $1")
                .bind(sender.serial())
                .fetch_optional(self.database.pool())
                .await?;
        match known {
            // one that is missing here was issued before this database was restored
            Some((None,)) | None => Ok((body, sender.clone())),
            Some((Some(_),)) => Err(ApiFailure::new(
                StatusCode::FORBIDDEN,
                "certificate-revoked",
                "this content manager's certificate was revoked; ask the licensing center",
            )),
        }
    }

    fn check_fresh(&self, at: UnixTime) -> Result<(), ApiFailure> {
        let fresh = (self.clock.now().0 - at.0).abs() <= FRESH_SECONDS;
        fresh.then_some(()).ok_or_else(|| {
            let why = "the request is too old, or the clocks differ; set both clocks and send it again";
            ApiFailure::new(StatusCode::FORBIDDEN, "request-not-fresh", why)
        })
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
        let sealed = seal(&self.master, "reader", &name, &reader.state()).map_err(ApiFailure::internal)?;
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
}

/// A writer is its key: a content manager keeps it across renewals.
pub(super) fn writer_of(certificate: &Certificate) -> String {
    hex(&certificate.key_fingerprint())
}

pub(super) fn seal(
    master: &MasterKey,
    what: &str,
    log: &str,
    bytes: &[u8],
) -> Result<String, MasterKeyError> {
    Ok(to_base64(&master.seal(&format!("log {what} {log}"), bytes)?))
}

pub(super) fn unseal(
    master: &MasterKey,
    what: &str,
    log: &str,
    sealed: &str,
) -> Result<zeroize::Zeroizing<Vec<u8>>, MasterKeyError> {
    let bytes = from_base64(sealed).ok_or(MasterKeyError::Record)?;
    master.open_record(&format!("log {what} {log}"), &bytes)
}

/// A checkpoint from the columns of a row.
pub(super) fn checkpoint_of(log: LogId, entries: i64, running: &str) -> Option<Checkpoint> {
    let running = from_base64(running)?.try_into().ok()?;
    Some(Checkpoint { log, entries: u64::try_from(entries).ok()?, running })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn refuse_sender(error: SignedError) -> ApiFailure {
    let code = match &error {
        SignedError::Certificate(certificate) => gate::code(certificate),
        SignedError::Signature => "wrong-signature",
        SignedError::Malformed => "invalid-request",
    };
    ApiFailure::new(StatusCode::FORBIDDEN, code, error.to_string())
}
