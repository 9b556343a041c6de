//! Orders: prices, refusals, and one order for one key.

use cadenza_protocol::card::test_cards;
use cadenza_protocol::pay::OrderName;
use serde_json::{Value, json};

use crate::listener::{apply, details, voucher_of};
use crate::world::shared;

// B1
#[test]
fn the_store_shows_albums_with_prices_art_facts_and_waveforms() {
    shared(async |world| {
        let front = world.get("/v1/albums").await;
        let card = &front["albums"][0];
        assert_eq!((card["title"].as_str(), card["track_count"].as_u64()), (Some("Two Tones"), Some(2)));
        assert_eq!(card["prices"][0], json!({ "quality": "lossless", "price_cents": 200 }));
        let id = card["id"].as_str().unwrap();
        let album = world.get(&format!("/v1/albums/{id}")).await;
        let track = &album["tracks"][0];
        assert_eq!(
            (track["title"].as_str(), track["qualities"][0]["price_cents"].as_u64()),
            (Some("Morning"), Some(129))
        );
        assert_eq!(
            track["clip"],
            json!({ "start_ms": 1000, "duration_ms": 3000, "fade_in_ms": 200, "fade_out_ms": 500 })
        );
        assert!(!track["waveform"].as_array().unwrap().is_empty());
        assert!(!album.to_string().contains("la la la"), "lyrics are for buyers");
    });
}

// B3, G2
#[test]
fn each_refused_card_says_why_and_charges_nothing() {
    shared(async |world| {
        let track = world.tracks().await[0];
        let fates = [
            (test_cards::DECLINED, 402, "card-declined"),
            (test_cards::EXPIRED, 402, "card-expired"),
            (test_cards::SILENT, 402, "payment-timeout"),
            ("4242 4242 4242 4241", 422, "invalid-form"),
        ];
        for (card, status, code) in fates {
            let key = format!("fate-{code}");
            let (got, refusal) = world.order(&track, card, &key).await;
            assert_eq!((got, refusal["code"].as_str()), (status, Some(code)), "{card}");
            assert!(!refusal["message"].as_str().unwrap().is_empty());
        }
        let charged = world.count("SELECT COUNT(*) FROM payments p JOIN orders o ON p.idempotency_key LIKE '%/' || o.order_id WHERE o.state = 'refused' AND p.state IN ('authorized', 'captured')");
        assert_eq!(charged.await, 0);
    });
}

// B7
#[test]
fn the_same_order_twice_at_once_is_one_order_and_one_payment() {
    shared(async |world| {
        let track = world.tracks().await[0];
        let order = || world.order(&track, test_cards::GOOD, "double-click-1");
        let (a, b, c) = tokio::join!(order(), order(), order());
        let id = a.1["order_id"].as_str().unwrap().to_owned();
        for (status, order) in [&a, &b, &c] {
            assert_eq!((*status, order["order_id"].as_str()), (200, Some(id.as_str())));
        }
        let payments = format!(
            "SELECT COUNT(*) FROM payments p JOIN orders o ON p.idempotency_key LIKE '%/' || o.order_id WHERE o.idempotency_key = '{}'",
            OrderName::of_key("double-click-1")
        );
        assert_eq!(world.count(&payments).await, 1);
        // another order under the same key is not mistaken for it
        let other = world.tracks().await[1];
        let (status, refusal) = world.order(&other, test_cards::GOOD, "double-click-1").await;
        assert_eq!((status, refusal["code"].as_str()), (409, Some("key-reused")));
    });
}

// B1
#[test]
fn an_album_bought_whole_costs_its_own_price() {
    shared(async |world| {
        let items: Vec<Value> =
            world.tracks().await.iter().map(|id| json!({ "media_id": id, "quality": "lossless" })).collect();
        let order = json!({ "items": items, "total_cents": 200, "currency": "USD", "idempotency_key": "whole-album" });
        let (status, order) = world.pay(order, test_cards::GOOD).await;
        assert_eq!((status, order["total_cents"].as_u64()), (200, Some(200)), "{order}");
        let voucher = voucher_of(world, order["order_id"].as_str().unwrap()).await;
        let bought: Vec<_> = voucher.tracks.iter().map(|track| track.media_id).collect();
        assert_eq!(bought, world.tracks().await, "in album order");
    });
}

// B1, B3
#[test]
fn an_order_that_comes_to_something_else_than_was_shown_is_refused_and_charges_nothing() {
    shared(async |world| {
        let track = world.tracks().await[0];
        let order = |total: u64, currency: &str| {
            json!({
                "items": [{ "media_id": track, "quality": "lossless" }], "total_cents": total, "currency": currency,
                "idempotency_key": "other-price",
            })
        };
        for (total, currency) in [(128, "USD"), (130, "USD"), (129, "EUR")] {
            let (status, refusal) = world.post("/v1/orders", &order(total, currency)).await;
            assert_eq!(
                (status, refusal["code"].as_str()),
                (409, Some("price-changed")),
                "{total} {currency}"
            );
            assert_eq!(refusal["total_cents"], 129);
            assert!(refusal["message"].as_str().unwrap().contains("1.29 USD"), "{refusal}");
        }
        let orders = format!(
            "SELECT COUNT(*) FROM orders WHERE idempotency_key = '{}'",
            OrderName::of_key("other-price")
        );
        assert_eq!(world.count(&orders).await, 0);
        let (status, paid) = world.pay(order(129, "USD"), test_cards::GOOD).await;
        assert_eq!((status, paid["total_cents"].as_u64()), (200, Some(129)));
        let mut silent = order(129, "USD");
        silent.as_object_mut().unwrap().remove("total_cents");
        assert_eq!(world.post("/v1/orders", &silent).await.0, 422, "a total is not optional");
    });
}

#[test]
fn what_the_api_does_not_have_is_refused_in_its_own_words() {
    shared(async |world| {
        assert_eq!(world.get("/v1/nowhere").await["code"], "not-found");
        let (status, refusal) = world.post("/v1/about", &json!({})).await;
        assert_eq!((status, refusal["code"].as_str()), (405, Some("wrong-method")));
    });
}

// S7
#[test]
fn a_wallet_pays_too() {
    shared(async |world| {
        let track = world.tracks().await[0];
        let order = |token: &str, key: &str| json!({ "items": [{ "media_id": track, "quality": "lossy" }], "total_cents": 99, "currency": "USD", "wallet": { "token": token }, "idempotency_key": key });
        let (status, paid) = world.post("/v1/orders", &order("wallet-token-7781", "wallet-1")).await;
        assert_eq!((status, paid["paid_with"].as_str()), (200, Some("Wallet •••• 7781")));
        assert_eq!(world.post("/v1/orders", &order("empty-wallet", "wallet-2")).await.0, 402);
    });
}

// G2
#[test]
fn a_registration_form_names_the_field_that_is_wrong() {
    shared(async |world| {
        let cases = [
            ("email", "nobody", "email"),
            ("name", "  ", "name"),
            ("confidential", "my card 4242-4242-4242-4242", "confidential"),
        ];
        for (field, value, named) in cases {
            let mut wrong = details();
            wrong[field] = json!(value);
            let answer = apply(world, wrong, test_cards::GOOD).await;
            assert_eq!(answer.status(), 422, "{field}");
            let refusal: Value = answer.json().await.unwrap();
            assert_eq!(
                (refusal["code"].as_str(), refusal["field"].as_str()),
                (Some("invalid-form"), Some(named))
            );
        }
        let (status, refusal) = world.shown("4242 4242 4242 4241").await.unwrap_err();
        assert_eq!((status, refusal["field"].as_str()), (422, Some("card.number")));
        assert_eq!(apply(world, details(), test_cards::DECLINED).await.status(), 402);
    });
}
