//! The merchant's JSON API as any shop front uses it: over TLS, trusting the store's root alone.

use cadenza_protocol::cert;
use cadenza_protocol::pay::OrderName;
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile};
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};

use crate::programs::in_runtime;
use crate::store::TestStore;

/// A shop front of one store.
#[derive(Debug)]
pub struct Shop {
    client: Client,
    base: String,
    root: cert::Certificate,
}

impl Shop {
    /// Reads the store's root certificate and address.
    pub fn of(store: &TestStore) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pem = std::fs::read_to_string(store.ready("root_cert")).expect("the root certificate is a file");
        let trusted = Certificate::from_pem(pem.as_bytes()).expect("the root certificate is PEM");
        let client = Client::builder().no_proxy().tls_certs_only([trusted]).build().expect("a client");
        let root = cert::Certificate::from_pem(&pem).expect("the root certificate is PEM");
        Self { client, base: store.ready("store_url").to_owned(), root }
    }

    /// What is on sale, by title.
    pub fn track(&self, title: &str) -> Value {
        let (_, listed) = self.get("/v1/tracks");
        let tracks = listed["tracks"].as_array().into_iter().flatten();
        tracks
            .into_iter()
            .find(|track| track["title"] == title)
            .unwrap_or_else(|| panic!("no {title} in {listed}"))
            .clone()
    }

    /// Orders one track, lossless, with this card.
    pub fn order(&self, media_id: &str, card: &str, key: &str) -> (StatusCode, Value) {
        self.order_all(&[media_id], card, key)
    }

    /// Orders tracks together, lossless, with this card.
    pub fn order_all(&self, media_ids: &[&str], card: &str, key: &str) -> (StatusCode, Value) {
        let item = |id: &&str| json!({ "media_id": id, "quality": "lossless" });
        let items: Vec<Value> = media_ids.iter().map(item).collect();
        let total = self.total_of(media_ids);
        let mut order =
            json!({ "items": items, "total_cents": total, "currency": "USD", "idempotency_key": key });
        let (status, needed) = self.post("/v1/orders", &order);
        if status != StatusCode::ACCEPTED {
            return (status, needed);
        }
        let shown = json!({
            "card": { "number": card, "expiry": "12/39", "name": "Ada Listener" },
            "payee": needed["till"]["payee"], "order": OrderName::of_key(key),
            "amount_cents": needed["total_cents"], "currency": needed["currency"],
        });
        let processor = needed["till"]["processor"].as_str().expect("a payment processor");
        let (status, issued) = self.answer(self.client.post(format!("{processor}/v1/tokens")).json(&shown));
        if !status.is_success() {
            return (status, issued);
        }
        order["token"] = issued["token"].clone();
        self.post("/v1/orders", &order)
    }

    /// What tracks cost together, lossless: their album's price, if they are all of one and that is less.
    fn total_of(&self, media_ids: &[&str]) -> u64 {
        let lossless = |offered: &Value| {
            let prices = offered.as_array().into_iter().flatten();
            let mut prices =
                prices.filter(|price| price["name"] == "lossless" || price["quality"] == "lossless");
            prices.next().and_then(|price| price["price_cents"].as_u64()).unwrap_or_default()
        };
        let tracks: Vec<Value> = media_ids.iter().map(|id| self.get(&format!("/v1/tracks/{id}")).1).collect();
        let sum = tracks.iter().map(|track| lossless(&track["qualities"])).sum();
        let album_id = tracks.first().and_then(|track| track["album_id"].as_str()).unwrap_or_default();
        let (_, album) = self.get(&format!("/v1/albums/{album_id}"));
        let is_whole = album["track_count"] == tracks.len();
        if is_whole { lossless(&album["prices"]).min(sum) } else { sum }
    }

    /// The purchase voucher of a paid order, as a browser would save it.
    pub fn voucher(&self, order_id: &str) -> Vec<u8> {
        let url = format!("{}/v1/orders/{order_id}/voucher", self.base);
        in_runtime(async {
            let reply = self.client.get(url).send().await.expect("the merchant answers");
            assert!(reply.status().is_success(), "a paid order has a voucher: {}", reply.status());
            reply.bytes().await.expect("a whole voucher").to_vec()
        })
    }

    /// Pays for a track and returns the voucher, unredeemed.
    pub fn buy_voucher(&self, title: &str) -> Vec<u8> {
        let track = self.track(title);
        let media_id = track["media_id"].as_str().expect("a track has an id");
        let (status, order) =
            self.order(media_id, crate::player::GOOD_CARD, &format!("order-of-{}", title.replace(' ', "-")));
        assert!(status.is_success(), "the order should be paid: {status} {order}");
        self.voucher(order["order_id"].as_str().expect("an order has an id"))
    }

    /// The address at which an ordinary RTSP program hears a track's clip.
    pub fn preview_url(&self, title: &str) -> String {
        let track = self.track(title);
        let wanted = json!({ "media_ids": [track["media_id"]], "kind": "clip" });
        let (status, voucher) = self.post("/v1/previews", &wanted);
        assert!(status.is_success(), "a stream should be free: {status} {voucher}");
        let track = &voucher["tracks"][0];
        let delivery = &track["delivery"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!(
            "rtsp://{}:{}/{}?voucher={}&kind=clip",
            text(&delivery["host"]),
            delivery["rtsp"],
            text(&track["media_id"]),
            text(&track["voucher_id"])
        )
    }

    /// A voucher for a track's clip.
    pub fn preview_voucher(&self, title: &str) -> MediaVoucher {
        let wanted = json!({ "media_ids": [self.track(title)["media_id"]], "kind": "clip" });
        let (status, voucher) = self.post("/v1/previews", &wanted);
        assert!(status.is_success(), "a stream should be free: {status} {voucher}");
        let file: VoucherFile = serde_json::from_value(voucher).expect("a voucher");
        file.verify(&self.root).expect("a genuine voucher")
    }

    /// Asks for a page of the API.
    pub fn get(&self, path: &str) -> (StatusCode, Value) {
        self.answer(self.client.get(format!("{}{path}", self.base)))
    }

    /// Sends something to it.
    pub fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.answer(self.client.post(format!("{}{path}", self.base)).json(body))
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> (StatusCode, Value) {
        in_runtime(async {
            let reply = request.send().await.expect("the merchant answers");
            let status = reply.status();
            (status, reply.json().await.unwrap_or_default())
        })
    }
}
