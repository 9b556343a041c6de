//! A token in place of a card (C8, B3): good once, for one payee, order and amount, and for ten minutes.

use std::time::Duration;

use cadenza_protocol::card::test_cards;
use cadenza_protocol::pay::{KeyName, OrderName};
use cadenza_server::config::ServerConfig;
use serde_json::{Value, json};

use crate::world::{World, alone};

async fn token(world: &World, needed: &Value, order: OrderName, cents: u64) -> Value {
    let till = &needed["till"];
    let purpose = json!({ "payee": till["payee"], "order": order, "amount_cents": cents, "currency": needed["currency"] });
    let (status, issued) = world.show(test_cards::GOOD, till, purpose).await;
    assert_eq!(
        (status, issued["brand"].as_str(), issued["last4"].as_str()),
        (200, Some("Visa"), Some("4242"))
    );
    issued["token"].clone()
}

// C8, B3, B7
#[test]
fn a_token_pays_its_own_order_once_and_nothing_else() {
    alone(async {
        let world = World::start("tokens", ServerConfig::default()).await;
        let tracks = world.tracks().await;
        let order = |key: &str, track: usize| json!({ "items": [{ "media_id": tracks[track], "quality": "lossless" }], "total_cents": 129, "currency": "USD", "idempotency_key": key });
        let (status, needed) = world.post("/v1/orders", &order("token-order-1", 0)).await;
        assert_eq!((status, needed["total_cents"].as_u64()), (202, Some(129)));
        assert_eq!(
            world.count("SELECT COUNT(*) FROM orders").await,
            0,
            "being told the price leaves nothing behind"
        );
        let merchant = KeyName::of(world.identity("merchant").chain().leaf());
        assert_eq!(needed["till"]["payee"], merchant.to_string());

        let name = OrderName::of_key("token-order-1");
        let with = |mut order: Value, token: &Value| {
            order["token"] = token.clone();
            order
        };
        let refused = async |order: Value| {
            let (status, refusal) = world.post("/v1/orders", &order).await;
            assert_eq!((status, refusal["code"].as_str()), (402, Some("order-refused")), "{refusal}");
            assert!(refusal["message"].as_str().unwrap().contains("entered again"), "{refusal}");
        };
        // for another amount, another order, another payee; made up; too old
        refused(with(order("token-order-1", 0), &token(&world, &needed, name, 128).await)).await;
        let good = token(&world, &needed, name, 129).await;
        refused(with(order("token-order-2", 0), &good)).await;
        let mut elsewhere = needed.clone();
        elsewhere["till"]["payee"] = json!("11".repeat(32));
        refused(with(order("token-order-1", 0), &token(&world, &elsewhere, name, 129).await)).await;
        refused(with(order("token-order-1", 0), &json!("22".repeat(32)))).await;
        let old = token(&world, &needed, name, 129).await;
        world.clock.advance(Duration::from_secs(600));
        refused(with(order("token-order-1", 0), &old)).await;

        let good = token(&world, &needed, name, 129).await;
        let (status, paid) = world.post("/v1/orders", &with(order("token-order-1", 0), &good)).await;
        assert_eq!((status, paid["paid_with"].as_str()), (200, Some("Visa •••• 4242")), "{paid}");
        // the same again is the same order, with or without a token; for another order it is used up
        for again in [with(order("token-order-1", 0), &good), order("token-order-1", 0)] {
            assert_eq!(world.post("/v1/orders", &again).await, (200, paid.clone()));
        }
        refused(with(order("token-order-3", 1), &good)).await;
        let taken = world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await;
        assert_eq!(taken, 1);
        world.stop().await;
    });
}

// C8: what the licensing center is for cannot be had with a merchant's token
#[test]
fn a_token_for_an_order_registers_nobody() {
    alone(async {
        let world = World::start("tokens-center", ServerConfig::default()).await;
        let order = json!({ "items": [{ "media_id": world.tracks().await[0], "quality": "lossless" }], "total_cents": 129, "currency": "USD", "idempotency_key": "token-order-9" });
        let (_, needed) = world.post("/v1/orders", &order).await;
        let name = OrderName::of_key("token-order-9");
        let card = json!({ "order": name, "token": token(&world, &needed, name, 0).await });
        let url = format!("{}/v1/passports", world.licensing);
        let application = json!({ "details": crate::listener::details(), "card": card });
        let answer = world.licensing_client.post(url).json(&application).send().await.unwrap();
        assert_eq!(answer.status(), 402);
        assert_eq!(world.count("SELECT COUNT(*) FROM consumers").await, 0);
        world.stop().await;
    });
}
