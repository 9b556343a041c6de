//! One client must not shut the store: silence, slowness and asking too often, at every door (F12).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use cadenza_protocol::card::test_cards;
use cadenza_protocol::cert::{Certificate, Role};
use cadenza_server::admin::client::AdminClient;
use cadenza_server::clock::Clock;
use cadenza_server::config::{Remote, ServerConfig};
use cadenza_server::door::LimitSettings;
use cadenza_server::identity::Identity;
use cadenza_server::licensing::tokens::Permit;
use cadenza_server::serve::{ServeOptions, Server};
use cadenza_server::tls::ServiceTls;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::world::{START, World, alone};

/// The attacker's address; everyone else comes from 127.0.0.1.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// How long a test waits for what should happen at once.
const PATIENCE: Duration = Duration::from_secs(60);

async fn impatient(name: &str) -> World {
    let limits = LimitSettings {
        connections_per_address: 16,
        handshake_seconds: 3,
        header_seconds: 3,
        body_seconds: 3,
        idle_seconds: 3,
        ..LimitSettings::default()
    };
    World::start(name, ServerConfig { limits, ..ServerConfig::default() }).await
}

fn place(url: &str) -> SocketAddr {
    url.split("://").nth(1).unwrap().parse().unwrap()
}

async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((STRANGER, 0).into())?;
    socket.connect(to).await
}

/// The other side closed; whatever it said before.
async fn closed(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match timeout(PATIENCE, stream.read(&mut piece)).await.expect("it is closed in time") {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&said).into_owned(),
            Ok(count) => said.extend(&piece[..count]),
        }
    }
}

// F12
#[test]
fn a_thousand_silent_connections_of_one_address_keep_nobody_else_out() {
    alone(async {
        let world = impatient("silent").await;
        let ready = world.server.as_ref().unwrap().ready().clone();
        let doors = [&world.store, &world.web, &world.licensing, &world.delivery];
        let rtsp = [&ready.delivery[0].rtsps, ready.delivery[0].rtsp.as_ref().unwrap()];
        let mut held = Vec::new();
        for door in doors.into_iter().chain(rtsp) {
            for _ in 0..160 {
                held.push(connect(place(door)).await.unwrap());
            }
        }
        assert!(!world.tracks().await.is_empty());
        let page = reqwest::get(&world.web).await.unwrap();
        assert_eq!(page.status(), 200);
        for stream in held {
            closed(stream).await;
        }
        let statistics = AdminClient::open(&world.data).unwrap().stats().await.unwrap();
        for door in ["store", "web", "licensing", "delivery", "rtsps", "rtsp"] {
            let away = statistics.turned_away[&format!("connections at {door}")];
            assert!((1..=160 - 16).contains(&away), "{door}: {away}");
        }
        world.stop().await;
    });
}

// F12
#[test]
fn a_header_that_never_ends_and_a_body_that_crawls_are_cut_off() {
    alone(async {
        let world = impatient("slow").await;
        let mut endless = connect(place(&world.web)).await.unwrap();
        endless.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
        let mut long = connect(place(&world.web)).await.unwrap();
        long.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
        let _ = long.write_all(&[b'a'; 200 << 10]).await;
        let mut crawling = connect(place(&world.web)).await.unwrap();
        crawling
            .write_all(b"POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\ncsrf=")
            .await
            .unwrap();
        assert!(closed(crawling).await.starts_with("HTTP/1.1 408 "));
        closed(endless).await;
        closed(long).await;
        world.stop().await;
    });
}

// F12
#[test]
fn a_connection_on_which_nothing_is_asked_any_more_is_closed_and_a_new_one_is_welcome() {
    alone(async {
        let world = impatient("idle").await;
        let mut idle = connect(place(&world.web)).await.unwrap();
        idle.write_all(b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        assert!(closed(idle).await.starts_with("HTTP/1.1 200 "));
        let first = world.tracks().await;
        assert_eq!(world.tracks().await, first);
        world.stop().await;
    });
}

fn few() -> ServerConfig {
    let limits = LimitSettings {
        declined_cards_per_hour: 3,
        previews_per_minute: 5,
        registrations_per_hour: 4,
        ..LimitSettings::default()
    };
    ServerConfig { limits, ..ServerConfig::default() }
}

// F12, C8
#[test]
fn cards_cannot_be_tried_out_and_a_good_one_is_taken_again_later() {
    alone(async {
        let world = World::start("declined", few()).await;
        let track = world.tracks().await[0];
        for n in 0..3 {
            assert_eq!(world.order(&track, test_cards::DECLINED, &format!("declined-{n}")).await.0, 402);
        }
        let body = json!({
            "items": [{ "media_id": track, "quality": "lossless" }],
            "total_cents": 129,
            "currency": "USD",
            "idempotency_key": "one-more",
        });
        let answer =
            world.player.post(format!("{}/v1/orders", world.store)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 429);
        let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        let refusal: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(refusal["code"], "too-many-requests");
        assert_eq!(world.count("SELECT COUNT(*) FROM payments").await, 3, "no bank was asked");
        world.clock.advance(Duration::from_secs(seconds));
        for n in 0..2 {
            let (status, order) = world.order(&track, test_cards::GOOD, &format!("good-card-{n}")).await;
            assert_eq!(status, 200, "{order}");
        }
        world.stop().await;
    });
}

// F12
#[test]
fn registrations_and_previews_of_one_address_have_their_number_and_are_told_when_to_come_back() {
    alone(async {
        let world = World::start("often", few()).await;
        let track = world.tracks().await[0];
        for _ in 0..5 {
            assert_eq!(
                world.post("/v1/previews", &json!({ "media_ids": [track], "kind": "clip" })).await.0,
                200
            );
        }
        let (status, refusal) =
            world.post("/v1/previews", &json!({ "media_ids": [track], "kind": "clip" })).await;
        assert_eq!((status, refusal["code"].as_str()), (429, Some("too-many-requests")));
        let register = async || {
            let shown = match world.shown("4000 0000 0000 0069").await {
                Ok(shown) => shown,
                Err((status, _)) => return ("processor", status),
            };
            let url = format!("{}/v1/passports", world.licensing);
            let application = json!({ "details": crate::listener::details(), "card": shown });
            (
                "center",
                world.licensing_client.post(url).json(&application).send().await.unwrap().status().as_u16(),
            )
        };
        let mut heard = Vec::new();
        for _ in 0..5 {
            heard.push(register().await);
        }
        let (declined, often) = (("center", 402), ("processor", 429));
        assert_eq!(heard, [declined, declined, declined, often, often]);
        let url = format!("{}/v1/passports", world.licensing);
        let answer = world.licensing_client.post(url).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), 429, "nor does the center listen");
        assert!(answer.headers().contains_key("retry-after"));
        world.stop().await;
    });
}

// F12
#[test]
fn each_track_of_a_preview_counts_and_so_does_asking_for_the_head_of_one() {
    alone(async {
        let world = World::start("heads", few()).await;
        let tracks = world.tracks().await;
        let wish = json!({ "media_ids": tracks, "kind": "clip" });
        assert_eq!((tracks.len(), world.post("/v1/previews", &wish).await.0), (2, 200));
        let url = format!("{}/preview/{}?kind=clip", world.web, tracks[0]);
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..3 {
            assert_eq!(browser.head(&url).send().await.unwrap().status(), 200);
        }
        assert_eq!(browser.head(&url).send().await.unwrap().status(), 429);
        let refused = browser.get(&url).send().await.unwrap();
        assert_eq!(refused.status(), 429);
        let headers = refused.headers();
        assert!(headers.contains_key("retry-after") && headers.contains_key("content-security-policy"));
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(world.post("/v1/previews", &wish).await.0, 429);
        world.stop().await;
    });
}

// F12
#[test]
fn a_form_that_was_not_begun_here_is_not_counted_against_its_visitor() {
    alone(async {
        let world = World::start("foreign", few()).await;
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = || {
            let token = "00".repeat(32);
            let send = browser
                .post(format!("{}/register/card", world.web))
                .body(format!("state=AAAA&token={token}"));
            send.header("content-type", "application/x-www-form-urlencoded")
                .header("origin", "https://evil.example")
        };
        for _ in 0..6 {
            assert_eq!(form().send().await.unwrap().status(), 403);
        }
        let away = AdminClient::open(&world.data).unwrap().stats().await.unwrap().turned_away;
        assert!(!away.contains_key("registrations"), "{away:?}");
        world.stop().await;
    });
}

// F12
#[test]
fn all_requests_of_an_address_count_whatever_they_ask() {
    alone(async {
        let limits = LimitSettings { requests_per_minute: 40, ..LimitSettings::default() };
        let world = World::start("requests", ServerConfig { limits, ..ServerConfig::default() }).await;
        let mut statuses = Vec::new();
        for n in 0..50 {
            let url = format!("{}/v1/tracks/{n:032x}", world.store);
            statuses.push(world.player.get(url).send().await.unwrap().status().as_u16());
        }
        assert!(
            statuses.contains(&404) && statuses[40..].iter().all(|status| *status == 429),
            "{statuses:?}"
        );
        world.clock.advance(Duration::from_secs(60));
        assert!(!world.tracks().await.is_empty());
        world.stop().await;
    });
}

// F7, B2
#[test]
fn a_licensing_center_that_hangs_holds_up_nobody_and_its_last_lists_are_good_for_a_week() {
    alone(async {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("server/hanging");
        let _ = std::fs::remove_dir_all(&folder);
        let clock = Clock::movable(START);
        let start = async |name: &str, roles: &str, config: ServerConfig| {
            let (roles, clock) = (roles.parse().unwrap(), clock.clone());
            let options = ServeOptions { roles, config, clock, ..ServeOptions::new(folder.join(name)) };
            Server::start(options).await.expect("the server starts")
        };
        let center = start("center", "licensing,payment", ServerConfig::default()).await;
        let admin = AdminClient::open(&folder.join("center")).unwrap();
        let mut lines = String::new();
        for (role, name) in [("content manager", "content-manager"), ("delivery server", "delivery-1")] {
            let permit = Permit { role: role.into(), name: name.into(), hosts: vec![], hours: 1 };
            lines += &format!("{role} {}\n", admin.enrol(&permit).await.unwrap().as_str());
        }
        std::fs::write(folder.join("tokens"), lines).unwrap();
        let url = center.ready().licensing_url.clone().unwrap();
        let root_path = center.ready().root_cert.clone();
        let remote = Remote {
            licensing_url: Some(url.clone()),
            root_cert: Some(root_path.clone()),
            enrolment_token_file: Some(folder.join("tokens")),
            ..Remote::default()
        };
        let shop =
            start("shop", "content,delivery", ServerConfig { remote, ..ServerConfig::default() }).await;
        let identity = Identity::load(&folder.join("shop/services/delivery-1.account")).unwrap();
        let root = Certificate::from_pem(&std::fs::read_to_string(root_path).unwrap()).unwrap();
        let tls = ServiceTls::new(identity, root, clock.clone()).unwrap();
        let http = tls.client(Role::ContentManager, Duration::from_secs(30)).unwrap().now();
        let content = shop.ready().content_url.clone().unwrap();
        let asked = async || {
            let question = json!({ "media_id": "00".repeat(16) });
            let before = std::time::Instant::now();
            let answer =
                http.post(format!("{content}/v1/delivery/media")).json(&question).send().await.unwrap();
            (answer.status().as_u16(), before.elapsed())
        };
        assert_eq!(asked().await.0, 404);
        center.shutdown().await;
        let silent = tokio::net::TcpListener::bind(place(&url)).await.unwrap();
        for _ in 0..3 {
            clock.advance(Duration::from_secs(120));
            let (status, took) = asked().await;
            assert_eq!(status, 404);
            assert!(took < Duration::from_secs(3), "{took:?}");
        }
        clock.advance(Duration::from_secs(8 * 86_400));
        assert_eq!(asked().await.0, 503, "after a week nobody can be told from a thief");
        drop(silent);
        shop.shutdown().await;
    });
}
