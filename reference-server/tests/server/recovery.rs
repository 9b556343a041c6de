//! Strangers around a recovery (G7): they lock nobody out, hide nobody, and a request granted once is not granted twice.

use std::net::{IpAddr, Ipv4Addr};

use cadenza_protocol::card::test_cards;
use cadenza_protocol::passport::RenewalRequest;
use cadenza_protocol::signed::SignedMessage;
use cadenza_server::config::ServerConfig;
use cadenza_server::door::LimitSettings;
use serde_json::{Value, json};

use crate::listener::{Listener, apply, details as registered};
use crate::world::{World, alone};

fn details(telephone: &str) -> Value {
    json!({ "name": "Ada Example", "email": "ada@example.org", "telephone": telephone })
}

async fn recover(world: &World, from: &str, claim: &Value) -> reqwest::Response {
    let mut claim = claim.clone();
    claim["card"] = world.shown(test_cards::GOOD).await.unwrap();
    let url = format!("{}/v1/passports/recover", world.licensing);
    world.licensing_client.post(url).header("x-forwarded-for", from).json(&claim).send().await.unwrap()
}

// G7
#[test]
fn a_stranger_s_wrong_tries_and_registrations_keep_the_owner_from_nothing() {
    alone(async {
        let limits = LimitSettings {
            proxies: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            registrations_per_hour: 1_000,
            declined_cards_per_hour: 1_000,
            cards_per_minute: 1_000,
            ..LimitSettings::default()
        };
        let world = World::start("strangers", ServerConfig { limits, ..ServerConfig::default() }).await;
        let owner = Listener::register(&world).await;
        let (stranger, home) = ("198.51.100.7", "203.0.113.5");
        for _ in 0..5 {
            assert_eq!(recover(&world, stranger, &details("+1 555 0199")).await.status(), 403);
        }
        assert_eq!(recover(&world, stranger, &details("+1 555 0199")).await.status(), 429);
        // the very same details, another card
        for _ in 0..3 {
            assert_eq!(apply(&world, registered(), "5555 5555 5555 4444").await.status(), 200);
        }
        let answer = recover(&world, home, &details("+1 555 0100")).await;
        assert_eq!(answer.status(), 200);
        let back = Listener::with(&world, &answer.bytes().await.unwrap());
        let key = |who: &Listener| who.passport.chain().leaf().key_fingerprint();
        assert_eq!(key(&back), key(&owner));
        world.stop().await;
    });
}

/// Sixty recoveries at once get five tries between them. Limits of the door must be out of the way, and a person registered.
pub async fn sixty_at_once_get_five_tries(world: &World) {
    let claim = details("+1 555 0199");
    let tries = (0..60).map(async |_| recover(world, "", &claim).await.status().as_u16());
    let statuses = futures_util::future::join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 55, "{statuses:?}");
}

/// A shop whose door lets them through.
pub fn open_door() -> ServerConfig {
    let limits = LimitSettings {
        registrations_per_hour: 1_000,
        declined_cards_per_hour: 1_000,
        cards_per_minute: 1_000,
        ..LimitSettings::default()
    };
    ServerConfig { limits, ..ServerConfig::default() }
}

// G7; on PostgreSQL in `postgres.rs`
#[test]
fn many_tries_at_once_are_as_many() {
    alone(async {
        let world = World::start("at-once", open_door()).await;
        Listener::register(&world).await;
        sixty_at_once_get_five_tries(&world).await;
        world.stop().await;
    });
}

// G8
#[test]
fn a_renewal_that_is_sent_again_brings_no_second_certificate() {
    alone(async {
        let world = World::start("renewed-twice", ServerConfig::default()).await;
        let ada = Listener::register(&world).await;
        let sign = |domain: &str, message: &[u8]| ada.passport.sign(domain, message);
        let wish = RenewalRequest::at(world.clock.now());
        let request = SignedMessage::new(RenewalRequest::DOMAIN, &wish, ada.passport.chain(), sign);
        let url = format!("{}/v1/passports/renew", world.licensing);
        let mut statuses = Vec::new();
        for _ in 0..3 {
            let answer = world.licensing_client.post(&url).json(&request).send().await.unwrap();
            statuses.push(answer.status().as_u16());
        }
        assert_eq!(statuses, [200, 403, 403]);
        assert_eq!(
            world.count("SELECT COUNT(*) FROM certificates WHERE role = 'consumer'").await,
            4,
            "two of each passport"
        );
        world.stop().await;
    });
}
