//! The store's client against servers that are not what they should be: wrong certificates, silence, cut and altered answers.
//! Each test scripts one HTTPS server on loopback.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cadenza_player::clock::ManualClock;
use cadenza_player::store::client::Patience;
use cadenza_player::store::download::{self, DownloadError, Wanted};
use cadenza_player::store::journal::{Journal, OpenOrder};
use cadenza_player::store::orders::OrderBook;
use cadenza_player::store::purchase::Agreed;
use cadenza_player::store::{ExchangeError, StoreAddress, StoreClient, purchase};
use cadenza_player::{Code, Explain};
use cadenza_protocol::card::{Card, TypedCard, test_cards};
use cadenza_protocol::cert::{Certificate, CertificateChain, Role};
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::pay::{KeyName, PaymentNeeded, Till};
use cadenza_protocol::shop::OrderedTrack;
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _, RevokedCertParams, SerialNumber,
    SubjectPublicKeyInfo,
};
use rustls::crypto::ring;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use url::Url;

const NOW: UnixTime = UnixTime(1_790_000_000);

struct Authority {
    root: Certificate,
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Test Root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date(-1000), date(3000));
        let root = Certificate::from_der(params.self_signed(&key).unwrap().der().to_vec()).unwrap();
        Self { root, params, key }
    }

    /// A server's TLS side: a role, a name, and days of validity around [`NOW`].
    fn certify(&self, role: Role, name: &str, days: (i64, i64)) -> TlsAcceptor {
        self.certify_numbered(role, name, days, 1)
    }

    /// The same with a serial number.
    fn certify_numbered(&self, role: Role, name: &str, days: (i64, i64), serial: u64) -> TlsAcceptor {
        self.certify_with(role, name, days, serial, vec![])
    }

    /// The same with more certificates behind it.
    fn certify_with(
        &self,
        role: Role,
        name: &str,
        days: (i64, i64),
        serial: u64,
        more: Vec<CertificateDer<'static>>,
    ) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, role.name());
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::Other(role.oid_arcs().to_vec()),
        ];
        (params.not_before, params.not_after) = (date(days.0), date(days.1));
        params.serial_number = Some(SerialNumber::from(serial));
        let leaf = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(std::iter::once(leaf.der().clone()).chain(more).collect(), key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// The list of certificates that were withdrawn, made so many days after [`NOW`].
    fn withdrawn(&self, made: i64, serials: &[u64]) -> Vec<u8> {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date(made),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date(made),
            next_update: date(made + 7),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().der().to_vec()
    }

    /// Its licensing center, which answers everything with this list.
    async fn licensing(&self, list: Vec<u8>) -> Url {
        let tls = self.certify(Role::LicensingCenter, "127.0.0.1", (-10, 355));
        serve(tls, move |_, _, stream| {
            let list = list.clone();
            async move { reply(stream, &format!("200 OK\r\ncontent-length: {}", list.len()), &list).await }
        })
        .await
    }
}

fn date(days: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(NOW.plus_days(days).0).unwrap()
}

/// Serves connections one after the other, the n-th by `answer(n, ..)`; gives the address.
async fn serve<F, A>(tls: TlsAcceptor, answer: F) -> Url
where
    F: Fn(usize, String, TlsStream<TcpStream>) -> A + Send + 'static,
    A: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        for n in 0.. {
            let Ok((tcp, _)) = listener.accept().await else { return };
            let Ok(mut stream) = tls.accept(tcp).await else { continue };
            let request = read_head(&mut stream).await;
            read_body(&request, &mut stream).await;
            answer(n, request, stream).await;
        }
    });
    Url::parse(&url).unwrap()
}

async fn read_head(stream: &mut TlsStream<TcpStream>) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

/// Takes in what a request brings along: who closes over unread bytes takes the answer back.
async fn read_body(head: &str, stream: &mut TlsStream<TcpStream>) {
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = stream.read_exact(&mut body).await;
}

async fn reply(mut stream: TlsStream<TcpStream>, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
    let _ = stream.shutdown().await;
}

async fn json(stream: TlsStream<TcpStream>, status: &str, body: &str) {
    reply(stream, &format!("{status}\r\ncontent-length: {}", body.len()), body.as_bytes()).await;
}

/// A client of a store where nobody was withdrawn.
async fn client(authority: &Authority, store_url: Url) -> StoreClient {
    let licensing_url = authority.licensing(authority.withdrawn(0, &[])).await;
    client_of(authority, store_url, licensing_url)
}

fn client_of(authority: &Authority, store_url: Url, licensing_url: Url) -> StoreClient {
    let root = authority.root.clone();
    let address = StoreAddress { licensing_url: Some(licensing_url), store_url, root };
    StoreClient::new(address, Arc::new(ManualClock::new(NOW)))
}

fn impatient(authority: &Authority, store_url: Url) -> StoreClient {
    let address = client_of(authority, store_url.clone(), store_url).address().clone();
    let short = Duration::from_millis(200);
    let patience = Patience { connection: short, answer: short, silence: short };
    StoreClient::with_patience(address, Arc::new(ManualClock::new(NOW)), patience)
}

const FRONT: &str = r#"{"currency":"USD","albums":[]}"#;

async fn ask(authority: &Authority, tls: TlsAcceptor) -> Result<(), ExchangeError> {
    let url = serve(tls, |_, _, stream| json(stream, "200 OK", FRONT)).await;
    client(authority, url).await.store_front().await.map(drop)
}

// C5, F7
#[tokio::test]
async fn only_a_server_of_the_right_root_role_name_and_dates_is_spoken_to() {
    let ours = Authority::new();
    let year = (-10, 355);
    assert!(ask(&ours, ours.certify(Role::Merchant, "127.0.0.1", year)).await.is_ok());
    let refused = [
        (ours.certify(Role::DeliveryServer, "127.0.0.1", year), "merchant"),
        (ours.certify(Role::Consumer, "127.0.0.1", year), "merchant"),
        (ours.certify(Role::Merchant, "127.0.0.2", year), "another address"),
        (ours.certify(Role::Merchant, "127.0.0.1", (-10, -1)), "expired"),
        (ours.certify(Role::Merchant, "127.0.0.1", (1, 10)), "not valid yet"),
        (Authority::new().certify(Role::Merchant, "127.0.0.1", year), "another licensing center"),
    ];
    let crossed = {
        let stranger = Authority::new();
        let key = SubjectPublicKeyInfo::from_der(ours.key.subject_public_key_info().as_ref()).unwrap();
        ours.params
            .signed_by(&key, &Issuer::from_params(&stranger.params, &stranger.key))
            .unwrap()
            .der()
            .clone()
    };
    let refused = refused
        .into_iter()
        .chain([(ours.certify_with(Role::Merchant, "127.0.0.1", year, 1, vec![crossed]), "cross-signed")]);
    for (tls, reason) in refused {
        let error = ask(&ours, tls).await.unwrap_err();
        assert_eq!(error.code(), Code::StoreNotTrusted, "{reason}: {error}");
        assert!(error.to_string().contains(reason), "{reason}: {error}");
        assert!(!error.leaves_doubt(), "nothing was sent");
    }
}

// F3
#[tokio::test]
async fn an_answer_that_is_cut_altered_or_of_another_kind_is_told_apart() {
    let ours = Authority::new();
    let tls = || ours.certify(Role::Merchant, "127.0.0.1", (-10, 355));
    let url =
        serve(tls(), |_, _, stream| reply(stream, "200 OK\r\ncontent-length: 500", b"{\"currency\":")).await;
    let error = client(&ours, url).await.store_front().await.unwrap_err();
    assert_eq!(error.code(), Code::StoreUnreachable, "{error}");
    let url = serve(tls(), |_, _, stream| json(stream, "200 OK", "[1, 2]")).await;
    assert_eq!(client(&ours, url).await.store_front().await.unwrap_err().code(), Code::StoreGarbled);
    let url =
        serve(tls(), |_, _, stream| json(stream, "302 Found\r\nlocation: https://127.0.0.1:1/", "")).await;
    assert_eq!(client(&ours, url).await.store_front().await.unwrap_err().code(), Code::StoreUnreachable);
}

// F3
#[tokio::test]
async fn a_silent_server_is_given_up_and_never_later_than_ten_seconds() {
    let ours = Authority::new();
    let tls = ours.certify(Role::Merchant, "127.0.0.1", (-10, 355));
    let url = serve(tls, |_, _, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let error = impatient(&ours, url).store_front().await.unwrap_err();
    assert!(matches!(error, ExchangeError::Silent { .. }), "{error}");
    let Patience { connection, answer, silence } = Patience::STANDARD;
    assert!([connection, answer, silence].into_iter().all(|wait| wait < Duration::from_secs(10)));
}

fn song() -> Vec<u8> {
    (0..3_000_000_u32).flat_map(|n| n.to_le_bytes()).collect()
}

/// A delivery server that cuts every answer after `piece` bytes and honours `Range`.
async fn serve_in_pieces(authority: &Authority, song: Vec<u8>, piece: usize) -> Url {
    let tls = authority.certify(Role::DeliveryServer, "127.0.0.1", (-10, 355));
    let song = Arc::new(song);
    serve(tls, move |_, request, stream| {
        let song = Arc::clone(&song);
        async move {
            let from = request.split("range: bytes=").nth(1).and_then(|r| r.split('-').next()?.parse().ok());
            let (from, status) = match from {
                Some(from) => (
                    from,
                    format!(
                        "206 Partial Content\r\ncontent-range: bytes {from}-{}/{}",
                        song.len() - 1,
                        song.len()
                    ),
                ),
                None => (0_usize, "200 OK".to_owned()),
            };
            let rest = &song[from..];
            let head = format!("{status}\r\ncontent-length: {}", rest.len());
            reply(stream, &head, &rest[..piece.min(rest.len())]).await;
        }
    })
    .await
}

fn wanted(url: &Url, song: &[u8]) -> Wanted {
    Wanted {
        url: url.join("v1/media/1").unwrap(),
        token: "t".into(),
        length: song.len() as u64,
        sha256: sha256(song),
    }
}

// B6
#[tokio::test]
async fn a_download_goes_on_after_every_cut_and_after_a_restart() {
    let ours = Authority::new();
    let (song, folder) = (song(), tempfile::tempdir().unwrap());
    let part = folder.path().join("song.part");
    let url = serve_in_pieces(&ours, song.clone(), 2_500_000).await;
    let client = client(&ours, url.clone()).await;
    // What an earlier run left: the first bytes, and some that never came from the network.
    std::fs::write(&part, &song[..1_000_001]).unwrap();
    let progress = std::sync::Mutex::new(Vec::new());
    let told = |received| progress.lock().unwrap().push(received);
    download::fetch(&client, &wanted(&url, &song), &part, &told).await.unwrap();
    assert_eq!(std::fs::read(&part).unwrap(), song);
    let progress = progress.into_inner().unwrap();
    assert_eq!(progress[0], 1_000_001, "it went on where it was");
    assert!(progress.is_sorted());
    assert_eq!(*progress.last().unwrap(), song.len() as u64);
}

// F5, B6
#[tokio::test]
async fn a_damaged_part_is_fetched_again_and_a_damaged_server_is_refused() {
    let ours = Authority::new();
    let (song, folder) = (song(), tempfile::tempdir().unwrap());
    let part = folder.path().join("song.part");
    let url = serve_in_pieces(&ours, song.clone(), usize::MAX).await;
    let client = client(&ours, url.clone()).await;
    let mut damaged = song[..4_000_000].to_vec();
    damaged[77] ^= 1;
    std::fs::write(&part, damaged).unwrap();
    download::fetch(&client, &wanted(&url, &song), &part, &|_| ()).await.unwrap();
    assert_eq!(std::fs::read(&part).unwrap(), song);
    std::fs::remove_file(&part).unwrap();
    let other = Wanted { sha256: [7; 32], ..wanted(&url, &song) };
    let error = download::fetch(&client, &other, &part, &|_| ()).await.unwrap_err();
    assert!(matches!(error, DownloadError::Damaged { .. }), "{error}");
    assert_eq!(std::fs::metadata(&part).unwrap().len(), 0, "nothing of it is kept");
}

// F3
#[tokio::test]
async fn a_delivery_server_that_is_gone_leaves_what_has_arrived() {
    let ours = Authority::new();
    let (song, folder) = (song(), tempfile::tempdir().unwrap());
    let part = folder.path().join("song.part");
    let client = client(&ours, Url::parse("https://127.0.0.1:9/").unwrap()).await;
    std::fs::write(&part, &song[..500_000]).unwrap();
    let gone = wanted(&Url::parse("https://127.0.0.1:9/").unwrap(), &song);
    let asked = Instant::now();
    let error = download::fetch(&client, &gone, &part, &|_| ()).await.unwrap_err();
    assert_eq!(error.code(), Code::DownloadFailed, "{error}");
    assert!(asked.elapsed() < Duration::from_secs(10));
    assert_eq!(std::fs::read(&part).unwrap(), &song[..500_000]);
}

/// A merchant with this serial number, and what it was asked.
async fn merchant(authority: &Authority, serial: u64) -> (Url, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&asked);
    let tls = authority.certify_numbered(Role::Merchant, "127.0.0.1", (-10, 355), serial);
    let url = serve(tls, move |_, request, stream| {
        heard.lock().unwrap().push(request.lines().next().unwrap_or_default().to_owned());
        json(stream, "200 OK", FRONT)
    })
    .await;
    (url, asked)
}

// C9, B3
#[tokio::test]
async fn an_order_reaches_no_merchant_that_was_withdrawn_or_that_nobody_vouches_for() {
    let ours = Authority::new();
    let nobody = Url::parse("https://127.0.0.1:9/").unwrap();
    let elsewhere = Authority::new();
    let cases = [
        ("withdrawn", ours.licensing(ours.withdrawn(0, &[7])).await, Code::StoreNotTrusted),
        ("two days old", ours.licensing(ours.withdrawn(-2, &[])).await, Code::RevocationUnknown),
        ("another's list", ours.licensing(elsewhere.withdrawn(0, &[])).await, Code::StoreNotTrusted),
        ("no licensing center", nobody, Code::RevocationUnknown),
    ];
    for (why, licensing, code) in cases {
        let (url, asked) = merchant(&ours, 7).await;
        let client = client_of(&ours, url, licensing);
        let paid: Result<serde_json::Value, _> = client.post_paid("v1/orders", &"an order").await;
        let refused = paid.unwrap_err();
        assert_eq!(refused.code(), code, "{why}: {refused}");
        assert!(!refused.leaves_doubt(), "{why}: nothing was sent");
        client.store_front().await.unwrap();
        assert_eq!(*asked.lock().unwrap(), ["get /v1/albums http/1.1"], "{why}");
    }
    let (url, asked) = merchant(&ours, 7).await;
    let client = client_of(&ours, url, ours.licensing(ours.withdrawn(0, &[8])).await);
    let _: Result<serde_json::Value, _> = client.post_paid("v1/orders", &"an order").await;
    assert_eq!(*asked.lock().unwrap(), ["post /v1/orders http/1.1"], "one in good standing is paid");
}

/// A payment processor, or who poses as one, and how often it was asked.
async fn processor(authority: &Authority, role: Role, serial: u64) -> (Url, Arc<Mutex<usize>>) {
    let asked = Arc::<Mutex<usize>>::default();
    let heard = Arc::clone(&asked);
    let tls = authority.certify_numbered(role, "127.0.0.1", (-10, 355), serial);
    let url = serve(tls, move |_, _, stream| {
        *heard.lock().unwrap() += 1;
        let issued = format!(r#"{{"token":"{}","brand":"Visa","last4":"4242"}}"#, "ab".repeat(32));
        async move { json(stream, "200 OK", &issued).await }
    })
    .await;
    (url, asked)
}

// C8, C9: wherever the merchant sends the player, the card goes to a payment processor in good standing or to nobody
#[tokio::test]
async fn a_card_is_shown_to_a_payment_processor_in_good_standing_only() {
    let ours = Authority::new();
    let (store, _) = merchant(&ours, 1).await;
    let other = Authority::new();
    let cases = [
        ("a processor", processor(&ours, Role::PaymentProcessor, 5).await, None),
        ("withdrawn", processor(&ours, Role::PaymentProcessor, 7).await, Some(Code::StoreNotTrusted)),
        ("a merchant", processor(&ours, Role::Merchant, 5).await, Some(Code::StoreNotTrusted)),
        ("another root's", processor(&other, Role::PaymentProcessor, 5).await, Some(Code::StoreNotTrusted)),
    ];
    let licensing = ours.licensing(ours.withdrawn(0, &[7])).await;
    let client = client_of(&ours, store, licensing);
    client.store_front().await.unwrap(); // it has shown who it is
    let payee: KeyName = client.merchant_key().await.unwrap().parse().unwrap();
    let card =
        TypedCard { number: test_cards::GOOD.to_owned().into(), expiry: "12/39".into(), name: "Ada".into() };
    let card = card.check(NOW).unwrap();
    let needed = |payee, processor: &Url| PaymentNeeded {
        total_cents: 129,
        currency: Currency::USD,
        till: Till { payee, processor: processor.to_string(), page: String::new() },
    };
    for (who, (url, asked), refusal) in cases {
        let shown = client.show_card(&card, "order-0001", &needed(payee, &url)).await;
        assert_eq!(shown.as_ref().err().map(|e| e.code()), refusal, "{who}");
        assert_eq!(*asked.lock().unwrap(), usize::from(refusal.is_none()), "{who}");
    }
    // A merchant that names another payee than itself gets nothing.
    let (url, asked) = processor(&ours, Role::PaymentProcessor, 5).await;
    let shown = client.show_card(&card, "order-0001", &needed(KeyName::from_bytes([7; 32]), &url)).await;
    assert_eq!((shown.unwrap_err().code(), *asked.lock().unwrap()), (Code::StoreGarbled, 0));
    // A processor that is away has charged nothing, and is not the store.
    let nobody = Url::parse("https://127.0.0.1:9/").unwrap();
    let away = client.show_card(&card, "order-0001", &needed(payee, &nobody)).await.unwrap_err();
    assert_eq!((away.code(), away.leaves_doubt()), (Code::PaymentTimeout, false));
}

// C9, B5
#[tokio::test]
async fn a_redemption_reaches_no_delivery_server_that_was_withdrawn() {
    let ours = Authority::new();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&asked);
    let tls = ours.certify_numbered(Role::DeliveryServer, "127.0.0.1", (-10, 355), 7);
    let url = serve(tls, move |_, request, stream| {
        heard.lock().unwrap().push(request);
        json(stream, "200 OK", "{}")
    })
    .await;
    let licensing = ours.licensing(ours.withdrawn(-2, &[7])).await;
    let client = client_of(&ours, url.clone(), licensing);
    let redeemed: Result<serde_json::Value, _> = client.post_delivery(&url, &"proof").await;
    assert_eq!(redeemed.unwrap_err().code(), Code::StoreNotTrusted);
    assert!(asked.lock().unwrap().is_empty());
}

const ABOUT: &str = r#"{"name":"Shop","currency":"USD","licensing_url":"https://127.0.0.1:9/","web_url":"http://127.0.0.1:9/"}"#;
const BUSY: &str = r#"{"code":"store-unavailable","message":"try again"}"#;
const ORDER: &str =
    r#"{"order_id":"0123456789abcdef","state":"paid","total_cents":129,"currency":"USD","items":[]}"#;

/// What a merchant answers, one after the other.
type Script = VecDeque<(&'static str, &'static str)>;

/// A merchant that answers orders and requests for vouchers like this, and is busy when it has nothing more to say.
async fn scripted(authority: &Authority, orders: Script, vouchers: Script) -> StoreClient {
    let tls = authority.certify(Role::Merchant, "127.0.0.1", (-10, 355));
    let script = Mutex::new((orders, vouchers));
    let url = serve(tls, move |_, request, stream| {
        let mut script = script.lock().unwrap();
        let (status, body) = if request.starts_with("get /v1/about ") {
            ("200 OK", ABOUT)
        } else if request.starts_with("post /v1/orders ") {
            script.0.pop_front().unwrap_or(("503 Service Unavailable", BUSY))
        } else {
            script.1.pop_front().unwrap_or(("503 Service Unavailable", BUSY))
        };
        json(stream, status, body)
    })
    .await;
    client(authority, url).await
}

fn card() -> Card {
    let typed =
        TypedCard { number: test_cards::GOOD.to_owned().into(), expiry: "12/39".into(), name: "Ada".into() };
    typed.check(NOW).unwrap()
}

/// A signature that nobody here looks at.
fn signed(client: &StoreClient) -> SignedMessage {
    let chain = CertificateChain::new(vec![client.address().root.clone()]).unwrap();
    SignedMessage::new("an order", &"all of it", &chain, |_, _| vec![0])
}

struct Books {
    folder: tempfile::TempDir,
    journal: Journal,
    orders: OrderBook,
}

impl Books {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["deliveries", "music"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        let journal = Journal::new(path("deliveries"), path("music"));
        let orders = OrderBook::open(path("orders.json"));
        Self { folder, journal, orders }
    }

    async fn buy(&self, client: &StoreClient, id: MediaId) -> Result<(), Code> {
        let wanted = vec![OrderedTrack { media_id: id, quality: "lossless".into() }];
        let sign = |_: &str| Ok(signed(client));
        let agreed = Agreed { total_cents: 129, currency: "USD", sign: &sign };
        let bought = purchase::buy(client, &self.journal, &self.orders, wanted, &agreed, &card(), NOW).await;
        bought.map(drop).map_err(|error| error.code())
    }

    /// This order left before, and no answer came.
    async fn sent(&self, client: &StoreClient, id: MediaId) -> String {
        let (idempotency_key, merchant) = ("0".repeat(32), client.merchant_key().await.unwrap());
        let items = vec![OrderedTrack { media_id: id, quality: "lossless".into() }];
        let open = OpenOrder { idempotency_key, merchant, items, placed_at: NOW, order_id: None };
        self.journal.keep_order(&open).unwrap();
        open.idempotency_key
    }

    fn key(&self) -> String {
        self.journal.orders()[0].idempotency_key.clone()
    }
}

// B7: an order that may have been taken keeps its key over every answer that does not speak of it
#[tokio::test]
async fn an_order_keeps_its_key_until_the_merchant_says_what_became_of_it() {
    let ours = Authority::new();
    let answers = Script::from([
        ("429 Too Many Requests", r#"{"code":"too-many-requests","message":"wait"}"#),
        ("408 Request Timeout", r#"{"code":"too-slow","message":"again"}"#),
        ("422 Unprocessable Entity", r#"{"code":"invalid-form","message":"the card","field":"card"}"#),
        ("403 Forbidden", r#"{"code":"forbidden","message":"no"}"#),
        ("200 OK", ORDER),
    ]);
    let client = scripted(&ours, answers, Script::new()).await;
    let (books, id) = (Books::new(), MediaId::random());
    let key = books.sent(&client, id).await;
    for expected in [Code::OrderUncertain, Code::OrderUncertain, Code::InvalidForm, Code::StoreRefused] {
        assert_eq!(books.buy(&client, id).await, Err(expected));
        assert_eq!(books.key(), key, "{expected}");
    }
    assert_eq!(books.buy(&client, id).await, Ok(()));
    assert_eq!(books.key(), key, "answered, and its vouchers are still to come");
    let listed = OrderBook::open(books.folder.path().join("orders.json"));
    assert_eq!(listed.all().len(), 1, "it is in the list before its vouchers are here");
}

// B7
#[tokio::test]
async fn an_order_that_the_bank_declines_frees_its_key() {
    let ours = Authority::new();
    let declined = ("402 Payment Required", r#"{"code":"card-declined","message":"no"}"#);
    let answers = Script::from([("503 Service Unavailable", BUSY), declined]);
    let client = scripted(&ours, answers, Script::new()).await;
    let (books, id) = (Books::new(), MediaId::random());
    books.sent(&client, id).await;
    assert_eq!(books.buy(&client, id).await, Err(Code::OrderUncertain));
    assert_eq!(books.buy(&client, id).await, Err(Code::CardDeclined));
    assert!(books.journal.orders().is_empty());
}

// B7
#[tokio::test]
async fn a_paid_order_waits_for_its_vouchers_unless_it_was_paid_back() {
    let ours = Authority::new();
    let vouchers = Script::from([
        ("503 Service Unavailable", BUSY),
        ("410 Gone", r#"{"code":"order-refunded","message":"paid back"}"#),
    ]);
    let client = scripted(&ours, Script::from([("200 OK", ORDER)]), vouchers).await;
    let books = Books::new();
    books.buy(&client, MediaId::random()).await.unwrap();
    assert!(purchase::resume(&client, &books.journal, &books.orders, NOW).await.is_err());
    assert_eq!(books.journal.orders()[0].order_id.as_deref(), Some("0123456789abcdef"));
    purchase::resume(&client, &books.journal, &books.orders, NOW).await.unwrap();
    assert!(books.journal.orders().is_empty(), "there is nothing to bring any more");
}
