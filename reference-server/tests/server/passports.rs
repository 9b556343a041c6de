//! Passports that come back, go on and end: recovery, renewal, revocation (G7, G8).

use std::time::Duration;

use cadenza_protocol::card::test_cards;
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::passport::{RegistrationFile, Renewal, RenewalRequest};
use cadenza_protocol::redeem::RedeemApproval;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::ServerConfig;
use serde_json::{Value, json};

use crate::listener::{Listener, passphrase};
use crate::world::{World, alone};

const DAY: u64 = 86_400;
const CARD: &str = test_cards::GOOD;
/// Another card that says the same of itself.
const TWIN: &str = "4000 0000 0606 4242";

/// A recovery, its card shown to the payment processor; status and code of whoever refuses.
async fn recover(world: &World, claim: &Value) -> Result<Vec<u8>, (u16, String)> {
    let mut claim = claim.clone();
    let card = claim["card"].take();
    let refused = |(status, refusal): (u16, Value)| (status, refusal["code"].as_str().unwrap().to_owned());
    claim["card"] = world.shown(card.as_str().unwrap()).await.map_err(refused)?;
    ask(world, "recover", &claim).await
}

/// Answer of the licensing center: bytes, or status and code.
async fn ask(world: &World, path: &str, body: &impl serde::Serialize) -> Result<Vec<u8>, (u16, String)> {
    let url = format!("{}/v1/passports/{path}", world.licensing);
    let answer = world.licensing_client.post(url).json(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap().to_vec();
    if status == 200 {
        return Ok(bytes);
    }
    let refusal: Value = serde_json::from_slice(&bytes).unwrap();
    Err((status, refusal["code"].as_str().unwrap_or_default().to_owned()))
}

fn details() -> Value {
    json!({
        "name": "Ada Example", "email": "ada@example.org", "telephone": "+1 555 0100", "card": CARD,
    })
}

fn with(field: &str, value: &str) -> Value {
    let mut form = details();
    form[field] = value.into();
    form
}

async fn later(world: &World, by: Duration) {
    world.clock.advance(by);
    world.server.as_ref().unwrap().maintain().await;
}

fn renewal_request(who: &Listener, at: UnixTime) -> SignedMessage {
    let sign = |domain: &str, message: &[u8]| who.passport.sign(domain, message);
    SignedMessage::new(RenewalRequest::DOMAIN, &RenewalRequest::at(at), who.passport.chain(), sign)
}

/// Renews, and gives the listener with the renewed passport.
async fn renewed(world: &World, who: &Listener) -> Listener {
    let answer = ask(world, "renew", &renewal_request(who, world.clock.now())).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains("clear"), "a renewal holds no registration key");
    let renewal = Renewal::verify(&answer, &world.root, world.clock.now(), &who.held).unwrap();
    Listener::holding(renewal.lock(&who.held, &passphrase(), KdfParams::FLOOR).unwrap())
}

/// Whether these keys, delivered to a certificate of the same holder, open with this passport.
fn plays(who: &Listener, approval: &RedeemApproval, bought_with: &Certificate) -> bool {
    let label =
        WrapLabel::purchase(&approval.grant.media_id, &approval.grant.voucher_id, &bought_with.fingerprint());
    who.passport.unwrap_keys(&approval.wrapped_keys, &label).is_ok()
}

// C5, S1
#[test]
fn a_passport_has_two_certificates_which_count_as_one_and_are_withdrawn_together() {
    alone(async {
        let world = World::start("two-keys", ServerConfig::default()).await;
        let ada = Listener::register(&world).await;
        let (signing, receiving) = (ada.passport.chain().leaf(), ada.passport.encryption());
        assert!(
            signing.signs() && !signing.receives_keys() && receiving.receives_keys() && !receiving.signs()
        );
        assert_eq!((signing.subject(), signing.issuer()), (receiving.subject(), receiving.issuer()));
        assert_eq!(world.count("SELECT COUNT(*) FROM certificates WHERE role = 'consumer'").await, 2);
        let admin = AdminClient::open(&world.data).unwrap();
        let counts = admin.certificates().await.unwrap();
        let consumers = counts.iter().find(|count| count.role == "consumer").unwrap();
        assert_eq!((consumers.issued, consumers.valid), (1, 1));
        admin.revoke(receiving.serial(), "a test".into()).await.unwrap();
        let left = "SELECT COUNT(*) FROM certificates WHERE role = 'consumer' AND revoked_at IS NULL";
        assert_eq!(world.count(left).await, 0);
        world.stop().await;
    });
}

// G7
#[test]
fn a_lost_passport_comes_back_to_the_person_and_plays_what_was_bought() {
    alone(async {
        let world = World::start("recovery", ServerConfig::default()).await;
        let before = Listener::register(&world).await;
        let (_, voucher) = Listener::buy(&world, 0, "recovery-01").await;
        let bought = before.redeem(&world, &voucher.tracks[0]).await.unwrap();

        let file = recover(&world, &with("name", "  ada   EXAMPLE ")).await.unwrap();
        let after = Listener::with(&world, &file);
        assert_eq!(after.passport.personal(), before.passport.personal());
        assert!(plays(&after, &bought, before.passport.encryption()));

        // The same voucher delivers again to the recovered passport; the lost one is withdrawn within a minute.
        let again = after.redeem(&world, &voucher.tracks[0]).await.unwrap();
        assert!(plays(&after, &again, after.passport.encryption()));
        later(&world, Duration::from_secs(61)).await;
        let refusal = before.redeem(&world, &voucher.tracks[0]).await.unwrap_err();
        assert_eq!(refusal, (403, "certificate-revoked".into()));
        world.stop().await;
    });
}

// G7: none of the details is singled out, and guessing ends
#[test]
fn whoever_does_not_know_all_the_details_learns_nothing() {
    alone(async {
        let world = World::start("guessing", ServerConfig::default()).await;
        Listener::register(&world).await;
        let wrong = [
            with("name", "Eve Example"),
            with("telephone", "+1 555 0199"),
            with("card", "5555 5555 5555 4444"),
            with("card", TWIN), // of the same brand, with the same last four digits
        ];
        for form in &wrong {
            assert_eq!(recover(&world, form).await.unwrap_err(), (403, "not-recognised".into()));
        }
        let unknown = recover(&world, &with("email", "nobody@example.org")).await.unwrap_err();
        assert_eq!(unknown, (403, "not-recognised".into()));
        // Four tries are gone; the fifth is the last for an hour, right or wrong.
        assert_eq!(recover(&world, &wrong[0]).await.unwrap_err().0, 403);
        assert_eq!(recover(&world, &details()).await.unwrap_err(), (429, "too-many-attempts".into()));
        later(&world, Duration::from_secs(3601)).await;
        assert!(recover(&world, &details()).await.is_ok());

        let unfit = recover(&world, &with("card", "4242")).await.unwrap_err();
        assert_eq!(unfit, (422, "invalid-form".into()));
        world.stop().await;
    });
}

// G7, C8: a card that is refused today does not recover
#[test]
fn the_registered_card_must_still_be_good() {
    alone(async {
        let world = World::start("recovery-card", ServerConfig::default()).await;
        Listener::register(&world).await;
        later(&world, Duration::from_secs(3 * 365 * DAY)).await;
        let refusal = recover(&world, &details()).await.unwrap_err();
        assert_eq!(refusal, (422, "invalid-form".into()));
        world.stop().await;
    });
}

// G8
#[test]
fn a_passport_is_renewed_under_the_same_key_before_and_after_its_last_day() {
    alone(async {
        let world = World::start("renewal", ServerConfig::default()).await;
        let first = Listener::register(&world).await;
        let (_, voucher) = Listener::buy(&world, 0, "renewal-01").await;
        let bought = first.redeem(&world, &voucher.tracks[0]).await.unwrap();

        later(&world, Duration::from_secs(340 * DAY)).await;
        let second = renewed(&world, &first).await;
        let (old, new) = (first.passport.chain().leaf(), second.passport.chain().leaf());
        assert_eq!(new.key_fingerprint(), old.key_fingerprint());
        assert!(new.not_after().0 > old.not_after().0 + 300 * DAY as i64);
        let (old, new) = (first.passport.encryption(), second.passport.encryption());
        assert_eq!(new.key_fingerprint(), old.key_fingerprint());
        assert!(plays(&second, &bought, old), "what was bought before plays");
        let again = second.redeem(&world, &voucher.tracks[0]).await.unwrap();
        assert!(plays(&second, &again, new), "and is delivered again");

        // Expired: buying is refused, renewing is not.
        later(&world, Duration::from_secs(400 * DAY)).await;
        let (_, voucher) = Listener::buy(&world, 1, "renewal-02").await;
        let refusal = second.redeem(&world, &voucher.tracks[0]).await.unwrap_err();
        assert_eq!(refusal, (403, "certificate-expired".into()));
        let third = renewed(&world, &second).await;
        assert!(third.redeem(&world, &voucher.tracks[0]).await.is_ok());
        world.stop().await;
    });
}

// G8, F7
#[test]
fn a_renewal_is_for_its_own_passport_and_its_own_time() {
    alone(async {
        let world = World::start("renewal-refused", ServerConfig::default()).await;
        let (ada, other) = (Listener::register(&world).await, Listener::register(&world).await);
        let now = world.clock.now();
        let stale = ask(&world, "renew", &renewal_request(&ada, now.plus_seconds(-601))).await.unwrap_err();
        assert_eq!(stale, (403, "renewal-refused".into()));

        // Signed by another passport than the chain says.
        let sign = |domain: &str, message: &[u8]| other.passport.sign(domain, message);
        let body = RenewalRequest::at(now);
        let forged = SignedMessage::new(RenewalRequest::DOMAIN, &body, ada.passport.chain(), sign);
        assert_eq!(ask(&world, "renew", &forged).await.unwrap_err(), (403, "renewal-refused".into()));

        let answer = ask(&world, "renew", &renewal_request(&ada, now)).await.unwrap();
        assert!(Renewal::verify(&answer, &world.root, now, &other.held).is_err());
        assert!(RegistrationFile::verify(&answer, &world.root, now).is_err());
        world.stop().await;
    });
}

// G8, F7, S1
#[test]
fn a_revoked_passport_buys_no_more_and_is_neither_renewed_nor_recovered() {
    alone(async {
        let world = World::start("revocation", ServerConfig::default()).await;
        let ada = Listener::register(&world).await;
        let (_, voucher) = Listener::buy(&world, 0, "revocation-01").await;
        let admin = AdminClient::open(&world.data).unwrap();
        let serial = ada.passport.chain().leaf().serial();
        let unknown = admin.revoke("00ff".into(), "a test".into()).await.unwrap_err();
        assert!(unknown.to_string().contains("00ff"), "{unknown}");
        admin.revoke(serial, "reported stolen".into()).await.unwrap();

        later(&world, Duration::from_secs(61)).await;
        let refusal = ada.redeem(&world, &voucher.tracks[0]).await.unwrap_err();
        assert_eq!(refusal, (403, "certificate-revoked".into()));
        let renewal = ask(&world, "renew", &renewal_request(&ada, world.clock.now())).await.unwrap_err();
        assert_eq!(renewal, (403, "certificate-revoked".into()));
        assert_eq!(recover(&world, &details()).await.unwrap_err(), (403, "not-recognised".into()));

        let counts = admin.certificates().await.unwrap();
        let consumers = counts.iter().find(|c| c.role == "consumer").unwrap();
        assert_eq!((consumers.issued, consumers.valid, consumers.revoked), (1, 0, 1));

        // Someone else still buys: the list names one certificate, not all.
        let other = Listener::register(&world).await;
        assert!(other.redeem(&world, &voucher.tracks[0]).await.is_ok());
        world.stop().await;
    });
}

// F7: the other authority's list
#[test]
fn a_revoked_merchant_sells_no_more() {
    alone(async {
        let world = World::start("revoked-merchant", ServerConfig::default()).await;
        let inventory = async || {
            let url = format!("{}/v1/commerce/inventory", world.content);
            let answer = world.as_service("merchant").get(url).send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json::<Value>().await.unwrap_or_default()["code"].clone())
        };
        assert_eq!(inventory().await.0, 200);
        let serial = world.identity("merchant").chain().leaf().serial();
        AdminClient::open(&world.data).unwrap().revoke(serial, "closed".into()).await.unwrap();
        later(&world, Duration::from_secs(61)).await;
        assert_eq!(inventory().await, (403, "certificate-revoked".into()));
        world.stop().await;
    });
}
