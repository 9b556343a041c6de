//! From a voucher to music on the buyer's disk, once.

use std::io::Cursor;

use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::media::{MediaFile, TextKind};
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::ServerConfig;

use crate::listener::{Listener, download, report, voucher_of};
use crate::secure_log::sales_of;
use crate::world::{World, alone, arc, shared};

// B5, B6, B7, B9
#[test]
fn a_buyer_gets_the_music_whole_and_anyone_else_gets_nothing() {
    shared(async |world| {
        let (order_id, voucher) = Listener::buy(world, 0, "journey-1").await;
        let track = &voucher.tracks[0];
        let (ada, eve) = (Listener::register(world).await, Listener::register(world).await);

        let approval = ada.redeem(world, track).await.unwrap();
        approval
            .grant
            .verify(
                &approval.content_manager_chain,
                &approval.grant_signature,
                &approval.wrapped_keys,
                &world.root,
            )
            .unwrap();
        let whole = download(world, &approval, 0).await;
        let tail = download(world, &approval, whole.len() / 2).await;
        assert_eq!(tail, whole[whole.len() / 2..], "a download goes on from any byte");

        // not before the player says that it has everything
        let not_all = report(world, &approval, &whole[1..]).await;
        assert_eq!(not_all, 422);
        assert_eq!(delivered(world, &track.voucher_id.to_string()).await, 0);
        for _ in 0..3 {
            assert_eq!(report(world, &approval, &whole).await, 204);
        }
        assert_eq!(delivered(world, &track.voucher_id.to_string()).await, 1);

        let label =
            WrapLabel::purchase(&track.media_id, &track.voucher_id, &ada.passport.encryption().fingerprint());
        let keys = ada.passport.unwrap_keys(&approval.wrapped_keys, &label).unwrap();
        let mut media = MediaFile::open(Cursor::new(whole), &world.root).unwrap();
        media.verify_all().unwrap();
        assert_eq!(media.text_with_keys(TextKind::Lyrics, &keys).unwrap().as_deref(), Some("la la la"));
        let mut flac = Vec::new();
        std::io::Read::read_to_end(&mut media.open_image("lossless", Some(&keys)).unwrap(), &mut flac)
            .unwrap();
        assert!(flac.starts_with(b"fLaC"));
        assert!(media.open_image("lossy", Some(&keys)).is_err(), "only the bought quality opens");

        assert_eq!(eve.redeem(world, track).await.unwrap_err(), (409, "voucher-used".into()));
        let again = voucher_of(world, &order_id).await;
        assert!(ada.redeem(world, &again.tracks[0]).await.is_ok(), "every purchase can be downloaded again");
    });
}

async fn delivered(world: &crate::world::World, voucher: &str) -> i64 {
    let database = world.database().await;
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM delivery_log WHERE voucher_id = $1")
        .bind(voucher)
        .fetch_one(database.pool())
        .await
        .unwrap();
    database.close().await;
    count
}

// F9
#[test]
fn a_hundred_redemptions_at_once_are_one_delivery_and_one_log_entry() {
    shared(async |world| {
        let (_, voucher) = Listener::buy(world, 1, "hundred-1").await;
        let voucher_id = voucher.tracks[0].voucher_id.to_string();
        let passports = arc([Listener::register(world).await, Listener::register(world).await]);
        let voucher = arc(voucher);
        let attempts: Vec<_> = (0..100)
            .map(|i| {
                let (passports, voucher) = (passports.clone(), voucher.clone());
                tokio::spawn(async move { (i % 2, passports[i % 2].redeem(world, &voucher.tracks[0]).await) })
            })
            .collect();
        let mut winners = Vec::new();
        let mut approvals = Vec::new();
        for attempt in attempts {
            match attempt.await.unwrap() {
                (who, Ok(approval)) => {
                    winners.push(who);
                    approvals.push(approval);
                }
                (_, Err(refusal)) => assert_eq!(refusal, (409, "voucher-used".into())),
            }
        }
        assert_eq!(winners.len(), 50, "one passport succeeds each time, the other never");
        assert!(winners.iter().all(|who| *who == winners[0]));

        let bytes = arc(download(world, &approvals[0], 0).await);
        let reports: Vec<_> = approvals
            .into_iter()
            .map(|approval| {
                let bytes = bytes.clone();
                tokio::spawn(async move { report(world, &approval, &bytes).await })
            })
            .collect();
        for said in reports {
            assert_eq!(said.await.unwrap(), 204);
        }
        assert_eq!(delivered(world, &voucher_id).await, 1);
        assert_eq!(sales_of(world, &voucher_id).await.len(), 1);
    });
}

// B6, B7: a ticket is good for a day, and for as long as the purchase stands
#[test]
fn a_ticket_from_before_a_refund_fetches_nothing_after_it() {
    alone(async {
        let world = World::start("ticket-refunded", ServerConfig::default()).await;
        let (order_id, voucher) = Listener::buy(&world, 0, "ticket-refunded-1").await;
        let ada = Listener::register(&world).await;
        let approval = ada.redeem(&world, &voucher.tracks[0]).await.unwrap();
        let url = format!("{}{}", world.delivery, approval.download);
        let fetch = async || {
            let wish = world.delivery_client.get(&url).bearer_auth(&approval.download_token);
            let answer = wish.header("range", "bytes=0-99").send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap())
        };
        assert_eq!(fetch().await.0, 206);
        AdminClient::open(&world.data).unwrap().refund(order_id).await.unwrap();
        let (status, said) = fetch().await;
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        assert_eq!((status, said["code"].as_str()), (410, Some("voucher-refunded")));
        world.stop().await;
    });
}
