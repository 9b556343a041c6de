//! A preview to be served: two seconds of packets that are Opus by their first byte.

use std::sync::Arc;

use cadenza_protocol::id::MediaId;
use cadenza_protocol::preview::{Description, Npt, OpusImage, Preview, PreviewKind};

/// Two seconds, with a free file beside it.
pub fn preview() -> Preview {
    let mut image = OpusImage::new(312);
    for n in 0..100 {
        image.push(&[0xfc, 0, n, 7, 7]).expect("a packet of 20 ms");
    }
    image.offer_file(vec![0x4f; 40_000]);
    Preview::new(description(), Arc::new(image), Npt::ZERO, Npt(u64::MAX)).expect("there is sound in it")
}

/// What is told about it.
pub fn description() -> Description {
    Description {
        media_id: MediaId::from_bytes([0x11; 16]),
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
