//! Requests to the four kinds of servers a player meets: merchant, licensing center, delivery server, payment processor.
//!
//! One HTTP client for each role, because the role is checked **in the handshake** ([`trust`]): a server that cannot act as
//! what it is asked for never sees a request. TLS 1.3 only, the licensing center's root only. A card number goes to the payment processor alone
//! ([`till`]); it, an order and a redemption go only to whoever is not on the licensing center's list of withdrawn services ([`services`]).
//! Every wait has an end ([`Patience`]), every answer a bound ([`ANSWER_BOUND`]).

mod exchange;
mod failure;
mod services;
mod till;
pub(crate) mod trust;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cadenza_protocol::cert::{DatedList, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile};
use reqwest::{Client, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use self::exchange::{json_body, read_bounded, read_json, send};
use self::services::{Leaving, ServiceList};
use self::trust::{Shown, Watch};
use super::address::{StoreAddress, host_of};
use super::seen::Seen;
use super::standing::StoreWatch;
use crate::clock::Clock;
use crate::error::Failure;

pub use exchange::{ANSWER_BOUND, broken_transfer};
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

/// How long a connection may rest between two requests.
const IDLE: Duration = Duration::from_secs(30);

/// Speaks to one store and the servers behind it. Cheap to clone.
#[derive(Clone)]
pub struct StoreClient {
    address: StoreAddress,
    licensing: OnceLock<Url>,
    merchant: Client,
    licensing_center: Client,
    /// The same two where someone pays.
    paid_merchant: Client,
    paid_licensing_center: Client,
    processor: Client,
    delivery: Client,
    services: ServiceList,
    clock: Arc<dyn Clock>,
    /// What the merchant showed in its latest handshake.
    merchant_shown: Shown,
    /// What the licensing center did.
    licensing_shown: Shown,
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
        let (merchant_shown, licensing_shown) = (Shown::default(), Shown::default());
        let services = ServiceList::default();
        let client = |role, is_checked: bool| {
            // Loopback is never behind a proxy; anything else may be.
            let is_loopback = is_loopback(&address.store_url);
            let shown = match role {
                Role::Merchant => merchant_shown.clone(),
                Role::LicensingCenter => licensing_shown.clone(),
                _ => Shown::default(),
            };
            let watch = Watch { shown, services: is_checked.then(|| services.clone()) };
            let tls = trust::tls_config_watched(&address.root, role, Arc::clone(&clock), watch);
            http_client(tls, is_loopback, patience)
        };
        Self {
            merchant: client(Role::Merchant, false),
            licensing_center: client(Role::LicensingCenter, false),
            paid_merchant: client(Role::Merchant, true),
            paid_licensing_center: client(Role::LicensingCenter, true),
            processor: client(Role::PaymentProcessor, true),
            delivery: client(Role::DeliveryServer, true),
            services,
            clock,
            merchant_shown,
            licensing_shown,
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

    /// Which merchant this is, at whatever address: its key, as it proved it in the handshake.
    pub async fn merchant_key(&self) -> Result<String, ExchangeError> {
        if self.merchant_shown.certificate().is_none() {
            self.about().await?;
        }
        let shown = self.merchant_shown.certificate();
        let shown = shown.ok_or_else(|| ExchangeError::Garbled { host: self.address.name() })?;
        Ok(hex(&shown.key_fingerprint()))
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

    /// `POST` of JSON that leads to a payment to the merchant, once it is found not to be withdrawn. The body is wiped once it is sent.
    pub async fn post_paid<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ExchangeError> {
        self.check_services(Leaving::Card).await?;
        let url = join(&self.address.store_url, path);
        let request = json_body(self.paid_merchant.post(url.clone()), body).timeout(self.patience.answer);
        self.heard(read_json(&url, request).await)
    }

    /// `POST` of JSON to the merchant.
    pub async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ExchangeError> {
        let url = join(&self.address.store_url, path);
        let request = json_body(self.merchant.post(url.clone()), body).timeout(self.patience.answer);
        self.heard(read_json(&url, request).await)
    }

    /// `POST` of JSON with a card's token to the licensing center, once it is found not to be withdrawn; gives the bytes, which
    /// may hold a secret.
    pub async fn post_licensing_paid<B: Serialize>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        self.check_services(Leaving::Card).await?;
        self.post_licensing_by(&self.paid_licensing_center, path, body).await
    }

    /// `POST` of JSON to the licensing center; gives the bytes, which may hold a secret.
    pub async fn post_licensing<B: Serialize>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        self.post_licensing_by(&self.licensing_center, path, body).await
    }

    async fn post_licensing_by<B: Serialize>(
        &self,
        client: &Client,
        path: &str,
        body: &B,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        let url = join(&self.licensing_url().await?, path);
        let request = json_body(client.post(url.clone()), body).timeout(self.patience.answer);
        let response = self.heard(send(&url, request).await)?;
        read_bounded(&url, response).await.map(Zeroizing::new)
    }

    /// `POST` of JSON to a delivery server.
    pub async fn post_delivery<B: Serialize, T: DeserializeOwned>(
        &self,
        url: &Url,
        body: &B,
    ) -> Result<T, ExchangeError> {
        self.check_services(Leaving::Redemption).await?;
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
        self.check_services(Leaving::Redemption).await?;
        let request = json_body(self.delivery.post(url.clone()), body).bearer_auth(token);
        send(url, request.timeout(self.patience.answer)).await.map(drop)
    }

    /// Starts a download from byte `from`. The answer's headers are here, its bytes still to be read.
    pub async fn download(&self, url: &Url, token: &str, from: u64) -> Result<Response, ExchangeError> {
        self.check_services(Leaving::Redemption).await?;
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

    /// Sees to it that there is a list of withdrawn services that is new enough; handshakes are held against it.
    async fn check_services(&self, leaving: Leaving) -> Result<(), ExchangeError> {
        let now = self.clock.now();
        if self.services.is_fresh(now) && self.services.is_good_for(leaving, now) {
            return Ok(());
        }
        let fetched = self.fetch_services().await.map(|list| self.services.take(list, now));
        match fetched {
            _ if self.services.is_good_for(leaving, now) => Ok(()),
            Ok(()) => Err(ExchangeError::Unchecked { reason: "the list that it gave is too old".into() }),
            Err(error) => Err(ExchangeError::Unchecked { reason: error.to_string() }),
        }
    }

    async fn fetch_services(&self) -> Result<DatedList, ExchangeError> {
        let url = join(&self.licensing_url().await?, "v1/crl/services");
        let request = self.licensing_center.get(url.clone()).timeout(self.patience.answer);
        let der = read_bounded(&url, send(&url, request).await?).await?;
        DatedList::from_der(&der).map_err(|_| ExchangeError::Garbled { host: host_of(&url) })
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

fn http_client(tls: rustls::ClientConfig, direct: bool, patience: Patience) -> Client {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(patience.connection)
        .read_timeout(patience.silence)
        // One connection each way is enough, and plain HTTP/1.1 moves bulk bytes with the least work.
        .http1_only()
        // Who is withdrawn while a connection rests is not spoken to on it.
        .pool_idle_timeout(IDLE)
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

#[cfg(test)]
mod tests {
    use cadenza_protocol::cert::Certificate;

    use super::exchange::refusal;
    use super::*;
    use crate::error::Code;
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
}
