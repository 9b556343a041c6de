//! Objects made once and kept (tests/vectors): today's code must open them as the code did that made them, so that formats cannot
//! drift unnoticed.
//!
//! After a deliberate change of a format: `CADENZA_UPDATE=1 cargo test -p cadenza-protocol --test objects vectors`.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use cadenza_protocol::audit_log::{Checkpoint, LogFile, PreviewRecord, SaleRecord, verify_log};
use cadenza_protocol::cert::{Certificate, RevocationLists, Role};
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::id::{VoucherId, hex, unhex};
use cadenza_protocol::media::{GraphicKind, MediaFile, TextKind};
use cadenza_protocol::passport::{Passport, Renewal, RenewalRequest};
use cadenza_protocol::secret::{RegistrationKey, Secret};
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::{VoucherFile, VoucherKind};

use crate::support::made::{
    CLIP, PASSPHRASE, SONG, authored, log_secret, passport, phrase, renewal, stamped_log, voucher,
};
use crate::support::samples::{agency_facts, owner, parameters, preview, sale};
use crate::support::{Center, NOW};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn kept(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn kept_text(name: &str) -> String {
    String::from_utf8(kept(name)).unwrap()
}

#[test]
fn every_kept_object_still_opens_and_says_what_it_said() {
    // O1 to O7, O9, G8
    if std::env::var_os("CADENZA_UPDATE").is_some() {
        make();
    }
    let root = Certificate::from_pem(&kept_text("root.pem")).unwrap();

    let held = Passport::from_json(&kept("passport.cadpassport"), &root).unwrap();
    let open = held.unlock(&phrase(&kept_text("passphrase.txt"))).unwrap();
    assert_eq!(*open.personal(), owner());

    let bytes = kept("delivered.cadenza");
    assert!(bytes.len() < 40_000);
    let mut file = MediaFile::open(Cursor::new(&bytes), &root).unwrap();
    file.verify_all().unwrap();
    let block = file.transaction().unwrap().clone();
    let to = open.encryption().fingerprint();
    let label = WrapLabel::purchase(file.media_id(), block.voucher_id(), &to);
    let keys = open.unwrap_keys(&block.facts.wrapped_keys, &label).unwrap();
    assert_eq!(file.text(TextKind::Title).unwrap().as_deref(), Some("Maple Leaf Rag"));
    assert_eq!(file.text_with_keys(TextKind::Lyrics, &keys).unwrap().as_deref(), Some("(hummed)"));
    let bars = file.graphic_with_keys(GraphicKind::Waveform, &keys).unwrap().unwrap();
    assert_eq!(bars.bytes, [50; 20]);
    assert_eq!(file.agencies()[0].facts, agency_facts(*file.media_id()));
    for (quality, for_sale, content) in [("lossless", true, SONG), ("preview-96", false, CLIP)] {
        assert_eq!(file.image(quality).unwrap().parameters, parameters(quality, for_sale));
        let mut image = Vec::new();
        file.open_image(quality, Some(&keys)).unwrap().read_to_end(&mut image).unwrap();
        assert_eq!(image, content);
    }

    for (name, kind) in
        [("purchase.cadvoucher", VoucherKind::Purchase), ("preview.cadvoucher", VoucherKind::Preview)]
    {
        let voucher = VoucherFile::from_json(&kept(name)).unwrap().verify(&root).unwrap();
        assert_eq!((voucher.kind, voucher.tracks.len(), voucher.issued), (kind, 2, NOW));
    }

    let file = LogFile::from_bytes(&kept("audit.log-file")).unwrap();
    let secret = Secret::from_slice(&unhex(&kept_text("log-secret.hex")).unwrap()).unwrap();
    let checkpoint: Checkpoint = serde_json::from_slice(&kept("checkpoint.json")).unwrap();
    let entries =
        verify_log(&file.log, &secret, file.entries.iter().map(Vec::as_slice), &[checkpoint]).unwrap();
    assert_eq!(SaleRecord::from_bytes(&entries[1].content).unwrap(), sale());
    assert_eq!(PreviewRecord::from_bytes(&entries[2].content).unwrap(), preview());

    let waiting = Renewal::verify(&kept("renewal.cadpassport"), &root, NOW, &held).unwrap();
    let new = waiting.lock(&held, &phrase(PASSPHRASE), KdfParams::FLOOR).unwrap();
    assert_eq!(new.unlock(&phrase(PASSPHRASE)).unwrap().personal().address, "2 Difference Street, London");

    let request: SignedMessage = serde_json::from_slice(&kept("renewal-request.json")).unwrap();
    let none = RevocationLists::none();
    let body: RenewalRequest =
        request.open(RenewalRequest::DOMAIN, &root, Role::Consumer, NOW, &none).unwrap();
    assert_eq!(body.at, NOW);
}

fn make() {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder().join(name), bytes).unwrap();
    let center = Center::new();
    write("root.pem", center.root.to_pem().as_bytes());
    let consumer = center.certify_rsa(Role::Consumer);
    let manager = center.certify_rsa(Role::ContentManager);
    let key = RegistrationKey::random();
    write("passport.cadpassport", &passport(&center, &consumer, &key).to_json());
    write("passphrase.txt", PASSPHRASE.as_bytes());
    write("renewal.cadpassport", &renewal(&center.certify(Role::LicensingCenter), &consumer, &key));
    let made = authored(&center.certify(Role::Author)).with_agency(&center, &center.certify(Role::Hub));
    let made = made.published(&center, &manager).delivered(VoucherId::random(), &consumer, &manager);
    write("delivered.cadenza", &made.bytes);
    write("purchase.cadvoucher", &voucher(&center, &manager, VoucherKind::Purchase).to_json());
    write("preview.cadvoucher", &voucher(&center, &manager, VoucherKind::Preview).to_json());
    let (file, checkpoint) = stamped_log(&center);
    write("audit.log-file", &file.to_bytes());
    write("log-secret.hex", hex(log_secret().expose()).as_bytes());
    write("checkpoint.json", &serde_json::to_vec(&checkpoint).unwrap());
    let sign = |domain: &str, message: &[u8]| consumer.key.sign(domain, message);
    let request = SignedMessage::new(RenewalRequest::DOMAIN, &RenewalRequest::at(NOW), &consumer.chain, sign);
    write("renewal-request.json", &serde_json::to_vec(&request).unwrap());
}
