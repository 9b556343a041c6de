//! `cadenza-server admin`: speaks to a server of this machine through its data folder (ready file and token).

use std::path::{Path, PathBuf};

use cadenza_protocol::shop::Order;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{READY_FILE, Refund, Revoke, Statistics, TOKEN_FILE};
use crate::call::{CallError, accepted};
use crate::licensing::renewal::CertificateCount;
use crate::licensing::tokens::Permit;

/// Why the administration did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No server left its marks in this folder.
    #[error("{0} cannot be read; is a server running with this data folder? {1}")]
    NotRunning(PathBuf, std::io::Error),
    /// The ready file is damaged.
    #[error("{0} is not a ready file; start the server again")]
    Ready(PathBuf),
    /// The server said no.
    #[error("{0}")]
    Refused(String),
    /// The server said nothing.
    #[error("the server does not answer; is it running with this data folder? {0}")]
    Server(#[from] CallError),
}

/// A connection to a running server.
#[derive(Debug)]
pub struct AdminClient {
    http: reqwest::Client,
    url: String,
    token: String,
}

#[derive(Deserialize)]
struct ReadyAdmin {
    admin_url: String,
}

impl AdminClient {
    /// Finds the server by its data folder.
    pub fn open(data: &Path) -> Result<Self, AdminError> {
        let read = |name: &str| {
            let path = data.join(name);
            std::fs::read_to_string(&path).map_err(|e| AdminError::NotRunning(path, e))
        };
        let ready: ReadyAdmin =
            serde_json::from_str(&read(READY_FILE)?).map_err(|_| AdminError::Ready(data.join(READY_FILE)))?;
        let http = reqwest::Client::builder().no_proxy().build().map_err(CallError::from)?;
        Ok(Self { http, url: ready.admin_url, token: read(TOKEN_FILE)?.trim().to_owned() })
    }

    /// Uptime, vouchers, items, accesses, delivery servers.
    pub async fn stats(&self) -> Result<Statistics, AdminError> {
        let answer = self.send(self.http.get(self.path("stats"))).await?;
        Ok(answer.json().await.map_err(CallError::from)?)
    }

    /// The configuration it runs with, TOML.
    pub async fn config(&self) -> Result<String, AdminError> {
        let answer = self.send(self.http.get(self.path("config"))).await?;
        Ok(answer.text().await.map_err(CallError::from)?)
    }

    /// Keeps a configuration for the next start.
    pub async fn set_config(&self, text: String) -> Result<(), AdminError> {
        self.send(self.http.put(self.path("config")).body(text)).await.map(drop)
    }

    /// A secure log as its content manager has it: a log file's bytes.
    pub async fn log(&self, name: Option<&str>) -> Result<Vec<u8>, AdminError> {
        let path = match name {
            Some(name) => format!(
                "log?log={}",
                url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>()
            ),
            None => "log".to_owned(),
        };
        let answer = self.send(self.http.get(self.path(&path))).await?;
        Ok(answer.bytes().await.map_err(CallError::from)?.to_vec())
    }

    /// How many certificates of each role were issued, are valid, expired, revoked.
    pub async fn certificates(&self) -> Result<Vec<CertificateCount>, AdminError> {
        let answer = self.send(self.http.get(self.path("certificates"))).await?;
        Ok(answer.json().await.map_err(CallError::from)?)
    }

    /// Withdraws a certificate.
    pub async fn revoke(&self, serial: String, reason: String) -> Result<(), AdminError> {
        let wish = Revoke { serial, reason };
        self.send(self.http.post(self.path("revoke")).json(&wish)).await.map(drop)
    }

    /// Has an enrolment token made.
    pub async fn enrol(&self, permit: &Permit) -> Result<Zeroizing<String>, AdminError> {
        let answer = self.send(self.http.post(self.path("enrol")).json(permit)).await?;
        Ok(Zeroizing::new(answer.text().await.map_err(CallError::from)?))
    }

    /// Pays an order back; its receipt as it stands then.
    pub async fn refund(&self, order_id: String) -> Result<Order, AdminError> {
        let answer = self.send(self.http.post(self.path("refund")).json(&Refund { order_id })).await?;
        Ok(answer.json().await.map_err(CallError::from)?)
    }

    /// Stops the server.
    pub async fn shutdown(&self) -> Result<(), AdminError> {
        self.send(self.http.post(self.path("shutdown"))).await.map(drop)
    }

    fn path(&self, what: &str) -> String {
        format!("{}/v1/{what}", self.url)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, AdminError> {
        let answer = request.bearer_auth(&self.token).send().await.map_err(CallError::from)?;
        match accepted(answer).await {
            Err(CallError::Refused { error, .. }) => Err(AdminError::Refused(error.message)),
            other => Ok(other?),
        }
    }
}
