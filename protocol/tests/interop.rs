//! A stranger's reader (tests/interop, Python, written from docs/formats alone) opens what this crate writes.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::path::Path;
use std::process::Command;

use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::wrap::{RsaPrivateKey, WrapLabel, wrap_keys};
use cadenza_protocol::id::{DeliveryServerId, MediaId, VoucherId, hex};
use cadenza_protocol::media::*;
use cadenza_protocol::passport::{Issue, PersonalFacts, RegistrationFile};
use cadenza_protocol::redeem::DeliveryGrant;
use cadenza_protocol::secret::{Passphrase, ReceiptToken, RegistrationKey};
use cadenza_protocol::voucher::{DeliveryAddress, MediaVoucher, VoucherKind, VoucherTrack};
use support::{Center, NOW};

const SONG: &[u8] = &[0x5A; 40_000];

#[test]
fn a_reader_written_from_the_documentation_opens_every_object() {
    // O1 to O7, F5
    let folder = tempfile::tempdir().unwrap();
    write_objects(folder.path());
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop");
    let python = std::env::var("CADENZA_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python)
        .arg("-B")
        .arg(scripts.join("read.py"))
        .arg(folder.path())
        .output()
        .expect("Python 3 with the package `cryptography` is installed by `cargo xtask test`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["title"], "Gnossienne No. 1");
    assert_eq!(found["lyrics"], "[00:01.00] (none)");
    assert_eq!(found["image_sha256"], hex(&sha256(SONG)));
    assert_eq!(found["owner"], "Ada Example");
    assert_eq!(found["voucher_tracks"], 1);
    let written = &found["parameters"]["lossless"];
    assert_eq!(written["frames"], 441_000);
    assert_eq!(written["record"], 5);
    assert_eq!(written["index"][1][1], 9000);
    println!("{} altered bytes noticed by the second reader", found["altered_bytes_noticed"]);
}

fn write_objects(folder: &Path) {
    let center = Center::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("root.pem", center.root.to_pem().as_bytes());

    let consumer = center.certify_rsa(Role::Consumer);
    let licensing = center.certify(Role::LicensingCenter);
    let issue = Issue {
        chain: consumer.chain.clone(),
        private_key: &consumer.pkcs8,
        personal: &owner(),
        registration_key: &RegistrationKey::random(),
        issued_at: NOW,
    };
    let file = RegistrationFile::issue(&issue, &licensing.key, &licensing.chain).to_json();
    let verified = RegistrationFile::verify(&file, &center.root, NOW).unwrap();
    let passport = verified.lock(&Passphrase::new("grüne Heide".into()), KdfParams::FLOOR).unwrap();
    write("passport.cadpassport", &passport.to_json());
    write("passphrase.txt", "grüne Heide".as_bytes());

    let voucher_id = VoucherId::random();
    let media_id = MediaId::random();
    write("media.cadenza", &delivered(&center, media_id, voucher_id, &consumer));
    let manager = center.certify_rsa(Role::ContentManager);
    let voucher = voucher(media_id, voucher_id).sign(&manager.key, manager.chain);
    write("voucher.cadvoucher", &voucher.to_json());
}

fn delivered(
    center: &Center,
    media_id: MediaId,
    voucher_id: VoucherId,
    consumer: &support::Holder,
) -> Vec<u8> {
    let author = center.certify(Role::Author);
    let mut builder = MediaBuilder::new(media_id);
    builder
        .text(TextKind::Title, "", "Gnossienne No. 1", Protection::Clear)
        .text(TextKind::Lyrics, "fr", "[00:01.00] (none)", Protection::Buyers)
        .promotional("image/png", "EU", "piano", vec![9; 100])
        .image(&parameters("preview-96", false), vec![1; 900])
        .image(&parameters("lossless", true), SONG.to_vec());
    let mut bytes = Vec::new();
    let keys = builder.finish(&mut bytes, &author.key, &author.chain, NOW).unwrap();

    let label = WrapLabel::purchase(&media_id, &voucher_id, consumer.chain.leaf());
    let wrapped_keys = wrap_keys(&keys, consumer.chain.leaf(), &label).unwrap();
    let manager = center.certify_rsa(Role::ContentManager);
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
    let facts = TransactionFacts {
        delivered_at: NOW.plus_seconds(3),
        grant,
        grant_signature,
        wrapped_keys,
        content_manager_chain: manager.chain,
        consumer_chain: consumer.chain.clone(),
    };
    let private = RsaPrivateKey::from_pkcs8_der(&consumer.pkcs8).unwrap();
    bytes.extend(facts.signed(|domain, message| private.sign(domain, message)).to_bytes());
    bytes
}

fn voucher(media_id: MediaId, voucher_id: VoucherId) -> MediaVoucher {
    let id = DeliveryServerId::new("delivery-1").unwrap();
    let delivery = DeliveryAddress { id, host: "127.0.0.1".into(), https: 1, rtsps: 2, rtsp: Some(3) };
    let receipt = Some(ReceiptToken::random());
    let track = VoucherTrack { voucher_id, media_id, receipt, delivery, quality: None, title: None };
    MediaVoucher { kind: VoucherKind::Purchase, tracks: vec![track], issued: NOW, expires: NOW }
}

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
            start_ms: 0,
            duration_ms: 5000,
            song_ms: 10_000,
            fade_in_ms: 500,
            fade_out_ms: 900,
        },
        for_sale,
        smpte: None,
        restrictions: Restrictions {
            play: Allowance::Unlimited,
            record: Allowance::Times(5),
            export: Allowance::Never,
        },
        watermark: None,
        loudness: Some(Loudness { lufs_x100: -1400, peak_db_x100: -100 }),
        index: vec![IndexEntry { frame: 0, offset: 42 }, IndexEntry { frame: 44_100, offset: 9000 }],
    }
}

fn owner() -> PersonalFacts {
    PersonalFacts {
        name: "Ada Example".into(),
        address: "1 Analytical Row".into(),
        telephone: "1".into(),
        email: "ada@example.org".into(),
        card_brand: "Visa".into(),
        card_last4: "4242".into(),
        card_expiry: "12/29".into(),
        confidential: "a line".into(),
        region: String::new(),
        interests: vec![],
    }
}
