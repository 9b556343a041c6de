//! The objects as strangers meet them: made, checked, opened, altered, cut short, signed by the wrong hand.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::{Cursor, Read};

use cadenza_protocol::cert::{CertificateChain, CertificateError, RevocationLists, Role, verify_chain};
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::wrap::{KeyBundle, RsaPrivateKey, WrapLabel, wrap_keys};
use cadenza_protocol::id::{DeliveryServerId, KeyId, MediaId, VoucherId};
use cadenza_protocol::media::*;
use cadenza_protocol::passport::{Issue, Passport, PassportError, PersonalFacts, RegistrationFile};
use cadenza_protocol::redeem::{DeliveryGrant, RedeemChallenge, RedeemRequest};
use cadenza_protocol::secret::{Passphrase, ReceiptToken, RegistrationKey};
use support::{Center, Holder, NOW};

fn parameters(quality: &str, for_sale: bool) -> ImageParameters {
    ImageParameters {
        quality: quality.into(),
        codec: Codec::Flac,
        sample_rate: 44_100,
        channels: 2,
        bits: 16,
        bit_rate: 700_000,
        frames: 441_000,
        part: Part::Song,
        clip: ClipTimes {
            start_ms: 1000,
            duration_ms: 5000,
            song_ms: 10_000,
            fade_in_ms: 500,
            fade_out_ms: 900,
        },
        for_sale,
        smpte: Some(SmpteTimestamp {
            hours: 1,
            minutes: 2,
            seconds: 3,
            frames: 4,
            frames_per_second: 25,
            drop_frame: false,
        }),
        restrictions: Restrictions {
            play: Allowance::Unlimited,
            record: Allowance::Times(5),
            export: Allowance::Never,
        },
        watermark: Some(Watermark { scheme: "none-yet".into() }),
        loudness: Some(Loudness { lufs_x100: -1400, peak_db_x100: -100 }),
        index: vec![IndexEntry { frame: 0, offset: 42 }, IndexEntry { frame: 44_100, offset: 9000 }],
    }
}

const SONG: &[u8] = &[0xA5; 5_000];

fn media(author: &Holder) -> (Vec<u8>, KeyBundle, MediaId) {
    let id = MediaId::random();
    let mut builder = MediaBuilder::new(id);
    builder
        .text(TextKind::Title, "", "Maple Leaf Rag", Protection::Clear)
        .text(TextKind::Artist, "", "Scott Joplin", Protection::Clear)
        .text(TextKind::Lyrics, "en", "(hummed)", Protection::Buyers)
        .graphic(GraphicKind::Cover, "image/png", vec![1, 2, 3, 4], Protection::Clear)
        .promotional("image/png", "EU", "piano,ragtime", vec![5; 40])
        .image(&parameters("preview-96", false), b"a clear clip".to_vec())
        .image(&parameters("lossless", true), SONG.to_vec());
    let mut bytes = Vec::new();
    let keys = builder.finish(&mut bytes, &author.key, &author.chain, NOW).unwrap();
    (bytes, keys, id)
}

#[test]
fn a_media_file_gives_back_what_the_author_put_in() {
    // O1, O2, O3, O4
    let center = Center::new();
    let (bytes, keys, id) = media(&center.certify(Role::Author));
    let mut file = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap();
    assert_eq!(*file.media_id(), id);
    assert_eq!(file.published_length(), bytes.len() as u64);
    assert_eq!(file.text(TextKind::Title).unwrap().as_deref(), Some("Maple Leaf Rag"));
    assert_eq!(file.text(TextKind::Album).unwrap(), None);
    assert!(matches!(file.text(TextKind::Lyrics), Err(MediaError::Locked { .. })));
    assert_eq!(file.text_with_keys(TextKind::Lyrics, &keys).unwrap().as_deref(), Some("(hummed)"));
    assert_eq!(file.graphic(GraphicKind::Cover).unwrap().unwrap().bytes, [1, 2, 3, 4]);
    assert_eq!(file.image("lossless").unwrap().parameters, parameters("lossless", true));
    assert!(file.image("preview-96").unwrap().key.is_none());

    let mut clip = String::new();
    file.open_image("preview-96", None).unwrap().read_to_string(&mut clip).unwrap();
    assert_eq!(clip, "a clear clip");
    assert!(matches!(file.open_image("lossless", None), Err(MediaError::Locked { .. })));
    let mut song = Vec::new();
    file.open_image("lossless", Some(&keys)).unwrap().read_to_end(&mut song).unwrap();
    assert_eq!(song, SONG);
    file.verify_all().unwrap();
}

#[test]
fn the_stored_file_shows_nothing_of_the_encrypted_parts() {
    // O2, C1
    let center = Center::new();
    let (bytes, ..) = media(&center.certify(Role::Author));
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    assert!(contains(b"Maple Leaf Rag") && contains(b"a clear clip"));
    assert!(!contains(b"(hummed)") && !contains(&SONG[..16]));
}

#[test]
fn every_altered_byte_and_every_cut_of_a_media_file_is_noticed() {
    // F5, O1
    let center = Center::new();
    let (bytes, ..) = media(&center.certify(Role::Author));
    let check = |bytes: &[u8]| MediaFile::open(Cursor::new(bytes), &center.root)?.verify_all();
    check(&bytes).unwrap();
    let mut altered = bytes.clone();
    for at in 0..bytes.len() {
        altered[at] ^= 0x40;
        assert!(check(&altered).is_err(), "byte {at} of {} was altered unnoticed", bytes.len());
        altered[at] = bytes[at];
    }
    for length in 0..bytes.len() {
        assert!(check(&bytes[..length]).is_err(), "a file cut to {length} bytes passed");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(check(&longer).is_err());
    println!("{} bytes altered, {} lengths cut, all noticed", bytes.len(), bytes.len());
}

#[test]
fn an_altered_item_is_named() {
    let center = Center::new();
    let (mut bytes, ..) = media(&center.certify(Role::Author));
    let at = bytes.windows(4).position(|w| w == b"Leaf").unwrap();
    bytes[at] = b'D';
    let mut file = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap();
    let message = file.text(TextKind::Title).unwrap_err().to_string();
    assert_eq!(message, "the title in this media file was altered; download it again");
}

#[test]
fn a_media_file_signed_by_someone_who_is_no_author_is_refused() {
    // C5, F7
    let center = Center::new();
    let (bytes, ..) = media(&center.certify(Role::Consumer));
    let error = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap_err();
    assert!(matches!(error, MediaError::Author(CertificateError::WrongRole { .. })), "{error}");
    let (bytes, ..) = media(&Center::new().certify(Role::Author));
    let error = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap_err();
    assert!(matches!(error, MediaError::Author(CertificateError::Forged { .. })), "{error}");
}

#[test]
fn certificates_are_judged_by_role_time_and_root() {
    // F7
    let center = Center::new();
    let merchant = center.certify(Role::Merchant);
    let judge =
        |chain: &CertificateChain, at| verify_chain(chain, &center.root, Role::Merchant, at).map(|_| ());
    assert_eq!(judge(&merchant.chain, NOW), Ok(()));
    assert!(matches!(judge(&merchant.chain, NOW.plus_days(366)), Err(CertificateError::Expired { .. })));
    assert!(matches!(judge(&merchant.chain, NOW.plus_days(-11)), Err(CertificateError::NotYetValid { .. })));
    let author = center.certify(Role::Author);
    assert!(matches!(judge(&author.chain, NOW), Err(CertificateError::WrongRole { .. })));
    let foreign = Center::new().certify(Role::Merchant);
    assert!(matches!(judge(&foreign.chain, NOW), Err(CertificateError::Forged { .. })));
    let headless = CertificateChain::new(vec![merchant.chain.leaf().clone()]).unwrap();
    assert!(matches!(judge(&headless, NOW), Err(CertificateError::UnknownIssuer { .. })));
}

fn owner() -> PersonalFacts {
    PersonalFacts {
        name: "Ada Example".into(),
        address: "1 Analytical Row, London".into(),
        telephone: "+44 20 7946 0000".into(),
        email: "ada@example.org".into(),
        card_brand: "Visa".into(),
        card_last4: "4242".into(),
        card_expiry: "12/29".into(),
        confidential: "my cat is called Babbage".into(),
        region: "EU".into(),
        interests: vec!["piano".into()],
    }
}

fn registration(center: &Center, consumer: &Holder) -> Vec<u8> {
    let licensing = center.certify(Role::LicensingCenter);
    let issue = Issue {
        chain: consumer.chain.clone(),
        private_key: &consumer.pkcs8,
        personal: &owner(),
        registration_key: &RegistrationKey::random(),
        issued_at: NOW,
    };
    RegistrationFile::issue(&issue, &licensing.key, &licensing.chain).to_json().to_vec()
}

fn phrase(text: &str) -> Passphrase {
    Passphrase::new(text.into())
}

#[test]
fn a_passport_opens_with_its_passphrase_and_keeps_its_secrets() {
    // O7, G3, G4, G5
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = registration(&center, &consumer);
    let verified = RegistrationFile::verify(&file, &center.root, NOW).unwrap();
    assert_eq!(*verified.personal(), owner());
    let passport = verified.lock(&phrase("four winds"), KdfParams::FLOOR).unwrap();

    let json = passport.to_json();
    let text = String::from_utf8(json.clone()).unwrap();
    assert!(!text.contains("clear") && !text.contains("Ada") && !text.contains("Babbage"));

    let read = Passport::from_json(&json, &center.root).unwrap();
    let wrong = read.unlock(&phrase("five winds")).unwrap_err();
    assert!(matches!(wrong, PassportError::Lock(_)), "{wrong}");
    let open = read.unlock(&phrase("four winds")).unwrap();
    assert_eq!(*open.personal(), owner());
    let changed = read.change_passphrase(&phrase("four winds"), &phrase("five"), KdfParams::FLOOR).unwrap();
    assert!(changed.unlock(&phrase("five")).is_ok() && changed.unlock(&phrase("four winds")).is_err());
}

#[test]
fn altered_foreign_or_expired_registrations_are_refused() {
    // G4, F5
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = registration(&center, &consumer);
    let other = Center::new();
    assert!(RegistrationFile::verify(&file, &other.root, NOW).is_err());
    let late = RegistrationFile::verify(&file, &center.root, NOW.plus_days(400)).unwrap_err();
    assert!(matches!(late, PassportError::Certificate(CertificateError::Expired { .. })));
    let mut altered = file.clone();
    let mut unnoticed = Vec::new();
    for at in (0..file.len()).step_by(37) {
        altered[at] ^= 1;
        if RegistrationFile::verify(&altered, &center.root, NOW).is_ok() {
            unnoticed.push(at);
        }
        altered[at] = file[at];
    }
    assert!(unnoticed.is_empty(), "altered bytes at {unnoticed:?} went unnoticed");
}

#[test]
fn a_delivered_file_proves_whose_purchase_it_is() {
    // O5, B5, C2, C4
    let center = Center::new();
    let (mut bytes, keys, media_id) = media(&center.certify(Role::Author));
    let consumer = center.certify_rsa(Role::Consumer);
    let manager = center.certify(Role::ContentManager);
    let voucher_id = VoucherId::random();
    let private = RsaPrivateKey::from_pkcs8_der(&consumer.pkcs8).unwrap();

    // The player proves itself.
    let receipt = ReceiptToken::random();
    let server = DeliveryServerId::new("delivery-1").unwrap();
    let challenge = RedeemChallenge { nonce: [7; 32], delivery_server: server.clone() };
    let sign = |domain: &str, message: &[u8]| private.sign(domain, message);
    let request = RedeemRequest::prove(voucher_id, media_id, &receipt, &challenge, &consumer.chain, sign);
    request.verify_passport(&server, &center.root, NOW, &RevocationLists::none()).unwrap();
    let elsewhere = DeliveryServerId::new("delivery-2").unwrap();
    assert!(request.verify_passport(&elsewhere, &center.root, NOW, &RevocationLists::none()).is_err());

    // The content manager grants.
    let label = WrapLabel::purchase(&media_id, &voucher_id, consumer.chain.leaf());
    let bought = keys.only(&[KeyId::DESCRIPTIVE, KeyId(1)]).unwrap();
    let wrapped_keys = wrap_keys(&bought, consumer.chain.leaf(), &label).unwrap();
    let grant = DeliveryGrant {
        voucher_id,
        media_id,
        quality: "lossless".into(),
        length: bytes.len() as u64,
        sha256: sha256(&bytes),
        consumer_fingerprint: consumer.chain.leaf().fingerprint(),
        content_manager_serial: manager.chain.leaf().serial(),
        wrapped_keys_sha256: sha256(&wrapped_keys),
        issued_at: NOW,
    };
    let grant_signature = grant.sign(&manager.key);

    // The player writes it down, and can play.
    let facts = TransactionFacts {
        delivered_at: NOW.plus_seconds(5),
        grant,
        grant_signature,
        wrapped_keys,
        content_manager_chain: manager.chain.clone(),
        consumer_chain: consumer.chain.clone(),
    };
    let published_length = bytes.len();
    bytes.extend(facts.signed(sign).to_bytes());
    let mut file = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap();
    file.verify_all().unwrap();
    let block = file.transaction().unwrap();
    assert_eq!(*block.voucher_id(), voucher_id);
    let opened = private.unwrap_keys(&block.facts.wrapped_keys, &label).unwrap();
    let mut song = Vec::new();
    file.open_image("lossless", Some(&opened)).unwrap().read_to_end(&mut song).unwrap();
    assert_eq!(song, SONG);

    // Another purchase's label does not open the keys, and no byte of the block can be changed.
    let other = WrapLabel::purchase(&media_id, &VoucherId::random(), consumer.chain.leaf());
    let wrapped = file.transaction().unwrap().facts.wrapped_keys.clone();
    assert!(private.unwrap_keys(&wrapped, &other).is_err());
    let mut altered = bytes.clone();
    for at in published_length..bytes.len() {
        altered[at] ^= 0x10;
        assert!(MediaFile::open(Cursor::new(&altered), &center.root).is_err(), "byte {at} went unnoticed");
        altered[at] = bytes[at];
    }
}
