//! Writes `assets/` and `seeds/` anew: `cargo run --example make_seeds` in this folder, then again, because the second run signs with
//! the keys that the first one wrote.
//!
//! Seeds are valid objects, and each of them cut in half and with one byte altered. Their first byte chooses the part of the target.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use cadenza_fuzz::center::{self, NOW};
use cadenza_fuzz::insider::{self, MEDIA, Plan, VOUCHER};
use cadenza_fuzz::samples;
use cadenza_fuzz::script::step;
use cadenza_fuzz::song;
use cadenza_protocol::audit_log::{EntryKind, LogFile, LogWriter, StampRecord};
use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::chunked::Sealer;
use cadenza_protocol::crypto::kdf::{KdfParams, lock};
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::{DeliveryServerId, KeyId, hex};
use cadenza_protocol::media::*;
use cadenza_protocol::passport::{Issue, RegistrationFile, Renewal, RenewalRequest};
use cadenza_protocol::preview::{PreviewAddress, PreviewKind};
use cadenza_protocol::redeem::{
    DeliveryGrant, DeliveryReport, RedeemApproval, RedeemChallenge, RedeemRequest,
};
use cadenza_protocol::reserve::{
    AuthorizationToken, DeliverItem, DeliverRequest, ReserveRequest, ReservedTrack, VoucherPacket,
};
use cadenza_protocol::rtp::Packetizer;
use cadenza_protocol::secret::{Passphrase, ReceiptToken, RegistrationKey, Secret};
use cadenza_protocol::shop::sold::Sold;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::{DeliveryAddress, MediaVoucher, VoucherKind, VoucherTrack};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, RevocationReason,
    RevokedCertParams, SerialNumber,
};
use rsa::pkcs8::EncodePrivateKey;
use rustls_pki_types::PrivateKeyDer;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    if fs::metadata(folder.join("assets/root.pem")).unwrap().len() == 0 {
        write_center(&folder.join("assets"));
        println!("the center was founded; run this again to sign the passport");
        return;
    }
    if include_bytes!("../assets/passport.json").is_empty() {
        fs::write(folder.join("assets/passport.json"), locked_passport()).unwrap();
        println!("the passport was signed; run this again to write the seeds");
        return;
    }
    let _ = fs::remove_dir_all(folder.join("seeds"));
    media_file(&Seeds::of(folder, "media_file"));
    media_parts(&Seeds::of(folder, "media_parts"));
    certificate(&Seeds::of(folder, "certificate"), folder);
    passport(&Seeds::of(folder, "passport"));
    json_objects(&Seeds::of(folder, "json_objects"));
    audit_log(&Seeds::of(folder, "audit_log"));
    sealed(&Seeds::of(folder, "sealed"));
    rtp_packets(&Seeds::of(folder, "rtp_packets"));
    rtsp_server(&Seeds::of(folder, "rtsp_server"));
    rtsp_client(&Seeds::of(folder, "rtsp_client"));
    preview_parts(&Seeds::of(folder, "preview_parts"));
    tags(&Seeds::of(folder, "tags"), &folder.join("assets/music"));
    pictures(&Seeds::of(folder, "pictures"));
    shop(&Seeds::of(folder, "shop"));
    forms(&Seeds::of(folder, "forms"));
    journal(&Seeds::of(folder, "journal"));
    settings(&Seeds::of(folder, "settings"));
}

/// The seeds of one target.
struct Seeds(PathBuf);

impl Seeds {
    fn of(folder: &Path, target: &str) -> Self {
        let folder = folder.join("seeds").join(target);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn add(&self, name: &str, which: u8, bytes: &[u8]) {
        self.whole(name, [&[which], bytes].concat());
    }

    /// One of a target that has one part only.
    fn whole(&self, name: &str, mut seed: Vec<u8>) {
        fs::write(self.0.join(name), &seed).unwrap();
        fs::write(self.0.join(format!("{name}-cut")), &seed[..seed.len() / 2]).unwrap();
        let at = seed.len() / 3;
        seed[at] ^= 4;
        fs::write(self.0.join(format!("{name}-altered")), &seed).unwrap();
    }
}

fn write_center(assets: &Path) {
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut root = authority_params("Fuzz Root", 1);
    root.extended_key_usages.clear();
    let root_certificate = root.self_signed(&root_key).unwrap();
    let issuer = Issuer::from_params(&root, &root_key);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let params = authority_params("Fuzz Authority", 0);
    let authority = params.signed_by(&key, &issuer).unwrap();
    let authority_issuer = Issuer::from_params(&params, &key);
    fs::write(assets.join("root.pem"), root_certificate.pem()).unwrap();
    let holders = [
        ("author", Role::Author),
        ("manager", Role::ContentManager),
        ("licensing", Role::LicensingCenter),
        ("hub", Role::Hub),
        ("listener", Role::Consumer),
        ("consumer", Role::Consumer),
        ("receiver", Role::Consumer),
    ];
    for (name, role) in holders {
        let pkcs8 = if matches!(name, "consumer" | "receiver") {
            let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 3072).unwrap();
            key.to_pkcs8_der().unwrap().as_bytes().to_vec()
        } else {
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap().serialize_der()
        };
        let key = KeyPair::try_from(&PrivateKeyDer::Pkcs8(pkcs8.clone().into())).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, role.name());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(role.oid_arcs().to_vec())];
        params.key_usages = match name {
            "receiver" => vec![KeyUsagePurpose::KeyEncipherment],
            _ => vec![KeyUsagePurpose::DigitalSignature],
        };
        (params.not_before, params.not_after) = (date(-10), date(365));
        let leaf = params.signed_by(&key, &authority_issuer).unwrap();
        fs::write(assets.join(format!("{name}.pem")), leaf.pem() + &authority.pem()).unwrap();
        fs::write(assets.join(format!("{name}.p8")), pkcs8).unwrap();
    }
    for (name, revoked) in [("none", None), ("other", Some(7))] {
        let list = CertificateRevocationListParams {
            this_update: date(-1),
            next_update: date(30),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .map(|n| RevokedCertParams {
                    serial_number: SerialNumber::from(n),
                    revocation_time: date(-2),
                    reason_code: Some(RevocationReason::KeyCompromise),
                    invalidity_date: None,
                })
                .into_iter()
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&authority_issuer).unwrap();
        fs::write(assets.join(format!("revoked-{name}.crl")), list.der()).unwrap();
    }
}

fn authority_params(name: &str, path: u8) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let roles = Role::ALL.iter().map(|r| ExtendedKeyUsagePurpose::Other(r.oid_arcs().to_vec()));
    params.extended_key_usages = roles.collect();
    (params.not_before, params.not_after) = (date(-1000), date(3000));
    params
}

fn date(days: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(NOW.plus_days(days).0).unwrap()
}

const REGISTRATION_KEY: [u8; 32] = [5; 32];

/// A registration, or with `renewal` a renewal.
fn registration(renewal: bool) -> Vec<u8> {
    let (consumer, receiver, licensing) = (center::consumer(), center::receiver(), center::licensing());
    let issue = Issue {
        chain: consumer.chain.clone(),
        encryption: receiver.chain.leaf().clone(),
        signing_key: consumer.pkcs8,
        decryption_key: receiver.pkcs8,
        personal: &samples::owner(),
        registration_key: &RegistrationKey::from_bytes(REGISTRATION_KEY),
        issued_at: NOW,
    };
    let make = if renewal { RegistrationFile::renew } else { RegistrationFile::issue };
    make(&issue, &licensing.key, &licensing.chain).to_json().to_vec()
}

fn locked_passport() -> Vec<u8> {
    let verified = RegistrationFile::verify(&registration(false), center::root(), NOW).unwrap();
    verified.lock(&Passphrase::new("four winds".into()), KdfParams::FLOOR).unwrap().to_json()
}

/// A purchase image with all that may stand there, a preview with little.
fn parameters(quality: &str, for_sale: bool) -> ImageParameters {
    let all = samples::parameters(quality, for_sale);
    if for_sale {
        return all;
    }
    ImageParameters { codec: Codec::OggOpus, part: Part::Clip, smpte: None, watermark: None, ..all }
}

/// A whole song as an insider's plan.
fn plan(tail: u8) -> Vec<u8> {
    let (preview, lossless) =
        (parameters("preview-96", false).to_bytes(), parameters("lossless", true).to_bytes());
    let text = |code, content| Plan {
        kind: [1, code],
        texts: [b"text/plain", b"en", b"", b""],
        content,
        ..Plan::default()
    };
    let item = |kind, flags, key, content| Plan { kind, flags, key, content, ..Plan::default() };
    let items = [
        text(1, b"Maple Leaf Rag".as_slice()),
        text(2, b"Scott Joplin"),
        text(255, b"more"),
        Plan { flags: 3, ..text(14, b"(hummed)") },
        Plan { texts: [b"image/png", b"", b"EU", b"piano,ragtime"], ..item([2, 3], 0, 0, &[5; 40]) },
        item([2, 1], 0, 0, &[1, 2, 3, 4]),
        item([2, 4], 0, 0, &[0, 50, 100]),
        item([3, 1], 0, 0, &preview),
        item([3, 2], 0, 0, b"a clear clip"),
        item([3, 1], 0, 0, &lossless),
        item([3, 2], 3, 1, &[0xa5; 500]),
    ];
    items.iter().fold(vec![tail], |bytes, item| [bytes, item.to_bytes()].concat())
}

fn media_file(seeds: &Seeds) {
    for tail in [0, 0x41, 0xc1, 0xc2] {
        let file = insider::media_file(&plan(tail)).unwrap();
        let mut open = MediaFile::open(Cursor::new(&file), center::root()).unwrap();
        open.verify_all().unwrap();
        assert_eq!(
            open.text_with_keys(TextKind::Lyrics, &insider::keys()).unwrap().as_deref(),
            Some("(hummed)")
        );
        assert!(open.into_image("lossless", Some(&insider::keys())).is_ok());
    }
    seeds.add("song", 0, &insider::media_file(&plan(0)).unwrap());
    seeds.add("delivered", 0, &insider::media_file(&plan(0xc2)).unwrap());
    let whole = insider::media_file(&plan(0x42)).unwrap();
    let mut free = Vec::new();
    MediaFile::open(Cursor::new(&whole), center::root()).unwrap().write_free_part(&mut free).unwrap();
    seeds.add("free-part", 0, &free);
    seeds.add("plan", 1, &plan(0));
    seeds.add("plan-published", 1, &plan(0x42));
    seeds.add("plan-delivered", 1, &plan(0xc1));
    seeds.add("plan-unpublished", 1, &plan(0x80));
    seeds.add("plan-five-agencies", 1, &plan(5));
    seeds.add(
        "plan-one-text",
        1,
        &[&[0][..], &Plan { kind: [1, 1], content: b"x", ..Plan::default() }.to_bytes()].concat(),
    );
    let mut big = vec![0];
    big.extend(
        Plan { kind: [3, 1], content: &parameters("a", false).to_bytes(), ..Plan::default() }.to_bytes(),
    );
    big.extend(Plan { kind: [3, 2], flags: 3, key: 2, content: &[9; 17_000], ..Plan::default() }.to_bytes());
    seeds.add("plan-two-chunks", 1, &big);
}

fn media_parts(seeds: &Seeds) {
    let file = insider::media_file(&plan(0)).unwrap();
    let number = |at: usize, n: usize| file[at..at + n].iter().fold(0, |sum, b| sum << 8 | usize::from(*b));
    let (at, length) = (number(32, 8), number(40, 4));
    seeds.add("contents", 0, &[&(at as u64).to_be_bytes()[..], &file[at..at + length]].concat());
    let block = &file[at + length + 4..];
    seeds.add("author", 1, block);
    seeds.add("parameters", 2, &parameters("lossless", true).to_bytes());
    seeds.add("parameters-free", 2, &parameters("preview-32", false).to_bytes());
    let transaction = insider::transaction_block(&file);
    seeds.add("transaction", 3, &transaction);
    seeds.add("grant", 4, &TransactionBlock::from_bytes(&transaction).unwrap().facts.grant.to_bytes());
    seeds.add("agency", 6, &insider::agency_block(1, &sha256(block))[12..]);
    seeds.add("publication", 5, &insider::publication_block(&sha256(block))[12..]);
}

fn certificate(seeds: &Seeds, folder: &Path) {
    for (name, holder) in [("author", center::author()), ("consumer", center::consumer())] {
        seeds.add(name, 0, holder.chain.leaf().der());
        seeds.add(&format!("{name}-pem"), 1, holder.chain.to_pem().as_bytes());
    }
    seeds.add("root", 3, center::root().der());
    for name in ["none", "other"] {
        let list = fs::read(folder.join(format!("assets/revoked-{name}.crl"))).unwrap();
        seeds.add(&format!("revoked-{name}"), 2, &list);
    }
}

fn passport(seeds: &Seeds) {
    use base64::Engine;
    seeds.add("passport", 0, include_bytes!("../assets/passport.json"));
    let registration_file = registration(false);
    RegistrationFile::verify(&registration_file, center::root(), NOW).unwrap();
    Renewal::verify(&registration(true), center::root(), NOW, center::passport()).unwrap();
    seeds.add("registration", 1, &registration_file);
    seeds.add("renewal", 2, &registration(true));
    let wire: serde_json::Value = serde_json::from_slice(&registration_file).unwrap();
    let body = base64::engine::general_purpose::STANDARD.decode(wire["body"].as_str().unwrap()).unwrap();
    seeds.add("body", 3, &body);
    seeds.add("private-key", 4, center::consumer().pkcs8);
    let locked = lock(
        &RegistrationKey::from_bytes(REGISTRATION_KEY),
        &Passphrase::new("four winds".into()),
        KdfParams::FLOOR,
        b"body",
    );
    let locked = serde_json::to_string(&locked.unwrap()).unwrap();
    seeds.add("lock", 5, locked.as_bytes());
    for (name, cost) in [("lock-memory", "4294967295"), ("lock-cheap", "8")] {
        seeds.add(name, 5, locked.replace("19456", cost).as_bytes());
    }
}

/// A track that is bought, or one to listen to.
fn track(bought: bool) -> VoucherTrack {
    let all = samples::track([3; 32]);
    VoucherTrack {
        receipt: all.receipt.filter(|_| bought),
        delivery: DeliveryAddress { rtsp: bought.then_some(554), ..all.delivery },
        quality: all.quality.filter(|_| bought),
        title: Some("Gymnopédie No. 1".into()),
        ..all
    }
}

fn json_objects(seeds: &Seeds) {
    let (manager, listener) = (center::manager(), center::listener());
    for (name, kind, receipt) in
        [("purchase", VoucherKind::Purchase, true), ("preview", VoucherKind::Preview, false)]
    {
        let voucher = MediaVoucher {
            kind,
            tracks: vec![track(receipt), track(receipt)],
            issued: NOW,
            expires: NOW.plus_days(30),
            root: center::root().fingerprint(),
            merchant_key: samples::MERCHANT_KEY,
            gift: receipt,
        };
        seeds.add(name, 0, &voucher.sign(&manager.key, manager.chain.clone()).to_json());
        seeds.add(&format!("{name}-tracks"), 1, &json(&[track(receipt), track(receipt)]));
    }
    let sign = |domain: &str, message: &[u8]| listener.key.sign(domain, message);
    let server = DeliveryServerId::new("delivery-1").unwrap();
    let challenge = RedeemChallenge { nonce: [7; 32], delivery_server: server };
    let receipt = ReceiptToken::from_bytes([3; 32]);
    let receiver = center::receiver().chain.leaf();
    let request = RedeemRequest::prove(VOUCHER, MEDIA, &receipt, &challenge, &listener.chain, receiver, sign);
    seeds.add("redeem", 2, &json(&request));
    let grant = DeliveryGrant {
        consumer_fingerprint: listener.chain.leaf().fingerprint(),
        encryption_fingerprint: receiver.fingerprint(),
        content_manager_serial: manager.chain.leaf().serial(),
        wrapped_keys_sha256: sha256(&[7; 384]),
        ..samples::grant()
    };
    let approval = RedeemApproval {
        grant_signature: grant.sign(&manager.key),
        grant,
        wrapped_keys: vec![7; 384],
        content_manager_chain: manager.chain.clone(),
        promotional_item: Some(4),
        download: "/media/11111111111111111111111111111111".into(),
        download_token: "0a0b".into(),
    };
    seeds.add("approval", 2, &json(&approval));
    seeds.add("challenge", 3, &json(&challenge));
    seeds.add("report", 3, &json(&DeliveryReport { voucher_id: VOUCHER, sha256: [6; 32], seconds: 9 }));
    seeds.add("error", 3, br#"{"code":"voucher-used","message":"It was delivered; ask the store."}"#);
    let packet = VoucherPacket {
        voucher_id: VOUCHER,
        timestamp: NOW,
        lifetime_seconds: 900,
        cost_cents: 79,
        authorization: AuthorizationToken::from_bytes([8; 32]),
        receipt,
    };
    seeds.add("packet", 3, &json(&packet));
    let track = ReservedTrack { media_id: MEDIA, channels: 2, alone_cents: 129, share_cents: 129 };
    let reserve = ReserveRequest {
        sold: Sold::Track,
        quality: "lossless".into(),
        currency: "USD".parse().unwrap(),
        retail_cents: 129,
        tracks: vec![track],
        order: None,
        counted: vec![],
    };
    seeds.add("reserve", 3, &json(&reserve));
    let item = DeliverItem { voucher_id: VOUCHER, receipt: ReceiptToken::from_bytes([3; 32]) };
    seeds.add("deliver", 3, &json(&DeliverRequest { items: vec![item] }));
    let message =
        SignedMessage::new(RenewalRequest::DOMAIN, &RenewalRequest::at(NOW), &listener.chain, sign);
    seeds.add("signed", 4, &json(&message));
    seeds.add("body", 5, &json(&RenewalRequest::at(NOW)));
}

fn json(value: &(impl serde::Serialize + ?Sized)) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn audit_log(seeds: &Seeds) {
    let (sale, preview) = (samples::sale().to_bytes(), samples::preview().to_bytes());
    let (taking, refund) = (samples::taking().to_bytes(), samples::refund().to_bytes());
    let mut writer = LogWriter::new([9; 16], Secret::from_bytes([7; 32]));
    let stamp = insider::stamp(&writer.checkpoint().imprint());
    let stamp = StampRecord { entries: 0, running: writer.checkpoint().running, stamp }.to_bytes();
    let contents = [
        (EntryKind::Opened, &[][..]),
        (EntryKind::Sale, &sale),
        (EntryKind::Preview, &preview),
        (EntryKind::Taking, &taking),
        (EntryKind::Refund, &refund),
        (EntryKind::Stamped, &stamp),
        (EntryKind::Closed, &[]),
    ];
    let entries: Vec<_> =
        contents.iter().map(|(kind, content)| writer.append(*kind, content).unwrap()).collect();
    seeds.add("entry", 4, &entries[0]);
    seeds.add("log", 0, &LogFile { log: [9; 16], entries }.to_bytes());
    seeds.add("sale", 1, &sale);
    seeds.add("preview", 1, &preview);
    seeds.add("taking", 1, &taking);
    seeds.add("refund", 1, &refund);
    seeds.add("stamp", 1, &stamp);
    seeds.add("state", 2, &writer.state());
    seeds.add("contents", 3, &[&[40][..], &sale, &preview].concat());
}

fn sealed(seeds: &Seeds) {
    use std::io::Write as _;
    for (name, length) in [("empty", 0), ("short", 300), ("chunk", 16_384), ("longer", 17_000)] {
        let key = Secret::from_bytes([7; 32]);
        let mut sealer = Sealer::with_salt(&key, b"fuzz", &[3; 24], Vec::new()).unwrap();
        sealer.write_all(&vec![9; length]).unwrap();
        seeds.add(name, 0, &sealer.finish().unwrap());
    }
    seeds.add("altered-one", 1, &[0, 70, 1, 0, b'o', b'n', b'e']);
    seeds.add(
        "altered-many",
        1,
        &[64, 70, 128, 200, b'm', b'a', b'n', b'y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
    );
    seeds.add(
        "unaltered",
        1,
        &[0, 0, 0, 255, b'm', b'a', b'n', b'y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
    );
    let bundle = insider::keys();
    seeds.add("bundle", 2, &bundle.to_bytes());
    seeds.add("bundle-two", 2, &bundle.only(&[KeyId(0), KeyId(3)]).unwrap().to_bytes());
    seeds.add("rsa", 3, center::consumer().pkcs8);
    seeds.add("p256", 3, center::author().pkcs8);
}

/// So many RTP packets of 20 ms.
fn packets(count: u8, sequence: u16) -> Vec<Vec<u8>> {
    let mut sender = Packetizer::new(7, sequence, u32::MAX - 2_000);
    let packet = |n| {
        let mut out = Vec::new();
        sender.write(&[0xfc, 0, n, 7, 7], 960, &mut out);
        out
    };
    (0..count).map(packet).collect()
}

fn rtp_packets(seeds: &Seeds) {
    let in_order: Vec<u8> = packets(9, u16::MAX - 3).iter().flat_map(|p| step(5, 1, p)).collect();
    seeds.add_script("in-order", &in_order);
    let mut order = packets(12, 10);
    order.swap(2, 5);
    order.remove(7);
    order.insert(9, order[8].clone());
    let late: Vec<u8> = order.iter().flat_map(|p| step(6, 3, p)).collect();
    seeds.add_script("late-lost-twice", &late);
    let held: Vec<u8> = order.iter().rev().flat_map(|p| step(0x85, 0, p)).collect();
    seeds.add_script("backwards-held", &[held, step(5, 9, b"")].concat());
    let far = [packets(1, 5), packets(2, 2_000), packets(1, 40_000)].concat();
    let far: Vec<u8> = far.iter().flat_map(|p| step(5, 1, p)).collect();
    seeds.add_script("strays", &[step(2, 0, b""), far, step(0, 0, b""), step(1, 0, b"")].concat());
    let (mut report, mut bye) = (Vec::new(), Vec::new());
    Packetizer::new(7, 1, 1).write_report(1 << 40, 1, &mut report);
    Packetizer::new(7, 1, 1).write_bye(&mut bye);
    seeds.add_script("control", &[step(3, 0, &report), step(3, 0, &bye), step(4, 0, &[0xff, 6])].concat());
}

impl Seeds {
    /// A target that is all script, without a choice before it.
    fn add_script(&self, name: &str, script: &[u8]) {
        self.add(name, script[0], &script[1..]);
    }
}

const URL: &str = "rtsp://127.0.0.1:554/11111111111111111111111111111111?voucher=22222222222222222222222222222222&kind=clip";

fn ask(method: &str, cseq: u8, headers: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {URL} RTSP/1.0\r\nCSeq: {cseq}\r\n{headers}{length}\r\n{body}").into_bytes()
}

fn rtsp_server(seeds: &Seeds) {
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nPipelined-Requests: 1\r\n";
    let udp =
        "Transport: RTP/AVP;unicast;client_port=5000;RTCP-mux;x-cadenza-proof\r\nPipelined-Requests: 1\r\n";
    let here = "Pipelined-Requests: 1\r\n";
    let play = |range: &str| ask("PLAY", 3, &format!("{here}Range: npt={range}\r\n"), "");
    let journey = |transport: &str, range: &str| {
        [
            step(0, 0, &ask("DESCRIBE", 1, "Accept: application/sdp\r\nBandwidth: 128000\r\n", "")),
            step(0, 1, &ask("SETUP", 2, transport, "")),
            step(0, 1, &play(range)),
            step(1, 10, b"CADZ0123456789abcdef"),
            step(0, 40, &ask("GET_PARAMETER", 4, here, "query-time: 1.5\r\n")),
            step(0, 0, &ask("GET_PARAMETER", 5, here, "free-data: 16384\r\n")),
            step(64, 60, b"$\x01\x00\x04\x80\xc9\x00\x00"),
            step(0, 9, &ask("PAUSE", 6, here, "")),
            step(0, 9, &ask("PLAY", 7, here, "")),
            step(0, 200, &ask("GET_PARAMETER", 8, "", "")),
            step(0, 9, &ask("TEARDOWN", 9, here, "")),
            step(0, 9, &ask("OPTIONS", 10, "", "")),
        ]
        .concat()
    };
    seeds.add("journey-tcp", 0, &journey(transport, "0-"));
    seeds.add("journey-udp", 0, &journey(udp, "0:00:00.5-1.25"));
    seeds.add("unknown-song", 1, &journey(transport, "now-"));
    seeds.add("no-stream", 2, &journey(transport, "0-1"));
    let at_once = [ask("DESCRIBE", 1, "", ""), ask("SETUP", 2, transport, ""), play("1-")].concat();
    seeds.add(
        "at-once",
        0,
        &[step(0, 0, &at_once[..100]), step(0, 1, &at_once[100..]), step(0, 90, b"")].concat(),
    );
    let odd = [
        ask("RECORD", 1, "", ""),
        ask("SING", 2, "", ""),
        ask("OPTIONS", 3, "Require: www-authenticate\r\n", ""),
        ask("SETUP", 4, "Transport: RTP/AVP;multicast,RAW/RAW/UDP\r\n", ""),
        ask("PLAY", 5, "Session: 00\r\nRange: clock=19961108T142300Z-\r\n", ""),
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n".to_vec(),
        b"OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n".to_vec(),
    ];
    seeds.add("odd", 0, &odd.iter().flat_map(|m| step(0, 1, m)).collect::<Vec<u8>>());
    seeds.add("too-large", 0, &step(0, 0, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999\r\n\r\n"));
    seeds.add("slow", 0, &[step(0, 255, b"OPTIONS"), step(0, 255, b" * "), step(0, 255, b"RTSP")].concat());
}

fn say(cseq: u8, status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    [format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{headers}{length}\r\n").as_bytes(), body].concat()
}

fn rtsp_client(seeds: &Seeds) {
    let sdp = song::description().to_sdp(7, &URL.parse().unwrap());
    let tcp = "Session: 0a0b;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000007\r\n";
    let token = "000102030405060708090a0b0c0d0e0f";
    let udp = format!(
        "Session: 0a0b\r\nTransport: RTP/AVP;unicast;client_port=5000;server_port=6000;x-cadenza-token={token};ssrc=00000007\r\n"
    );
    let playing = "Session: 0a0b\r\nRange: npt=0.000000-1.990000\r\nRTP-Info: url=rtsp://x/;seq=10;rtptime=4294965295\r\n";
    let framed =
        |channel, bytes: &[u8]| [&[b'$', channel, 0, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let mut bye = Vec::new();
    Packetizer::new(7, 1, 1).write_bye(&mut bye);
    let start = |setup: &str| {
        [
            step(0, 1, &say(1, "200 OK", "Content-Type: application/sdp\r\n", sdp.as_bytes())),
            step(0, 0, &say(2, "200 OK", setup, b"")),
            step(0, 0, &say(3, "200 OK", playing, b"")),
        ]
        .concat()
    };
    let sound: Vec<u8> = packets(9, 10).iter().flat_map(|p| step(0, 1, &framed(0, p))).collect();
    let datagrams: Vec<u8> = packets(9, 10).iter().rev().flat_map(|p| step(4, 1, p)).collect();
    let nearest = b"nearest-time: 1.000000\r\nbytes-to-end: 250\r\n";
    let seek = [
        step(6, 0, &[20]),
        step(0, 1, &say(4, "200 OK", "", b"")),
        step(0, 0, &say(5, "200 OK", "", nearest)),
        step(0, 0, &say(6, "200 OK", playing, b"")),
    ]
    .concat();
    seeds.add("sound", 0, &[start(tcp), sound.clone(), seek, step(0, 1, &framed(1, &bye))].concat());
    seeds.add("datagrams", 1, &[start(&udp), datagrams, step(4, 1, &bye), step(14, 200, b"")].concat());
    let piece = |cseq, from: u32| {
        let range = format!("Content-Range: bytes {from}-{}/40000\r\n", from + 99);
        step(0, 1, &say(cseq, "200 OK", &range, &[0x4f; 100]))
    };
    let file = [start(tcp), step(12, 0, b""), piece(4, 0), piece(5, 16_384), piece(6, 32_768)].concat();
    seeds.add("free-file", 0, &file);
    let calls = [
        start(tcp),
        step(8, 1, b""),
        step(0, 1, &say(4, "200 OK", "", b"")),
        step(9, 1, b""),
        step(0, 1, &say(5, "200 OK", playing, b"")),
        step(10, 1, b""),
        step(0, 1, &say(6, "200 OK", "", b"")),
        step(11, 1, b""),
        step(14, 250, b""),
    ]
    .concat();
    seeds.add("calls", 0, &calls);
    for (name, status) in [("not-found", "404 Not Found"), ("gone", "410 Gone"), ("odd", "599 Odd")] {
        seeds.add(name, 2, &step(0, 1, &say(1, status, "", b"no such song")));
    }
    let unknown = [
        step(0, 1, &say(2, "200 OK", tcp, b"")),
        step(0, 0, &say(3, "454 Session Not Found", "", b"")),
        step(0, 0, &say(4, "200 OK", playing, b"")),
    ];
    seeds.add("asks-again", 0, &[unknown.concat(), sound].concat());
}

fn preview_parts(seeds: &Seeds) {
    let sdp = song::description().to_sdp(7, &URL.parse().unwrap());
    seeds.add("description", 0, sdp.as_bytes());
    for (name, time) in [("seconds", "12.345678"), ("clock", "1:02:03.25"), ("now", "now")] {
        seeds.add(name, 1, time.as_bytes());
    }
    for (name, range) in [
        ("range", "npt=1.5-0:00:20;time=19961108T142300Z"),
        ("range-open", "npt=now-"),
        ("range-to", "npt=-5"),
    ] {
        seeds.add(name, 2, range.as_bytes());
    }
    seeds.add("tcp", 3, b"RTP/AVP/UDP;unicast;client_port=5000-5001;mode=play,RTP/AVP/TCP;unicast;interleaved=0-1;mode=\"PLAY\"");
    seeds.add(
        "udp",
        3,
        b"RTP/AVP;unicast;client_port=5000;server_port=6000;x-cadenza-token=000102030405060708090a0b0c0d0e0f",
    );
    let address = PreviewAddress { media_id: MEDIA, voucher_id: VOUCHER, kind: PreviewKind::Song };
    for (name, host) in [("address", "media.example.org"), ("address-6", "2001:db8::1")] {
        seeds.add(name, 4, address.to_url(host, 322, true).unwrap().as_str().as_bytes());
    }
    let head =
        [&312u16.to_be_bytes()[..], &0u32.to_be_bytes(), &u32::MAX.to_be_bytes(), &9_000u32.to_be_bytes()]
            .concat();
    let frames: Vec<u8> = (0..12).flat_map(|n| step(0, 0, &[0xfc, 0, n, 7])).collect();
    seeds.add("image", 5, &[head, frames].concat());
    seeds.add("word", 6, b"clip");
    seeds.add("title", 7, "Gymnopédie\r\nNo. 1".as_bytes());
}

/// What ffmpeg wrote: a twentieth of a second of a tone, with tags and a cover of eight pixels a side.
fn tags(seeds: &Seeds, music: &Path) {
    let files = ["a.flac", "a.mp3", "a.m4a", "a.aac", "a.ogg", "a.opus", "a.wav", "a.aiff", "b.m4a"];
    for (which, name) in files.into_iter().enumerate() {
        let which = if name == "b.m4a" { 2 } else { u8::try_from(which).unwrap() };
        seeds.add(name, which, &fs::read(music.join(name)).unwrap());
    }
}

fn pictures(seeds: &Seeds) {
    let grey = image::RgbaImage::from_fn(9, 7, |x, y| image::Rgba([20 * x as u8, 20 * y as u8, 90, 128]));
    for (name, format, picture) in [
        ("png", image::ImageFormat::Png, image::DynamicImage::ImageRgba8(grey.clone())),
        ("jpeg", image::ImageFormat::Jpeg, image::DynamicImage::ImageRgba8(grey.clone()).to_rgb8().into()),
        ("png-16", image::ImageFormat::Png, image::DynamicImage::ImageRgba8(grey).to_luma_alpha16().into()),
    ] {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        seeds.whole(name, bytes.into_inner());
    }
}

const OFFER: &str = r#"{"media_id":"07070707070707070707070707070707","album_id":"a1","album":"Piano","number":1,"title":"Gymnop\u00e9die No. 1",
"artist":"Satie","composer":null,"duration_ms":201000,"clip":{"start_ms":45000,"duration_ms":30000,"fade_in_ms":500,"fade_out_ms":2000},
"waveform":[0,50,100],"hue":210,"chroma_milli":90,"qualities":[{"name":"lossless","codec":"flac","sample_rate":44100,"channels":2,"bits":16,
"bit_rate":700000,"size_bytes":17000000,"price_cents":129},{"name":"lossy","codec":"ogg-opus","sample_rate":48000,"channels":2,"bits":0,
"bit_rate":160000,"size_bytes":4000000,"price_cents":99}],"credits":null,"liner_notes":null,"biography":"b","may_record":true}"#;
const CARD: &str = r#""id":"a1","title":"Piano","artist":"Satie","year":1888,"genre":null,"hue":210,"chroma_milli":90,
"art":"07070707070707070707070707070707","track_count":1,"duration_ms":201000,"prices":[{"quality":"lossless","price_cents":100}]"#;
const ORDER: &str = r#"{"order_id":"5f0c00000000000000000000000000ff","state":"paid","total_cents":129,"currency":"USD","paid_with":"Visa 4242",
"items":[{"media_id":"07070707070707070707070707070707","voucher_id":"08080808080808080808080808080808","title":"Gymnop\u00e9die No. 1",
"artist":"Satie","quality":"lossless","price_cents":129}]}"#;

fn shop(seeds: &Seeds) {
    let about = r#"{"name":"Shop","currency":"USD","licensing_url":"https://l.example/","web_url":"http://w.example/"}"#;
    seeds.add("about", 0, about.as_bytes());
    seeds.add("front", 1, format!(r#"{{"currency":"USD","albums":[{{{CARD}}}]}}"#).as_bytes());
    let page = format!(
        r#"{{{CARD},"currency":"USD","content_manager_key":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","tracks":[{OFFER}],"liner_notes":"n","credits":null,"biography":null,"label":null,"copyright":null}}"#
    );
    seeds.add("album", 2, page.as_bytes());
    seeds.add("tracks", 3, format!(r#"{{"currency":"USD","tracks":[{OFFER}]}}"#).as_bytes());
    seeds.add("track", 3, OFFER.as_bytes());
    seeds.add("order", 4, ORDER.as_bytes());
    seeds.add("delivery", 5, br#"{"id":"delivery-1","host":"media.example","https":40123,"rtsps":40124}"#);
    let counts = r#"{"at":1795000000,"counts":[{"voucher_id":"08080808080808080808080808080808","played":3,"recorded":1}]}"#;
    seeds.add("counts", 5, counts.as_bytes());
    let wanted = r#"{"items":[{"media_id":"07070707070707070707070707070707","quality":"lossless"}],"idempotency_key":"0123456789abcdef",
"total_cents":129,"currency":"USD"}"#;
    seeds.add("wanted", 6, wanted.as_bytes());
    let name = "07".repeat(32);
    let shown = format!(
        r#"{{"card":{{"number":"4242 4242 4242 4242","expiry":"09/29","name":"Ann Lee"}},"payee":"{name}","order":"{name}","amount_cents":129,"currency":"USD"}}"#
    );
    seeds.add("shown", 6, shown.as_bytes());
    seeds.add("find", 7, br#"{"idempotency_key":"0123456789abcdef"}"#);
    seeds.add("preview", 7, br#"{"media_ids":["07070707070707070707070707070707"],"kind":"clip"}"#);
    seeds.add("prices", 8, b"lossless USD 129\nlossy USD 99 120\nalbum USD 790\n");
}

fn forms(seeds: &Seeds) {
    let form = r#"name = "Ann Lee"
address = "1 Harbour Street, 12345 Port"
telephone = "+44 20 7946 0000"
email = "ann@example.org"
card = "4242 4242 4242 4242"
expiry = "09/29"
"#;
    let more = "confidential = \"one line\"\nregion = \"Europe\"\ninterests = [\"piano\", \"ragtime\"]\n";
    seeds.add("registration", 0, format!("{form}{more}").as_bytes());
    seeds.add("recovery", 1, form.as_bytes());
    seeds.add("card", 2, b"number = \"4242 4242 4242 4242\"\nexpiry = \"09/29\"\nname = \"Ann Lee\"\n");
    let about = r#"title = "Gymnop\u00e9die No. 1"
artist = "Satie"
year = 1888
track = 1
isrc = "FRZ039800212"
lyrics = """
la
"""
cover = "cover.png"
smpte = "01:00:00:00@25"
[[promotional]]
file = "poster.png"
interests = ["piano"]
[clip]
start = 45.0
duration = 30.0
[price]
currency = "USD"
lossless = 99
lossy = { cost = 79, retail = 99 }
album = 790
[restrictions]
record = 3
export = "never"
[qualities]
lossy = "opus-160"
previews = [96, 32]
[encrypt]
items = ["lyrics"]
"#;
    seeds.add("manifest", 3, about.as_bytes());
    let configuration = r#"public_host = "store.example.org"
database = "postgres://user@host/cadenza"
media_store = "s3://bucket/prefix"
currency = "USD"
[ports]
store = 8443
[merchant]
name = "Cadenza Store"
markup_percent = 10
[content]
streams = 64
[remote]
licensing_url = "https://licensing.example.org:8444"
[limits]
connections_per_address = 128
proxies = ["127.0.0.1"]
"#;
    seeds.add("configuration", 4, configuration.as_bytes());
}

fn journal(seeds: &Seeds) {
    let order = r#"{"idempotency_key":"0123456789abcdef","merchant":"00ff","items":[{"media_id":"07070707070707070707070707070707",
"quality":"lossless"}],"placed_at":1795000000,"order_id":null}"#;
    seeds.add("order", 0, order.as_bytes());
    let track = serde_json::to_string(&track(true)).unwrap();
    let open = format!(r#"{{"track":{track},"expires":1795000000,"order_id":"o1","taken_at":1795000000,"arrived":null}}"#);
    seeds.add("voucher", 1, open.as_bytes());
    seeds.add("orders", 2, format!(r#"[{{"placed_at":1795000000,"order":{ORDER}}}]"#).as_bytes());
    seeds.add("cart", 3, br#"[{"media_id":"07070707070707070707070707070707","quality":"lossless"}]"#);
    seeds.add("ledger", 4, ledger().as_bytes());
}

/// Lines whose checks fit: each ends in the SHA-256 of the check before it and itself.
fn ledger() -> String {
    let (mut check, mut text) = (String::new(), String::new());
    for entry in [
        "reserve record 07070707070707070707070707070707 0",
        "keep 0",
        "count play 07070707070707070707070707070707",
        "reserve record 08080808080808080808080808080808 1",
        "return 1",
        "raise play 07070707070707070707070707070707 3",
    ] {
        check = hex(&sha256(format!("{check} {entry}").as_bytes())[..16]);
        text += &format!("{entry} {check}\n");
    }
    text
}

fn settings(seeds: &Seeds) {
    let text = r#"ask-passphrase = "every-time"
after-delivery = "play"
device = "hw:1"
bandwidth-kbps = 256
theme = "dark"
since = 2026-11-30T10:00:00Z
[newer]
list = [1, 2.5, "three", { four = true }]
"#;
    seeds.whole("settings", text.as_bytes().to_vec());
    seeds.whole("one", b"theme = \"dark\"\n".to_vec());
}
