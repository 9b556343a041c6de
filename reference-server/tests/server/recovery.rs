//! Strangers around a recovery (G7): they lock nobody out, hide nobody, and a request granted once is not granted twice.

use std::net::{IpAddr, Ipv4Addr};

use cadenza_protocol::card::test_cards;
use cadenza_protocol::passport::RenewalRequest;
use cadenza_protocol::signed::SignedMessage;
use cadenza_server::config::ServerConfig;
use cadenza_server::door::LimitSettings;
use serde_json::{Value, json};

use crate::listener::{Listener, form};
use crate::world::{World, alone};

fn details(telephone: &str, card: &str) -> Value {
    json!({
        "name": "Ada Example", "email": "ada@example.org", "telephone": telephone, "card_number": card, "card_expiry": "12/29",
    })
}

async fn recover(world: &World, from: &str, claim: &Value) -> u16 {
    let url = format!("{}/v1/passports/recover", world.licensing);
    let request = world.licensing_client.post(url).header("x-forwarded-for", from).json(claim);
    request.send().await.unwrap().status().as_u16()
}

// G7
#[test]
fn a_stranger_s_wrong_tries_and_registrations_keep_the_owner_from_nothing() {
    alone(async {
        let limits = LimitSettings {
            proxies: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            registrations_per_hour: 1_000,
            declined_cards_per_hour: 1_000,
            ..LimitSettings::default()
        };
        let world = World::start("strangers", ServerConfig { limits, ..ServerConfig::default() }).await;
        let owner = Listener::register(&world).await;
        let (stranger, home) = ("198.51.100.7", "203.0.113.5");
        for _ in 0..5 {
            assert_eq!(recover(&world, stranger, &details("+1 555 0199", test_cards::GOOD)).await, 403);
        }
        assert_eq!(recover(&world, stranger, &details("+1 555 0199", test_cards::GOOD)).await, 429);
        // the very same details, another card
        let url = format!("{}/v1/passports", world.licensing);
        let other = form("5555 5555 5555 4444");
        for _ in 0..3 {
            let answer = world.licensing_client.post(&url).json(&other).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
        let answer = world.licensing_client.post(format!("{url}/recover")).header("x-forwarded-for", home);
        let answer = answer.json(&details("+1 555 0100", test_cards::GOOD)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let back = Listener::with(&world, &answer.bytes().await.unwrap());
        let key = |who: &Listener| who.passport.chain().leaf().key_fingerprint();
        assert_eq!(key(&back), key(&owner));
        world.stop().await;
    });
}

/// Sixty recoveries at once get five tries between them. Limits of the door must be out of the way, and a person registered.
pub async fn sixty_at_once_get_five_tries(world: &World) {
    let claim = details("+1 555 0199", test_cards::GOOD);
    let tries = (0..60).map(|_| recover(world, "", &claim));
    let statuses = futures_util::future::join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 55, "{statuses:?}");
}

/// A shop whose door lets them through.
pub fn open_door() -> ServerConfig {
    let limits = LimitSettings { registrations_per_hour: 1_000, ..LimitSettings::default() };
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
