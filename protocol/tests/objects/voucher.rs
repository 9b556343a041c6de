//! The media voucher (O6) and the voucher packet (O8).

use cadenza_protocol::cert::{CertificateError, Role};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::reserve::{AuthorizationToken, VoucherPacket};
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::voucher::{MediaVoucher, VoucherError, VoucherFile, VoucherKind};

use crate::alter::{MASKS, nothing_passes, white_space_says_nothing};
use crate::support::made::voucher;
use crate::support::samples::MERCHANT_KEY;
use crate::support::{Center, NOW};

fn read(bytes: &[u8], center: &Center) -> Result<MediaVoucher, VoucherError> {
    VoucherFile::from_json(bytes)?.verify(&center.root)
}

#[test]
fn a_voucher_gives_back_what_the_content_manager_signed() {
    // O6
    let center = Center::new();
    let manager = center.certify(Role::ContentManager);
    for kind in [VoucherKind::Purchase, VoucherKind::Preview] {
        let voucher = read(&voucher(&center, &manager, kind).to_json(), &center).unwrap();
        assert_eq!((voucher.kind, voucher.tracks.len()), (kind, 2));
        assert_eq!(voucher.tracks[1].title.as_deref(), Some("Maple Leaf Rag"));
        assert_eq!(voucher.tracks[0].receipt.is_some(), kind == VoucherKind::Purchase);
        assert!(voucher.check_expiry(NOW.plus_days(7)).is_ok());
        assert!(matches!(voucher.check_expiry(NOW.plus_days(8)), Err(VoucherError::Expired)));
    }
}

#[test]
fn a_voucher_says_which_part_it_is_for_and_whose_it_is() {
    // O6, V1, C9
    let center = Center::new();
    let manager = center.certify(Role::ContentManager);
    let parts = |kind| {
        let voucher = read(&voucher(&center, &manager, kind).to_json(), &center).unwrap();
        assert_eq!(voucher.root, center.root.fingerprint());
        assert_eq!(voucher.merchant_key, MERCHANT_KEY);
        voucher.tracks.iter().map(|track| track.part).collect::<Vec<_>>()
    };
    assert_eq!(parts(VoucherKind::Preview), [PreviewKind::Song, PreviewKind::Clip]);
    assert_eq!(parts(VoucherKind::Purchase), [PreviewKind::Song, PreviewKind::Song]);

    let signed = |change: fn(&mut MediaVoucher)| {
        let mut said = read(&voucher(&center, &manager, VoucherKind::Purchase).to_json(), &center).unwrap();
        change(&mut said);
        read(&said.sign(&manager.key, manager.chain.clone()).to_json(), &center)
    };
    assert!(signed(|voucher| voucher.gift = true).unwrap().gift);
    assert!(signed(|voucher| voucher.tracks[0].part = PreviewKind::Clip).is_err(), "nobody buys a clip");
    let elsewhere = signed(|voucher| voucher.root = [1; 32]).unwrap_err();
    assert!(matches!(elsewhere, VoucherError::OtherCenter), "{elsewhere}");
}

#[test]
fn every_altered_byte_and_every_cut_of_a_voucher_is_noticed() {
    // F5, O6
    let center = Center::new();
    let manager = center.certify(Role::ContentManager);
    for (what, kind) in
        [("purchase voucher", VoucherKind::Purchase), ("preview voucher", VoucherKind::Preview)]
    {
        let file = voucher(&center, &manager, kind).to_json();
        nothing_passes(what, &file, &MASKS, &[], |bytes| read(bytes, &center).is_ok());
        white_space_says_nothing(what, &file, |bytes| {
            read(bytes, &center).ok().map(|voucher| voucher.signed_bytes())
        });
    }
}

#[test]
fn a_voucher_by_someone_else_or_with_a_changed_address_is_refused() {
    // O6, F7
    let center = Center::new();
    let by_a_merchant = voucher(&center, &center.certify(Role::Merchant), VoucherKind::Purchase).to_json();
    let error = read(&by_a_merchant, &center).unwrap_err();
    assert!(matches!(error, VoucherError::Certificate(CertificateError::WrongRole { .. })), "{error}");
    let foreign =
        voucher(&center, &Center::new().certify(Role::ContentManager), VoucherKind::Purchase).to_json();
    assert!(matches!(read(&foreign, &center).unwrap_err(), VoucherError::Certificate(_)));

    let genuine = voucher(&center, &center.certify(Role::ContentManager), VoucherKind::Purchase).to_json();
    let text = String::from_utf8(genuine).unwrap();
    for (from, to) in [
        ("127.0.0.1", "192.0.2.66"),
        ("8443", "8444"),
        ("purchase", "preview"),
        ("\"lossless\"", "\"lossy\""),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text);
        assert!(read(altered.as_bytes(), &center).is_err(), "{to} was taken");
    }
    let newer = text.replacen("\"version\": 1", "\"version\": 2", 1);
    assert!(matches!(read(newer.as_bytes(), &center), Err(VoucherError::NewerVersion(2))));
}

#[test]
fn a_voucher_is_judged_at_its_time_of_issue() {
    // O6, F7
    let center = Center::new();
    let brief = center.certify_for(Role::ContentManager, -10, 1);
    assert!(read(&voucher(&center, &brief, VoucherKind::Purchase).to_json(), &center).is_ok());
    let gone = center.certify_for(Role::ContentManager, -10, -1);
    let error = read(&voucher(&center, &gone, VoucherKind::Purchase).to_json(), &center).unwrap_err();
    assert!(matches!(error, VoucherError::Certificate(CertificateError::Expired { .. })), "{error}");
}

#[test]
fn a_voucher_packet_crosses_as_json_and_shows_no_secret_to_debug() {
    // O8, C7
    let packet = VoucherPacket {
        cost_cents: 129,
        voucher_id: VoucherId::from_bytes([1; 16]),
        timestamp: NOW,
        lifetime_seconds: 900,
        authorization: AuthorizationToken::from_bytes([2; 32]),
        receipt: ReceiptToken::from_bytes([3; 32]),
    };
    let json = serde_json::to_string(&packet).unwrap();
    assert_eq!(
        json,
        "{\"voucher_id\":\"01010101010101010101010101010101\",\"timestamp\":1790000000,\"lifetime_seconds\":900,\"cost_cents\":129,\
         \"authorization\":\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\",\
         \"receipt\":\"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\"}"
    );
    let read: VoucherPacket = serde_json::from_str(&json).unwrap();
    assert_eq!((read.authorization.expose(), read.receipt.expose()), (&[2; 32], &[3; 32]));
    let shown = format!("{packet:?}");
    assert!(!shown.contains("2, 2") && !shown.contains("3, 3") && !shown.contains("AgIC"), "{shown}");
}
