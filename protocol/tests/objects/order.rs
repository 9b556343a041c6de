//! An order signed by a passport (B1, B2): for one center, merchant, content manager, key; for these tracks at these prices; for ten
//! minutes.

use cadenza_protocol::cert::{RevocationLists, Role};
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::shop::OrderedTrack;
use cadenza_protocol::shop::signed_order::{Counter, GOOD_SECONDS, OrderError, SignedItem, SignedOrder};
use cadenza_protocol::signed::SignedMessage;

use crate::support::{Center, Holder, NOW};

fn order(center: &Center) -> SignedOrder {
    let item = |id: u8| SignedItem {
        media_id: MediaId::from_bytes([id; 16]),
        quality: "lossless".into(),
        price_cents: 71,
    };
    SignedOrder {
        at: NOW,
        root: center.root.fingerprint(),
        merchant_key: [1; 32],
        content_manager_key: [2; 32],
        order_key: "0123456789abcdef".into(),
        items: vec![item(1), item(2)],
        currency: "USD".parse().unwrap(),
        gift: false,
        shown: vec![VoucherId::from_bytes([9; 16])],
    }
}

fn signed(order: &SignedOrder, by: &Holder) -> SignedMessage {
    order.sign(&by.chain, |domain, message| by.key.sign(domain, message))
}

// B2
#[test]
fn what_was_signed_for_somebody_else_or_another_time_is_refused_by_name() {
    let center = Center::new();
    let (buyer, other) = (center.certify(Role::Consumer), Center::new());
    let here = Counter {
        root: &center.root,
        merchant_key: [1; 32],
        content_manager_key: [2; 32],
        currency: "USD".parse().unwrap(),
        at: NOW,
    };
    let open =
        |order: &SignedOrder| SignedOrder::open(&signed(order, &buyer), here, &RevocationLists::none());
    let right = order(&center);
    let opened = open(&right).unwrap();
    assert_eq!((&opened.order, opened.buyer), (&right, buyer.chain.leaf().key_fingerprint()));

    let refused = |change: &dyn Fn(&mut SignedOrder)| {
        let mut order = right.clone();
        change(&mut order);
        open(&order).unwrap_err()
    };
    assert_eq!(refused(&|o| o.root = other.root.fingerprint()), OrderError::OtherCenter);
    assert_eq!(refused(&|o| o.merchant_key = [3; 32]), OrderError::OtherMerchant);
    assert_eq!(refused(&|o| o.content_manager_key = [3; 32]), OrderError::OtherContentManager);
    let euros = "EUR".parse().unwrap();
    assert_eq!(refused(&|o| o.currency = euros), OrderError::OtherCurrency(euros, right.currency));
    assert_eq!(refused(&|o| o.gift = true), OrderError::Gift);
    let late = GOOD_SECONDS.cast_signed();
    for seconds in [-late, late] {
        open(&SignedOrder { at: NOW.plus_seconds(seconds), ..right.clone() }).unwrap();
        let past = seconds + seconds.signum();
        assert_eq!(refused(&|o| o.at = NOW.plus_seconds(past)), OrderError::OtherTime);
    }
    assert_eq!(refused(&|o| o.items.clear()), OrderError::Malformed);
    assert_eq!(refused(&|o| o.items.push(o.items[0].clone())), OrderError::Malformed, "a track twice");
    assert_eq!(refused(&|o| o.shown = vec![VoucherId::random(); 101]), OrderError::Malformed);
}

// B2
#[test]
fn what_another_hand_signed_or_altered_is_no_order() {
    let center = Center::new();
    let (buyer, author) = (center.certify(Role::Consumer), center.certify(Role::Author));
    let right = order(&center);
    let here = Counter {
        root: &center.root,
        merchant_key: [1; 32],
        content_manager_key: [2; 32],
        currency: right.currency,
        at: NOW,
    };
    let none = RevocationLists::none();
    let by_author = SignedOrder::open(&signed(&right, &author), here, &none);
    assert!(matches!(by_author, Err(OrderError::Certificate(_))), "{by_author:?}");
    let dearer = SignedOrder { items: vec![right.items[0].clone()], ..right.clone() };
    let mut mixed = serde_json::to_value(signed(&right, &buyer)).unwrap();
    mixed["body"] = serde_json::to_value(signed(&dearer, &buyer)).unwrap()["body"].clone();
    let mixed: SignedMessage = serde_json::from_value(mixed).unwrap();
    assert_eq!(SignedOrder::open(&mixed, here, &none).unwrap_err(), OrderError::Signature);
    let counts = SignedMessage::new("cadenza/v1/counts", &right, &buyer.chain, |domain, message| {
        buyer.key.sign(domain, message)
    });
    assert_eq!(
        SignedOrder::open(&counts, here, &none).unwrap_err(),
        OrderError::Signature,
        "for another purpose"
    );
}

// B1
#[test]
fn an_order_is_for_its_key_its_tracks_and_their_prices() {
    let right = order(&Center::new());
    let wanted: Vec<OrderedTrack> = right
        .items
        .iter()
        .map(|item| OrderedTrack { media_id: item.media_id, quality: item.quality.clone() })
        .collect();
    assert_eq!(right.check_order(&right.order_key, &wanted), Ok(()));
    assert_eq!(right.check_order("another-key", &wanted), Err(OrderError::OtherOrder));
    assert_eq!(right.check_order(&right.order_key, &wanted[..1]), Err(OrderError::OtherItems));
    let lossy = OrderedTrack { quality: "lossy".into(), ..wanted[0].clone() };
    assert_eq!(right.check_order(&right.order_key, &[lossy, wanted[1].clone()]), Err(OrderError::OtherItems));
    let first = &right.items[0].media_id;
    assert_eq!(right.check_price(first, "lossless", 71), Ok(()));
    assert_eq!(right.check_price(first, "lossless", 72), Err(OrderError::OtherPrices));
    assert_eq!(right.check_price(first, "lossy", 71), Err(OrderError::OtherItems));
    assert_eq!(right.check_price(&MediaId::random(), "lossless", 71), Err(OrderError::OtherItems));
}
