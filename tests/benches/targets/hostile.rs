//! F12: what an honest client waits while one hostile address does its worst. Honest requests come from 127.0.0.1, each over a connection
//! of its own, four a second; the stranger's from 127.0.0.2, as fast as they go. Both share this machine with the store.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use cadenza_protocol::pay::OrderName;
use cadenza_tests::TestStore;
use cadenza_tests::programs::{program, run};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::table::{Figure, percentile};

const HONEST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const LIMIT_MS: f64 = 1_000.0;

/// What the stranger does, all of it until it is told to stop.
const ATTACKS: [(&str, Attack); 8] = [
    ("900 silent connections", Attack::Hold(900, "store", b"", b"")),
    ("1,100 idle connections behind a handshake's first byte", Attack::Hold(1_100, "store", &[22], b"")),
    ("200 endless headers", Attack::Hold(200, "web", b"GET / HTTP/1.1\r\nX: ", b"a")),
    ("200 bodies of a byte a second", Attack::Hold(200, "web", FORM, b"a")),
    ("nonces", Attack::Ask("delivery", "/v1/redeem/challenge")),
    ("previews", Attack::Ask("store", "/v1/previews")),
    ("declined cards", Attack::Ask("payment", "/v1/tokens")),
    ("registrations", Attack::Ask("licensing", "/v1/passports")),
];

const FORM: &[u8] = b"POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\n";

#[derive(Debug, Clone, Copy)]
enum Attack {
    /// So many connections to a door, which say this, and then this every second.
    Hold(usize, &'static str, &'static [u8], &'static [u8]),
    /// 64 at a time of one kind of request.
    Ask(&'static str, &'static str),
}

pub fn measure(quick: bool) -> Figure {
    let store = TestStore::open();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let seconds = if quick { 5 } else { 20 };
    let shop = Shopfront::of(&store);
    let mut quiet = runtime.block_on(shop.honest(seconds));
    let (mut worst, mut told) = (0.0_f64, Vec::new());
    for (name, attack) in ATTACKS {
        let (mut waits, done) = runtime.block_on(async {
            let attackers = shop.attack(attack);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let waits = shop.honest(seconds).await;
            (waits, attackers)
        });
        drop(done);
        let most = percentile(&mut waits, 1.0);
        worst = worst.max(most);
        let median = percentile(&mut waits, 0.5);
        eprintln!("{name}: an honest request waits {median:.0} ms, at most {most:.0} ms");
        told.push(format!("{name} {most:.0}"));
    }
    eprintln!("{}", turned_away(&store));
    let (rest, most) = (percentile(&mut quiet, 0.5), percentile(&mut quiet, 1.0));
    Figure {
        id: "F12",
        work: "longest wait of an honest client, new connection each, beside one hostile address".into(),
        ours: format!("{} ms", told.join(", ")),
        peer: format!("nobody attacks: median {rest:.0} ms, at most {most:.0} ms"),
        ratio: format!("{:.1}", worst / most),
        target: "under 1 s".into(),
        met: Some(worst < LIMIT_MS),
    }
}

/// How many were turned away by which limit, as the operator sees it.
fn turned_away(store: &TestStore) -> String {
    let data = store.data();
    let words = ["admin", "--data", data.to_str().expect("a temporary folder's name is text"), "stats"];
    let said = run(&program("cadenza-server"), &words).succeeded();
    said.text().lines().filter(|line| line.starts_with("turned away")).collect::<Vec<_>>().join("; ")
}

/// The store's doors and what is asked there.
struct Shopfront {
    root: Certificate,
    doors: Value,
    track: String,
}

impl Shopfront {
    fn of(store: &TestStore) -> Self {
        let shop = cadenza_tests::Shop::of(store);
        let track = &shop.track("First Light")["media_id"];
        let track = track.as_str().expect("a track has an id").to_owned();
        let pem = std::fs::read(store.ready("root_cert")).expect("the root certificate is a file");
        let root = Certificate::from_pem(&pem).expect("the root certificate is PEM");
        let (status, till) = shop.post("/v1/orders", &order(&track));
        assert_eq!(status, 202, "{till}");
        let voucher = shop.preview_voucher("First Light");
        let delivery = &voucher.tracks[0].delivery;
        let doors = json!({
            "store": store.ready("store_url"),
            "licensing": store.ready("licensing_url"),
            "delivery": format!("https://{}:{}", delivery.host, delivery.https),
            "web": store.ready("web_url"),
            "payment": till["till"]["processor"], "payee": till["till"]["payee"],
            "voucher": voucher.tracks[0].voucher_id,
        });
        Self { root, doors, track }
    }

    fn client(&self, from: IpAddr, kept: usize) -> Client {
        let builder = Client::builder().no_proxy().tls_certs_only([self.root.clone()]).local_address(from);
        builder.pool_max_idle_per_host(kept).timeout(Duration::from_secs(60)).build().expect("a client")
    }

    fn door(&self, door: &str) -> &str {
        self.doors[door].as_str().unwrap_or_else(|| panic!("no {door} in {}", self.doors))
    }

    fn place(&self, door: &str) -> SocketAddr {
        self.door(door)
            .split("://")
            .last()
            .expect("a URL")
            .trim_end_matches('/')
            .parse()
            .expect("an address and a port")
    }

    /// Milliseconds that each of an honest client's requests took: the catalogue, what an order costs, the web page, a preview, a redemption's beginning.
    async fn honest(&self, seconds: u64) -> Vec<f64> {
        let client = self.client(HONEST, 0);
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        let mut waits = Vec::new();
        for n in 0..seconds * 4 {
            ticks.tick().await;
            let (door, path, body) = match n % 5 {
                0 => ("store", "/v1/albums", Value::Null),
                1 => ("store", "/v1/orders", order(&self.track)),
                2 => ("web", "/", Value::Null),
                3 => ("store", "/v1/previews", json!({ "media_ids": [self.track], "kind": "clip" })),
                _ => ("delivery", "/v1/redeem/challenge", json!({ "voucher_id": self.doors["voucher"] })),
            };
            let started = Instant::now();
            let method = if body.is_null() { Method::GET } else { Method::POST };
            let request = client.request(method, format!("{}{path}", self.door(door)));
            let request = if body.is_null() { request } else { request.json(&body) };
            let answer = request.send().await.unwrap_or_else(|error| panic!("{door}{path}: {error:?}"));
            assert!(answer.status().is_success(), "{door}{path}: {}", answer.status());
            waits.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        waits
    }

    /// Goes on until what it gives is dropped.
    fn attack(&self, attack: Attack) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        match attack {
            Attack::Hold(count, door, first, then) => {
                let to = self.place(door);
                (0..count).for_each(|_| drop(tasks.spawn(held(to, first, then))));
            }
            Attack::Ask(door, path) => {
                let client = self.client(STRANGER, 64);
                let url = format!("{}{path}", self.door(door));
                for n in 0..64 {
                    tasks.spawn(asked_again(client.clone(), url.clone(), self.wish(path, n)));
                }
            }
        }
        tasks
    }

    fn wish(&self, path: &str, n: u32) -> Value {
        match path {
            "/v1/redeem/challenge" => json!({ "voucher_id": self.doors["voucher"] }),
            "/v1/previews" => json!({ "media_ids": [self.track], "kind": "clip" }),
            "/v1/tokens" => json!({
                "card": { "number": "4000 0000 0000 0002", "expiry": "12/39", "name": "Eve" },
                "payee": self.doors["payee"], "order": OrderName::of_key(&format!("hostile-{n}")),
                "amount_cents": 129, "currency": "USD",
            }),
            _ => json!({ "details": {}, "card": {} }),
        }
    }
}

fn order(track: &str) -> Value {
    json!({
        "items": [{ "media_id": track, "quality": "lossless" }],
        "total_cents": 129, "currency": "USD", "idempotency_key": "what-does-it-cost",
    })
}

/// A connection of the stranger's, opened again whenever it is closed: it says this, then this every second.
async fn held(to: SocketAddr, first: &'static [u8], then: &'static [u8]) {
    loop {
        if let Ok(mut stream) = connect(to).await
            && stream.write_all(first).await.is_ok()
        {
            let mut said = [0; 512];
            loop {
                tokio::select! {
                    read = stream.read(&mut said) => if !matches!(read, Ok(1..)) { break },
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        if !then.is_empty() && stream.write_all(then).await.is_err() { break }
                    }
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((STRANGER, 0).into())?;
    socket.connect(to).await
}

async fn asked_again(client: Client, url: String, body: Value) {
    loop {
        if client.post(&url).json(&body).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
