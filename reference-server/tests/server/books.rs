//! Two shops with a content manager each, one licensing center, one bank: whatever is sold and paid back, log and bank agree to the cent.

use std::net::TcpListener;
use std::path::Path;

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::{Ports, Remote, ServerConfig};
use cadenza_server::content::publish::client::PublishClient;
use cadenza_server::licensing::archive::Archive;
use cadenza_server::licensing::log::compare::{self, Comparison, Totals};
use cadenza_server::licensing::tokens::Permit;
use cadenza_server::rest::Vault;
use cadenza_server::serve::ServeOptions;
use serde_json::Value;

use crate::author::{account, song_about};
use crate::listener::Listener;
use crate::world::{World, alone};

/// A shop that marks up by 20 %: a track of 1.29 for 1.55, the album of 2.00 for 2.40.
fn with_markup(config: ServerConfig) -> ServerConfig {
    let mut config = config;
    config.merchant.markup_percent = 20;
    config
}

/// A second shop at the first one's licensing center and payment processor.
async fn second_shop(first: &World, payment: u16) -> World {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server/books-second");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let admin = AdminClient::open(&first.data).unwrap();
    let mut lines = String::new();
    for (role, name) in [
        ("content manager", "content-manager-2"),
        ("delivery server", "delivery-2"),
        ("merchant", "merchant-2"),
    ] {
        let permit = Permit { role: role.into(), name: name.into(), hosts: vec![], hours: 1 };
        lines += &format!("{role} {}\n", admin.enrol(&permit).await.unwrap().as_str());
    }
    let tokens = folder.join("tokens");
    std::fs::write(&tokens, lines).unwrap();
    let remote = Remote {
        licensing_url: Some(first.licensing.clone()),
        payment_url: Some(format!("https://127.0.0.1:{payment}")),
        root_cert: Some(first.server.as_ref().unwrap().ready().root_cert.clone()),
        enrolment_token_file: Some(tokens),
        ..Remote::default()
    };
    let name = |name: &str| Some(name.to_owned());
    let config = ServerConfig {
        remote,
        content_id: name("content-manager-2"),
        merchant_id: name("merchant-2"),
        delivery_id: name("delivery-2"),
        ..ServerConfig::default()
    };
    let world = World::of(ServeOptions {
        roles: "content,delivery,merchant".parse().unwrap(),
        config: with_markup(config),
        clock: first.clock.clone(),
        ..ServeOptions::new(folder.join("data"))
    })
    .await;
    let bob = account(first, "Bob of the second shop").await;
    let shop =
        PublishClient::new(&world.content, bob.clone(), world.root.clone(), world.clock.clone()).unwrap();
    for (number, title) in [(1, "Dawn"), (2, "Dusk")] {
        let about = format!(
            "album = \"Two More\"\ntrack = {number}\n[price]\ncurrency = \"USD\"\nlossless = 129\nalbum = 200\n"
        );
        let song = song_about(&world, &bob, title, &about);
        shop.publish(&song, &format!("{title}.cadenza"), false).await.unwrap();
    }
    world
}

fn vouchers(order: &Value) -> Vec<VoucherId> {
    let items = order["items"].as_array().unwrap();
    items.iter().map(|item| item["voucher_id"].as_str().unwrap().parse().unwrap()).collect()
}

/// Buys and fetches; the order.
async fn bought(
    who: &Listener,
    shop: &World,
    key: &str,
    items: &[(MediaId, u64)],
    shown: &[VoucherId],
) -> Value {
    let (status, order) = who.order(shop, key, items, shown).await;
    assert_eq!(status, 200, "{key}: {order}");
    let total: u64 = items.iter().map(|(_, cents)| cents).sum();
    assert_eq!(order["total_cents"].as_u64(), Some(total));
    who.fetch(shop, &order).await;
    order
}

async fn compared(center: &World, shops: [&World; 2]) -> Comparison {
    for shop in shops {
        shop.server.as_ref().unwrap().maintain().await;
    }
    let archive = Archive::open(&center.data, None, None, &Vault::default()).await.unwrap();
    compare::compare(&archive).await.unwrap()
}

// R1, B1, B10
#[test]
fn two_content_managers_albums_tracks_completions_and_a_refund_agree_with_the_bank_to_the_cent() {
    alone(async {
        let payment = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let ports = Ports { payment, ..Ports::default() };
        let config = with_markup(ServerConfig { ports, ..ServerConfig::default() });
        let one = World::start("books-first", config).await;
        let two = second_shop(&one, payment).await;
        let (ada, bob, eve) =
            (Listener::register(&one).await, Listener::register(&one).await, Listener::register(&one).await);
        let mut retail = 0;
        let mut cost = 0;
        for (shop, name) in [(&one, "one"), (&two, "two")] {
            let tracks = shop.tracks().await;
            let key = |what: &str| format!("{name}-{what}");
            // an album at once, a single track, and another with the rest of its album
            bought(&ada, shop, &key("album"), &[(tracks[0], 120), (tracks[1], 120)], &[]).await;
            bought(&bob, shop, &key("single"), &[(tracks[0], 155)], &[]).await;
            let first = bought(&eve, shop, &key("first"), &[(tracks[1], 155)], &[]).await;
            bought(&eve, shop, &key("rest"), &[(tracks[0], 85)], &vouchers(&first)).await;
            retail += 240 + 155 + 240;
            cost += 200 + 129 + 200;
        }
        let books = compared(&one, [&one, &two]).await;
        assert_eq!((books.agree, books.differences.len()), (10, 0), "{:?}", books.differences);
        let all = Totals { cost_cents: cost, retail_cents: retail };
        assert_eq!((books.totals["USD"].merchants, books.totals["USD"].content_managers), (all, all));
        let bank =
            "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM payments WHERE state = 'captured'";
        assert_eq!(one.count(bank).await, retail);

        let tracks = two.tracks().await;
        let returned = bought(&ada, &two, "two-returned", &[(tracks[1], 155)], &[]).await;
        let admin = AdminClient::open(&two.data).unwrap();
        admin.refund(returned["order_id"].as_str().unwrap().to_owned()).await.unwrap();
        let books = compared(&one, [&one, &two]).await;
        assert_eq!((books.agree, books.differences.len()), (11, 0), "{:?}", books.differences);
        assert_eq!((books.totals["USD"].merchants, books.totals["USD"].content_managers), (all, all));
        assert_eq!(one.count(bank).await, retail, "what was captured less what was paid back");
        two.stop().await;
        one.stop().await;
    });
}
