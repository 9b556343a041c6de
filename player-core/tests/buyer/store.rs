//! What comes from the store: vouchers, and what an album costs.

use super::*;

/// A voucher for one track, good for a day.
fn voucher(signer: &Holder) -> VoucherFile {
    let track = VoucherTrack { quality: None, ..samples::track([3; 32]) };
    let said = MediaVoucher {
        kind: VoucherKind::Purchase,
        tracks: vec![track],
        issued: NOW,
        expires: NOW.plus_days(1),
        root: world().center.root.fingerprint(),
        merchant_key: samples::MERCHANT_KEY,
        gift: false,
    };
    said.sign(&signer.key, signer.chain.clone())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn take(player: &Player, bytes: &[u8]) -> Result<Vec<VoucherId>, Failure> {
    player.genuine_voucher(bytes).and_then(|genuine| player.take_voucher(genuine))
}

// B4, O6, F5
#[test]
fn what_is_no_genuine_voucher_is_refused_with_its_reason() {
    let house = House::with_passport();
    let player = house.open();
    assert_eq!(code(take(&player, b"{}")), Code::VoucherBroken);
    assert_eq!(code(block_on(player.read_voucher(Path::new("/not/there.cadvoucher")))), Code::NotFound);
    let file = voucher(&world().manager).to_json();
    let later = String::from_utf8(file.clone()).unwrap().replace("1790086400", "1890086400");
    assert_eq!(code(take(&player, later.as_bytes())), Code::VoucherAltered, "its last day was moved");
    assert_eq!(
        code(take(&player, &voucher(&world().author).to_json())),
        Code::VoucherAltered,
        "no content manager's"
    );
    house.clock.advance_seconds(2 * 86_400);
    assert_eq!(code(take(&player, &file)), Code::VoucherExpired);
    assert!(player.deliveries().is_empty());
}

// B7
#[test]
fn a_voucher_that_was_taken_waits_through_a_restart() {
    let house = House::with_passport();
    let player = house.open();
    let file = voucher(&world().manager).to_json();
    let ids = take(&player, &file).unwrap();
    assert_eq!(take(&player, &file).unwrap(), ids, "twice is once");
    drop(player);
    let waiting = house.open().deliveries();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].voucher_id, ids[0]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let entry = fs::read_dir(house.path("deliveries")).unwrap().next().unwrap().unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "receipts are the owner's");
    }
}

/// An album of two tracks at 1.29 each, 1.99 for both.
fn album_on_sale() -> cadenza_protocol::shop::AlbumPage {
    let track = |number: u16| {
        serde_json::json!({
            "media_id": MediaId::random().to_string(), "album_id": "rags", "album": "Rags", "number": number,
            "title": format!("Rag {number}"), "artist": "Scott Joplin", "duration_ms": 180_000,
            "clip": { "start_ms": 0, "duration_ms": 30_000, "fade_in_ms": 500, "fade_out_ms": 500 },
            "hue": 0, "chroma_milli": 0, "may_record": true,
            "qualities": [{ "name": "lossless", "codec": "flac", "sample_rate": 44_100, "bits": 16, "channels": 2,
                            "bit_rate": 700_000, "size_bytes": 1, "price_cents": 129 }],
        })
    };
    let page = serde_json::json!({
        "id": "rags", "title": "Rags", "artist": "Scott Joplin", "hue": 0, "chroma_milli": 0, "track_count": 2,
        "duration_ms": 360_000, "prices": [{ "quality": "lossless", "price_cents": 199 }],
        "currency": "USD", "content_manager_key": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", "tracks": [track(1), track(2)],
    });
    serde_json::from_value(page).unwrap()
}

// B1
#[test]
fn the_rest_of_an_album_costs_what_its_tracks_outside_the_cart_cost() {
    let house = House::new();
    let (player, page) = (house.open(), album_on_sale());
    let rest = || player.rest_of_album(&page, "a-merchant").unwrap().price.total_cents;
    assert_eq!(rest(), 199);
    player.cart_add(vec![CartItem { media_id: page.tracks[0].media_id, quality: None }]).unwrap();
    assert_eq!(rest(), 129);
    player.cart_add(vec![CartItem { media_id: page.tracks[1].media_id, quality: None }]).unwrap();
    assert_eq!(rest(), 0);
}

// B1: what was bought of it from this merchant, and not paid back, counts
#[test]
fn the_rest_of_an_album_costs_less_by_what_was_paid_for_the_tracks_that_are_owned() {
    let house = House::with_passport();
    let (id, bytes) = delivered("Rag 1", Restrictions::NONE, &world().buyer);
    house.put("rag.cadenza", &bytes);
    let mut page = album_on_sale();
    page.tracks[0].media_id = id;
    let voucher = house.open().library().track(TrackId::from(id)).unwrap().voucher_id().unwrap();
    let rest = |state: &str, merchant: &str| {
        let order = serde_json::json!({
            "order_id": "o", "state": state, "total_cents": 120, "currency": "USD",
            "items": [{ "media_id": id, "voucher_id": voucher, "title": "Rag 1", "artist": "Scott Joplin",
                        "quality": "lossless", "price_cents": 120 }],
        });
        let orders = serde_json::json!([{ "placed_at": 0, "merchant": "ours", "order": order }]);
        fs::write(house.path("orders.json"), orders.to_string()).unwrap();
        let rest = house.open().rest_of_album(&page, merchant).unwrap();
        (rest.price.total_cents, rest.shown)
    };
    assert_eq!(rest("paid", "ours"), (199 - 120, vec![voucher]));
    assert_eq!(rest("refunded", "ours"), (129, vec![]));
    assert_eq!(rest("paid", "another"), (129, vec![]));
}
