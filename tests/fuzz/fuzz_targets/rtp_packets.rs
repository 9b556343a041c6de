//! Packets from the network into the receiver and the reorder buffer, in any order and number.
#![no_main]

use std::time::{Duration, Instant};

use cadenza_protocol::reorder::ReorderBuffer;
use cadenza_protocol::rtp::{self, Depacketizer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut now = Instant::now();
    let mut receiver = Depacketizer::new(None);
    let mut buffer = ReorderBuffer::new();
    for packet in data.chunks(24) {
        now += Duration::from_millis(u64::from(packet[0]));
        if let Ok(media) = receiver.read(packet) {
            buffer.insert(media, now);
        }
        let _ = rtp::is_goodbye(packet);
        while buffer.next(now).is_some() {}
    }
});
