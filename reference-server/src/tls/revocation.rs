//! Which certificates count no longer (G8, F7): the licensing center's two revocation lists, fetched when they are more than a minute old.
//!
//! While the licensing center does not answer, the lists at hand serve until their next update is due (a week), for payments a day; after
//! that nobody is let in, because nobody can be told from a thief.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use cadenza_protocol::cert::{Certificate, RevocationLists, Role};
use tokio::sync::Mutex;

use super::{TlsError, anonymous_client};
use crate::api::ApiFailure;
use crate::clock::Clock;

/// Seconds for which a list is not asked for again.
const REFRESH_SECONDS: i64 = 60;
/// Oldest lists that money is taken by, seconds.
const PAYMENT_SECONDS: u64 = 86_400;
const PATIENCE: Duration = Duration::from_secs(10);

/// The lists as they were last fetched. Clones share them.
#[derive(Debug, Clone)]
pub struct Revocations {
    http: reqwest::Client,
    licensing_url: String,
    clock: Clock,
    fetched: Arc<Mutex<Option<Fetched>>>,
    /// Seconds after which lists at hand serve no longer; none: until their next update.
    oldest: Option<u64>,
}

/// Both lists, and when they came.
#[derive(Debug)]
struct Fetched {
    at: i64,
    lists: Arc<RevocationLists>,
}

impl Revocations {
    /// Lists of this licensing center.
    pub fn new(licensing_url: &str, root: &Certificate, clock: Clock) -> Result<Self, TlsError> {
        let http = anonymous_client(root, Role::LicensingCenter, &clock, PATIENCE)?;
        let licensing_url = licensing_url.trim_end_matches('/').to_owned();
        Ok(Self { http, licensing_url, clock, fetched: Arc::default(), oldest: None })
    }

    /// The same lists for payments, where they may be a day old.
    #[must_use]
    pub fn for_payments(self) -> Self {
        Self { oldest: Some(PAYMENT_SECONDS), ..self }
    }

    /// The lists now; whether they are still good is checked with each chain.
    pub async fn lists(&self) -> Result<Arc<RevocationLists>, ApiFailure> {
        let now = self.clock.now().0;
        let mut fetched = self.fetched.lock().await;
        if let Some(kept) = &*fetched
            && now.abs_diff(kept.at) < REFRESH_SECONDS.unsigned_abs()
        {
            return Ok(kept.lists.clone());
        }
        match (self.fetch().await, &*fetched) {
            (Ok(lists), _) => {
                let lists = Arc::new(lists);
                *fetched = Some(Fetched { at: now, lists: lists.clone() });
                Ok(lists)
            }
            (Err(error), Some(kept)) if self.oldest.is_none_or(|oldest| now.abs_diff(kept.at) <= oldest) => {
                tracing::warn!(%error, "no newer revocation lists; going on with those at hand");
                Ok(kept.lists.clone())
            }
            (Err(error), _) => {
                tracing::error!(%error, "no revocation lists");
                Err(ApiFailure::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "revocation-unknown",
                    "the licensing center does not say which certificates were revoked; try again later",
                ))
            }
        }
    }

    async fn fetch(&self) -> Result<RevocationLists, String> {
        let list = async |path: &str| -> Result<Vec<u8>, reqwest::Error> {
            let answer = self.http.get(format!("{}{path}", self.licensing_url)).send().await?;
            Ok(answer.error_for_status()?.bytes().await?.to_vec())
        };
        let told = |e: reqwest::Error| e.to_string();
        let players = list("/v1/crl").await.map_err(told)?;
        let services = list("/v1/crl/services").await.map_err(told)?;
        RevocationLists::from_ders([&players[..], &services[..]]).map_err(|e| e.to_string())
    }
}
