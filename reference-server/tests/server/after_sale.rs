//! After the sale: where a purchase is fetched from, how often it was used, and whom the payment processor turns away.

use std::net::TcpListener;
use std::time::Duration;

use cadenza_protocol::cert::{RevocationLists, Role};
use cadenza_protocol::counts::{Counts, CountsReport};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::DeliveryAddress;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::{Ports, ServerConfig};
use cadenza_server::tls::ServiceTls;
use serde_json::{Value, json};

use crate::listener::Listener;
use crate::world::{World, alone, row_of, shared};

// B6, B7
#[test]
fn the_store_says_where_a_purchase_is_fetched_from_now() {
    shared(async |world| {
        let (_, voucher) = Listener::buy(world, 0, "whereabouts-1").await;
        let track = &voucher.tracks[0];
        let told = world.get(&format!("/v1/vouchers/{}/delivery", track.voucher_id)).await;
        let place: DeliveryAddress = serde_json::from_value(told).unwrap();
        assert_eq!(format!("https://{}:{}", place.host, place.https), world.delivery);
        let unknown = world.get(&format!("/v1/vouchers/{}/delivery", VoucherId::random())).await;
        assert_eq!(unknown["code"], "unknown-voucher");
    });
}

fn report(who: &Listener, world: &World, counts: &[Counts]) -> SignedMessage {
    let report = CountsReport { at: world.clock.now(), counts: counts.to_vec() };
    let sign = |domain: &str, message: &[u8]| who.passport.sign(domain, message);
    SignedMessage::new(CountsReport::DOMAIN, &report, who.passport.chain(), sign)
}

async fn told(world: &World, message: &SignedMessage) -> Vec<Counts> {
    let (status, answer) = world.post("/v1/counts", &json!(message)).await;
    assert_eq!(status, 200, "{answer}");
    let answer: SignedMessage = serde_json::from_value(answer).unwrap();
    let (now, none) = (world.clock.now(), RevocationLists::none());
    let role = Role::ContentManager;
    let kept: CountsReport = answer.open(CountsReport::KEPT_DOMAIN, &world.root, role, now, &none).unwrap();
    kept.counts
}

// D3, O3, C9
#[test]
fn counts_are_kept_for_whoever_redeemed_the_voucher_and_only_rise() {
    shared(async |world| {
        let (_, voucher) = Listener::buy(world, 0, "counts-1").await;
        let voucher_id = voucher.tracks[0].voucher_id;
        let counts = |played, recorded| Counts { voucher_id, played, recorded };
        let (ada, eve) = (Listener::register(world).await, Listener::register(world).await);
        assert_eq!(told(world, &report(&ada, world, &[counts(0, 1)])).await, [], "not redeemed yet");
        ada.redeem(world, &voucher.tracks[0]).await.unwrap();

        assert_eq!(told(world, &report(&ada, world, &[counts(3, 1)])).await, [counts(3, 1)]);
        assert_eq!(told(world, &report(&ada, world, &[counts(0, 2)])).await, [counts(3, 2)]);
        assert_eq!(told(world, &report(&ada, world, &[Counts::none(voucher_id)])).await, [counts(3, 2)]);
        assert_eq!(told(world, &report(&eve, world, &[counts(9, 9)])).await, [], "somebody else's");
        assert_eq!(told(world, &report(&ada, world, &[counts(0, 0)])).await, [counts(3, 2)]);

        let mut altered = json!(report(&ada, world, &[counts(1, 1)]));
        altered["body"] = json!(report(&ada, world, &[counts(7, 7)]))["body"].clone();
        let (status, refusal) = world.post("/v1/counts", &altered).await;
        assert_eq!((status, refusal["code"].as_str()), (403, Some("wrong-proof")));
    });
}

// C9
#[test]
fn a_revoked_merchant_captures_nothing_and_gives_back_what_it_took() {
    alone(async {
        let payment = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let ports = Ports { payment, ..Ports::default() };
        let world = World::start("payment-gate", ServerConfig { ports, ..ServerConfig::default() }).await;
        let tls =
            ServiceTls::new(world.identity("merchant"), world.root.clone(), world.clock.clone()).unwrap();
        let merchant = tls.client(Role::PaymentProcessor, Duration::from_secs(30)).unwrap().now();
        let ask = async |what: &str, body: Value| {
            let url = format!("https://127.0.0.1:{payment}/v1/{what}");
            let answer = merchant.post(url).json(&body).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default()["code"].clone())
        };
        let wallet = json!({ "wallet": { "token": "wallet-token-7781" } });
        let asked = json!({ "idempotency_key": "gate-1", "amount_cents": 99_900, "currency": "USD", "instrument": wallet });
        assert_eq!(ask("authorize", asked).await.0, 200);

        let (order_id, _) = Listener::buy(&world, 0, "gate-order-1").await;

        let admin = AdminClient::open(&world.data).unwrap();
        let serial = world.identity("merchant").chain().leaf().serial();
        admin.revoke(serial, "closed".into()).await.unwrap();
        world.clock.advance(Duration::from_secs(61));

        let captured = ask("capture", json!({ "idempotency_key": "gate-1" })).await;
        assert_eq!(captured, (403, "certificate-revoked".into()));
        // it gives back what it has: what is set aside, and what was taken
        assert_eq!(ask("void", json!({ "idempotency_key": "gate-1" })).await, (204, Value::Null));
        assert_eq!(admin.refund(order_id.clone()).await.unwrap().state.word(), "refunded");
        let again = ask("void", json!({ "idempotency_key": row_of(&order_id) })).await;
        assert_eq!(again, (409, "payment-refunded".into()), "voided and paid back are told apart");
        let reserved = world.as_service("merchant").post(format!("{}/v1/commerce/reserve", world.content));
        let reserved = reserved.json(&World::reserving(&world.tracks().await[0])).send().await.unwrap();
        assert_eq!(reserved.status(), 403);
        let taken = world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await;
        assert_eq!(taken, 0);
        world.stop().await;
    });
}
