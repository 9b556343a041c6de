//! The small texts and the image of a preview: description, times, transports, addresses, Opus packets.
#![no_main]

use std::sync::Arc;

use cadenza_fuzz::{script::Script, song};
use cadenza_protocol::preview::{
    Description, Npt, OpusImage, Preview, PreviewAddress, PreviewKind, ProofToken, Transport,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    if which % 8 == 5 {
        return image(rest);
    }
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match which % 8 {
        0 => description(text),
        1 => time(text),
        2 => {
            let _ = Npt::parse_range(text);
        }
        3 => {
            if let Some(transport) = Transport::choose(text) {
                assert_eq!(Transport::choose(&transport.to_string()), Some(transport));
            }
        }
        4 => address(text),
        6 => {
            let _ = PreviewKind::from_word(text);
            let _ = ProofToken::from_bytes([6; 16]).is_proven_by(rest);
        }
        // A store's words in a description must stay one line each.
        _ => {
            let mut told = song::description();
            (told.title, told.artist, told.image) = (text.into(), text.into(), text.into());
            let url = "rtsp://127.0.0.1/x".parse().expect("an address");
            let read = Description::from_sdp(&told.to_sdp(1, &url)).expect("written for reading");
            assert_eq!((read.length, read.bit_rate), (told.length, told.bit_rate));
        }
    }
});

fn description(text: &str) {
    let Ok(description) = Description::from_sdp(text) else { return };
    let url = "rtsp://127.0.0.1/x".parse().expect("an address");
    let again = Description::from_sdp(&description.to_sdp(1, &url)).expect("written for reading");
    assert_eq!(
        (again.length, again.bytes, again.kind),
        (description.length, description.bytes, description.kind)
    );
}

fn time(text: &str) {
    let Some(time) = Npt::parse(text) else { return };
    assert_eq!(Npt::parse(&time.to_string()), Some(time));
    assert_eq!(Npt::from_duration(time.as_duration()), time);
}

fn address(text: &str) {
    let Ok(url) = text.parse() else { return };
    let Ok(address) = PreviewAddress::from_url(&url) else { return };
    let port = url.port().unwrap_or(554);
    if let Some(Ok(again)) = url.host_str().map(|host| address.to_url(host, port, url.scheme() == "rtsps")) {
        assert_eq!(PreviewAddress::from_url(&again), Ok(address));
    }
}

/// `pre-skip (2) | start (4) | frames (4) | granule (4) | packets as a script`, then every time asked for.
fn image(bytes: &[u8]) {
    let Some((head, rest)) = bytes.split_first_chunk::<14>() else { return };
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let mut image = OpusImage::new(u16::from_be_bytes([head[0], head[1]]));
    for step in Script::new(rest) {
        let _ = image.push(step.bytes);
    }
    if number(10) != 0 {
        image.trim_end(number(10).into());
    }
    let start = Npt(number(2).into());
    let Ok(preview) = Preview::new(song::description(), Arc::new(image), start, Npt(number(6).into())) else {
        return;
    };
    let length = preview.description().length;
    for asked in [0, 1.min(length.0 - 1), length.0 / 2, length.0 - 1] {
        let nearest = preview.nearest(Npt(asked)).expect("within the preview");
        assert!(nearest.time <= Npt(asked) && nearest.bytes_to_end <= preview.description().bytes);
    }
    assert_eq!(preview.nearest(length), None);
}
