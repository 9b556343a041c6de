//! docs/formats/examples.md, regenerated: every hexadecimal example there is what this crate writes today.
//!
//! After a deliberate change of a format: `CADENZA_UPDATE=1 cargo test -p cadenza-protocol --test examples`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use cadenza_protocol::crypto::chunked::Sealer;
use cadenza_protocol::crypto::mac::redeem_mac;
use cadenza_protocol::crypto::wrap::KeyBundle;
use cadenza_protocol::id::{DeliveryServerId, KeyId, MediaId, VoucherId, hex};
use cadenza_protocol::media::*;
use cadenza_protocol::redeem::DeliveryGrant;
use cadenza_protocol::secret::{ContentKey, ReceiptToken};
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::wire::Writer;

const MEDIA: MediaId = MediaId::from_bytes([0x11; 16]);
const VOUCHER: VoucherId = VoucherId::from_bytes([0x22; 16]);

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
    let mut add = |title: &str, words: &str, bytes: &[u8]| {
        write!(page, "\n## {title}\n\n{words}\n\n```text\n{}```\n", dump(bytes)).unwrap();
    };
    add(
        "An encrypted item",
        "Item 2, `Hello, ear.`, under the key `00 01 ... 1f` with the salt `00 01 ... 17`: salt, commitment, one chunk.",
        &sealed(),
    );
    add("A bundle of two keys", "Keys 0 (32 bytes `aa`) and 1 (32 bytes `bb`).", &bundle());
    add(
        "A proof of receipt",
        "Receipt 32 bytes `33`, certificate fingerprint 32 bytes `44`, delivery server `delivery-1`, nonce 32 bytes `55`.",
        &redeem_mac(
            &ReceiptToken::from_bytes([0x33; 32]),
            &VOUCHER,
            &[0x44; 32],
            &DeliveryServerId::new("delivery-1").unwrap(),
            &[0x55; 32],
        ),
    );
    add(
        "Audio parameters",
        "`lossless`, FLAC, 44,100 Hz, stereo, 16 bit, 700,000 bit/s, 441,000 frames, a song of 10 s with a clip from 1 s for 5 s (fades 0.5 s and \
         0.9 s), for sale, time code 01:02:03:04 at 25, play unlimited, record 5 times, no export, -14.00 LUFS, -1.00 dBTP, two index rows.",
        &parameters().to_bytes(),
    );
    add(
        "A grant",
        "Quality `lossless`, 5,000,000 bytes, media hash 32 bytes `66`, buyer 32 bytes `77`, serial `0a0b`, wrapped keys' hash 32 bytes `88`, \
         time 1,790,000,000.",
        &grant().to_bytes(),
    );
    page
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
        quality: "lossless".into(),
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
        for_sale: true,
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
        watermark: None,
        loudness: Some(Loudness { lufs_x100: -1400, peak_db_x100: -100 }),
        index: vec![IndexEntry { frame: 0, offset: 8192 }, IndexEntry { frame: 45_056, offset: 100_000 }],
    }
}

fn grant() -> DeliveryGrant {
    DeliveryGrant {
        voucher_id: VOUCHER,
        media_id: MEDIA,
        quality: "lossless".into(),
        length: 5_000_000,
        sha256: [0x66; 32],
        consumer_fingerprint: [0x77; 32],
        content_manager_serial: "0a0b".into(),
        wrapped_keys_sha256: [0x88; 32],
        issued_at: UnixTime(1_790_000_000),
    }
}

fn dump(bytes: &[u8]) -> String {
    let line = |(n, row): (usize, &[u8])| {
        let pairs: Vec<String> = row.iter().map(|b| hex(&[*b])).collect();
        format!("{:04x}  {}\n", n * 16, pairs.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}
