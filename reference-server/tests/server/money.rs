//! Money and music, with bad luck: what is taken is delivered or given back, and both sides' books say the same to the cent.

use std::path::Path;
use std::time::Duration;

use cadenza_protocol::card::test_cards;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::pay::OrderName;
use cadenza_protocol::shop::sold::Sold;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::ServerConfig;
use cadenza_server::licensing::archive::Archive;
use cadenza_server::licensing::log::compare::{self, Comparison, Totals};
use cadenza_server::rest::Vault;
use serde_json::{Value, json};

use crate::listener::{Listener, download, report, voucher_of};
use crate::secure_log::sales_of;
use crate::world::{World, alone};

async fn change(world: &World, sql: &str) {
    let database = world.database().await;
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(database.pool()).await.unwrap();
    database.close().await;
}

/// The condition for the row of an order with this key.
fn under(key: &str) -> String {
    format!("idempotency_key = '{}'", OrderName::of_key(key))
}

async fn text(world: &World, sql: &str) -> String {
    let database = world.database().await;
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let (text,): (String,) = sqlx::query_as(sql).fetch_one(database.pool()).await.unwrap();
    database.close().await;
    text
}

/// Takes a paid order back to the moment after its money was set aside, as a crash leaves it.
async fn interrupted(world: &World, payment: &'static str) {
    change(world, "UPDATE orders SET state = 'open', paid_with = NULL").await;
    change(world, payment).await;
    change(world, "UPDATE vouchers SET state = 'pending', \"authorization\" = authorized_with, authorized_with = NULL, expires_at = issued_at + 900").await;
}

async fn restarted(world: World) -> World {
    let (data, clock) = (world.data.clone(), world.clock.clone());
    world.stop().await;
    World::open(&data, Path::new("no-album-needed"), ServerConfig::default(), clock).await
}

const SET_ASIDE: &str = "UPDATE payments SET state = 'authorized'";
const TAKEN: &str = "UPDATE payments SET state = 'captured'";

// B2, B7
#[test]
fn after_a_restart_an_order_whose_reservation_lapsed_is_given_up_and_not_charged() {
    alone(async {
        let world = World::start("lapsed-order", ServerConfig::default()).await;
        Listener::buy(&world, 0, "lapsed-order-1").await;
        interrupted(&world, SET_ASIDE).await;
        world.clock.advance(Duration::from_secs(1200));
        let world = restarted(world).await;
        assert_eq!(text(&world, "SELECT state FROM payments").await, "voided");
        assert_eq!(text(&world, "SELECT state FROM orders").await, "refused");
        world.stop().await;
    });
}

// B2, B7
#[test]
fn after_a_restart_an_order_in_time_is_finished_and_paid_once() {
    alone(async {
        let world = World::start("finished-order", ServerConfig::default()).await;
        let (order_id, _) = Listener::buy(&world, 0, "finished-order-1").await;
        interrupted(&world, SET_ASIDE).await;
        let world = restarted(world).await;
        assert_eq!(text(&world, "SELECT state FROM payments").await, "captured");
        assert_eq!(world.get(&format!("/v1/orders/{order_id}")).await["paid_with"], "Visa •••• 4242");
        world.stop().await;
    });
}

// B2, B7
#[test]
fn money_that_was_taken_for_what_cannot_be_delivered_goes_back_and_one_bad_order_stops_no_other() {
    alone(async {
        let world = World::start("captured-order", ServerConfig::default()).await;
        Listener::buy(&world, 0, "captured-order-1").await;
        Listener::buy(&world, 1, "captured-order-2").await;
        interrupted(&world, TAKEN).await;
        // the first can not even be asked about
        change(&world, &format!("UPDATE order_items SET \"authorization\" = 'damaged' WHERE order_id = (SELECT order_id FROM orders WHERE {})", under("captured-order-1"))).await;
        world.clock.advance(Duration::from_secs(1200));
        let world = restarted(world).await;
        let second = format!(
            "SELECT p.state FROM payments p JOIN orders o ON p.idempotency_key LIKE '%' || o.order_id WHERE o.{}",
            under("captured-order-2")
        );
        assert_eq!(text(&world, &second).await, "refunded");
        assert_eq!(
            text(&world, &format!("SELECT state FROM orders WHERE {}", under("captured-order-2"))).await,
            "refunded"
        );
        assert_eq!(
            text(&world, &format!("SELECT state FROM orders WHERE {}", under("captured-order-1"))).await,
            "open"
        );
        world.stop().await;
    });
}

async fn compared(world: &World) -> Comparison {
    world.server.as_ref().unwrap().maintain().await;
    compare::compare(&Archive::open(&world.data, None, None, &Vault::default()).await.unwrap()).await.unwrap()
}

async fn deliver(world: &World, order_id: &str) {
    let ada = Listener::register(world).await;
    for track in &voucher_of(world, order_id).await.tracks {
        let approval = ada.redeem(world, track).await.unwrap();
        let bytes = download(world, &approval, 0).await;
        assert_eq!(report(world, &approval, &bytes).await, 204);
    }
}

async fn album(world: &World, key: &str) -> (u16, Value) {
    let items: Vec<Value> =
        world.tracks().await.iter().map(|id| json!({ "media_id": id, "quality": "lossless" })).collect();
    let front = world.get("/v1/albums").await;
    let total = &front["albums"][0]["prices"][0]["price_cents"];
    let order = json!({ "items": items, "total_cents": total, "currency": "USD", "idempotency_key": key });
    world.pay(order, test_cards::GOOD).await
}

fn with_markup(percent: u32) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.merchant.markup_percent = percent;
    config
}

// R1, B10: an album for 2.00 (1.29 and 1.29 alone), and a single track, with a mark-up of 20 %
#[test]
fn an_album_a_track_and_a_refund_stand_in_both_books_as_the_bank_has_them() {
    alone(async {
        let world = World::start("books", with_markup(20)).await;
        let (status, whole) = album(&world, "books-album").await;
        assert_eq!((status, whole["total_cents"].as_u64()), (200, Some(240)), "{whole}");
        let (_, single) = world.order(&world.tracks().await[0], test_cards::GOOD, "books-single").await;
        assert_eq!(single["total_cents"], 155);
        let (album_id, single_id) =
            (whole["order_id"].as_str().unwrap(), single["order_id"].as_str().unwrap());

        let waiting = compared(&world).await;
        let codes: Vec<_> = waiting.differences.iter().map(|difference| difference.code).collect();
        assert_eq!(codes, ["not-delivered"; 3], "paid, and nothing delivered yet");
        deliver(&world, album_id).await;
        deliver(&world, single_id).await;
        for item in whole["items"].as_array().unwrap() {
            let sale = &sales_of(&world, item["voucher_id"].as_str().unwrap()).await[0];
            assert_eq!((sale.sold, sale.cost_cents, sale.retail_cents), (Sold::Album, 100, 120));
        }
        let books = compared(&world).await;
        assert_eq!((books.agree, books.differences.len()), (3, 0), "{:?}", books.differences);
        let both = Totals { cost_cents: 200 + 129, retail_cents: 240 + 155 };
        assert_eq!((books.totals["USD"].merchants, books.totals["USD"].content_managers), (both, both));
        let bank =
            "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM payments WHERE state = 'captured'";
        assert_eq!(world.count(bank).await, both.retail_cents);

        let admin = AdminClient::open(&world.data).unwrap();
        for _ in 0..2 {
            let refunded = admin.refund(single_id.to_owned()).await.unwrap();
            assert_eq!((refunded.state.word(), refunded.total_cents), ("refunded", 155));
        }
        let books = compared(&world).await;
        assert_eq!((books.agree, books.differences.len()), (3, 0), "{:?}", books.differences);
        let rest = Totals { cost_cents: 200, retail_cents: 240 };
        assert_eq!((books.totals["USD"].merchants, books.totals["USD"].content_managers), (rest, rest));
        assert_eq!(world.count(bank).await, rest.retail_cents);
        world.stop().await;
    });
}

// B7: keys that were delivered are not recalled, nothing more is handed out
#[test]
fn a_refunded_order_hands_nothing_out_any_more_and_its_receipt_says_so() {
    alone(async {
        let world = World::start("refunded", ServerConfig::default()).await;
        let (order_id, voucher) = Listener::buy(&world, 0, "refunded-1").await;
        let ada = Listener::register(&world).await;
        AdminClient::open(&world.data).unwrap().refund(order_id.clone()).await.unwrap();
        assert_eq!(
            ada.redeem(&world, &voucher.tracks[0]).await.unwrap_err(),
            (410, "voucher-refunded".into())
        );
        assert_eq!(world.get(&format!("/v1/orders/{order_id}")).await["state"], "refunded");
        assert_eq!(world.get(&format!("/v1/orders/{order_id}/voucher")).await["code"], "order-refunded");
        let books = compared(&world).await;
        assert_eq!((books.agree, books.differences.len()), (1, 0), "{:?}", books.differences);
        let page =
            reqwest::get(format!("{}/order/{order_id}", world.web)).await.unwrap().text().await.unwrap();
        assert!(page.contains("stays playable") && !page.contains("Retrieve it"), "{page}");
        let unknown = AdminClient::open(&world.data).unwrap().refund("nothing".into()).await.unwrap_err();
        assert!(unknown.to_string().contains("no such order"), "{unknown}");
        world.stop().await;
    });
}

// R1
#[test]
fn every_difference_between_the_books_is_named() {
    alone(async {
        let world = World::start("differences", ServerConfig::default()).await;
        let (order_id, voucher) = Listener::buy(&world, 0, "differences-1").await;
        // the content manager's database says another price than was agreed
        change(&world, "UPDATE vouchers SET cost_cents = 1, retail_cents = 2, sold = 'album'").await;
        deliver(&world, &order_id).await;
        let books = compared(&world).await;
        let named: Vec<_> = books.differences.iter().map(|d| (d.voucher_id, d.code)).collect();
        let id = voucher.tracks[0].voucher_id;
        assert_eq!(named, [(id, "cost"), (id, "retail"), (id, "sold-as")]);
        assert!(books.differences[0].what.contains("1.29") && books.differences[0].what.contains("0.01"));
        world.stop().await;
    });
}

// B10, B2: nothing but the prices of the shelf, however the merchant says them
#[test]
fn a_reservation_is_held_against_the_shelf() {
    alone(async {
        let world = World::start("reservations", ServerConfig::default()).await;
        let tracks = world.tracks().await;
        let track = |id: MediaId, alone: u64, share: u64| json!({ "media_id": id, "channels": 2, "alone_cents": alone, "share_cents": share });
        let wish = |sold: &str, currency: &str, retail: u64, tracks: Vec<Value>| json!({ "sold": sold, "quality": "lossless", "currency": currency, "retail_cents": retail, "tracks": tracks });
        let both = |share: [u64; 2]| vec![track(tracks[0], 129, share[0]), track(tracks[1], 129, share[1])];
        let merchant = world.as_service("merchant");
        let reserve = async |wish: Value| {
            let answer = merchant
                .post(format!("{}/v1/commerce/reserve", world.content))
                .json(&wish)
                .send()
                .await
                .unwrap();
            let (status, said) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default());
            (status, said["code"].as_str().unwrap_or_default().to_owned())
        };
        let ok = (200, String::new());
        let wrong = (409, "wrong-price".to_owned());
        assert_eq!(reserve(wish("track", "USD", 129, vec![track(tracks[0], 129, 129)])).await, ok);
        assert_eq!(
            reserve(wish("track", "USD", 500, vec![track(tracks[0], 500, 500)])).await,
            ok,
            "marked up"
        );
        assert_eq!(reserve(wish("album", "USD", 200, both([100, 100]))).await, ok);
        assert_eq!(
            reserve(wish("track", "USD", 128, vec![track(tracks[0], 128, 128)])).await,
            wrong,
            "below cost"
        );
        assert_eq!(reserve(wish("track", "USD", 100, vec![track(tracks[0], 129, 100)])).await, wrong);
        assert_eq!(
            reserve(wish("album", "USD", 199, both([100, 99]))).await,
            wrong,
            "an album below its cost"
        );
        assert_eq!(reserve(wish("album", "USD", 200, both([129, 71]))).await, wrong, "shared otherwise");
        assert_eq!(
            reserve(wish("album", "USD", 200, vec![track(tracks[0], 129, 200)])).await,
            wrong,
            "half an album"
        );
        assert_eq!(
            reserve(wish("track", "EUR", 129, vec![track(tracks[0], 129, 129)])).await,
            (409, "other-currency".into())
        );
        let bounds = (422, "invalid-request".to_owned());
        assert_eq!(
            reserve(wish("track", "USD", u64::MAX, vec![track(tracks[0], u64::MAX, u64::MAX)])).await,
            bounds
        );
        assert_eq!(reserve(wish("track", "USD", 129, vec![])).await, bounds);
        world.stop().await;
    });
}

// B7, B4
#[test]
fn an_order_is_found_by_its_key_whatever_became_of_it() {
    alone(async {
        let world = World::start("found-order", ServerConfig::default()).await;
        let find = async |world: &World, key: &str| {
            let (status, said) = world.post("/v1/orders/find", &json!({ "idempotency_key": key })).await;
            (status, said["order_id"].as_str().or(said["code"].as_str()).unwrap_or_default().to_owned())
        };
        assert_eq!(find(&world, "found-order-1").await, (404, "not-found".into()));
        let (order_id, _) = Listener::buy(&world, 0, "found-order-1").await;
        assert_eq!(find(&world, "found-order-1").await, (200, order_id.clone()));
        interrupted(&world, SET_ASIDE).await;
        assert_eq!(find(&world, "found-order-1").await, (200, order_id), "what was left open is decided");
        let track = world.tracks().await[1];
        world.order(&track, test_cards::DECLINED, "found-order-2").await;
        assert_eq!(find(&world, "found-order-2").await, (402, "card-declined".into()));
        // nothing was charged under that key, so another card may try again
        let (status, paid) = world.order(&track, test_cards::GOOD, "found-order-2").await;
        assert_eq!(status, 200, "{paid}");
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await, 2);
        world.stop().await;
    });
}

// B3: the merchant's log is the merchant's, and as tight as the content manager's
#[test]
fn the_merchant_s_secure_log_reaches_the_licensing_center_whole() {
    alone(async {
        let world = World::start("merchant-log", ServerConfig::default()).await;
        album(&world, "merchant-log-1").await;
        world.server.as_ref().unwrap().maintain().await;
        let sql =
            "SELECT COUNT(*) FROM log_entries e JOIN logs l ON l.log_id = e.log_id WHERE l.role = 'merchant'";
        assert_eq!(
            world.count(sql).await,
            4,
            "opened, one entry for each track, and the licensing center's stamp"
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM secure_log WHERE writer = 'merchant'").await, 4);
        world.stop().await;
    });
}

// B2, B7: whoever waits hears what is known, and the order goes on
#[test]
fn nobody_is_told_that_nothing_was_charged_while_money_is_set_aside() {
    alone(async {
        let world = World::start("set-aside", ServerConfig::default()).await;
        let track = world.tracks().await[0];
        change(
            &world,
            "CREATE TRIGGER away BEFORE UPDATE ON vouchers BEGIN SELECT RAISE(ABORT, 'away'); END",
        )
        .await;
        let (status, said) = world.order(&track, test_cards::GOOD, "set-aside-1").await;
        assert_eq!((status, said["code"].as_str()), (502, Some("payment-unconfirmed")), "{said}");
        assert!(!said["message"].as_str().unwrap().contains("nothing was charged"), "{said}");
        assert_eq!(text(&world, "SELECT state FROM payments").await, "authorized");
        change(&world, "DROP TRIGGER away").await;
        let (status, paid) = world.order(&track, test_cards::GOOD, "set-aside-1").await;
        assert_eq!(status, 200, "{paid}");
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await, 1);
        world.stop().await;
    });
}

// B7, F0: the merchant's tables were restored from a backup that lacks an order; the money of that one stays where it is
#[test]
fn a_payment_whose_order_was_lost_is_not_given_back_for_another_order_under_its_key() {
    alone(async {
        let world = World::start("restored", ServerConfig::default()).await;
        let (order_id, _) = Listener::buy(&world, 0, "restored-1").await;
        deliver(&world, &order_id).await;
        for table in ["order_items", "orders"] {
            change(&world, &format!("DELETE FROM {table}")).await;
        }
        let (status, said) = album(&world, "restored-1").await;
        assert_eq!((status, said["code"].as_str()), (402, Some("key-reused")), "{said}");
        assert_eq!(text(&world, "SELECT state FROM payments").await, "captured");
        assert_eq!(text(&world, "SELECT state FROM orders").await, "refused");
        let (status, paid) = album(&world, "another-key-1").await;
        assert_eq!(status, 200, "{paid}");
        world.stop().await;
    });
}

// R1
#[test]
fn a_refund_of_another_amount_is_named() {
    alone(async {
        let world = World::start("refund-amounts", ServerConfig::default()).await;
        let (order_id, voucher) = Listener::buy(&world, 0, "refund-amounts-1").await;
        deliver(&world, &order_id).await;
        change(&world, "UPDATE vouchers SET cost_cents = 1").await;
        // what the operator has of it: a voucher, as `compare-logs` names it
        let voucher_id = voucher.tracks[0].voucher_id.to_string();
        AdminClient::open(&world.data).unwrap().refund(voucher_id).await.unwrap();
        let refused = AdminClient::open(&world.data).unwrap().refund("0".repeat(32)).await.unwrap_err();
        assert!(refused.to_string().contains("no such order"), "{refused}");
        let books = compared(&world).await;
        let named: Vec<_> = books.differences.iter().map(|d| (d.voucher_id, d.code)).collect();
        assert_eq!(named, [(voucher.tracks[0].voucher_id, "refund-amount")]);
        world.stop().await;
    });
}
