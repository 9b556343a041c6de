//! The secure log from the sale to the auditor, and everything that can be done to it on the way.

use std::path::Path;
use std::time::Duration;

use cadenza_protocol::audit_log::{EntryPlace, LogError, LogFile, LogOpening, LogUpload, SaleRecord};
use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::clock::Clock;
use cadenza_server::config::{Remote, ServerConfig};
use cadenza_server::identity::Identity;
use cadenza_server::licensing::archive::Archive;
use cadenza_server::licensing::authority::{Authority, Subject};
use cadenza_server::licensing::enrol::{Enrolling, Enrolment};
use cadenza_server::licensing::keys;
use cadenza_server::licensing::log::audit::{self, Content, Findings, LogSummary};
use cadenza_server::licensing::log::entered::{Claim, Entered, find_sale};
use cadenza_server::licensing::log::rows::LogState;
use cadenza_server::licensing::tokens::Permit;
use cadenza_server::rest::Vault;
use cadenza_server::serve::{RunningServer, ServeOptions, Server};
use serde_json::{Value, json};

use crate::listener::{Listener, download, report};
use crate::world::{START, World, alone, shared};

const DAY: u64 = 86_400;

/// The log as the content manager's operator exports it.
async fn exported(data: &Path) -> LogFile {
    LogFile::from_bytes(&AdminClient::open(data).unwrap().log(None).await.unwrap()).unwrap()
}

async fn examined(data: &Path, file: &LogFile) -> Findings {
    audit::examine(&Archive::open(data, None, None, &Vault::default()).await.unwrap(), file).await.unwrap()
}

async fn logs(data: &Path) -> Vec<LogSummary> {
    let archive = Archive::open(data, None, None, &Vault::default()).await.unwrap();
    let mut all = audit::list(&archive).await.unwrap();
    all.retain(|log| log.writer == "content-manager");
    all
}

/// The entries for one voucher.
pub async fn sales_of(world: &World, voucher: &str) -> Vec<SaleRecord> {
    let findings = examined(&world.data, &exported(&world.data).await).await;
    assert_eq!(findings.problem, None);
    let sale = |content| match content {
        Content::Sale(sale) if sale.voucher_id.to_string() == voucher => Some(sale),
        _ => None,
    };
    findings.entries.into_iter().filter_map(|entry| sale(entry.content)).collect()
}

/// Takes a stream for a preview and gives it back.
async fn preview(world: &World) {
    let track = world.tracks().await[0];
    let (_, voucher) = world.post("/v1/previews", &json!({ "media_ids": [track], "kind": "clip" })).await;
    let id = &voucher["tracks"][0]["voucher_id"];
    let delivery = world.as_service("delivery-1");
    let post = async |what: &str, body: Value| {
        delivery
            .post(format!("{}/v1/delivery/{what}", world.content))
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
    };
    let stream = json!({ "voucher_id": id, "media_id": track, "kind": "clip", "player": "p", "transport": "udp", "bandwidth_kbps": 64 });
    assert_eq!(post("allocate", stream).await, 200);
    let end = json!({ "voucher_id": id, "media_id": track, "kind": "clip", "transport": "udp", "status": "completed", "played_ms": 3000, "image": "preview-96" });
    assert_eq!(post("release", end).await, 204);
}

async fn sell(world: &World, key: &str) -> String {
    let (_, voucher) = Listener::buy(world, 0, key).await;
    let ada = Listener::register(world).await;
    let approval = ada.redeem(world, &voucher.tracks[0]).await.unwrap();
    let bytes = download(world, &approval, 0).await;
    for _ in 0..3 {
        assert_eq!(report(world, &approval, &bytes).await, 204);
    }
    voucher.tracks[0].voucher_id.to_string()
}

async fn maintain(world: &World) {
    world.server.as_ref().unwrap().maintain().await;
}

fn certificate(world: &World) -> String {
    world.identity("content-manager").chain().leaf().serial()
}

type Rows = Vec<(i64, String)>;

async fn rows(world: &World) -> Rows {
    let database = world.database().await;
    let rows = sqlx::query_as(
        "SELECT number, entry FROM secure_log WHERE writer = 'content-manager' ORDER BY number",
    )
    .fetch_all(database.pool())
    .await;
    database.close().await;
    rows.unwrap()
}

/// Puts other rows into the content manager's table, as someone with its database could.
async fn replace_rows(world: &World, rows: &Rows) {
    let database = world.database().await;
    let (log,): (String,) =
        sqlx::query_as("SELECT MIN(log_id) FROM secure_log WHERE writer = 'content-manager'")
            .fetch_one(database.pool())
            .await
            .unwrap();
    sqlx::query("DELETE FROM secure_log WHERE writer = 'content-manager'")
        .execute(database.pool())
        .await
        .unwrap();
    for (number, entry) in rows {
        sqlx::query(
            "INSERT INTO secure_log (writer, log_id, number, entry) VALUES ('content-manager', $1, $2, $3)",
        )
        .bind(&log)
        .bind(number)
        .bind(entry)
        .execute(database.pool())
        .await
        .unwrap();
    }
    database.close().await;
}

// R2, B6
#[test]
fn a_delivery_is_entered_once_with_all_that_a_rights_agent_needs() {
    shared(async |world| {
        let voucher = sell(world, "log-one-sale").await;
        let sales = sales_of(world, &voucher).await;
        assert_eq!(sales.len(), 1, "however often it is reported");
        let sale = &sales[0];
        assert_eq!((sale.title.as_str(), sale.artist.as_str()), ("Morning", "The Testers"));
        assert_eq!((sale.authors.as_str(), sale.song_ms), ("Cadenza Editions", 6000));
        assert_eq!((sale.cost_cents, sale.retail_cents, sale.currency.as_str()), (129, 129, "USD"));
        assert_eq!((sale.file_name.as_str(), sale.quality.as_str()), ("demo/1.cadenza", "lossless"));
        assert_eq!((sale.at, sale.consumer_serial.len()), (START, 32));
        preview(world).await;
        let findings = examined(&world.data, &exported(&world.data).await).await;
        let played = findings.entries.iter().any(|entry| {
            matches!(&entry.content, Content::Preview(p) if (p.title.as_str(), p.played_ms, p.quality.as_str()) == ("Morning", 3000, "preview-96"))
        });
        assert!(played, "{:?}", findings.entries);
    });
}

// R2
#[test]
fn a_log_that_was_cut_or_altered_is_named_and_costs_the_certificate_until_it_is_mended() {
    alone(async {
        let world = World::start("tampered-log", ServerConfig::default()).await;
        sell(&world, "tampered-1").await;
        maintain(&world).await;
        let swap = |rows: &mut Rows, a: usize, b: usize| {
            let (first, second) = (rows[a].1.clone(), rows[b].1.clone());
            (rows[a].1, rows[b].1) = (second, first);
        };
        type Tamper<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Rows));
        let tampers: [Tamper<'_>; 4] = [
            ("an entry edited", "was altered", &|rows| {
                let at = rows.len() - 2;
                let entry = &mut rows[at].1;
                let other = if entry.as_bytes()[40] == b'A' { "B" } else { "A" };
                entry.replace_range(40..41, other);
            }),
            ("two entries in another order", "out of its order", &|rows| {
                swap(rows, rows.len() - 2, rows.len() - 3)
            }),
            ("an entry deleted", "missing", &|rows| drop(rows.remove(rows.len() - 2))),
            ("the end cut off", "was cut", &|rows| rows.truncate(rows.len() - 2)),
        ];
        for (what, words, tamper) in tampers {
            for _ in 0..4 {
                preview(&world).await;
            }
            let whole = rows(&world).await;
            let mut other = whole.clone();
            tamper(&mut other);
            replace_rows(&world, &other).await;
            let before = certificate(&world);
            world.clock.advance(Duration::from_secs(10 * DAY));
            maintain(&world).await;
            assert_eq!(certificate(&world), before, "{what}: the certificate was renewed all the same");
            let problem = logs(&world.data).await[0].problem.clone().unwrap_or_default();
            assert!(problem.contains(words), "{what}: {problem}");
            let asked = asked_elsewhere(&world).await;
            assert!(asked.contains(words) && asked.contains("close-log"), "{what}: {asked}");

            replace_rows(&world, &whole).await;
            maintain(&world).await;
            assert_ne!(certificate(&world), before, "{what}: mended, and not renewed");
            assert_eq!(logs(&world.data).await[0].problem, None, "{what}");
        }
        assert_eq!(
            world.count("SELECT COUNT(*) FROM log_evidence").await,
            4,
            "what was refused is remembered"
        );
        world.stop().await;
    });
}

/// The words in which a licensing center elsewhere refuses the content manager its certificate.
async fn asked_elsewhere(world: &World) -> String {
    let hosts = vec!["other.example".to_owned()];
    let (role, name) = ("content manager".to_owned(), "content-manager".to_owned());
    let permit = Permit { role, name, hosts: hosts.clone(), hours: 1 };
    let token = AdminClient::open(&world.data).unwrap().enrol(&permit).await.unwrap();
    let enrolment = Enrolment::Elsewhere {
        licensing_url: world.licensing.clone(),
        root: Box::new(world.root.clone()),
        tokens: std::sync::Arc::new(format!("content manager {}", token.as_str()).into()),
    };
    let wish =
        Enrolling::service(&world.data, &Vault::default(), "content-manager", Role::ContentManager, hosts);
    enrolment.identity(&wish, &world.clock).await.unwrap_err().to_string()
}

/// How many entries each stamp in the log covers, and when it was made.
async fn stamps(world: &World) -> Vec<(u64, UnixTime)> {
    let findings = examined(&world.data, &exported(&world.data).await).await;
    assert_eq!(findings.problem, None);
    let stamp = |content| match content {
        Content::Stamped(stamp) => Some(stamp.expect("the licensing center's own")),
        _ => None,
    };
    let all = findings.entries.into_iter().filter_map(|entry| stamp(entry.content));
    all.map(|stamp| (stamp.entries, stamp.stamp.at)).collect()
}

// C2, R2
#[test]
fn the_head_of_the_log_is_stamped_once_an_hour_while_something_is_entered() {
    alone(async {
        let world = World::start("stamped-log", ServerConfig::default()).await;
        preview(&world).await;
        maintain(&world).await;
        let first = world.clock.now();
        assert_eq!(stamps(&world).await, [(2, first)]);
        for minutes in [1, 58, 90] {
            maintain(&world).await;
            assert_eq!(stamps(&world).await.len(), 1, "nothing was entered since the last");
            world.clock.advance(Duration::from_secs(minutes * 60));
        }
        preview(&world).await;
        maintain(&world).await;
        let second = world.clock.now();
        assert_eq!(stamps(&world).await, [(2, first), (4, second)]);
        world.clock.advance(Duration::from_secs(59 * 60));
        preview(&world).await;
        maintain(&world).await;
        assert_eq!(stamps(&world).await.len(), 2, "not twice in an hour");
        world.stop().await;
    });
}

// C2, R3, R2
#[test]
fn a_purchase_names_its_entry_in_the_log_and_the_licensing_center_finds_it_there() {
    alone(async {
        let world = World::start("named-entry", ServerConfig::default()).await;
        preview(&world).await;
        let (_, voucher) = Listener::buy(&world, 0, "named-entry-1").await;
        let ada = Listener::register(&world).await;
        let grant = ada.redeem(&world, &voucher.tracks[0]).await.unwrap().grant;
        let again = ada.redeem(&world, &voucher.tracks[0]).await.unwrap().grant;
        assert_eq!(
            (grant.sale, grant.sale.number),
            (again.sale, 2),
            "the same sale, however often it is fetched"
        );

        let archive = Archive::open(&world.data, None, None, &Vault::default()).await.unwrap();
        let manager = world.identity("content-manager");
        let claim = |place| Claim {
            place,
            voucher_id: grant.voucher_id,
            media_id: grant.media_id,
            quality: &grant.quality,
            content_manager: manager.chain().leaf(),
            granted_at: grant.issued_at,
        };
        let find = async |claim: Claim<'_>| find_sale(&archive, &claim).await.unwrap();
        assert_ne!(find(claim(grant.sale)).await, Entered::Missing);
        world.clock.advance(Duration::from_secs(3600));
        maintain(&world).await;
        let Entered::Here { stamped_at: Some(at) } = find(claim(grant.sale)).await else {
            panic!("the sale is not there, or not stamped")
        };
        assert!((grant.issued_at..=world.clock.now()).contains(&at));

        // what a thief of the content manager's key would write: another entry, another log, another song on the same voucher
        for made_up in [EntryPlace { number: 1, ..grant.sale }, EntryPlace { log: [1; 16], number: 2 }] {
            assert_eq!(find(claim(made_up)).await, Entered::Missing);
        }
        let other = world.tracks().await[1];
        assert_eq!(find(Claim { media_id: other, ..claim(grant.sale) }).await, Entered::Missing);
        assert_eq!(find(Claim { quality: "lossy", ..claim(grant.sale) }).await, Entered::Missing);
        let none = Claim { voucher_id: VoucherId::random(), ..claim(grant.sale) };
        assert_eq!(find(none).await, Entered::Missing);
        // another content manager's key has no such log
        let merchant = world.identity("merchant");
        let usurped = Claim { content_manager: merchant.chain().leaf(), ..claim(grant.sale) };
        assert_eq!(find(usurped).await, Entered::Missing);
        // an entry that was never made is not awaited for ever
        let far = EntryPlace { number: 1 << 40, ..grant.sale };
        assert_eq!(find(claim(far)).await, Entered::Missing);
        let just_granted = Claim { granted_at: world.clock.now(), ..claim(far) };
        assert_eq!(find(just_granted).await, Entered::NotBroughtYet);
        world.stop().await;
    });
}

// R2
#[test]
fn a_log_that_cannot_be_mended_ends_when_the_licensing_center_says_so() {
    alone(async {
        let world = World::start("closed-log", ServerConfig::default()).await;
        maintain(&world).await;
        preview(&world).await;
        preview(&world).await;
        let mut cut = rows(&world).await;
        cut.pop();
        replace_rows(&world, &cut).await;
        let before = certificate(&world);
        world.clock.advance(Duration::from_secs(10 * DAY));
        maintain(&world).await;
        assert_eq!(certificate(&world), before);

        let archive = Archive::open(&world.data, None, None, &Vault::default()).await.unwrap();
        let log = logs(&world.data).await[0].log.clone();
        audit::close(&archive, &log, world.clock.now()).await.unwrap();
        assert!(audit::close(&archive, &log, world.clock.now()).await.is_err(), "once is enough");
        maintain(&world).await;
        assert_ne!(certificate(&world), before);
        let all = logs(&world.data).await;
        assert_eq!(all.iter().map(|log| log.state).collect::<Vec<_>>(), [LogState::Closed, LogState::Open]);
        preview(&world).await;
        maintain(&world).await;
        assert_eq!(logs(&world.data).await[1].entries, 3, "opened, a preview, and the stamp on them");
        world.stop().await;
    });
}

// R2
#[test]
fn a_crash_between_entry_and_state_loses_nothing_and_a_lost_state_begins_another_log() {
    alone(async {
        let world = World::start("log-state", ServerConfig::default()).await;
        let state = world.data.join("services/content-manager.logstate");
        preview(&world).await;
        let behind = std::fs::read(&state).unwrap();
        preview(&world).await;
        let (data, clock) = (world.data.clone(), world.clock.clone());
        world.stop().await;
        std::fs::write(&state, behind).unwrap();
        let world = World::open(&data, &data, ServerConfig::default(), clock).await;
        preview(&world).await;
        let findings = examined(&data, &exported(&data).await).await;
        let told = |content: &Content| !matches!(content, Content::Stamped(_));
        let told = findings.entries.iter().filter(|entry| told(&entry.content)).count();
        assert_eq!((findings.problem, told), (None, 4), "opened, and three previews");
        maintain(&world).await;
        preview(&world).await; // not uploaded when the state is lost

        let (data, clock) = (world.data.clone(), world.clock.clone());
        world.stop().await;
        let mut damaged = std::fs::read(&state).unwrap();
        damaged[30] ^= 1;
        std::fs::write(&state, damaged).unwrap();
        let world = World::open(&data, &data, ServerConfig::default(), clock).await;
        preview(&world).await;
        maintain(&world).await;
        let standing: Vec<_> =
            logs(&data).await.into_iter().map(|log| (log.state, log.entries, log.problem)).collect();
        let without_end = standing.iter().find(|(state, ..)| *state == LogState::Superseded).unwrap();
        assert!(matches!(without_end.1, 6..=7), "opened, four previews, a stamp or two: {standing:?}");
        assert!(without_end.2.as_ref().unwrap().contains("without ending this one"), "{standing:?}");
        assert!(standing.contains(&(LogState::Open, 3, None)), "opened, a preview, a stamp: {standing:?}");

        // nobody knows whether sales are missing from it: no new certificate until the licensing center's operator has looked
        let before = certificate(&world);
        world.clock.advance(Duration::from_secs(10 * DAY));
        maintain(&world).await;
        assert_eq!(certificate(&world), before);
        let archive = Archive::open(&data, None, None, &Vault::default()).await.unwrap();
        let ended =
            audit::list(&archive).await.unwrap().into_iter().find(|log| log.state == LogState::Superseded);
        audit::close(&archive, &ended.unwrap().log, world.clock.now()).await.unwrap();
        maintain(&world).await;
        assert_ne!(certificate(&world), before);
        world.stop().await;
    });
}

// R2
#[test]
fn the_auditor_is_told_the_first_entry_that_does_not_hold() {
    shared(async |world| {
        for _ in 0..3 {
            preview(world).await;
        }
        maintain(world).await;
        let whole = exported(&world.data).await;
        let count = whole.entries.len();
        let altered = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut file = whole.clone();
            change(&mut file.entries);
            file
        };
        let edited = altered(&|entries| entries[2][20] ^= 1);
        let swapped = altered(&|entries| entries.swap(1, 2));
        let deleted = altered(&|entries| drop(entries.remove(1)));
        let cut = altered(&|entries| entries.truncate(count - 1));
        for (file, held, problem) in [
            (edited, 2, LogError::Altered { entry: 2 }),
            (swapped, 1, LogError::OutOfOrder { entry: 1 }),
            (deleted, 1, LogError::OutOfOrder { entry: 1 }),
        ] {
            let findings = examined(&world.data, &file).await;
            assert_eq!((findings.entries.len(), findings.problem), (held, Some(problem)));
        }
        // other tests enter into the same log meanwhile
        let short = examined(&world.data, &cut).await.problem;
        assert!(
            matches!(short, Some(LogError::Cut { present, .. }) if present == count as u64 - 1),
            "{short:?}"
        );
        let other = LogFile { log: [7; 16], ..whole };
        let archive = Archive::open(&world.data, None, None, &Vault::default()).await.unwrap();
        assert!(audit::examine(&archive, &other).await.unwrap_err().to_string().contains("agreed on no log"));
        assert!(Archive::open(&world.data.join("nothing"), None, None, &Vault::default()).await.is_err());
    });
}

// R2, F7
#[test]
fn only_a_log_s_own_writer_may_speak_about_it_and_only_now() {
    shared(async |world| {
        let log = exported(&world.data).await.log;
        let ask = async |who: &Identity, at: UnixTime| {
            let nothing = LogUpload { at, log, first: 0, entries: vec![], checkpoint: None, complete: false };
            send(world, "entries", &signed(who, LogUpload::DOMAIN, &nothing)).await
        };
        let own = world.identity("content-manager");
        assert_eq!(ask(&own, START).await.0, 200);
        assert_eq!(ask(&own, START.plus_seconds(-3600)).await, (403, "request-not-fresh".into()));
        assert_eq!(ask(&world.identity("delivery-1"), START).await, (403, "wrong-role".into()));
        assert_eq!(ask(&world.identity("merchant"), START).await, (404, "unknown-log".into()));
        let authority = Authority::open(&world.data.join("licensing"), &Vault::default(), START).unwrap();
        let subject = Subject { name: "content-manager".into(), role: Role::ContentManager, hosts: vec![] };
        let rival = authority.issue_identity(&subject, keys::p256().unwrap(), START).unwrap();
        assert_eq!(ask(&rival, START).await, (404, "unknown-log".into()));
        // a request for a log counts once, whoever sends it again
        let opening = signed(&rival, LogOpening::DOMAIN, &LogOpening { at: START, nonce: [3; 16] });
        assert_eq!(send(world, "", &opening).await.0, 200);
        assert_eq!(send(world, "", &opening).await, (409, "log-opened-before".into()));
        // an upload is not an opening
        let crossed = signed(&rival, LogUpload::DOMAIN, &LogOpening { at: START, nonce: [4; 16] });
        assert_eq!(send(world, "", &crossed).await, (403, "wrong-signature".into()));
    });
}

fn signed(who: &Identity, domain: &str, body: &impl serde::Serialize) -> SignedMessage {
    let key = SigningKey::from_pkcs8_der(who.key_pkcs8()).unwrap();
    SignedMessage::new(domain, body, who.chain(), |domain, body| key.sign(domain, body))
}

async fn send(world: &World, what: &str, message: &SignedMessage) -> (u16, String) {
    let url = format!("{}/v1/logs/{what}", world.licensing);
    let answer = world.licensing_client.post(url.trim_end_matches('/')).json(message).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

// R2, S1
#[test]
fn a_content_manager_elsewhere_that_was_off_for_weeks_brings_its_log_and_gets_its_certificate() {
    alone(async {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server/apart");
        let _ = std::fs::remove_dir_all(&folder);
        let clock = Clock::movable(START);
        let start = async |name: &str, roles: &str, config: ServerConfig| -> RunningServer {
            let options = ServeOptions {
                roles: roles.parse().unwrap(),
                config,
                clock: clock.clone(),
                ..ServeOptions::new(folder.join(name))
            };
            Server::start(options).await.expect("the server starts")
        };
        let center = start("center", "licensing,payment", ServerConfig::default()).await;
        let admin = AdminClient::open(&folder.join("center")).unwrap();
        let tokens = folder.join("tokens");
        let mut lines = String::new();
        for (role, name) in [("content manager", "content-manager"), ("delivery server", "delivery-1")] {
            let permit = Permit { role: role.into(), name: name.into(), hosts: vec![], hours: 1 };
            lines += &format!("{role} {}\n", admin.enrol(&permit).await.unwrap().as_str());
        }
        std::fs::write(&tokens, lines).unwrap();
        let remote = Remote {
            licensing_url: center.ready().licensing_url.clone(),
            root_cert: Some(center.ready().root_cert.clone()),
            enrolment_token_file: Some(tokens),
            ..Remote::default()
        };
        let config = ServerConfig { remote, ..ServerConfig::default() };
        let shop = start("shop", "content,delivery", config.clone()).await;
        let serial = || {
            let account = folder.join("shop/services/content-manager.account");
            Identity::load(&account).unwrap().chain().leaf().serial()
        };
        let (first, log) = (serial(), exported(&folder.join("shop")).await.log);
        shop.shutdown().await;
        clock.advance(Duration::from_secs(40 * DAY));
        center.maintain().await;
        let shop = start("shop", "content,delivery", config).await;
        assert_ne!(serial(), first);
        assert_eq!(exported(&folder.join("shop")).await.log, log, "it goes on with its log");
        let known = logs(&folder.join("center")).await;
        assert_eq!((known.len(), known[0].problem.as_deref()), (1, None));
        shop.shutdown().await;
        center.shutdown().await;
    });
}
