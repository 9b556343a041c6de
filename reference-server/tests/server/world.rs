//! One running server for the tests that do not move the clock, and what is needed to start others.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::{MediaId, hex};
use cadenza_protocol::pay::OrderName;
use cadenza_protocol::time::UnixTime;
use cadenza_server::clock::Clock;
use cadenza_server::config::ServerConfig;
use cadenza_server::db::Database;
use cadenza_server::door::LimitSettings;
use cadenza_server::identity::Identity;
use cadenza_server::rest::Vault;
use cadenza_server::serve::{RunningServer, ServeOptions, Server};
use cadenza_server::tls::{ServiceTls, anonymous_client};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// 2027-01-15: later than the machine's clock may show, so that nothing leans on that one.
pub const START: UnixTime = UnixTime(1_800_000_000);

/// A server with what a caller needs to know.
pub struct World {
    pub server: Option<RunningServer>,
    pub data: PathBuf,
    pub clock: Clock,
    pub vault: Vault,
    pub root: Certificate,
    pub store: String,
    pub web: String,
    pub licensing: String,
    pub content: String,
    pub delivery: String,
    pub player: reqwest::Client,
    pub licensing_client: reqwest::Client,
    pub delivery_client: reqwest::Client,
    pub processor_client: reqwest::Client,
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let _ = rustls::crypto::ring::default_provider().install_default();
    catch_logs();
    Runtime::new().unwrap()
});
static SHARED: LazyLock<World> = LazyLock::new(|| {
    let mut config = ServerConfig::default();
    // the listeners of all tests have one address, and its minute never ends
    let limits = &mut config.limits;
    (limits.connections_per_address, limits.registrations_per_hour) = (2_000, 1_000);
    (limits.orders_per_minute, limits.previews_per_minute, limits.redemptions_per_minute) =
        (1_000, 1_000, 5_000);
    (limits.cards_per_minute, limits.declined_cards_per_hour) = (1_000, 1_000);
    limits.requests_per_minute = 100_000;
    RUNTIME.block_on(World::start("shared", config))
});

/// Runs a test against the shared server.
pub fn shared(test: impl AsyncFnOnce(&'static World)) {
    let world = &*SHARED;
    RUNTIME.block_on(test(world));
}

/// Runs a test that needs a server of its own.
pub fn alone(test: impl Future<Output = ()>) {
    RUNTIME.block_on(test);
}

/// Everything that was logged, at every level, by all servers of this process.
pub static LOGS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn catch_logs() {
    struct Catcher;
    impl Write for Catcher {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            LOGS.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let filter = tracing_subscriber::EnvFilter::new("debug,hyper=trace,reqwest=trace,sqlx=trace");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Catcher).init();
}

impl World {
    /// Starts a server with two short tracks in its store.
    pub async fn start(name: &str, config: ServerConfig) -> World {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let album = folder.join("album");
        make_album(&album);
        Self::open(&folder.join("data"), &album, config, Clock::movable(START)).await
    }

    /// Starts a server on a data folder.
    pub async fn open(data: &Path, album: &Path, config: ServerConfig, clock: Clock) -> World {
        let demo = ServeOptions {
            demo: true,
            demo_album: Some(album.to_owned()),
            config,
            clock,
            ..ServeOptions::new(data.to_owned())
        };
        Self::of(demo).await
    }

    /// Starts a server.
    pub async fn of(mut options: ServeOptions) -> World {
        let (data, clock) = (options.data.clone(), options.clock.clone());
        let config = &mut options.config;
        if config.limits == LimitSettings::default() {
            // all tests come from one address, and a clock that stands still gives nothing back
            let most = 1_000_000;
            config.limits = LimitSettings {
                requests_per_minute: most,
                downloads_per_address: 1_000,
                orders_per_minute: most,
                cards_per_minute: most,
                declined_cards_per_hour: most,
                registrations_per_hour: most,
                previews_per_minute: most,
                redemptions_per_minute: most,
                ..config.limits.clone()
            };
        }
        let vault = Vault::find(config.data_key_file.as_deref()).expect("the data key");
        let server = Server::start(options).await.expect("the server starts");
        // what it does by itself at a start is done before a test begins: nothing is entered in a log meanwhile
        server.maintain().await;
        let ready = server.ready().clone();
        let root = Certificate::from_pem(&std::fs::read_to_string(&ready.root_cert).unwrap()).unwrap();
        let client = |role| anonymous_client(&root, role, &clock, Duration::from_secs(30)).unwrap();
        World {
            data,
            store: ready.store_url.unwrap(),
            web: ready.web_url.unwrap(),
            licensing: ready.licensing_url.unwrap(),
            content: ready.content_url.unwrap(),
            delivery: ready.delivery[0].https.clone(),
            player: client(Role::Merchant),
            licensing_client: client(Role::LicensingCenter),
            delivery_client: client(Role::DeliveryServer),
            processor_client: client(Role::PaymentProcessor),
            server: Some(server),
            vault,
            clock,
            root,
        }
    }

    /// The tracks in the store, in album order.
    pub async fn tracks(&self) -> Vec<MediaId> {
        let list = self.get("/v1/tracks").await;
        list["tracks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["media_id"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    /// What the store says to a `GET`.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.player.get(format!("{}{path}", self.store)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Status and JSON of a `POST` to the store.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.player.post(format!("{}{path}", self.store)).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// What the store says that a track costs in a quality.
    pub async fn price(&self, track: &MediaId, quality: &str) -> u64 {
        let offer = self.get(&format!("/v1/tracks/{track}")).await;
        let mut qualities = offer["qualities"].as_array().into_iter().flatten();
        let found = qualities.find(|offered| offered["name"] == quality);
        found.and_then(|offered| offered["price_cents"].as_u64()).unwrap_or_default()
    }

    /// An order of one track with one card.
    pub async fn order(&self, track: &MediaId, card: &str, key: &str) -> (u16, Value) {
        let body = json!({
            "items": [{ "media_id": track, "quality": "lossless" }],
            "total_cents": self.price(track, "lossless").await,
            "currency": self.get("/v1/about").await["currency"],
            "idempotency_key": key,
        });
        self.pay(body, card).await
    }

    /// An order, as a player pays it: asks what it costs, shows the card to the payment processor, sends it again with the token.
    pub async fn pay(&self, mut order: Value, card: &str) -> (u16, Value) {
        let (status, needed) = self.post("/v1/orders", &order).await;
        if status != 202 {
            return (status, needed);
        }
        let name = OrderName::of_key(order["idempotency_key"].as_str().unwrap());
        let purpose = json!({
            "payee": needed["till"]["payee"], "order": name,
            "amount_cents": needed["total_cents"], "currency": needed["currency"],
        });
        match self.show(card, &needed["till"], purpose).await {
            (200, issued) => {
                order["token"] = issued["token"].clone();
                self.post("/v1/orders", &order).await
            }
            refused => refused,
        }
    }

    /// What the payment processor says to a card.
    pub async fn show(&self, card: &str, till: &Value, mut purpose: Value) -> (u16, Value) {
        purpose["card"] = json!({ "number": card, "expiry": "12/29", "name": "Ada Example" });
        let url = format!("{}/v1/tokens", till["processor"].as_str().unwrap());
        let answer = self.processor_client.post(url).json(&purpose).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A card as the licensing center takes it, or the processor's refusal.
    pub async fn shown(&self, card: &str) -> Result<Value, (u16, Value)> {
        let url = format!("{}/v1/till", self.licensing);
        let till: Value = self.licensing_client.get(url).send().await.unwrap().json().await.unwrap();
        let order = OrderName::random();
        let purpose = json!({ "payee": till["payee"], "order": order, "amount_cents": 0, "currency": "USD" });
        match self.show(card, &till, purpose).await {
            (200, issued) => Ok(json!({ "order": order, "token": issued["token"] })),
            refused => Err(refused),
        }
    }

    /// What a merchant asks to reserve one track of the shop for its own price.
    pub fn reserving(track: &MediaId) -> Value {
        let share = json!({ "media_id": track, "channels": 2, "alone_cents": 129, "share_cents": 129 });
        json!({ "sold": "track", "quality": "lossless", "currency": "USD", "retail_cents": 129, "tracks": [share] })
    }

    /// The server's tables.
    pub async fn database(&self) -> Database {
        Database::file(&self.data.join("cadenza.db")).await.unwrap()
    }

    /// One number out of the tables.
    pub async fn count(&self, sql: &str) -> i64 {
        let database = self.database().await;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let (count,): (i64,) = sqlx::query_as(sql).fetch_one(database.pool()).await.unwrap();
        database.close().await;
        count
    }

    /// The identity of one of the server's own services.
    pub fn identity(&self, service: &str) -> Identity {
        let account = self.data.join("services").join(service).with_extension("account");
        Identity::open(&self.vault, &account).unwrap()
    }

    /// An HTTPS client to the content manager with one of those identities.
    pub fn as_service(&self, service: &str) -> reqwest::Client {
        self.with_identity(self.identity(service))
    }

    /// An HTTPS client to the content manager with any identity.
    pub fn with_identity(&self, identity: Identity) -> reqwest::Client {
        let tls = ServiceTls::new(identity, self.root.clone(), self.clock.clone()).unwrap();
        tls.client(Role::ContentManager, Duration::from_secs(30)).unwrap().now()
    }

    /// Stops the server.
    pub async fn stop(mut self) {
        self.server.take().unwrap().shutdown().await;
    }
}

/// The row of an order that its buyer calls by this id, and the name of its first payment.
pub fn row_of(order_id: &str) -> String {
    hex(&sha256(format!("cadenza/v1/order-row\0{order_id}").as_bytes())[..16])
}

/// Two recordings of a few seconds with their descriptions.
pub fn make_album(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (number, title) in [(1, "Morning"), (2, "Evening")] {
        std::fs::write(folder.join(format!("{number}.wav")), wav(6, 200.0 * f64::from(number))).unwrap();
        let about = format!(
            "title = \"{title}\"\nartist = \"The Testers\"\nalbum = \"Two Tones\"\ntrack = {number}\ntrack_count = 2\nyear = 2026\n\
             lyrics = \"la la la\"\ncredits = \"Oscillator\"\nbiography = \"They test by day.\"\n[clip]\nstart = 1.0\nduration = 3.0\nfade_in = 0.2\nfade_out = 0.5\n\
             [price]\ncurrency = \"USD\"\nlossless = 129\nlossy = 99\nalbum = 200\n[encrypt]\nitems = [\"lyrics\"]\n"
        );
        std::fs::write(folder.join(format!("{number}.toml")), about).unwrap();
    }
}

/// A stereo sine, 16 bit, 44.1 kHz.
pub fn wav(seconds: u32, hertz: f64) -> Vec<u8> {
    let frames = seconds * 44_100;
    let bytes = frames * 4;
    let mut out = Vec::with_capacity(44 + bytes as usize);
    out.extend(b"RIFF");
    out.extend((36 + bytes).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    for word in [1_u16, 2] {
        out.extend(word.to_le_bytes());
    }
    out.extend(44_100_u32.to_le_bytes());
    out.extend(176_400_u32.to_le_bytes());
    for word in [4_u16, 16] {
        out.extend(word.to_le_bytes());
    }
    out.extend(b"data");
    out.extend(bytes.to_le_bytes());
    for frame in 0..frames {
        let value = (f64::from(frame) / 44_100.0 * hertz * std::f64::consts::TAU).sin() * 12_000.0;
        let sample = (value as i16).to_le_bytes();
        out.extend(sample);
        out.extend(sample);
    }
    out
}

/// Shares a value among tasks.
pub fn arc<T>(value: T) -> Arc<T> {
    Arc::new(value)
}
