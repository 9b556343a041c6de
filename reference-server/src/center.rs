//! The way to the licensing center for services that show it no certificate: who speaks stands in what they say, signed.

use std::time::Duration;

use cadenza_protocol::cert::{Certificate, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{CallError, accepted};
use crate::clock::Clock;
use crate::tls::{TlsError, anonymous_client};

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the licensing center.
#[derive(Debug, Clone)]
pub struct CenterClient {
    http: reqwest::Client,
    base: String,
    root: Certificate,
}

impl CenterClient {
    /// To the licensing center at this URL, pinned by its root.
    pub fn new(licensing_url: &str, root: &Certificate, clock: &Clock) -> Result<Self, TlsError> {
        let http = anonymous_client(root, Role::LicensingCenter, clock, PATIENCE)?;
        let base = licensing_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base, root: root.clone() })
    }

    /// Its root: what it stamps ends there.
    pub const fn root(&self) -> &Certificate {
        &self.root
    }

    /// Asks, and reads the answer.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CallError> {
        let answer = self.http.post(format!("{}{path}", self.base)).json(body).send().await?;
        Ok(accepted(answer).await?.json().await?)
    }
}
