//! Who may ask for what: certificates of the wrong role, expired ones, none at all (C5, F7).

use std::net::TcpListener;
use std::time::Duration;

use cadenza_protocol::cert::{Certificate, CertificateChain, Role};
use cadenza_protocol::id::VoucherId;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::clock::Clock;
use cadenza_server::config::{Ports, ServerConfig};
use cadenza_server::identity::Identity;
use cadenza_server::licensing::authority::{self, Authority, Subject};
use cadenza_server::licensing::keys;
use cadenza_server::rest::Vault;
use cadenza_server::tls::{ServiceTls, anonymous_client};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use crate::world::{START, World, alone, shared};

async fn refusal(answer: Result<reqwest::Response, reqwest::Error>) -> (u16, String) {
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

// F7
#[test]
fn each_part_of_the_content_manager_serves_its_own_role_only() {
    shared(async |world| {
        let paths = [
            ("/v1/commerce/reserve", "merchant"),
            ("/v1/delivery/redeem", "delivery-1"),
            ("/v1/publish/uploads", "nobody"),
        ];
        for (path, allowed) in paths {
            for service in ["merchant", "delivery-1", "payment", "licensing", "content-manager"] {
                let answer = world
                    .as_service(service)
                    .post(format!("{}{path}", world.content))
                    .json(&json!({}))
                    .send()
                    .await;
                let (status, code) = refusal(answer).await;
                let expected =
                    if service == allowed { (422, "invalid-request") } else { (403, "wrong-role") };
                assert_eq!((status, code.as_str()), expected, "{service} at {path}");
            }
        }
    });
}

// F7
#[test]
fn without_a_certificate_or_with_one_from_elsewhere_nobody_comes_in() {
    shared(async |world| {
        let anonymous =
            anonymous_client(&world.root, Role::ContentManager, &world.clock, Duration::from_secs(10))
                .unwrap();
        assert!(anonymous.get(format!("{}/v1/commerce/inventory", world.content)).send().await.is_err());
        let elsewhere = issued_by(
            &Authority::open(&world.data.join("elsewhere"), &Vault::default(), START).unwrap(),
            Role::Merchant,
        );
        assert!(
            world
                .with_identity(elsewhere)
                .get(format!("{}/v1/commerce/inventory", world.content))
                .send()
                .await
                .is_err()
        );
    });
}

// F7
#[test]
fn a_certificate_that_has_run_out_is_refused() {
    shared(async |world| {
        let authority = Authority::open(&world.data.join("licensing"), &Vault::default(), START).unwrap();
        let subject = Subject { name: "old".into(), role: Role::Merchant, hosts: vec![] };
        let old = authority.issue_identity(&subject, keys::p256().unwrap(), START.plus_days(-200)).unwrap();
        assert!(
            world
                .with_identity(old)
                .get(format!("{}/v1/commerce/inventory", world.content))
                .send()
                .await
                .is_err()
        );
    });
}

// F7: a server is checked by its callers, too
#[test]
fn a_player_refuses_a_store_that_is_no_merchant() {
    shared(async |world| {
        let wrong =
            anonymous_client(&world.root, Role::LicensingCenter, &world.clock, Duration::from_secs(10))
                .unwrap();
        let error = wrong.get(format!("{}/v1/about", world.store)).send().await.unwrap_err();
        assert!(format!("{error:?}").contains("WrongRole"), "{error:?}");
        let later = Clock::movable(START.plus_days(400));
        let expired = anonymous_client(&world.root, Role::Merchant, &later, Duration::from_secs(10)).unwrap();
        assert!(expired.get(format!("{}/v1/about", world.store)).send().await.is_err());
    });
}

// F7, B3: who stands before the door where money moves, and what they hear
#[test]
fn money_moves_for_a_merchant_in_good_standing_and_every_other_is_told_why_not() {
    alone(async {
        let payment = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let ports = Ports { payment, ..Ports::default() };
        let world = World::start("unfit", ServerConfig { ports, ..ServerConfig::default() }).await;
        let open =
            |folder: &str| Authority::open(&world.data.join(folder), &Vault::default(), START).unwrap();
        let (ours, elsewhere) = (open("licensing"), open("elsewhere"));
        let subject = |role| Subject { name: "unfit".into(), role, hosts: vec![] };
        let issued = |authority: &Authority, role, days: i64| {
            authority.issue_identity(&subject(role), keys::p256().unwrap(), START.plus_days(days)).unwrap()
        };
        let withdrawn = world.identity("merchant");
        let admin = AdminClient::open(&world.data).unwrap();
        let unfit = [
            ("holds no certificate of a merchant", issued(&ours, Role::DeliveryServer, 0)),
            ("comes with a cross-signed root", cross_signed(&world, issued(&ours, Role::Merchant, 0))),
            ("was revoked", withdrawn),
            // these are told by the handshake, as TLS does: expired, not yet valid, another root
            ("", issued(&ours, Role::Merchant, -200)),
            ("", issued(&ours, Role::Merchant, 2)),
            ("", issued(&elsewhere, Role::Merchant, 0)),
        ];
        let asked = json!({
            "idempotency_key": "unfit-1", "amount_cents": 129, "currency": "USD",
            "instrument": { "wallet": { "token": "wallet-token-7781" } },
        });
        let url = format!("https://127.0.0.1:{payment}/v1/authorize");
        let ask = async |identity: &Identity| {
            let tls = ServiceTls::new(identity.clone(), world.root.clone(), world.clock.clone()).unwrap();
            let client = tls.client(Role::PaymentProcessor, Duration::from_secs(30)).unwrap().now();
            match client.post(&url).json(&asked).send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let said: Value = answer.json().await.unwrap_or_default();
                    (status, said["message"].as_str().unwrap_or_default().to_owned())
                }
                Err(_) => (0, String::new()),
            }
        };
        admin.revoke(unfit[2].1.chain().leaf().serial(), "closed".into()).await.unwrap();
        world.clock.advance(Duration::from_secs(61));
        for (reason, identity) in &unfit {
            let (status, said) = ask(identity).await;
            assert_eq!(status, if reason.is_empty() { 0 } else { 403 }, "{reason}: {said}");
            assert!(said.contains(reason), "{reason}: {said}");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM payments").await, 0);
        assert_eq!(ask(&issued(&ours, Role::Merchant, 0)).await.0, 200, "a merchant in good standing");
        world.stop().await;
    });
}

/// The identity with our root at the end of its chain, as a stranger's root certifies it.
fn cross_signed(world: &World, identity: Identity) -> Identity {
    let stranger = Identity::open(&Vault::default(), &world.data.join("elsewhere/root.account")).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Cadenza");
    params.distinguished_name.push(rcgen::DnType::CommonName, "Cadenza Root CA");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::SubjectPublicKeyInfo::from_der(world.root.spki()).unwrap();
    let signer = authority::key_pair(stranger.key_pkcs8()).unwrap();
    let issuer = CertificateDer::from(stranger.chain().leaf().der().to_vec());
    let issuer = rcgen::Issuer::from_ca_cert_der(&issuer, signer).unwrap();
    let crossed = Certificate::from_der(params.signed_by(&key, &issuer).unwrap().der().to_vec()).unwrap();
    let chain = identity.chain().iter().cloned().chain([crossed]).collect();
    Identity::new(CertificateChain::new(chain).unwrap(), identity.key_pkcs8().to_vec().into())
}

// B2
#[test]
fn one_merchant_cannot_touch_another_s_reservation() {
    shared(async |world| {
        let track = world.tracks().await[0];
        let reserve = World::reserving(&track);
        let packet = world
            .as_service("merchant")
            .post(format!("{}/v1/commerce/reserve", world.content))
            .json(&reserve)
            .send()
            .await
            .unwrap();
        let packet: Value = packet.json::<Value>().await.unwrap()["packets"][0].take();
        let rival = issued_by(
            &Authority::open(&world.data.join("licensing"), &Vault::default(), START).unwrap(),
            Role::Merchant,
        );
        let step = json!({ "voucher_id": packet["voucher_id"], "authorization": packet["authorization"] });
        let answer = world
            .with_identity(rival)
            .post(format!("{}/v1/commerce/authorize", world.content))
            .json(&step)
            .send()
            .await;
        assert_eq!(refusal(answer).await, (403, "not-your-voucher".into()));
        let forged = json!({ "voucher_id": packet["voucher_id"], "authorization": packet["receipt"] });
        let answer = world
            .as_service("merchant")
            .post(format!("{}/v1/commerce/authorize", world.content))
            .json(&forged)
            .send()
            .await;
        assert_eq!(refusal(answer).await, (403, "wrong-token".into()));
        let unknown = json!({ "voucher_id": VoucherId::random(), "authorization": packet["authorization"] });
        let answer = world
            .as_service("merchant")
            .post(format!("{}/v1/commerce/authorize", world.content))
            .json(&unknown)
            .send()
            .await;
        assert_eq!(refusal(answer).await, (404, "unknown-voucher".into()));
    });
}

fn issued_by(authority: &Authority, role: Role) -> Identity {
    let subject = Subject { name: "rival".into(), role, hosts: vec![] };
    authority.issue_identity(&subject, keys::p256().unwrap(), START).unwrap()
}

// V2, V3: here because a delivery server is a role, too
#[test]
fn a_delivery_server_plays_only_what_a_preview_voucher_says() {
    shared(async |world: &'static World| {
        let tracks = world.tracks().await;
        let (status, voucher) =
            world.post("/v1/previews", &json!({ "media_ids": [tracks[0]], "kind": "clip" })).await;
        assert_eq!(status, 200);
        let delivery = world.as_service("delivery-1");
        let allocate = async |voucher_id: &Value, media_id| {
            let stream = json!({ "voucher_id": voucher_id, "media_id": media_id, "kind": "clip", "player": "127.0.0.1:1", "transport": "interleaved", "bandwidth_kbps": 0 });
            refusal(
                delivery.post(format!("{}/v1/delivery/allocate", world.content)).json(&stream).send().await,
            )
            .await
        };
        let id = &voucher["tracks"][0]["voucher_id"];
        assert_eq!(allocate(id, tracks[1]).await, (403, "voucher-mismatch".into()));
        assert_eq!(allocate(&json!(VoucherId::random()), tracks[0]).await, (404, "unknown-voucher".into()));
        assert_eq!(allocate(id, tracks[0]).await.0, 200);
        let (status, refusal) = world
            .post(
                "/v1/previews",
                &json!({ "media_ids": [cadenza_protocol::id::MediaId::random()], "kind": "clip" }),
            )
            .await;
        assert_eq!((status, refusal["code"].as_str()), (404, Some("unknown-media")));
    });
}
