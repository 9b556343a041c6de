//! No new certificate for a content manager whose log does not hold (R2): the one check behind every way to a certificate.
//!
//! A content manager with a key that never had a certificate has no log yet and gets its first. From then on its open log must have
//! been uploaded to a checkpoint that agrees, within the hour, and none of its earlier logs may be cut or in dispute. The licensing
//! center itself may close a log that cannot be mended; the evidence stays.

use cadenza_protocol::cert::{CertificateChain, CertificateError, Role};
use cadenza_protocol::time::UnixTime;

use super::center::writer_of;
use crate::api::ApiFailure;
use crate::db::Database;
use axum::http::StatusCode;

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

impl From<RenewalRefusal> for ApiFailure {
    fn from(refusal: RenewalRefusal) -> Self {
        let code = match &refusal {
            RenewalRefusal::NoLog(_) => "log-missing",
            RenewalRefusal::NotUploaded { .. } => "log-not-uploaded",
            RenewalRefusal::Disputed { .. } => "log-disputed",
            RenewalRefusal::Database(error) => return Self::internal(error),
            RenewalRefusal::Certificate(error) => return Self::internal(error),
        };
        Self::new(StatusCode::CONFLICT, code, refusal.to_string())
    }
}

/// What can be done about a log that does not hold.
pub(super) fn what_to_do(log: &str) -> String {
    format!(
        "Restore the content manager's table secure_log from a backup; what it lacks is uploaded by itself. If it is lost for good, \
         let the licensing center close the log: cadenza-server admin --data DIR close-log {log}"
    )
}

/// A log in dispute, as the tables have it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Standing {
    pub log_id: String,
    pub name: String,
    pub state: String,
    pub entries: i64,
    pub running: String,
    pub promised: i64,
    pub promised_running: String,
    pub agreed_at: Option<i64>,
    /// What was refused and has not been mended since.
    pub problem: Option<String>,
}

/// Everything a renewal, or the operator, wants to know of logs.
pub(super) const STANDINGS: &str =
    "SELECT l.log_id, l.name, l.state, l.entries, l.running, l.promised, l.promised_running, l.agreed_at,
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
        let other = self.promised == self.entries && self.promised_running != self.running;
        other.then(|| "its writer's checkpoint is not that of the entries that were uploaded".to_owned())
    }
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
    let logs: Vec<Standing> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{STANDINGS} WHERE l.writer = $1 AND l.state <> 'closed'"
    )))
    .bind(writer_of(wanted.leaf()))
    .fetch_all(database.pool())
    .await?;
    if let Some((log, problem)) = logs.iter().find_map(|log| Some((log, log.dispute()?))) {
        return Err(RenewalRefusal::Disputed { log: log.log_id.clone(), name: log.name.clone(), problem });
    }
    match logs.iter().find(|log| log.state == "open") {
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
