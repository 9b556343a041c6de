//! No new certificate for a content manager whose log does not hold (R2): the one check behind every way to a certificate.
//!
//! A content manager with a key that never had a certificate has no log yet and gets its first. From then on its open log must have
//! been uploaded to a checkpoint that agrees, within the hour, and none of its earlier logs may be cut, in dispute, or without its end.
//! The licensing center itself may close a log that cannot be mended; the evidence stays.

use axum::http::StatusCode;
use cadenza_protocol::cert::{CertificateChain, CertificateError, Role};
use cadenza_protocol::time::UnixTime;

use super::rows::{LogState, STANDINGS, Standing, what_to_do, writer_of};
use crate::api::ApiFailure;
use crate::db::Database;

/// Seconds within which the checkpoint must have agreed.
const RECENT_SECONDS: i64 = 3600;

/// Why a content manager gets no new certificate.
#[derive(Debug, thiserror::Error)]
pub enum RenewalRefusal {
    /// Its certificates so far come without a log.
    #[error(
        "the content manager '{0}' keeps no secure log, so its certificate is not renewed; start it with this version, which begins one"
    )]
    NoLog(String),
    /// No checkpoint within the hour.
    #[error(
        "the secure log {log} of '{name}' was not uploaded to its end within the last hour, so its certificate is not renewed; let the content manager reach the licensing center and try again"
    )]
    NotUploaded {
        /// Which log.
        log: String,
        /// Whose.
        name: String,
    },
    /// A log is cut or altered.
    #[error("the secure log {log} of '{name}' does not hold, so its certificate is not renewed: {problem}. {todo}", todo = what_to_do(.log))]
    Disputed {
        /// Which log.
        log: String,
        /// Whose.
        name: String,
        /// What was found.
        problem: String,
    },
    /// The tables cannot be read.
    #[error("the licensing center's logs cannot be read; check the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored certificate cannot be read.
    #[error("a certificate of the licensing center cannot be read: {0}")]
    Certificate(#[from] CertificateError),
}

const MISSING: &str = "log-missing";
const NOT_UPLOADED: &str = "log-not-uploaded";
const DISPUTED: &str = "log-disputed";

impl From<RenewalRefusal> for ApiFailure {
    fn from(refusal: RenewalRefusal) -> Self {
        let code = match &refusal {
            RenewalRefusal::NoLog(_) => MISSING,
            RenewalRefusal::NotUploaded { .. } => NOT_UPLOADED,
            RenewalRefusal::Disputed { .. } => DISPUTED,
            RenewalRefusal::Database(error) => return Self::internal(error),
            RenewalRefusal::Certificate(error) => return Self::internal(error),
        };
        Self::new(StatusCode::CONFLICT, code, refusal.to_string())
    }
}

/// Whether a licensing center elsewhere refuses on account of the log.
pub(crate) fn is_refusal(code: &str) -> bool {
    [MISSING, NOT_UPLOADED, DISPUTED].contains(&code)
}

/// May this certificate be handed out? Everyone but content managers: yes.
pub(crate) async fn check(
    database: &Database,
    wanted: &CertificateChain,
    role: Role,
    now: UnixTime,
) -> Result<(), RenewalRefusal> {
    if role != Role::ContentManager {
        return Ok(());
    }
    let logs: Vec<Standing> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{STANDINGS} WHERE l.writer = $1 AND l.state <> $2")))
            .bind(writer_of(wanted.leaf()))
            .bind(LogState::Closed.word())
            .fetch_all(database.pool())
            .await?;
    if let Some((log, problem)) = logs.iter().find_map(|log| Some((log, log.dispute()?))) {
        return Err(RenewalRefusal::Disputed { log: log.log_id.clone(), name: log.name.clone(), problem });
    }
    match logs.iter().find(|log| log.state == LogState::Open) {
        Some(log) if log.agreed_at.is_some_and(|at| now.0 - at <= RECENT_SECONDS) => Ok(()),
        Some(log) => Err(RenewalRefusal::NotUploaded { log: log.log_id.clone(), name: log.name.clone() }),
        None if was_certified(database, wanted).await? => Err(RenewalRefusal::NoLog(wanted.leaf().subject())),
        None => Ok(()),
    }
}

/// Whether this key had a certificate of a content manager before.
async fn was_certified(database: &Database, wanted: &CertificateChain) -> Result<bool, RenewalRefusal> {
    let chains: Vec<(String,)> = sqlx::query_as("SELECT chain_pem FROM certificates WHERE role = $1")
        .bind(Role::ContentManager.name())
        .fetch_all(database.pool())
        .await?;
    let key = wanted.leaf().key_fingerprint();
    for (pem,) in chains {
        if CertificateChain::from_pem(&pem)?.leaf().key_fingerprint() == key {
            return Ok(true);
        }
    }
    Ok(false)
}
