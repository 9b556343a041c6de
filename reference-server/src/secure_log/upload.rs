//! Bringing the log to the licensing center: ask how far it is, send what it lacks, in bounded pieces.
//!
//! Done every minute when something is new, and before the content manager's certificate is renewed. Logs that were written
//! earlier (their state was lost) are brought to their end first.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cadenza_protocol::audit_log::{Checkpoint, LogId};
use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::crypto::sign::{SigningKey, SigningKeyError};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::writer::{SecureLog, SecureLogError, is_gone};
use super::{
    LogOpened, LogOpening, LogStanding, LogUpload, MAX_BYTES, MAX_ENTRIES, OPENING_DOMAIN, SealedEntry,
    UPLOAD_DOMAIN, log_name, parse_log_name,
};
use crate::clock::Clock;
use crate::content::client::{ContentClientError, accepted};
use crate::identity::Identity;
use crate::tls::{TlsError, anonymous_client};

const PATIENCE: Duration = Duration::from_secs(20);

/// Why the licensing center has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LogClientError {
    /// It said no.
    #[error("{message}")]
    Refused {
        /// Stable code.
        code: String,
        /// Its own words.
        message: String,
    },
    /// It could not be reached.
    #[error("the licensing center cannot be reached; check its URL, or try again in a moment: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// The content manager's key is of an unfit kind.
    #[error("the content manager's key cannot sign: {0}")]
    Key(#[from] SigningKeyError),
}

/// The way to the licensing center. Who is speaking stands in the signed messages.
#[derive(Debug)]
pub struct LogClient {
    http: reqwest::Client,
    base: String,
}

impl LogClient {
    /// To the licensing center at this URL, pinned by its root.
    pub fn new(licensing_url: &str, root: &Certificate, clock: &Clock) -> Result<Self, TlsError> {
        let http = anonymous_client(root, Role::LicensingCenter, clock, PATIENCE)?;
        let base = licensing_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base })
    }

    /// Asks for a log.
    pub(super) async fn open(&self, identity: &Identity, at: UnixTime) -> Result<LogOpened, LogClientError> {
        let nonce = *Secret::<16>::random().expose();
        self.post("/v1/logs", identity, OPENING_DOMAIN, &LogOpening { at, nonce }).await
    }

    /// Asks how far the licensing center is with a log.
    pub(super) async fn ask(
        &self,
        identity: &Identity,
        log: LogId,
        at: UnixTime,
    ) -> Result<LogStanding, LogClientError> {
        let nothing = LogUpload { at, log, first: 0, entries: vec![], checkpoint: None, complete: false };
        self.send(identity, &nothing).await
    }

    async fn send(&self, identity: &Identity, upload: &LogUpload) -> Result<LogStanding, LogClientError> {
        self.post("/v1/logs/entries", identity, UPLOAD_DOMAIN, upload).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        identity: &Identity,
        domain: &str,
        body: &impl Serialize,
    ) -> Result<T, LogClientError> {
        let key = SigningKey::from_pkcs8_der(identity.key_pkcs8())?;
        let message =
            SignedMessage::new(domain, body, identity.chain(), |domain, body| key.sign(domain, body));
        let answer = self.http.post(format!("{}{path}", self.base)).json(&message).send().await?;
        match accepted(answer).await {
            Ok(answer) => Ok(answer.json().await?),
            Err(ContentClientError::Refused { error, .. }) => {
                Err(LogClientError::Refused { code: error.code, message: error.message })
            }
            Err(ContentClientError::Unreachable(error)) => Err(error.into()),
        }
    }
}

impl SecureLog {
    /// Brings what is new, beginning another log where this one has ended. `report` says how long the log is even if nothing is
    /// new: what a renewal rests on.
    pub async fn settle(&self, identity: &Identity, report: bool) -> Result<(), SecureLogError> {
        match self.upload(identity, report).await {
            Err(SecureLogError::Lost(_) | SecureLogError::Log(_) | SecureLogError::Ended) => {}
            Err(SecureLogError::Licensing(LogClientError::Refused { code, .. })) if is_gone(&code) => {}
            done => return done,
        }
        self.begin(identity).await?;
        self.upload(identity, report).await
    }

    async fn upload(&self, identity: &Identity, report: bool) -> Result<(), SecureLogError> {
        let own = self.checkpoint().await?;
        let mut agreed = self.agreed.lock().await; // one upload at a time
        if !report && *agreed == Some(own) {
            return Ok(());
        }
        let earlier = self.upload_earlier(identity, &own.log).await;
        let standing = self.upload_log(identity, own.log, Some(own)).await?;
        earlier?;
        if !standing.open {
            return Err(SecureLogError::Ended);
        }
        *agreed = Some(own);
        Ok(())
    }

    /// Logs that this one replaced: what the licensing center lacks of them, as far as it holds.
    async fn upload_earlier(&self, identity: &Identity, own: &LogId) -> Result<(), SecureLogError> {
        if self.earlier_settled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let names: Vec<(String,)> =
            sqlx::query_as("SELECT DISTINCT log_id FROM secure_log WHERE log_id <> $1")
                .bind(log_name(own))
                .fetch_all(self.database.pool())
                .await?;
        let mut problem = Ok(());
        for log in names.iter().filter_map(|(name,)| parse_log_name(name)) {
            match self.upload_log(identity, log, None).await {
                Ok(_) => {}
                Err(SecureLogError::Licensing(LogClientError::Refused { code, message }))
                    if is_gone(&code) =>
                {
                    tracing::info!(log = %log_name(&log), reason = %message, "an earlier log ends here");
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
            let complete = entries.len() == found && found < MAX_ENTRIES;
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
    let fits = entries.iter().take(MAX_ENTRIES).take_while(|entry| {
        bytes += entry.len();
        bytes <= MAX_BYTES
    });
    let fits = fits.count().max(1);
    entries.truncate(fits);
    entries
}
