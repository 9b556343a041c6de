//! Packets from the network into the receiver and the reorder buffer, in any order and number, with time passing.
#![no_main]

use std::time::Instant;

use cadenza_fuzz::script::Script;
use cadenza_protocol::reorder::{Next, ReorderBuffer, WINDOW};
use cadenza_protocol::rtp::{self, Depacketizer, LONGEST_PACKET};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut now = Instant::now();
    let mut receiver = Depacketizer::new(None);
    let mut buffer = ReorderBuffer::new();
    let mut last = None;
    for step in Script::new(data) {
        now += step.pause;
        match step.kind % 8 {
            0 => {
                let place = step.bytes.first().copied().unwrap_or(0);
                buffer.start_at(receiver.sequence(place.into()));
                last = None;
            }
            1 => buffer.end(),
            2 => receiver = Depacketizer::new(Some(step.kind.into())),
            3 => drop(rtp::is_goodbye(step.bytes)),
            4 => drop(rtp::opus_duration(step.bytes)),
            _ => {
                if let Ok(packet) = receiver.read(step.bytes) {
                    let frames = rtp::opus_duration(&packet.payload).expect("the receiver checks it");
                    assert!((1..=LONGEST_PACKET).contains(&frames));
                    buffer.insert(packet, now);
                }
            }
        }
        if step.kind & 0x80 == 0 {
            last = drain(&mut buffer, now, last);
        }
        let _ = buffer.deadline();
    }
    buffer.end();
    drain(&mut buffer, now, None);
    assert!(buffer.is_finished());
});

/// What comes out is in order, and not more than the window was held.
fn drain(buffer: &mut ReorderBuffer, now: Instant, mut last: Option<u64>) -> Option<u64> {
    let mut packets = 0;
    while let Some(next) = buffer.next(now) {
        if let Next::Packet(packet) = next {
            assert!(last.is_none_or(|last| packet.sequence > last), "out of order");
            last = Some(packet.sequence);
            packets += 1;
            assert!(packets <= 2 * WINDOW, "more was held than the window");
        }
    }
    last
}
