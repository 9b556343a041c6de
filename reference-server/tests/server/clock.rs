//! What time does: reservations lapse, vouchers run out, certificates are renewed. The clock is moved, nobody waits.

use std::time::Duration;

use cadenza_server::config::ServerConfig;
use serde_json::{Value, json};

use crate::listener::{Listener, voucher_of};
use crate::world::{World, alone};

const DAY: u64 = 86_400;

/// Moves the clock, and has done what is due.
async fn later(world: &World, by: Duration) {
    world.clock.advance(by);
    world.server.as_ref().unwrap().maintain().await;
}

// B2, B5, S1
#[test]
fn time_ends_reservations_vouchers_and_certificates_but_not_purchases() {
    alone(async {
        let world = World::start("clock", ServerConfig::default()).await;
        let merchant = world.as_service("merchant");
        let commerce = async |step: &str, body: &Value| {
            let answer = merchant
                .post(format!("{}/v1/commerce/{step}", world.content))
                .json(body)
                .send()
                .await
                .unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
        };

        // a reservation lapses
        let reserve = World::reserving(&world.tracks().await[0]);
        let packet = commerce("reserve", &reserve).await.1["packets"][0].take();
        assert_eq!(packet["lifetime_seconds"], 900);
        let step = json!({ "voucher_id": packet["voucher_id"], "authorization": packet["authorization"] });
        later(&world, Duration::from_secs(901)).await;
        let (status, refusal) = commerce("authorize", &step).await;
        assert_eq!((status, refusal["code"].as_str()), (410, Some("voucher-expired")));

        // one that is authorized in time stays, and a repeated step gives the same answer
        let packet = commerce("reserve", &reserve).await.1["packets"][0].take();
        let step = json!({ "voucher_id": packet["voucher_id"], "authorization": packet["authorization"] });
        let first = commerce("authorize", &step).await;
        assert_eq!(first.0, 200);
        assert_eq!(commerce("authorize", &step).await, first, "a lost reply is asked for again");

        // a voucher that nobody redeemed runs out; the store gives a new one
        let (order_id, voucher) = Listener::buy(&world, 0, "clock-01").await;
        let ada = Listener::register(&world).await;
        later(&world, Duration::from_secs(31 * DAY)).await;
        assert_eq!(
            ada.redeem(&world, &voucher.tracks[0]).await.unwrap_err(),
            (410, "voucher-expired".into())
        );
        let fresh = voucher_of(&world, &order_id).await;
        let approval = ada.redeem(&world, &fresh.tracks[0]).await.unwrap();

        // meanwhile the content manager's two weeks were over twice: its certificate is a new one, its custody the same
        let renewed = approval.content_manager_chain.leaf();
        assert!(renewed.not_before() > crate::world::START.plus_days(30));
        assert!(renewed.not_after().0 - renewed.not_before().0 <= 15 * DAY as i64);
        world.stop().await;
    });
}

// V2
#[test]
fn when_all_streams_are_in_use_a_preview_is_a_clear_not_now() {
    alone(async {
        let mut config = ServerConfig::default();
        config.content.streams = 1;
        let world = World::start("streams", config).await;
        let track = world.tracks().await[0];
        let wish = json!({ "media_ids": [track], "kind": "clip" });
        let (_, voucher) = world.post("/v1/previews", &wish).await;
        let delivery = world.as_service("delivery-1");
        let stream = json!({ "voucher_id": voucher["tracks"][0]["voucher_id"], "media_id": track, "kind": "clip", "player": "p", "transport": "udp", "bandwidth_kbps": 64 });
        let allocated = delivery
            .post(format!("{}/v1/delivery/allocate", world.content))
            .json(&stream)
            .send()
            .await
            .unwrap();
        assert_eq!(allocated.status(), 200);
        let (status, refusal) = world.post("/v1/previews", &wish).await;
        assert_eq!((status, refusal["code"].as_str()), (503, Some("no-stream")));
        let end = json!({ "voucher_id": voucher["tracks"][0]["voucher_id"], "media_id": track, "kind": "clip", "transport": "udp", "status": "completed", "played_ms": 3000, "image": "preview-96" });
        let released =
            delivery.post(format!("{}/v1/delivery/release", world.content)).json(&end).send().await.unwrap();
        assert_eq!(released.status(), 204);
        assert_eq!(world.post("/v1/previews", &wish).await.0, 200);
        world.stop().await;
    });
}

#[test]
fn a_second_start_has_everything_the_first_one_had() {
    alone(async {
        let world = World::start("restart", ServerConfig::default()).await;
        let (order_id, _) = Listener::buy(&world, 0, "restart-1").await;
        let ada = Listener::register(&world).await;
        let (data, clock, tracks) = (world.data.clone(), world.clock.clone(), world.tracks().await);
        world.stop().await;
        let nothing = data.join("no-album-needed");
        let world = World::open(&data, &nothing, ServerConfig::default(), clock).await;
        assert_eq!(world.tracks().await, tracks);
        let voucher = voucher_of(&world, &order_id).await;
        assert!(ada.redeem(&world, &voucher.tracks[0]).await.is_ok());
        world.stop().await;
    });
}
