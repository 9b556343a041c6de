//! docs/formats/examples.md, regenerated: every hexadecimal example there is what this crate writes today.
//!
//! After a deliberate change of a format: `CADENZA_UPDATE=1 cargo test -p cadenza-protocol --test objects --test examples`, twice, since
//! some examples are taken from the vectors that `objects` makes.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/fitting.rs"]
mod fitting;
#[path = "support/samples.rs"]
mod samples;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use argon2::Argon2;
use cadenza_protocol::audit_log::{EntryKind, LogFile, LogWriter, PreviewRecord, SaleRecord};
use cadenza_protocol::crypto::chunked::Sealer;
use cadenza_protocol::crypto::kdf::{self, KdfAlgorithm, KdfParams, LockedKey};
use cadenza_protocol::crypto::mac::redeem_mac;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::wrap::KeyBundle;
use cadenza_protocol::id::{DeliveryServerId, KeyId, hex};
use cadenza_protocol::media::*;
use cadenza_protocol::secret::{ContentKey, Passphrase, ReceiptToken, Secret};
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::voucher::{MediaVoucher, VoucherKind};
use cadenza_protocol::wire::Writer;
use samples::{MEDIA, NOW, VOUCHER};

#[test]
fn the_examples_in_the_documentation_are_what_is_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/examples.md");
    let fresh = page();
    if std::env::var_os("CADENZA_UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert!(committed == fresh, "docs/formats/examples.md is stale; see the head of this test");
}

fn page() -> String {
    let mut page = String::from(
        "# Worked examples\n\nWritten by `cargo test -p cadenza-protocol --test examples`. \
         The media id is 16 bytes `11`, the voucher id 16 bytes `22`.\n",
    );
    let (first, after) = log_entries();
    let examples: &[(&str, &str, &str, Vec<u8>)] = &[
        ("media-file.md", "A header", "Table of contents at 1,000, 260 bytes long.", header()),
        (
            "media-file.md",
            "A table of contents",
            "Two items: the title (6 bytes, clear, hash 32 bytes `cc`), then lyrics in English (83 bytes, encrypted under key 0, hash 32 bytes `dd`).",
            contents(),
        ),
        (
            "media-file.md",
            "Audio parameters",
            "`lossless`, FLAC, 44,100 Hz, stereo, 16 bit, 700,000 bit/s, 441,000 frames, a song of 10 s with a clip from 1 s for 5 s (fades 0.5 s and \
             0.9 s), for sale, time code 01:02:03:04 at 25, play unlimited, record 5 times, no export, -14.00 LUFS, -1.00 dBTP, two index rows.",
            parameters().to_bytes(),
        ),
        (
            "media-file.md",
            "What an agency block says",
            "From media id to last code: added at 1,790,000,000, agent `GEMA` whose key fingerprint is 32 bytes `e6`, codes `product` `ML-0042` and \
             `isrc` `USRC17607839`. Signed are 32 bytes running hash, these, and the hub's chain.",
            agency().to_bytes(),
        ),
        (
            "media-file.md",
            "A grant",
            "Quality `lossless`, 5,000,000 bytes, media hash 32 bytes `66`, buyer 32 bytes `77`, encryption certificate 32 bytes `99`, serial `0a0b`, wrapped keys' hash 32 bytes `88`, \
             time 1,790,000,000.",
            samples::grant().to_bytes(),
        ),
        (
            "voucher.md",
            "The signed form of a voucher",
            "A purchase, issued at 1,790,000,000, until 1,790,600,000, root 32 bytes `72`, merchant's key 32 bytes `6d`, no gift, of one track, the song: receipt 32 bytes `33`, `delivery-1` at `127.0.0.1`, https 8,443, \
             rtsps 8,322, no rtsp, quality `lossless`, no title.",
            voucher().signed_bytes(),
        ),
        (
            "passport.md",
            "The lock of a passport",
            "The field `sealed` of the registration key `00 01 ... 1f` under the passphrase `grüne Heide`, m 19,456, t 2, p 1, salt 16 bytes `aa`, \
             nonce 12 bytes `bb`, for the body `{}`. `ü` is `c3 bc`, also where it was typed as `75 cc 88`.",
            lock(),
        ),
        (
            "audit-log.md",
            "The first entry of a log",
            "Log id 16 bytes `99`, `A_0` 32 bytes `77`, kind 1, no content.",
            first,
        ),
        (
            "audit-log.md",
            "A preview entry, and the state after it",
            "The second entry of that log, kind 3: time 1,790,000,000, title `Solace`, artist `Scott Joplin`, the clip, interleaved, 12,500 ms, `preview-96`, nothing kept. Directly behind it \
             the writer's state: log id, 2, `A_2`, `Y_1`.",
            after,
        ),
        (
            "audit-log.md",
            "The content of a sale",
            "Time 1,790,000,000, media id 16 bytes `03`, author's key fingerprint 32 bytes `04`, `Solace`, `Scott Joplin`, `Scott Joplin`, 158,000 ms, as part of an album, 79 cents owed, 95 taken, `USD`, serial `0a0b`, the voucher id, file `solace.cadenza`, `lossless`.",
            SaleRecord { voucher_id: VOUCHER, ..samples::sale() }.to_bytes(),
        ),
        ("audit-log.md", "A log file", "That log's first entry in a file.", log_file()),
        (
            "keys.md",
            "An encrypted item",
            "Item 2, `Hello, ear.`, under the key `00 01 ... 1f` with the salt `00 01 ... 17`: salt, commitment, one chunk.",
            sealed(),
        ),
        ("keys.md", "A bundle of two keys", "Keys 0 (32 bytes `aa`) and 1 (32 bytes `bb`).", bundle()),
        (
            "keys.md",
            "A proof of receipt",
            "Receipt 32 bytes `33`, certificate fingerprint 32 bytes `44`, delivery server `delivery-1`, nonce 32 bytes `55`.",
            proof(),
        ),
        ("certificates.md", "A role", "*Author*, as it stands in an extended key usage.", AUTHOR.to_vec()),
    ];
    for (source, title, words, bytes) in examples {
        write!(page, "\n## {title}\n\n[{source}]({source}). {words}\n\n```text\n{}```\n", dump(bytes))
            .unwrap();
    }
    page.push_str("\n# One purchase\n\nParts of the objects in `tests/vectors`, which fit together.\n");
    for (source, title, words, bytes) in fitting::examples() {
        write!(page, "\n## {title}\n\n[{source}]({source}). {words}\n\n```text\n{}```\n", dump(&bytes))
            .unwrap();
    }
    page
}

/// 2.25.4281736509178340613.1.6 with tag and length.
const AUTHOR: [u8; 14] = [0x06, 0x0c, 0x69, 0xbb, 0xb5, 0xf2, 0x95, 0xb6, 0x9b, 0x95, 0xca, 0x05, 0x01, 0x06];

fn header() -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(&MAGIC).u16(VERSION.0).u16(VERSION.1).u32(0).raw(MEDIA.as_bytes()).u64(1000).u32(260).u32(0);
    w.into_bytes()
}

fn contents() -> Vec<u8> {
    let mut w = Writer::new();
    w.u32(2);
    w.raw(&[1, 1]).bool(false).u16(0).text("text/plain;charset=utf-8").text("").text("").text("");
    w.u64(48).u64(6).raw(&[0xcc; 32]);
    w.raw(&[1, 14]).bool(true).u16(0).text("text/plain;charset=utf-8").text("en").text("").text("");
    w.u64(54).u64(83).raw(&[0xdd; 32]);
    let bytes = w.into_bytes();
    assert_eq!(TableOfContents::from_bytes(&bytes, 137).unwrap().to_bytes(), bytes);
    bytes
}

fn agency() -> AgencyFacts {
    AgencyFacts { added_at: NOW, ..samples::agency_facts(MEDIA) }
}

fn voucher() -> MediaVoucher {
    let expires = UnixTime(1_790_600_000);
    MediaVoucher {
        kind: VoucherKind::Purchase,
        tracks: vec![samples::track([0x33; 32])],
        issued: NOW,
        expires,
        root: [0x72; 32],
        merchant_key: samples::MERCHANT_KEY,
        gift: false,
    }
}

/// Locked here by the page, since the crate draws salt and nonce; opened by the crate.
fn lock() -> Vec<u8> {
    let (salt, nonce, body) = ([0xaa; 16], [0xbb; 12], b"{}");
    let params = KdfParams::FLOOR;
    let passphrase = Passphrase::new("grüne Heide".into());
    let costs = argon2::Params::new(params.m_kib, params.t, params.p, Some(32)).unwrap();
    let mut key = [0; 32];
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, costs)
        .hash_password_into(passphrase.expose().as_bytes(), &salt, &mut key)
        .unwrap();
    let mut data = Writer::new();
    data.text("cadenza/v1/passport-lock").u32(params.m_kib).u32(params.t).u32(params.p);
    data.bytes(&salt).bytes(&sha256(body));
    let registration_key: [u8; 32] = std::array::from_fn(|i| i as u8);
    let payload = Payload { msg: &registration_key, aad: &data.into_bytes() };
    let sealed = Aes256Gcm::new((&key).into()).encrypt(&nonce.into(), payload).unwrap();
    let locked = LockedKey { algorithm: KdfAlgorithm::Argon2id, params, salt, nonce, sealed };
    let decomposed = Passphrase::new("\u{feff}gru\u{308}ne Heide".into());
    let opened = kdf::unlock(&locked, &decomposed, body).unwrap();
    assert_eq!(*opened.expose(), registration_key);
    locked.sealed
}

/// The first entry; the second with the state after it.
fn log_entries() -> (Vec<u8>, Vec<u8>) {
    let mut writer = LogWriter::new([0x99; 16], Secret::from_bytes([0x77; 32]));
    let first = writer.append(EntryKind::Opened, b"").unwrap();
    let preview = PreviewRecord { media_id: MEDIA, ..samples::preview() };
    let mut after = writer.append(EntryKind::Preview, &preview.to_bytes()).unwrap();
    after.extend_from_slice(&writer.state());
    (first, after)
}

fn log_file() -> Vec<u8> {
    LogFile { log: [0x99; 16], entries: vec![log_entries().0] }.to_bytes()
}

fn proof() -> Vec<u8> {
    let server = DeliveryServerId::new("delivery-1").unwrap();
    redeem_mac(&ReceiptToken::from_bytes([0x33; 32]), &VOUCHER, &[0x44; 32], &server, &[0x55; 32]).to_vec()
}

fn sealed() -> Vec<u8> {
    let mut context = Writer::new();
    context.text("cadenza/v1/item").bytes(MEDIA.as_bytes()).u32(2);
    let key = ContentKey::from_bytes(std::array::from_fn(|i| i as u8));
    let salt = std::array::from_fn(|i| i as u8);
    let mut sealer = Sealer::with_salt(&key, &context.into_bytes(), &salt, Vec::new()).unwrap();
    sealer.write_all(b"Hello, ear.").unwrap();
    sealer.finish().unwrap()
}

fn bundle() -> Vec<u8> {
    let keys =
        vec![(KeyId(0), ContentKey::from_bytes([0xaa; 32])), (KeyId(1), ContentKey::from_bytes([0xbb; 32]))];
    KeyBundle::new(keys).unwrap().to_bytes().to_vec()
}

fn parameters() -> ImageParameters {
    ImageParameters {
        watermark: None,
        index: vec![IndexEntry { frame: 0, offset: 8192 }, IndexEntry { frame: 45_056, offset: 100_000 }],
        ..samples::parameters("lossless", true)
    }
}

fn dump(bytes: &[u8]) -> String {
    let line = |(n, row): (usize, &[u8])| {
        let pairs: Vec<String> = row.iter().map(|b| hex(&[*b])).collect();
        format!("{:04x}  {}\n", n * 16, pairs.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}
