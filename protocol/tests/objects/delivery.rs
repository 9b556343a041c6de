//! From the proof of purchase to a delivered copy (O5, B5, C2, C4).

use std::io::{Cursor, Read};

use cadenza_protocol::cert::{RevocationLists, Role};
use cadenza_protocol::crypto::mac::verify_redeem_mac;
use cadenza_protocol::crypto::wrap::{RsaPrivateKey, WrapLabel};
use cadenza_protocol::id::{DeliveryServerId, MediaId, VoucherId};
use cadenza_protocol::media::*;
use cadenza_protocol::redeem::{RedeemChallenge, RedeemRequest};
use cadenza_protocol::secret::ReceiptToken;

use crate::alter::nothing_passes;
use crate::support::made::{SONG, authored};
use crate::support::{Center, NOW};

#[test]
fn a_player_proves_that_it_holds_receipt_and_passport() {
    // B5, C4
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let private = RsaPrivateKey::from_pkcs8_der(&consumer.pkcs8).unwrap();
    let (voucher, media, receipt) = (VoucherId::random(), MediaId::random(), ReceiptToken::random());
    let server = DeliveryServerId::new("delivery-1").unwrap();
    let challenge = RedeemChallenge { nonce: [7; 32], delivery_server: server.clone() };
    let sign = |domain: &str, message: &[u8]| private.sign(domain, message);
    let encryption = &consumer.receiver().certificate;
    let request =
        RedeemRequest::prove(voucher, media, &receipt, &challenge, &consumer.chain, encryption, sign);
    let none = RevocationLists::none();
    request.verify_passport(&server, &center.root, NOW, &none).unwrap();
    let fingerprint = consumer.chain.leaf().fingerprint();
    verify_redeem_mac(&receipt, &voucher, &fingerprint, &server, &[7; 32], &request.mac).unwrap();

    let elsewhere = DeliveryServerId::new("delivery-2").unwrap();
    assert!(request.verify_passport(&elsewhere, &center.root, NOW, &none).is_err());
    let list = center.revocation_list(&[consumer.chain.leaf()], NOW.plus_days(1));
    let lists = RevocationLists::from_ders([list.as_slice()]).unwrap();
    assert!(request.verify_passport(&server, &center.root, NOW, &lists).is_err());
    let other_media = RedeemRequest { media_id: MediaId::random(), ..request.clone() };
    assert!(other_media.verify_passport(&server, &center.root, NOW, &none).is_err());

    // C5: the second certificate is the holder's own, for receiving keys and nothing else, and the signature names it
    let list = center.revocation_list(&[encryption], NOW.plus_days(1));
    let lists = RevocationLists::from_ders([list.as_slice()]).unwrap();
    assert!(request.verify_passport(&server, &center.root, NOW, &lists).is_err());
    let stranger = center.certify_stranger().receiver().certificate.clone();
    let exchanged = RedeemRequest { encryption: stranger, ..request };
    assert!(exchanged.verify_passport(&server, &center.root, NOW, &none).is_err());
    for (what, unfit) in center.unfit_receivers(&consumer) {
        let request =
            RedeemRequest::prove(voucher, media, &receipt, &challenge, &consumer.chain, &unfit, sign);
        assert!(request.verify_passport(&server, &center.root, NOW, &none).is_err(), "{what}");
    }
}

#[test]
fn a_delivered_file_proves_whose_purchase_it_is_and_plays() {
    // O5, C2
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let manager = center.certify(Role::ContentManager);
    let made = authored(&center.certify(Role::Author)).with_agency(&center, &center.certify(Role::Hub));
    let made = made.published(&center, &manager);
    let (id, published) = (made.id, made.bytes.len() as u64);
    let voucher_id = VoucherId::random();
    let made = made.delivered(voucher_id, &consumer, &manager);

    let mut file = MediaFile::open(Cursor::new(&made.bytes), &center.root).unwrap();
    file.verify_all().unwrap();
    assert_eq!(file.published_length(), published);
    let block = file.transaction().unwrap().clone();
    assert_eq!(*block.voucher_id(), voucher_id);
    let private = RsaPrivateKey::from_pkcs8_der(&consumer.receiver().pkcs8).unwrap();
    let to = block.facts.grant.encryption_fingerprint;
    let label = WrapLabel::purchase(&id, &voucher_id, &to);
    let opened = private.unwrap_keys(&block.facts.wrapped_keys, &label).unwrap();
    let mut song = Vec::new();
    file.open_image("lossless", Some(&opened)).unwrap().read_to_end(&mut song).unwrap();
    assert_eq!(song, SONG);

    let other = WrapLabel::purchase(&id, &VoucherId::random(), &to);
    assert!(private.unwrap_keys(&block.facts.wrapped_keys, &other).is_err());
}

#[test]
fn every_altered_byte_and_every_cut_of_a_delivered_file_is_noticed() {
    // F5, O5. Cut where an earlier file ends, it is that file, whole and signed by its author: not a forgery, but no purchase either.
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let author = center.certify(Role::Author);
    let manager = center.certify(Role::ContentManager);
    let passes = |bytes: &[u8]| {
        MediaFile::open(Cursor::new(bytes), &center.root).and_then(|mut file| file.verify_all()).is_ok()
    };
    let made = authored(&author);
    let mut whole = vec![made.bytes.len()];
    let made = made.with_agency(&center, &center.certify(Role::Hub));
    whole.push(made.bytes.len());
    let made = made.published(&center, &manager);
    whole.push(made.bytes.len());
    let made = made.delivered(VoucherId::random(), &consumer, &manager);
    nothing_passes(
        "media file, with agency codes, published, delivered",
        &made.bytes,
        &[0x01, 0x80],
        &whole,
        passes,
    );
    for length in whole {
        let file = MediaFile::open(Cursor::new(&made.bytes[..length]), &center.root).unwrap();
        assert!(file.transaction().is_none());
    }
}

#[test]
fn a_record_of_purchase_does_not_fit_another_file_nor_the_same_without_its_codes() {
    // O5, S9
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let (author, hub) = (center.certify(Role::Author), center.certify(Role::Hub));
    let manager = center.certify(Role::ContentManager);
    let open = |bytes: &[u8]| MediaFile::open(Cursor::new(bytes), &center.root).map(|_| ());
    let made = authored(&author);
    let plain = made.bytes.clone();
    let made = made.with_agency(&center, &hub);
    let unpublished = made.bytes.clone();
    let made = made.published(&center, &manager);
    let published = made.bytes.len();
    let made = made.delivered(VoucherId::random(), &consumer, &manager);
    let record = &made.bytes[published..];
    open(&made.bytes).unwrap();

    for cut in [plain, unpublished] {
        let without_codes = [cut.as_slice(), record].concat();
        assert!(matches!(open(&without_codes), Err(MediaError::Transaction { .. })));
    }
    let unsold = authored(&author).with_agency(&center, &hub);
    let unsold = unsold.delivered(VoucherId::random(), &consumer, &manager);
    assert!(matches!(open(&unsold.bytes), Err(MediaError::Transaction { .. })));
    let of_another = [authored(&author).bytes.as_slice(), record].concat();
    assert!(matches!(open(&of_another), Err(MediaError::Transaction { .. })));
    let twice = [made.bytes.as_slice(), record].concat();
    assert!(open(&twice).is_err());
}
