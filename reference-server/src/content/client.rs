//! How delivery servers and merchants talk to the content manager: JSON over mutual TLS.
//!
//! A refusal comes back as [`CallError::Refused`] with the content manager's own words.

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::redeem::{DeliveryReport, RedeemRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::messages::{
    AllocateStream, DeliveryConfiguration, MediaFacts, MediaQuestion, RedeemVerified, RegisterDelivery,
    ReleaseStream, VoucherQuestion,
};
use crate::call::{CallError, accepted};
use crate::tls::ServiceClient;

/// A connection to one content manager.
#[derive(Debug, Clone)]
pub struct ContentClient {
    http: ServiceClient,
    base: String,
}

impl ContentClient {
    /// `http` shows the caller's certificate ([`ServiceTls::client`](crate::tls::ServiceTls::client)); `base` is the content URL.
    pub fn new(http: ServiceClient, base: &str) -> Self {
        Self { http, base: base.trim_end_matches('/').to_owned() }
    }

    /// 'DS Register'.
    pub async fn register(&self, place: &RegisterDelivery) -> Result<DeliveryConfiguration, CallError> {
        self.post("/v1/delivery/register", place).await
    }

    /// 'Allocate Stream'.
    pub async fn allocate(&self, stream: &AllocateStream) -> Result<MediaFacts, CallError> {
        self.post("/v1/delivery/allocate", stream).await
    }

    /// 'Release Stream'.
    pub async fn release(&self, stream: &ReleaseStream) -> Result<(), CallError> {
        self.send("/v1/delivery/release", stream).await.map(drop)
    }

    /// 'Get Info'.
    pub async fn media(&self, media_id: MediaId) -> Result<MediaFacts, CallError> {
        self.post("/v1/delivery/media", &MediaQuestion { media_id }).await
    }

    /// Has a redemption verified, and the media keys wrapped to the buyer.
    pub async fn redeem(&self, request: &RedeemRequest) -> Result<RedeemVerified, CallError> {
        self.post("/v1/delivery/redeem", request).await
    }

    /// Whether a purchase that was redeemed may still be fetched: a refusal says why not.
    pub async fn may_fetch(&self, voucher_id: VoucherId) -> Result<(), CallError> {
        self.send("/v1/delivery/may-fetch", &VoucherQuestion { voucher_id }).await.map(drop)
    }

    /// Reports a delivery that the player has confirmed. May be repeated.
    pub async fn done(&self, report: &DeliveryReport) -> Result<(), CallError> {
        self.send("/v1/delivery/done", report).await.map(drop)
    }

    /// Posts a message and reads the answer.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        Ok(self.send(path, body).await?.json().await?)
    }

    /// Posts a message whose answer is only yes or no.
    pub(crate) async fn send(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<reqwest::Response, CallError> {
        accepted(self.http.post(format!("{}{path}", self.base)).json(body).send().await?).await
    }

    /// Asks for something by its path.
    pub(crate) async fn get(&self, path: &str) -> Result<reqwest::Response, CallError> {
        accepted(self.http.get(format!("{}{path}", self.base)).send().await?).await
    }
}
