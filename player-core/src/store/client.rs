//! Requests to the three kinds of servers a player meets: merchant, licensing center, delivery server.
//!
//! One HTTP client for each role, because the role is checked **in the handshake** ([`trust`]): a server that cannot act as
//! what it is asked for never sees a request, least of all a card number. TLS 1.3 only, the licensing center's root only.
//! Every wait has an end ([`Patience`]), every answer a bound ([`ANSWER_BOUND`]).

mod failure;
pub(crate) mod trust;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use cadenza_protocol::api::ApiError;
use cadenza_protocol::cert::Role;
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile};
use reqwest::{Client, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::address::{StoreAddress, host_of};
use super::seen::Seen;
use super::standing::StoreWatch;
use crate::clock::Clock;
use crate::error::{Code, Failure};

pub use failure::ExchangeError;

/// How long a server is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until there is a connection.
    pub connection: Duration,
    /// Until a JSON request has its whole answer, or a download its headers.
    pub answer: Duration,
    /// Between two pieces of an answer.
    pub silence: Duration,
}

impl Patience {
    /// No wish hangs for more than ten seconds.
    pub const STANDARD: Self = Self {
        connection: Duration::from_secs(4),
        answer: Duration::from_millis(9_500),
        silence: Duration::from_secs(8),
    };
}

/// No message of ours is larger.
const BODY_ROOM: usize = 64 << 10;
/// Largest JSON answer or picture, bytes.
pub const ANSWER_BOUND: usize = 16 << 20;

/// Speaks to one store and the servers behind it. Cheap to clone.
#[derive(Clone)]
pub struct StoreClient {
    address: StoreAddress,
    licensing: OnceLock<Url>,
    merchant: Client,
    licensing_center: Client,
    delivery: Client,
    patience: Patience,
    pub(super) seen: Seen,
    watch: StoreWatch,
}

impl std::fmt::Debug for StoreClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreClient({})", self.address.name())
    }
}

impl StoreClient {
    /// Makes the clients; connects when something is asked.
    pub fn new(address: StoreAddress, clock: Arc<dyn Clock>) -> Self {
        Self::with_patience(address, clock, Patience::STANDARD)
    }

    /// The same, waiting as long as is said.
    pub fn with_patience(address: StoreAddress, clock: Arc<dyn Clock>, patience: Patience) -> Self {
        let client = |role| {
            // Loopback is never behind a proxy; anything else may be.
            let is_loopback = is_loopback(&address.store_url);
            http_client(trust::tls_config(&address.root, role, Arc::clone(&clock)), is_loopback, patience)
        };
        Self {
            merchant: client(Role::Merchant),
            licensing_center: client(Role::LicensingCenter),
            delivery: client(Role::DeliveryServer),
            licensing: address.licensing_url.clone().map_or_else(OnceLock::new, OnceLock::from),
            address,
            patience,
            seen: Seen::default(),
            watch: StoreWatch::default(),
        }
    }

    /// The same, telling `watch` whether the store answers.
    #[must_use]
    pub fn watched(self, watch: StoreWatch) -> Self {
        Self { watch, ..self }
    }

    /// The store it speaks to.
    pub const fn address(&self) -> &StoreAddress {
        &self.address
    }

    /// `GET` of the merchant's JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ExchangeError> {
        let url = join(&self.address.store_url, path);
        let request = self.merchant.get(url.clone()).timeout(self.patience.answer);
        self.heard(read_json(&url, request).await)
    }

    /// `GET` of a voucher, checked to be a content manager's.
    pub async fn get_voucher(&self, path: &str) -> Result<MediaVoucher, ExchangeError> {
        Ok(self.get::<VoucherFile>(path).await?.verify(&self.address.root)?)
    }

    /// `GET` of a picture or other bytes of the merchant, with their media type.
    pub async fn get_bytes(&self, path: &str) -> Result<(String, Vec<u8>), ExchangeError> {
        let url = join(&self.address.store_url, path);
        let request = self.merchant.get(url.clone()).timeout(self.patience.answer);
        let response = self.heard(send(&url, request).await)?;
        let media_type = response.headers().get("content-type").and_then(|v| v.to_str().ok());
        let media_type = media_type.unwrap_or("application/octet-stream").to_owned();
        Ok((media_type, read_bounded(&url, response).await?))
    }

    /// `POST` of JSON to the merchant. The body is wiped once it is sent: it may hold a card.
    pub async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ExchangeError> {
        let url = join(&self.address.store_url, path);
        let request = json_body(self.merchant.post(url.clone()), body).timeout(self.patience.answer);
        self.heard(read_json(&url, request).await)
    }

    /// `POST` of JSON to the licensing center; gives the bytes, which may hold a secret.
    pub async fn post_licensing<B: Serialize>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        let url = join(&self.licensing_url().await?, path);
        let request = json_body(self.licensing_center.post(url.clone()), body).timeout(self.patience.answer);
        let response = self.heard(send(&url, request).await)?;
        read_bounded(&url, response).await.map(Zeroizing::new)
    }

    /// `POST` of JSON to a delivery server.
    pub async fn post_delivery<B: Serialize, T: DeserializeOwned>(
        &self,
        url: &Url,
        body: &B,
    ) -> Result<T, ExchangeError> {
        let request = json_body(self.delivery.post(url.clone()), body).timeout(self.patience.answer);
        read_json(url, request).await
    }

    /// `POST` of JSON to a delivery server that answers with nothing but 'done'.
    pub async fn post_delivery_done<B: Serialize>(
        &self,
        url: &Url,
        token: &str,
        body: &B,
    ) -> Result<(), ExchangeError> {
        let request = json_body(self.delivery.post(url.clone()), body).bearer_auth(token);
        send(url, request.timeout(self.patience.answer)).await.map(drop)
    }

    /// Starts a download from byte `from`. The answer's headers are here, its bytes still to be read.
    pub async fn download(&self, url: &Url, token: &str, from: u64) -> Result<Response, ExchangeError> {
        let mut request = self.delivery.get(url.clone()).bearer_auth(token);
        if from > 0 {
            request = request.header("range", format!("bytes={from}-"));
        }
        // The headers have to come in time; after them only silence counts (the clients' read timeout).
        match tokio::time::timeout(self.patience.answer, send(url, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(ExchangeError::Silent { host: host_of(url) }),
        }
    }

    /// Every exchange with the store's own servers says whether it is there.
    fn heard<T>(&self, outcome: Result<T, ExchangeError>) -> Result<T, ExchangeError> {
        match &outcome {
            Err(silence @ (ExchangeError::Unreachable { .. } | ExchangeError::Silent { .. })) => {
                self.watch.is_away(Failure::of(silence));
            }
            // A refusal is an answer too.
            Ok(_) | Err(_) => self.watch.answers(),
        }
        outcome
    }

    async fn licensing_url(&self) -> Result<Url, ExchangeError> {
        if let Some(url) = self.licensing.get() {
            return Ok(url.clone());
        }
        let url = super::address::https(&self.about().await?.licensing_url);
        let url = url.map_err(|_| ExchangeError::Garbled { host: self.address.name() })?;
        Ok(self.licensing.get_or_init(|| url).clone())
    }
}

/// What a failed transfer means, for bytes that are read outside of here.
pub fn broken_transfer(url: &Url, error: &reqwest::Error) -> ExchangeError {
    let host = host_of(url);
    if let Some(reason) = trust::refusal(error) {
        return ExchangeError::NotTrusted { host, reason };
    }
    if error.is_timeout() {
        return ExchangeError::Silent { host };
    }
    ExchangeError::Unreachable { host, reason: innermost(error) }
}

fn http_client(tls: rustls::ClientConfig, direct: bool, patience: Patience) -> Client {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(patience.connection)
        .read_timeout(patience.silence)
        // One connection each way is enough, and plain HTTP/1.1 moves bulk bytes with the least work.
        .http1_only()
        .user_agent(concat!("Cadenza/", env!("CARGO_PKG_VERSION")));
    let builder = if direct { builder.no_proxy() } else { builder };
    builder.build().expect("a client with our own TLS configuration can always be built")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn join(base: &Url, path: &str) -> Url {
    base.join(path).expect("our paths are relative and well formed")
}

/// JSON that is wiped when the transport lets go of it.
fn json_body<B: Serialize>(request: RequestBuilder, body: &B) -> RequestBuilder {
    // Room enough from the start: a buffer that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_ROOM));
    serde_json::to_writer(&mut *bytes, body).expect("our messages are JSON");
    let request = request.header("content-type", "application/json");
    request.body(Bytes::from_owner(Wiped(bytes)))
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

async fn read_json<T: DeserializeOwned>(url: &Url, request: RequestBuilder) -> Result<T, ExchangeError> {
    let response = send(url, request).await?;
    let bytes = Zeroizing::new(read_bounded(url, response).await?);
    serde_json::from_slice(&bytes).map_err(|error| {
        // The position only: the text may hold a receipt.
        tracing::warn!(%url, line = error.line(), column = error.column(), "answer not understood");
        ExchangeError::Garbled { host: host_of(url) }
    })
}

async fn send(url: &Url, request: RequestBuilder) -> Result<Response, ExchangeError> {
    let response = request.send().await.map_err(|e| broken_transfer(url, &e))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let bytes = read_bounded(url, response).await?;
    Err(refusal(url, status.as_u16(), &bytes))
}

fn refusal(url: &Url, status: u16, bytes: &[u8]) -> ExchangeError {
    let Some(ApiError { code, message, field }) = ApiError::read(bytes) else {
        let reason = format!("it answered with HTTP status {status}");
        return ExchangeError::Unreachable { host: host_of(url), reason };
    };
    let known = Code::from_server(&code);
    let unknown = known.is_none().then_some(code);
    ExchangeError::Refused { status, code: known.unwrap_or(Code::StoreRefused), unknown, message, field }
}

async fn read_bounded(url: &Url, mut response: Response) -> Result<Vec<u8>, ExchangeError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken_transfer(url, &e))? {
        if bytes.len() + chunk.len() > ANSWER_BOUND {
            return Err(ExchangeError::Garbled { host: host_of(url) });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::cert::Certificate;

    use super::*;
    use crate::error::Explain;
    use crate::store::standing::Reach;

    fn url() -> Url {
        Url::parse("https://127.0.0.1:1/v1/orders").unwrap()
    }

    /// A root that no store has.
    fn root() -> Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut said = rcgen::CertificateParams::default();
        said.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Certificate::from_der(said.self_signed(&key).unwrap().der().to_vec()).unwrap()
    }

    fn client() -> StoreClient {
        let address = StoreAddress {
            store_url: Url::parse("https://127.0.0.1:1/").unwrap(),
            licensing_url: None,
            root: root(),
        };
        StoreClient::new(address, Arc::new(crate::clock::SystemClock))
    }

    #[test]
    fn a_refusal_is_an_answer_and_silence_is_not() {
        let client = client();
        let silent = client.heard::<()>(Err(ExchangeError::Silent { host: "127.0.0.1:1".into() }));
        assert!(silent.is_err());
        assert!(
            matches!(client.watch.now().reach, Reach::Silent(told) if told.code == Code::StoreUnreachable)
        );
        let refused =
            client.heard::<()>(Err(refusal(&url(), 402, br#"{"code":"card-declined","message":"no"}"#)));
        assert!(refused.is_err());
        assert_eq!(client.watch.now().reach, Reach::Answers);
    }

    #[test]
    fn a_server_s_refusal_keeps_its_code_and_loses_control_characters() {
        let error =
            refusal(&url(), 402, br#"{"code":"card-declined","message":"the card\u001b was declined"}"#);
        assert_eq!(error.code(), Code::CardDeclined);
        assert_eq!(error.to_string(), "the card was declined");
        assert!(!error.leaves_doubt());
    }

    #[test]
    fn the_field_of_a_form_comes_along() {
        let error = refusal(&url(), 422, br#"{"code":"invalid-form","message":"no name","field":"name"}"#);
        assert_eq!(error.fields(), [("field", "name".to_owned())]);
    }

    #[test]
    fn a_reason_that_this_player_does_not_know_keeps_the_server_s_words() {
        let error = refusal(&url(), 403, br#"{"code":"out-of-biscuits","message":"come back at four"}"#);
        assert_eq!(error.code(), Code::StoreRefused);
        assert_eq!(error.fields(), [("server-code", "out-of-biscuits".to_owned())]);
        assert_eq!(error.to_string(), "come back at four");
    }

    #[test]
    fn an_answer_from_something_else_is_told_as_such_and_leaves_doubt() {
        let error = refusal(&url(), 502, b"<html>bad gateway</html>");
        assert_eq!(error.code(), Code::StoreUnreachable);
        assert!(error.leaves_doubt());
    }
}
