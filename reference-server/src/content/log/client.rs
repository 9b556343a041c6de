//! The way to the licensing center, for the log. Who is speaking stands in the signed messages.

use cadenza_protocol::audit_log::{LogId, LogOpened, LogOpening, LogStanding, LogUpload};
use cadenza_protocol::crypto::sign::{SigningKey, SigningKeyError};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::CallError;
use crate::center::CenterClient;
use crate::identity::Identity;

/// Why the licensing center has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LogClientError {
    /// It has ended this log, or never heard of it: its own words.
    #[error("{0}")]
    Gone(String),
    /// It said no, in its own words.
    #[error("{0}")]
    Refused(String),
    /// It could not be reached.
    #[error("the licensing center cannot be reached; check its URL, or try again in a moment: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// The content manager's key is of an unfit kind.
    #[error("the content manager's key cannot sign: {0}")]
    Key(#[from] SigningKeyError),
}

impl From<CallError> for LogClientError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { error, .. } => match error.code.as_str() {
                "log-closed" | "unknown-log" => Self::Gone(error.message),
                _ => Self::Refused(error.message),
            },
            CallError::Unreachable(error) => Self::Unreachable(error),
        }
    }
}

/// The requests about a log.
#[derive(Debug)]
pub struct LogClient(pub CenterClient);

impl LogClient {
    /// Asks for a log.
    pub(super) async fn open(&self, identity: &Identity, at: UnixTime) -> Result<LogOpened, LogClientError> {
        let nonce = *Secret::<16>::random().expose();
        self.post("/v1/logs", identity, LogOpening::DOMAIN, &LogOpening { at, nonce }).await
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

    /// Brings entries.
    pub(super) async fn send(
        &self,
        identity: &Identity,
        upload: &LogUpload,
    ) -> Result<LogStanding, LogClientError> {
        self.post("/v1/logs/entries", identity, LogUpload::DOMAIN, upload).await
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
        Ok(self.0.post(path, &message).await?)
    }
}
