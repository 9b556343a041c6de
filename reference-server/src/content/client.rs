//! How delivery servers and merchants talk to the content manager: JSON over mutual TLS.
//!
//! A refusal comes back as [`ContentClientError::Refused`] with the content manager's own words, so that a
//! delivery server can hand it to the player as it is.

use cadenza_protocol::api::ApiError;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::redeem::{DeliveryReport, RedeemRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::messages::{
    AllocateStream, DeliveryConfiguration, MediaFacts, MediaQuestion, RedeemVerified, RegisterDelivery,
    ReleaseStream,
};
use crate::tls::ServiceClient;

/// A connection to one content manager.
#[derive(Debug, Clone)]
pub struct ContentClient {
    http: ServiceClient,
    base: String,
}

/// Why a question to the content manager has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ContentClientError {
    /// The content manager said no.
    #[error("{}", error.message)]
    Refused {
        /// HTTP status.
        status: u16,
        /// In its words.
        error: ApiError,
    },
    /// The content manager could not be reached, or answered nonsense.
    #[error("the content manager cannot be reached; try again in a moment: {0}")]
    Unreachable(#[from] reqwest::Error),
}

impl ContentClient {
    /// `http` shows the caller's certificate ([`ServiceTls::client`](crate::tls::ServiceTls::client)); `base` is the content URL.
    pub fn new(http: ServiceClient, base: &str) -> Self {
        Self { http, base: base.trim_end_matches('/').to_owned() }
    }

    /// 'DS Register'.
    pub async fn register(
        &self,
        place: &RegisterDelivery,
    ) -> Result<DeliveryConfiguration, ContentClientError> {
        self.post("/v1/delivery/register", place).await
    }

    /// 'Allocate Stream'.
    pub async fn allocate(&self, stream: &AllocateStream) -> Result<MediaFacts, ContentClientError> {
        self.post("/v1/delivery/allocate", stream).await
    }

    /// 'Release Stream'.
    pub async fn release(&self, stream: &ReleaseStream) -> Result<(), ContentClientError> {
        self.send("/v1/delivery/release", stream).await.map(drop)
    }

    /// 'Get Info'.
    pub async fn media(&self, media_id: MediaId) -> Result<MediaFacts, ContentClientError> {
        self.post("/v1/delivery/media", &MediaQuestion { media_id }).await
    }

    /// Has a redemption verified, and the media keys wrapped to the buyer.
    pub async fn redeem(&self, request: &RedeemRequest) -> Result<RedeemVerified, ContentClientError> {
        self.post("/v1/delivery/redeem", request).await
    }

    /// Reports a delivery that the player has confirmed. May be repeated.
    pub async fn done(&self, report: &DeliveryReport) -> Result<(), ContentClientError> {
        self.send("/v1/delivery/done", report).await.map(drop)
    }

    /// Posts a message and reads the answer.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ContentClientError> {
        Ok(self.send(path, body).await?.json().await?)
    }

    /// Posts a message whose answer is only yes or no.
    pub(crate) async fn send(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<reqwest::Response, ContentClientError> {
        accepted(self.http.post(format!("{}{path}", self.base)).json(body).send().await?).await
    }

    /// Asks for something by its path.
    pub(crate) async fn get(&self, path: &str) -> Result<reqwest::Response, ContentClientError> {
        accepted(self.http.get(format!("{}{path}", self.base)).send().await?).await
    }
}

/// Turns an error status into [`ContentClientError::Refused`].
pub(crate) async fn accepted(response: reqwest::Response) -> Result<reqwest::Response, ContentClientError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let unreadable =
        || ApiError::new("unexpected-answer", format!("the server answered with status {status}; try again"));
    let error = response.json().await.unwrap_or_else(|_| unreadable());
    Err(ContentClientError::Refused { status: status.as_u16(), error })
}
