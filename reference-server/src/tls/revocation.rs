//! Which certificates count no longer (G8, F7): the licensing center's two revocation lists, asked for again when they are a minute old.
//!
//! Asking goes on beside the requests: a licensing center that does not answer holds up nobody. The lists at hand serve meanwhile, for as long
//! as they state themselves ([`ListAge`]): for services and redemptions a week, for payments a day ([`Revocations::for_payments`]); after
//! that nobody is let in, because nobody can be told from a thief.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use cadenza_protocol::cert::{Certificate, ListAge, ListUse, RevocationLists, Role};
use parking_lot::RwLock;
use tokio::sync::Mutex;

use super::{TlsError, anonymous_client};
use crate::api::ApiFailure;
use crate::clock::Clock;

/// Seconds for which a list is not asked for again.
const REFRESH_SECONDS: i64 = 60;
/// How long the licensing center has for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a request waits for newer lists than those at hand, while they still serve.
const BRIEF: Duration = Duration::from_millis(500);
/// After a failure it is not asked again for this long.
const PAUSE: Duration = Duration::from_secs(5);

/// The lists as they were last fetched. Clones share them.
#[derive(Debug, Clone)]
pub struct Revocations {
    http: reqwest::Client,
    licensing_url: String,
    clock: Clock,
    kept: Arc<RwLock<Option<Fetched>>>,
    /// Whoever holds it asks; when the last failure was.
    asking: Arc<Mutex<Option<Instant>>>,
    /// What is done by them.
    what: ListUse,
}

/// Both lists, and when they came.
#[derive(Debug, Clone)]
struct Fetched {
    at: i64,
    lists: Arc<RevocationLists>,
    ages: [ListAge; 2],
}

impl Revocations {
    /// Lists of this licensing center.
    pub fn new(licensing_url: &str, root: &Certificate, clock: Clock) -> Result<Self, TlsError> {
        let http = anonymous_client(root, Role::LicensingCenter, &clock, PATIENCE)?;
        let licensing_url = licensing_url.trim_end_matches('/').to_owned();
        let what = ListUse::Other;
        Ok(Self { http, licensing_url, clock, kept: Arc::default(), asking: Arc::default(), what })
    }

    /// The same lists for payments, by which they serve less long.
    #[must_use]
    pub fn for_payments(self) -> Self {
        Self { what: ListUse::Payment, ..self }
    }

    /// The lists now; whether they are still good is checked with each chain.
    pub async fn lists(&self) -> Result<Arc<RevocationLists>, ApiFailure> {
        let kept = self.newest().await?;
        if self.serves(&kept) { Ok(kept.lists) } else { Err(unknown()) }
    }

    fn serves(&self, kept: &Fetched) -> bool {
        let now = self.clock.now();
        kept.ages.iter().all(|age| age.serves(self.what, now))
    }

    async fn newest(&self) -> Result<Fetched, ApiFailure> {
        let kept = self.kept();
        let patience = match &kept {
            Some(kept) => match self.clock.now().0.abs_diff(kept.at) {
                age if age < REFRESH_SECONDS.unsigned_abs() => return Ok(kept.clone()),
                _ if self.serves(kept) => BRIEF,
                _ => PATIENCE,
            },
            None => PATIENCE * 2,
        };
        let (this, wait) = (self.clone(), kept.is_none());
        // on a task of its own: it goes on when the request does not wait any longer
        let asking = tokio::spawn(async move { this.refresh(wait).await });
        let _ = tokio::time::timeout(patience, asking).await;
        self.kept().ok_or_else(unknown)
    }

    /// Asks the licensing center, unless someone does, or it has just failed.
    async fn refresh(&self, wait: bool) {
        let mut failed = match self.asking.try_lock() {
            Ok(free) => free,
            Err(_) if wait => self.asking.lock().await,
            Err(_) => return,
        };
        if failed.is_some_and(|at| at.elapsed() < PAUSE) || (wait && self.kept().is_some()) {
            return;
        }
        let now = self.clock.now().0;
        match self.fetch().await {
            Ok((lists, ages)) => {
                *failed = None;
                *self.kept.write() = Some(Fetched { at: now, lists: Arc::new(lists), ages });
            }
            Err(error) => {
                *failed = Some(Instant::now());
                let since = self.kept().map(|kept| now - kept.at);
                tracing::warn!(%error, seconds_old = since, "no newer revocation lists; going on with those at hand");
            }
        }
    }

    fn kept(&self) -> Option<Fetched> {
        self.kept.read().clone()
    }

    async fn fetch(&self) -> Result<(RevocationLists, [ListAge; 2]), String> {
        let list = async |path: &str| -> Result<Vec<u8>, reqwest::Error> {
            let answer = self.http.get(format!("{}{path}", self.licensing_url)).send().await?;
            Ok(answer.error_for_status()?.bytes().await?.to_vec())
        };
        let told = |e: reqwest::Error| e.to_string();
        let players = list("/v1/crl").await.map_err(told)?;
        let services = list("/v1/crl/services").await.map_err(told)?;
        let lists = RevocationLists::from_ders([&players[..], &services[..]]).map_err(|e| e.to_string())?;
        let age = |der: &[u8]| ListAge::stated_in(der).map_err(|e| e.to_string());
        Ok((lists, [age(&players)?, age(&services)?]))
    }
}

fn unknown() -> ApiFailure {
    ApiFailure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "revocation-unknown",
        "the licensing center does not say which certificates were revoked; try again later",
    )
    .retry_after(60)
}
