//! Who gets a certificate, and what a name is worth (C9): tokens are for one certificate, names for one key, rights for keys.

use std::sync::Arc;

use cadenza_protocol::cert::{CertificateChain, Role};
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::ServerConfig;
use cadenza_server::identity::Identity;
use cadenza_server::licensing::authority::{Authority, Subject, key_pair};
use cadenza_server::licensing::enrol::CertificateRequest;
use cadenza_server::licensing::keys;
use cadenza_server::licensing::tokens::Permit;
use cadenza_server::rest::Vault;
use serde_json::{Value, json};

use crate::world::{START, World, alone};

fn permit(role: &str, name: &str, host: &str) -> Permit {
    Permit { role: role.into(), name: name.into(), hosts: vec![host.into()], hours: 1 }
}

/// Asks for a certificate for this key: it, or status and code.
async fn ask(
    world: &World,
    key: &[u8],
    wish: &Permit,
    token: &str,
) -> Result<CertificateChain, (u16, String)> {
    let csr = rcgen::CertificateParams::new(wish.hosts.clone()).unwrap();
    let csr = csr.serialize_request(&key_pair(key).unwrap()).unwrap();
    let request = CertificateRequest {
        csr: csr.der().to_vec(),
        name: wish.name.clone(),
        role: wish.role.clone(),
        hosts: [wish.hosts.clone(), vec!["localhost".into()]].concat(),
        token: token.to_owned(),
    };
    let url = format!("{}/v1/certificates", world.licensing);
    let answer = world.licensing_client.post(url).json(&request).send().await.unwrap();
    let status = answer.status().as_u16();
    if status == 200 {
        return Ok(answer.json().await.unwrap());
    }
    let refusal: Value = answer.json().await.unwrap();
    Err((status, refusal["code"].as_str().unwrap_or_default().to_owned()))
}

// C9
#[test]
fn an_enrolment_token_makes_one_certificate_for_what_it_was_made_for() {
    alone(async {
        let world = World::start("tokens", ServerConfig::default()).await;
        let admin = AdminClient::open(&world.data).unwrap();
        let wish = permit("merchant", "second-shop", "shop.example");
        let token = admin.enrol(&wish).await.unwrap();
        let (mine, other) = (keys::p256().unwrap(), keys::p256().unwrap());
        let refused = || Err::<(), _>((403, "wrong-token".to_owned()));
        for wrong in [
            permit("content manager", "second-shop", "shop.example"),
            permit("merchant", "first-shop", "shop.example"),
            permit("merchant", "second-shop", "bank.example"),
        ] {
            assert_eq!(ask(&world, &mine, &wrong, &token).await.map(drop), refused());
        }
        for role in ["licensing center", "consumer"] {
            let wrong = permit(role, "second-shop", "shop.example");
            assert_eq!(ask(&world, &mine, &wrong, &token).await.unwrap_err().1, "role-not-enrolled");
            assert!(admin.enrol(&wrong).await.is_err());
        }
        let chain = ask(&world, &mine, &wish, &token).await.unwrap();
        assert_eq!(chain.leaf().subject(), "second-shop");
        assert_eq!(ask(&world, &other, &wish, &token).await.unwrap_err().1, "name-taken");
        let alike = permit("merchant", "Second-Shop", "shop.example");
        let for_alike = admin.enrol(&alike).await.unwrap();
        assert_eq!(ask(&world, &other, &alike, &for_alike).await.unwrap_err().1, "name-taken");
        let third = Permit { name: "third-shop".into(), ..wish.clone() };
        assert_eq!(ask(&world, &other, &third, &token).await.map(drop), refused());

        // the key renews without a token, and repeating a request brings nothing
        assert_eq!(ask(&world, &mine, &wish, "").await.unwrap().leaf().serial(), chain.leaf().serial());
        world.clock.advance(std::time::Duration::from_secs(40 * 86_400));
        let renewed = ask(&world, &mine, &wish, "").await.unwrap().leaf().serial();
        assert_ne!(renewed, chain.leaf().serial());
        assert_eq!(ask(&world, &mine, &wish, "").await.unwrap().leaf().serial(), renewed);
        admin.revoke(renewed, "stolen".into()).await.unwrap();
        assert_eq!(ask(&world, &mine, &wish, "").await.map(drop), refused());

        let late = admin.enrol(&permit("merchant", "late-shop", "late.example")).await.unwrap();
        world.clock.advance(std::time::Duration::from_secs(3_601));
        let answer = ask(&world, &other, &permit("merchant", "late-shop", "late.example"), &late).await;
        assert_eq!(answer.map(drop), refused());
        world.stop().await;
    });
}

/// Another key with the same name, as a careless licensing center might have certified it.
fn namesake(world: &World, name: &str, role: Role) -> Identity {
    let authority =
        Arc::new(Authority::open(&world.data.join("licensing"), &Vault::default(), START).unwrap());
    let hosts = if role == Role::Author { vec![] } else { vec!["localhost".into()] };
    let subject = Subject { name: name.into(), role, hosts };
    let key = if role == Role::Author { keys::rsa_3072() } else { keys::p256() };
    authority.issue_identity(&subject, key.unwrap(), START).unwrap()
}

async fn code(answer: reqwest::Result<reqwest::Response>) -> (u16, String) {
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

// C9
#[test]
fn a_namesake_owns_nothing_of_what_the_other_key_owns() {
    alone(async {
        let world = World::start("namesakes", ServerConfig::default()).await;
        let track = world.tracks().await[0];
        let reserve = World::reserving(&track);
        let url = |path: &str| format!("{}{path}", world.content);
        let own = world.as_service("merchant").post(url("/v1/commerce/reserve")).json(&reserve);
        let packet = own.send().await.unwrap().json::<Value>().await.unwrap()["packets"][0].take();
        let step = json!({ "voucher_id": packet["voucher_id"], "authorization": packet["authorization"] });
        let rival = world.with_identity(namesake(&world, "merchant", Role::Merchant));
        let answer = rival.post(url("/v1/commerce/expire")).json(&step).send().await;
        assert_eq!(code(answer).await, (403, "not-your-voucher".into()));

        let place = json!({ "host": "evil.example", "https": 1, "rtsps": 2, "rtsp": null, "starting": true });
        let rival = world.with_identity(namesake(&world, "delivery-1", Role::DeliveryServer));
        let answer = rival.post(url("/v1/delivery/register")).json(&place).send().await;
        assert_eq!(code(answer).await, (409, "name-taken".into()));
        let answer = rival.post(url("/v1/delivery/done")).json(&json!({
            "voucher_id": packet["voucher_id"], "sha256": "A".repeat(43) + "=", "seconds": 1,
        }));
        assert_eq!(code(answer.send().await).await, (409, "name-taken".into()));

        let database = world.database().await;
        let (path, author): (String, String) = sqlx::query_as("SELECT m.path, e.author FROM media m JOIN editions e ON e.media_id = m.media_id AND e.sha256 = m.sha256 LIMIT 1")
            .fetch_one(database.pool())
            .await
            .unwrap();
        database.close().await;
        let rival = world.with_identity(namesake(&world, &author, Role::Author));
        let path: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        let answer = rival.delete(url(&format!("/v1/publish/files?path={path}"))).send().await;
        assert_eq!(code(answer).await, (403, "not-your-file".into()));
        world.stop().await;
    });
}

// V2
#[test]
fn a_delivery_server_registers_a_host_that_is_one() {
    alone(async {
        let world = World::start("hosts", ServerConfig::default()).await;
        let server = world.as_service("delivery-1");
        for host in ["not a host/<x>", "", "store.example:443", "-a.example", "a..b", "user@host", "[::1]"] {
            let place = json!({ "host": host, "https": 1, "rtsps": 2, "rtsp": null, "starting": false });
            let answer =
                server.post(format!("{}/v1/delivery/register", world.content)).json(&place).send().await;
            assert_eq!(code(answer).await, (422, "invalid-host".into()), "{host}");
        }
        for host in ["store.example.org", "127.0.0.1", "2001:db8::1", "localhost", "xn--bcher-kva.example"] {
            let place = json!({ "host": host, "https": 1, "rtsps": 2, "rtsp": null, "starting": false });
            let answer =
                server.post(format!("{}/v1/delivery/register", world.content)).json(&place).send().await;
            assert_eq!(code(answer).await.0, 200, "{host}");
        }
        world.stop().await;
    });
}
