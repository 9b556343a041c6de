//! A listener with a passport: registers, redeems, downloads, as the player does.

use cadenza_protocol::card::test_cards;
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::passport::{Passport, RegistrationFile, UnlockedPassport};
use cadenza_protocol::redeem::{
    ChallengeRequest, DeliveryReport, RedeemApproval, RedeemChallenge, RedeemRequest,
};
use cadenza_protocol::secret::Passphrase;
use cadenza_protocol::shop::signed_order::{SignedItem, SignedOrder};
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile, VoucherTrack};
use serde_json::{Value, json};

use crate::world::World;

/// Someone with an open passport.
pub struct Listener {
    pub passport: UnlockedPassport,
    /// The same, as it lies on the disk.
    pub held: Passport,
}

/// What every listener here types.
pub fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery staple".into())
}

pub fn details() -> Value {
    json!({
        "name": "Ada Example", "address": "1 Music Street, Springfield", "telephone": "+1 555 0100", "email": "ada@example.org",
        "confidential": "My cat is called Fugue", "region": "", "interests": ["piano"],
    })
}

/// What the licensing center says to these details and this card. On a busy machine keys may take longer than anybody waits: one
/// comes back, as one is told to.
pub async fn apply(world: &World, details: Value, card: &str) -> reqwest::Response {
    let url = format!("{}/v1/passports", world.licensing);
    let mut left = 10;
    loop {
        let shown = world.shown(card).await.expect("the processor sees the card");
        let application = json!({ "details": details, "card": shown });
        let answer = world.licensing_client.post(&url).json(&application).send().await.unwrap();
        left -= 1;
        if answer.status() != 503 || left == 0 {
            return answer;
        }
    }
}

impl Listener {
    /// Registers with a good card.
    pub async fn register(world: &World) -> Listener {
        let answer = apply(world, details(), test_cards::GOOD).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/vnd.cadenza.passport+json");
        Self::with(world, &answer.bytes().await.unwrap())
    }

    /// Someone with a passport that was just handed over.
    pub fn with(world: &World, registration_file: &[u8]) -> Listener {
        let genuine = RegistrationFile::verify(registration_file, &world.root, world.clock.now()).unwrap();
        Self::holding(genuine.lock(&passphrase(), KdfParams::FLOOR).unwrap())
    }

    /// Someone with this passport.
    pub fn holding(held: Passport) -> Listener {
        Listener { passport: held.unlock(&passphrase()).unwrap(), held }
    }

    /// Buys a track and fetches the voucher.
    pub async fn buy(world: &World, track: usize, key: &str) -> (String, MediaVoucher) {
        let tracks = world.tracks().await;
        let (status, order) = world.order(&tracks[track], test_cards::GOOD, key).await;
        assert_eq!(status, 200, "{order}");
        let order_id = order["order_id"].as_str().unwrap().to_owned();
        let voucher = voucher_of(world, &order_id).await;
        (order_id, voucher)
    }

    /// What the player signs for these tracks, lossless, at these prices.
    pub fn wish(world: &World, key: &str, items: &[(MediaId, u64)], shown: &[VoucherId]) -> SignedOrder {
        let key_of = |service: &str| world.identity(service).chain().leaf().key_fingerprint();
        let item = |(media_id, price_cents): &(MediaId, u64)| SignedItem {
            media_id: *media_id,
            quality: "lossless".into(),
            price_cents: *price_cents,
        };
        SignedOrder {
            at: world.clock.now(),
            root: world.root.fingerprint(),
            merchant_key: key_of("merchant"),
            content_manager_key: key_of("content-manager"),
            order_key: key.into(),
            items: items.iter().map(item).collect(),
            currency: "USD".parse().unwrap(),
            gift: false,
            shown: shown.to_vec(),
        }
    }

    /// Signs it.
    pub fn sign(&self, order: &SignedOrder) -> SignedMessage {
        order.sign(self.passport.chain(), |domain, message| self.passport.sign(domain, message))
    }

    /// Orders with a signature over these tracks at these prices.
    pub async fn order(
        &self,
        world: &World,
        key: &str,
        items: &[(MediaId, u64)],
        shown: &[VoucherId],
    ) -> (u16, Value) {
        let signed = self.sign(&Self::wish(world, key, items, shown));
        order_signed(world, key, items, &signed).await
    }

    /// Redeems, downloads and reports everything in a paid order.
    pub async fn fetch(&self, world: &World, order: &Value) {
        for track in &voucher_of(world, order["order_id"].as_str().unwrap()).await.tracks {
            let approval = self.redeem(world, track).await.unwrap();
            let bytes = download(world, &approval, 0).await;
            assert_eq!(report(world, &approval, &bytes).await, 204);
        }
    }

    /// Sends the proof; approval, or status and refusal.
    pub async fn redeem(&self, world: &World, track: &VoucherTrack) -> Result<RedeemApproval, (u16, String)> {
        let challenge = world.delivery_client.post(format!("{}/v1/redeem/challenge", world.delivery));
        let challenge =
            challenge.json(&ChallengeRequest { voucher_id: track.voucher_id }).send().await.unwrap();
        let challenge: RedeemChallenge = challenge.json().await.unwrap();
        let proof = RedeemRequest::prove(
            track.voucher_id,
            track.media_id,
            track.receipt.as_ref().expect("a purchase voucher has receipts"),
            &challenge,
            self.passport.chain(),
            self.passport.encryption(),
            |domain, message| self.passport.sign(domain, message),
        );
        let answer = world
            .delivery_client
            .post(format!("{}/v1/redeem", world.delivery))
            .json(&proof)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.json().await.unwrap());
        }
        let refusal: Value = answer.json().await.unwrap();
        Err((status.as_u16(), refusal["code"].as_str().unwrap_or_default().to_owned()))
    }
}

/// Orders these tracks with this signature.
pub async fn order_signed(
    world: &World,
    key: &str,
    items: &[(MediaId, u64)],
    signed: &SignedMessage,
) -> (u16, Value) {
    let total: u64 = items.iter().map(|(_, cents)| cents).sum();
    let items: Vec<Value> =
        items.iter().map(|(id, _)| json!({ "media_id": id, "quality": "lossless" })).collect();
    let order = json!({
        "items": items, "total_cents": total, "currency": "USD", "idempotency_key": key, "signed": signed,
    });
    world.pay(order, test_cards::GOOD).await
}

/// The voucher of a paid order.
pub async fn voucher_of(world: &World, order_id: &str) -> MediaVoucher {
    let answer =
        world.player.get(format!("{}/v1/orders/{order_id}/voucher", world.store)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/vnd.cadenza.voucher+json");
    let file = VoucherFile::from_json(&answer.bytes().await.unwrap()).unwrap();
    file.verify(&world.root).unwrap()
}

/// Downloads from a byte on.
pub async fn download(world: &World, approval: &RedeemApproval, from: usize) -> Vec<u8> {
    let url = format!("{}{}", world.delivery, approval.download);
    let request = world
        .delivery_client
        .get(url)
        .bearer_auth(&approval.download_token)
        .header("range", format!("bytes={from}-"));
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.bytes().await.unwrap().to_vec()
}

/// Reports a finished download; the status.
pub async fn report(world: &World, approval: &RedeemApproval, bytes: &[u8]) -> u16 {
    let report = DeliveryReport { voucher_id: approval.grant.voucher_id, sha256: sha256(bytes), seconds: 1 };
    let request = world.delivery_client.post(format!("{}/v1/redeem/done", world.delivery));
    request.bearer_auth(&approval.download_token).json(&report).send().await.unwrap().status().as_u16()
}
