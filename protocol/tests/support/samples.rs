//! Sample objects, plain data with nothing random in it: for the tests of this crate, the worked examples in `docs/formats`, the seeds of the
//! fuzz targets, the tests of the player. Where one needs something else it says so with `..`.
//!
//! Who signs them is not here: the tests found a licensing center anew ([`super`]), the fuzz targets have a fixed one.
#![allow(dead_code)] // Each program uses its part of it.

use cadenza_protocol::audit_log::{
    EntryPlace, PreviewRecord, PreviewTransport, RefundRecord, SaleRecord, TakingRecord,
};
use cadenza_protocol::id::{DeliveryServerId, MediaId, VoucherId};
use cadenza_protocol::media::{
    AgencyCode, AgencyFacts, Allowance, ClipTimes, Codec, ImageParameters, IndexEntry, Loudness, Part,
    Restrictions, SmpteTimestamp, Watermark,
};
use cadenza_protocol::passport::PersonalFacts;
use cadenza_protocol::preview::{Description, Npt, OpusImage, PreviewKind};
use cadenza_protocol::redeem::DeliveryGrant;
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::voucher::{DeliveryAddress, VoucherTrack};

/// The day on which everything happens.
pub const NOW: UnixTime = UnixTime(1_790_000_000);
/// A song.
pub const MEDIA: MediaId = MediaId::from_bytes([0x11; 16]);
/// Its purchase.
pub const VOUCHER: VoucherId = VoucherId::from_bytes([0x22; 16]);

/// An audio image with everything that may stand in its parameters.
pub fn parameters(quality: &str, for_sale: bool) -> ImageParameters {
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

/// What a hub adds.
pub fn agency_facts(media_id: MediaId) -> AgencyFacts {
    let code = |scheme: &str, value: &str| AgencyCode { scheme: scheme.into(), value: value.into() };
    let codes = vec![code("product", "ML-0042"), code("isrc", "USRC17607839")];
    AgencyFacts {
        media_id,
        added_at: NOW.plus_seconds(1),
        agent: "GEMA".into(),
        agent_key: [0xe6; 32],
        codes,
    }
}

/// The holder of a passport.
pub fn owner() -> PersonalFacts {
    PersonalFacts {
        name: "Ada Example".into(),
        address: "1 Analytical Row, London".into(),
        telephone: "+44 20 7946 0000".into(),
        email: "ada@example.org".into(),
        card_brand: "Visa".into(),
        card_last4: "4242".into(),
        confidential: "my cat is called Babbage".into(),
        region: "EU".into(),
        interests: vec!["piano".into()],
    }
}

/// Where a purchase is fetched.
pub fn delivery() -> DeliveryAddress {
    DeliveryAddress {
        id: DeliveryServerId::new("delivery-1").expect("a name"),
        host: "127.0.0.1".into(),
        https: 8443,
        rtsps: 8322,
        rtsp: None,
    }
}

/// A track of a purchase voucher.
pub fn track(receipt: [u8; 32]) -> VoucherTrack {
    VoucherTrack {
        voucher_id: VOUCHER,
        media_id: MEDIA,
        part: PreviewKind::Song,
        receipt: Some(ReceiptToken::from_bytes(receipt)),
        delivery: delivery(),
        quality: Some("lossless".into()),
        title: None,
    }
}

/// Which merchant sold it.
pub const MERCHANT_KEY: [u8; 32] = [0x6d; 32];

/// A grant for it.
pub fn grant() -> DeliveryGrant {
    DeliveryGrant {
        voucher_id: VOUCHER,
        media_id: MEDIA,
        quality: "lossless".into(),
        length: 5_000_000,
        sha256: [0x66; 32],
        consumer_fingerprint: [0x77; 32],
        encryption_fingerprint: [0x99; 32],
        content_manager_serial: "0a0b".into(),
        sale: EntryPlace { log: [9; 16], number: 1 },
        wrapped_keys_sha256: [0x88; 32],
        issued_at: NOW,
    }
}

/// A sale as the log holds it.
pub fn sale() -> SaleRecord {
    SaleRecord {
        at: NOW,
        media_id: MediaId::from_bytes([3; 16]),
        author_key: [4; 32],
        title: "Solace".into(),
        artist: "Scott Joplin".into(),
        authors: "Scott Joplin".into(),
        song_ms: 158_000,
        sold: cadenza_protocol::shop::sold::Sold::Album,
        cost_cents: 79,
        retail_cents: 95,
        currency: "USD".into(),
        consumer_serial: "0a0b".into(),
        voucher_id: VoucherId::from_bytes([2; 16]),
        file_name: "solace.cadenza".into(),
        quality: "lossless".into(),
    }
}

/// What a merchant took for it, as its log holds that.
pub fn taking() -> TakingRecord {
    let sale = sale();
    TakingRecord {
        at: NOW,
        voucher_id: sale.voucher_id,
        media_id: MediaId::from_bytes([3; 16]),
        title: sale.title,
        artist: sale.artist,
        sold: sale.sold,
        cost_cents: sale.cost_cents,
        retail_cents: sale.retail_cents,
        currency: sale.currency,
        quality: sale.quality,
    }
}

/// Its money given back, likewise.
pub fn refund() -> RefundRecord {
    let SaleRecord { voucher_id, cost_cents, retail_cents, currency, .. } = sale();
    RefundRecord { at: NOW, voucher_id, cost_cents, retail_cents, currency }
}

/// A preview as the log holds it.
pub fn preview() -> PreviewRecord {
    PreviewRecord {
        at: NOW,
        media_id: MediaId::from_bytes([3; 16]),
        title: "Solace".into(),
        artist: "Scott Joplin".into(),
        part: PreviewKind::Clip,
        transport: PreviewTransport::Interleaved,
        played_ms: 12_500,
        quality: "preview-96".into(),
        kept: String::new(),
    }
}

/// What a player is told about a preview; length, size and pre-skip are the image's own.
pub fn description() -> Description {
    Description {
        media_id: MEDIA,
        kind: PreviewKind::Clip,
        title: "Gymnopédie No. 1".into(),
        artist: "Erik Satie".into(),
        image: "preview-96".into(),
        bit_rate: 96_000,
        clip_start_ms: 45_000,
        clip_duration_ms: 2_000,
        song_duration_ms: 201_000,
        fade_in_ms: 500,
        fade_out_ms: 900,
        length: Npt::from_millis(1_990),
        pre_skip: 312,
        bytes: 500,
    }
}

/// Packets of 20 ms that are Opus by their first byte.
pub fn opus_image(packets: u16) -> OpusImage {
    let mut image = OpusImage::new(312);
    for n in 0..packets {
        let [high, low] = n.to_be_bytes();
        image.push(&[0xfc, high, low, 7, 7]).expect("a packet of 20 ms");
    }
    image
}
