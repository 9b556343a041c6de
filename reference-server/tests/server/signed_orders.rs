//! Orders that a passport signed: held against everything they say, by merchant and content manager; and the rest of an album, for
//! whoever has bought the other tracks.

use std::time::Duration;

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::shop::signed_order::SignedOrder;
use cadenza_protocol::shop::sold::Sold;
use cadenza_protocol::signed::SignedMessage;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::ServerConfig;
use serde_json::{Value, json};

use crate::listener::{Listener, order_signed, voucher_of};
use crate::secure_log::sales_of;
use crate::world::{World, alone, shared};

fn code((status, answer): (u16, Value)) -> (u16, String) {
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

fn voucher_id(order: &Value) -> VoucherId {
    order["items"][0]["voucher_id"].as_str().unwrap().parse().unwrap()
}

// B2
#[test]
fn a_signed_order_is_held_against_everything_it_says() {
    shared(async |world| {
        let ada = Listener::register(world).await;
        let tracks = world.tracks().await;
        let items = [(tracks[0], 129)];
        let key = "signed-order-1";
        let right = Listener::wish(world, key, &items, &[]);
        let refused = async |change: &dyn Fn(&mut SignedOrder)| {
            let mut order = right.clone();
            change(&mut order);
            code(order_signed(world, key, &items, &ada.sign(&order)).await)
        };
        let conflict = |code: &str| (409, code.to_owned());
        assert_eq!(refused(&|o| o.root = [1; 32]).await, conflict("order-other-center"));
        assert_eq!(refused(&|o| o.merchant_key = [1; 32]).await, conflict("order-other-merchant"));
        assert_eq!(
            refused(&|o| o.content_manager_key = [1; 32]).await,
            conflict("order-other-content-manager")
        );
        assert_eq!(refused(&|o| o.order_key = "signed-order-2".into()).await, conflict("order-other-key"));
        assert_eq!(refused(&|o| o.items[0].media_id = tracks[1]).await, conflict("order-other-items"));
        assert_eq!(refused(&|o| o.items[0].quality = "lossy".into()).await, conflict("order-other-items"));
        assert_eq!(refused(&|o| o.items[0].price_cents = 128).await, conflict("order-other-prices"));
        assert_eq!(refused(&|o| o.currency = "EUR".parse().unwrap()).await, conflict("order-other-currency"));
        for seconds in [-601, 601] {
            let moved = refused(&|o| o.at = o.at.plus_seconds(seconds)).await;
            assert_eq!(moved, conflict("order-other-time"));
        }
        assert_eq!(refused(&|o| o.gift = true).await, conflict("order-gift"));
        let mut altered = json!(ada.sign(&right));
        altered["body"] = json!(ada.sign(&SignedOrder { gift: true, ..right.clone() }))["body"].clone();
        let altered: SignedMessage = serde_json::from_value(altered).unwrap();
        assert_eq!(
            code(order_signed(world, key, &items, &altered).await),
            (403, "order-signature".to_owned())
        );
        // nothing was charged by all that, and the key is still good
        let (status, order) = order_signed(world, key, &items, &ada.sign(&right)).await;
        assert_eq!((status, order["total_cents"].as_u64()), (200, Some(129)), "{order}");
    });
}

async fn reserve(world: &World, wish: &Value) -> (u16, Value) {
    let url = format!("{}/v1/commerce/reserve", world.content);
    let answer = world.as_service("merchant").post(url).json(wish).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn reserving(track: &MediaId, signed: &SignedMessage) -> Value {
    let mut wish = World::reserving(track);
    wish["order"] = json!(signed);
    wish
}

// B2: the content manager believes no merchant
#[test]
fn the_content_manager_checks_a_signed_order_for_itself_and_takes_it_once() {
    alone(async {
        let world = World::start("signed-reservation", ServerConfig::default()).await;
        let (ada, tracks) = (Listener::register(&world).await, world.tracks().await);
        let track = &tracks[0];
        let right = Listener::wish(&world, "reservation-1", &[(*track, 129)], &[]);
        let refused = async |change: &dyn Fn(&mut SignedOrder)| {
            let mut order = right.clone();
            change(&mut order);
            code(reserve(&world, &reserving(track, &ada.sign(&order))).await).1
        };
        assert_eq!(refused(&|o| o.root = [1; 32]).await, "order-other-center");
        assert_eq!(refused(&|o| o.merchant_key = [1; 32]).await, "order-other-merchant");
        assert_eq!(refused(&|o| o.content_manager_key = [1; 32]).await, "order-other-content-manager");
        assert_eq!(refused(&|o| o.items[0].media_id = tracks[1]).await, "order-other-items");
        assert_eq!(refused(&|o| o.items[0].price_cents = 130).await, "order-other-prices");
        assert_eq!(refused(&|o| o.at = o.at.plus_seconds(-601)).await, "order-other-time");

        let wish = reserving(track, &ada.sign(&right));
        let (status, first) = reserve(&world, &wish).await;
        assert_eq!(status, 200, "{first}");
        let (status, second) = reserve(&world, &wish).await;
        assert_eq!(status, 200, "the answer was lost: {second}");
        let authorize = async |packet: &Value| {
            let url = format!("{}/v1/commerce/authorize", world.content);
            let step =
                json!({ "voucher_id": packet["voucher_id"], "authorization": packet["authorization"] });
            world.as_service("merchant").post(url).json(&step).send().await.unwrap().status().as_u16()
        };
        assert_eq!(authorize(&first["packets"][0]).await, 410, "the one before has lapsed");
        assert_eq!(authorize(&second["packets"][0]).await, 200);
        assert_eq!(code(reserve(&world, &wish).await), (409, "order-used".to_owned()));
        world.stop().await;
    });
}

// G8: a withdrawn passport is turned away before anything is paid
#[test]
fn an_order_signed_by_a_withdrawn_passport_is_not_charged() {
    alone(async {
        let world = World::start("signed-withdrawn", ServerConfig::default()).await;
        let (ada, track) = (Listener::register(&world).await, world.tracks().await[0]);
        let serial = ada.passport.chain().leaf().serial();
        AdminClient::open(&world.data).unwrap().revoke(serial, "lost".into()).await.unwrap();
        world.clock.advance(Duration::from_secs(61));
        let refused = code(ada.order(&world, "withdrawn-1", &[(track, 129)], &[]).await);
        assert_eq!(refused, (403, "certificate-revoked".to_owned()));
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await, 0);
        world.stop().await;
    });
}

// B1, R1: 1.29 each, 2.00 the album
#[test]
fn whoever_has_bought_one_track_completes_the_album_for_the_rest_of_its_price() {
    alone(async {
        let world = World::start("completion", ServerConfig::default()).await;
        let (ada, eve) = (Listener::register(&world).await, Listener::register(&world).await);
        let tracks = world.tracks().await;
        let (first, second) = (tracks[0], tracks[1]);
        let (status, single) = ada.order(&world, "completion-1", &[(first, 129)], &[]).await;
        assert_eq!(status, 200, "{single}");
        let bought = voucher_id(&single);
        let not_counted = (409, "purchases-not-counted".to_owned());
        let complete = async |who: &Listener, key: &str, cents: u64, shown: &[VoucherId]| {
            who.order(&world, key, &[(second, cents)], shown).await
        };

        assert_eq!(
            code(complete(&ada, "completion-2", 71, &[bought]).await),
            not_counted,
            "not redeemed yet"
        );
        ada.fetch(&world, &single).await;
        assert_eq!(code(complete(&eve, "completion-3", 71, &[bought]).await), not_counted, "another's");
        assert_eq!(code(complete(&ada, "completion-4", 71, &[VoucherId::random()]).await), not_counted);
        assert_eq!(code(complete(&ada, "completion-5", 71, &[bought, bought]).await), not_counted);
        let changed = (409, "price-changed".to_owned());
        assert_eq!(code(complete(&ada, "completion-6", 71, &[]).await), changed, "nothing was shown");
        assert_eq!(code(complete(&ada, "completion-7", 70, &[bought]).await), changed);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await, 1);

        let (status, rest) = complete(&ada, "completion-8", 71, &[bought]).await;
        assert_eq!((status, rest["total_cents"].as_u64()), (200, Some(71)), "{rest}");
        let rest_id = rest["order_id"].as_str().unwrap();
        let voucher = voucher_of(&world, rest_id).await;
        let stranger = eve.redeem(&world, &voucher.tracks[0]).await.unwrap_err();
        assert_eq!(stranger, (403, "voucher-for-another".into()));
        ada.fetch(&world, &rest).await;
        let sale = &sales_of(&world, &voucher_id(&rest).to_string()).await[0];
        assert_eq!((sale.sold, sale.cost_cents, sale.retail_cents), (Sold::Completion, 71, 71));
        world.stop().await;
    });
}

// B1, B7
#[test]
fn what_made_an_album_cheaper_is_paid_back_after_the_rest_and_counts_no_more() {
    alone(async {
        let world = World::start("completion-refund", ServerConfig::default()).await;
        let (ada, tracks) = (Listener::register(&world).await, world.tracks().await);
        let (status, single) = ada.order(&world, "paid-back-1", &[(tracks[0], 129)], &[]).await;
        assert_eq!(status, 200, "{single}");
        ada.fetch(&world, &single).await;
        let bought = voucher_id(&single);
        let (status, rest) = ada.order(&world, "paid-back-2", &[(tracks[1], 71)], &[bought]).await;
        assert_eq!(status, 200, "{rest}");
        let admin = AdminClient::open(&world.data).unwrap();
        let refund = async |order: &Value| admin.refund(order["order_id"].as_str().unwrap().to_owned()).await;
        let refused = refund(&single).await.unwrap_err();
        assert!(refused.to_string().contains("refund that order first"), "{refused}");
        refund(&rest).await.unwrap();
        refund(&single).await.unwrap();
        let again = ada.order(&world, "paid-back-3", &[(tracks[1], 71)], &[bought]).await;
        assert_eq!(code(again), (409, "purchases-not-counted".to_owned()));
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await, 0);
        world.stop().await;
    });
}
