//! A stranger's reader and writer (tests/interop, Python, made from docs/formats alone): it opens what this crate writes, and this crate
//! opens what it writes.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use cadenza_protocol::audit_log::{Checkpoint, LogFile, PreviewRecord, SaleRecord, verify_log};
use cadenza_protocol::cert::{CertificateChain, RevocationLists, Role};
use cadenza_protocol::crypto::mac::verify_redeem_mac;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::wrap::{RsaPrivateKey, WrapLabel};
use cadenza_protocol::id::{DeliveryServerId, MediaId, VoucherId, hex};
use cadenza_protocol::media::{GraphicKind, MediaFile, TextKind};
use cadenza_protocol::passport::{Passport, RegistrationFile, RenewalRequest};
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::redeem::{RedeemChallenge, RedeemRequest};
use cadenza_protocol::secret::{ReceiptToken, RegistrationKey};
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::{VoucherFile, VoucherKind};
use serde_json::{Value, json};
use support::made::{
    CLIP, LOG, PASSPHRASE, SONG, authored, log, log_secret, passport, phrase, renewal, stamped_log, voucher,
};
use support::samples::{self, agency_facts, owner, parameters, preview, sale};
use support::{Center, Holder, NOW};

const VOUCHER: VoucherId = VoucherId::from_bytes([0xA7; 16]);
const MEDIA: MediaId = MediaId::from_bytes([0xB7; 16]);
const RECEIPT: [u8; 32] = [0x33; 32];
const NONCE: [u8; 32] = [0x55; 32];

fn server() -> DeliveryServerId {
    DeliveryServerId::new("delivery-1").unwrap()
}

/// Runs a script of tests/interop over a folder and gives what it printed.
fn python(script: &str, folder: &Path) -> Vec<u8> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop");
    let python = if cfg!(windows) { "python" } else { "python3" };
    let output = Command::new(python)
        .arg("-B")
        .arg(scripts.join(script))
        .arg(folder)
        .output()
        .expect("Python 3 with the package `cryptography` is installed by `cargo xtask test`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_reader_written_from_the_documentation_opens_every_object() {
    // O1 to O7, O9, G8, F5
    let folder = tempfile::tempdir().unwrap();
    let published = write_objects(folder.path());
    let found: Value = serde_json::from_slice(&python("read.py", folder.path())).unwrap();
    assert_eq!(found["title"], "Maple Leaf Rag");
    assert_eq!(found["lyrics"], "(hummed)");
    assert_eq!(found["waveform"], json!(vec![50; 20]));
    assert_eq!(found["image_sha256"], hex(&sha256(SONG)));
    assert_eq!(found["agencies"], json!([["GEMA", [["product", "ML-0042"], ["isrc", "USRC17607839"]]]]));
    assert_eq!(found["published"], published);
    assert_eq!((&found["stamped_at"], &found["entry"]), (&json!(NOW.0 + 2), &json!(1)));
    assert_eq!((&found["free_title"], &found["absent"]), (&json!("Maple Leaf Rag"), &json!([2, 4, 9])));
    let written = &found["parameters"]["lossless"];
    assert_eq!((&written["frames"], &written["record"]), (&json!(441_000), &json!(5)));
    assert_eq!(written["index"][1][1], 9000);
    assert_eq!(found["owner"], "Ada Example");
    assert_eq!(found["renewed_address"], "2 Difference Street, London");
    assert_eq!(found["voucher_titles"], json!([[null, "Maple Leaf Rag"], [null, "Maple Leaf Rag"]]));
    let kinds: Vec<&Value> = found["log"].as_array().unwrap().iter().map(|entry| &entry[0]).collect();
    assert_eq!(kinds, ["opened", "sale", "preview", "stamped", "closed"]);
    assert_eq!((&found["log"][1][1]["title"], &found["log"][1][1]["retail"]), (&json!("Solace"), &json!(95)));
    assert_eq!(found["log"][2][1]["played_ms"], 12_500);
    assert_eq!(found["log"][3][1], json!({ "entries": 3, "at": NOW.0 + 9 }));
    assert_eq!(found["request_at"], NOW.0);
    assert_eq!(found["redeemed"], VOUCHER.to_string());
    assert_eq!(found["unrevoked_by"], json!(["hour.crl", "unrevoked.crl"]));
    let made = NOW.plus_days(-5).0;
    assert_eq!(found["list_ages"]["hour.crl"], json!([made + 3_600, made + 7 * 86_400]));
    assert_eq!(found["list_ages"]["unrevoked.crl"], json!([made + 86_400, NOW.plus_days(1).0]));
    for (object, count) in found["noticed"].as_object().unwrap() {
        println!("second reader, {object}: {count} alterations and cuts, all noticed");
        assert!(count.as_u64().unwrap() > 200);
    }
}

/// Gives the length of the media file's published part.
fn write_objects(folder: &Path) -> usize {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let center = Center::new();
    write("root.pem", center.root.to_pem().as_bytes());
    let consumer = center.certify_rsa(Role::Consumer);
    let manager = center.certify_rsa(Role::ContentManager);

    let key = RegistrationKey::random();
    write("passport.cadpassport", &passport(&center, &consumer, &key).to_json());
    write("passphrase.txt", PASSPHRASE.as_bytes());
    write("renewal.cadpassport", &renewal(&center.certify(Role::LicensingCenter), &consumer, &key));

    let made = authored(&center.certify(Role::Author)).with_agency(&center, &center.certify(Role::Hub));
    let made = made.published(&center, &manager);
    let published = made.bytes.len();
    let mut free = Vec::new();
    let whole = Cursor::new(made.bytes.as_slice());
    MediaFile::open(whole, &center.root).unwrap().write_free_part(&mut free).unwrap();
    write("free.cadenza", &free);
    write("delivered.cadenza", &made.delivered(VOUCHER, &consumer, &manager).bytes);
    write("purchase.cadvoucher", &voucher(&center, &manager, VoucherKind::Purchase).to_json());
    write("preview.cadvoucher", &voucher(&center, &manager, VoucherKind::Preview).to_json());

    let (file, checkpoint) = stamped_log(&center);
    write("audit.log-file", &file.to_bytes());
    write("log-secret.hex", hex(log_secret().expose()).as_bytes());
    write("checkpoint.json", &serde_json::to_vec(&checkpoint).unwrap());

    let private = RsaPrivateKey::from_pkcs8_der(&consumer.pkcs8).unwrap();
    let encryption = &consumer.receiver().certificate;
    let sign = |domain: &str, message: &[u8]| private.sign(domain, message);
    let request = SignedMessage::new(RenewalRequest::DOMAIN, &RenewalRequest::at(NOW), &consumer.chain, sign);
    write("renewal-request.json", &serde_json::to_vec(&request).unwrap());
    let challenge = RedeemChallenge { nonce: NONCE, delivery_server: server() };
    let receipt = ReceiptToken::from_bytes(RECEIPT);
    let proof = RedeemRequest::prove(VOUCHER, MEDIA, &receipt, &challenge, &consumer.chain, encryption, sign);
    let (leaf, soon) = (consumer.chain.leaf(), NOW.plus_days(1));
    write("unrevoked.crl", &center.revocation_list(&[manager.chain.leaf()], soon));
    write("revoked.crl", &center.revocation_list(&[leaf], soon));
    write("hour.crl", &center.revocation_list_stating(3_600, NOW.plus_days(30)));
    write("stale.crl", &center.revocation_list(&[], NOW.plus_days(-1)));
    write("usurped.crl", &Center::new().revocation_list(&[], soon));
    write("redeem.json", &serde_json::to_vec(&proof).unwrap());
    let expected = json!({ "now": NOW.0, "receipt": hex(&RECEIPT), "server": server() });
    write("expected.json", &serde_json::to_vec(&expected).unwrap());
    published
}

#[test]
fn what_a_writer_made_from_the_documentation_writes_opens_here() {
    // O1 to O7, O9, B5, G8
    let folder = tempfile::tempdir().unwrap();
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    hand_over(folder.path(), &center, &consumer);
    python("write.py", folder.path());
    let written = Written { folder: folder.path().join("written"), center };
    let mut bytes = written.media(&consumer);
    bytes += written.vouchers();
    bytes += written.passports();
    bytes += written.log();
    bytes += written.requests(&consumer.chain);
    println!("{bytes} bytes by the second writer, all opened");
}

/// Keys, certificates, and what is wanted.
fn hand_over(folder: &Path, center: &Center, consumer: &Holder) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("root.pem", center.root.to_pem().as_bytes());
    let holders = [
        ("author", &center.certify(Role::Author)),
        ("hub", &center.certify(Role::Hub)),
        ("manager", &center.certify_rsa(Role::ContentManager)),
        ("licensing", &center.certify(Role::LicensingCenter)),
        ("consumer", consumer),
    ];
    for (name, holder) in holders {
        write(&format!("{name}.key"), &holder.pkcs8);
        write(&format!("{name}.pem"), holder.chain.to_pem().as_bytes());
    }
    write("receiver.key", &consumer.receiver().pkcs8);
    write("receiver.pem", consumer.receiver().certificate.to_pem().as_bytes());
    write("passport.cadpassport", &passport(center, consumer, &RegistrationKey::random()).to_json());
    write("passphrase.txt", PASSPHRASE.as_bytes());
    let (sale, preview) = (sale(), preview());
    let wanted = json!({
        "now": NOW.0, "media_id": MEDIA, "voucher_id": VOUCHER, "server": server(),
        "receipt": hex(&RECEIPT), "nonce": hex(&NONCE), "new_passphrase": "five winds",
        "root": hex(&center.root.fingerprint()), "merchant_key": hex(&samples::MERCHANT_KEY), "title": "Gymnopédie", "lyrics": "(keine)", "song": hex(SONG), "clip": hex(CLIP),
        "owner": owner(),
        "log": hex(&LOG), "log_secret": hex(log_secret().expose()),
        "sale": {
            "at": sale.at, "media": sale.media_id, "author_key": hex(&sale.author_key), "title": sale.title, "artist": sale.artist, "authors": sale.authors, "song_ms": sale.song_ms,
            "sold": 2, "cost": sale.cost_cents, "retail": sale.retail_cents, "currency": sale.currency, "serial": sale.consumer_serial, "voucher": sale.voucher_id,
            "file": sale.file_name, "quality": sale.quality,
        },
        "preview": {
            "at": preview.at, "media": preview.media_id, "title": preview.title, "artist": preview.artist,
            "part": preview.part, "transport": 1, "played_ms": preview.played_ms, "quality": preview.quality, "kept": preview.kept,
        },
    });
    write("wanted.json", &serde_json::to_vec(&wanted).unwrap());
}

/// The writer's objects; each step opens some and says how many bytes they are.
struct Written {
    folder: PathBuf,
    center: Center,
}

impl Written {
    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    fn media(&self, consumer: &Holder) -> usize {
        let open = |bytes| MediaFile::open(Cursor::new(bytes), &self.center.root).unwrap();
        let mut plain = open(self.bytes("authored.cadenza"));
        plain.verify_all().unwrap();
        assert!(
            plain.agencies().is_empty() && plain.publication().is_none() && plain.transaction().is_none()
        );
        let mut published = open(self.bytes("published.cadenza"));
        published.verify_all().unwrap();
        assert_eq!(published.publication().unwrap().word.facts.published_at, NOW.plus_seconds(2));

        let free = self.bytes("free.cadenza");
        let mut part = open(free.clone());
        part.verify_all().unwrap();
        let mut ours = Vec::new();
        published.write_free_part(&mut ours).unwrap();
        assert_eq!(free, ours);

        let bytes = self.bytes("delivered.cadenza");
        let mut file = open(bytes.clone());
        file.verify_all().unwrap();
        assert_eq!(file.agencies()[0].facts, agency_facts(MEDIA));
        let block = file.transaction().unwrap().clone();
        assert_eq!(*block.voucher_id(), VOUCHER);
        let receiver = consumer.receiver();
        let label = WrapLabel::purchase(&MEDIA, &VOUCHER, &receiver.certificate.fingerprint());
        let private = RsaPrivateKey::from_pkcs8_der(&receiver.pkcs8).unwrap();
        let keys = private.unwrap_keys(&block.facts.wrapped_keys, &label).unwrap();
        assert_eq!(file.text(TextKind::Title).unwrap().as_deref(), Some("Gymnopédie"));
        assert_eq!(file.text_with_keys(TextKind::Lyrics, &keys).unwrap().as_deref(), Some("(keine)"));
        assert_eq!(file.graphic_with_keys(GraphicKind::Waveform, &keys).unwrap().unwrap().bytes, [50; 20]);
        for (quality, for_sale, content) in [("lossless", true, SONG), ("preview-96", false, CLIP)] {
            assert_eq!(file.image(quality).unwrap().parameters, parameters(quality, for_sale));
            let mut image = Vec::new();
            file.open_image(quality, Some(&keys)).unwrap().read_to_end(&mut image).unwrap();
            assert_eq!(image, content);
        }
        bytes.len()
    }

    fn vouchers(&self) -> usize {
        let open = |name: &str| {
            let bytes = self.bytes(name);
            (bytes.len(), VoucherFile::from_json(&bytes).unwrap().verify(&self.center.root).unwrap())
        };
        let (length, purchase) = open("purchase.cadvoucher");
        let receipt = purchase.tracks[0].receipt.as_ref().unwrap();
        assert_eq!((purchase.kind, receipt.expose()), (VoucherKind::Purchase, &RECEIPT));
        assert_eq!(purchase.tracks[0].title.as_deref(), Some("Gymnopédie"));
        let (more, preview) = open("preview.cadvoucher");
        assert_eq!((preview.kind, preview.tracks[0].delivery.rtsp), (VoucherKind::Preview, Some(8554)));
        assert_eq!((preview.tracks[0].part, purchase.tracks[0].part), (PreviewKind::Clip, PreviewKind::Song));
        assert_eq!((preview.merchant_key, purchase.gift, preview.gift), (samples::MERCHANT_KEY, true, false));
        length + more
    }

    fn passports(&self) -> usize {
        let bytes = self.bytes("relocked.cadpassport");
        let passport = Passport::from_json(&bytes, &self.center.root).unwrap();
        assert!(passport.unlock(&phrase(PASSPHRASE)).is_err());
        assert_eq!(*passport.unlock(&phrase("five winds")).unwrap().personal(), owner());
        let registration = self.bytes("registration.json");
        let verified = RegistrationFile::verify(&registration, &self.center.root, NOW).unwrap();
        assert_eq!(*verified.personal(), owner());
        bytes.len() + registration.len()
    }

    fn log(&self) -> usize {
        let bytes = self.bytes("audit.log-file");
        // Nothing in a log is random, so both writers write the same bytes.
        let (ours, checkpoint) = log();
        assert_eq!(bytes, ours.to_bytes());
        let theirs: Checkpoint = serde_json::from_slice(&self.bytes("checkpoint.json")).unwrap();
        assert_eq!(theirs, checkpoint);
        let file = LogFile::from_bytes(&bytes).unwrap();
        let entries = file.entries.iter().map(Vec::as_slice);
        let opened = verify_log(&LOG, &log_secret(), entries, &[theirs]).unwrap();
        assert_eq!(SaleRecord::from_bytes(&opened[1].content).unwrap(), sale());
        assert_eq!(PreviewRecord::from_bytes(&opened[2].content).unwrap(), preview());
        bytes.len()
    }

    fn requests(&self, consumer: &CertificateChain) -> usize {
        let none = RevocationLists::none();
        let proof = self.bytes("redeem.json");
        let request: RedeemRequest = serde_json::from_slice(&proof).unwrap();
        request.verify_passport(&server(), &self.center.root, NOW, &none).unwrap();
        let (receipt, fingerprint) = (ReceiptToken::from_bytes(RECEIPT), consumer.leaf().fingerprint());
        verify_redeem_mac(&receipt, &VOUCHER, &fingerprint, &server(), &NONCE, &request.mac).unwrap();
        let message = self.bytes("renewal-request.json");
        let signed: SignedMessage = serde_json::from_slice(&message).unwrap();
        let body: RenewalRequest =
            signed.open(RenewalRequest::DOMAIN, &self.center.root, Role::Consumer, NOW, &none).unwrap();
        assert_eq!(body.at, NOW);
        proof.len() + message.len()
    }
}
