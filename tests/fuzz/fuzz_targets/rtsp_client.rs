//! A hostile server's bytes at the player: never a panic, never more memory than stated.
//!
//! The first byte says what the player wishes; then a script: kinds 0 to 3 are bytes of the connection, 4 and 5 datagrams, the rest what a
//! listener does meanwhile.
#![no_main]

use std::time::Instant;

use cadenza_fuzz::script::Script;
use cadenza_protocol::preview::{ClientConnection, ClientEvent, ClientOptions, Npt, Wish};
use libfuzzer_sys::fuzz_target;

const URL: &str = "rtsp://127.0.0.1:554/11111111111111111111111111111111?voucher=22222222222222222222222222222222&kind=clip";
/// Nine pieces of a file asked for at once, each with the longest session id that a head has room for, four times over.
const MOST_OUTGOING: usize = 384 << 10;

fuzz_target!(|data: &[u8]| {
    let Some((wish, rest)) = data.split_first() else { return };
    let mut options = ClientOptions::new(URL.parse().expect("an address"));
    options.wish = if wish & 1 == 0 { Wish::Interleaved } else { Wish::Udp(5000) };
    options.from = (wish & 2 == 0).then_some(Npt(u64::from(*wish) << 8));
    options.bandwidth = (wish & 4 == 0).then_some(96_000);
    let mut now = Instant::now();
    let mut client = ClientConnection::new(options, now);
    let mut fetches = 0;
    for step in Script::new(rest) {
        now += step.pause;
        let place = Npt(u64::from(step.bytes.first().copied().unwrap_or(0)) << 9);
        match step.kind % 16 {
            0..=3 => match client.receive(step.bytes, now) {
                Ok(()) => {}
                Err(_) => return,
            },
            4 | 5 => client.receive_datagram(step.bytes, now),
            6 => client.seek(place, now),
            7 => client.query_time(place, now),
            8 => client.pause(now),
            9 => client.resume(now),
            10 => client.teardown(now),
            11 => client.open(URL.parse().expect("an address"), place, now),
            12 | 13 if fetches < 4 => {
                fetches += 1;
                client.fetch_free_data(now);
            }
            _ => {}
        }
        while client.next_sound(now).is_some() {}
        while let Some(event) = client.next_event() {
            if let ClientEvent::FreeData { piece, .. } = event {
                assert!(piece.len() <= 16 << 10);
            }
        }
        while client.next_datagram(now).is_some() {}
        if client.advance(now).is_err() {
            return;
        }
        assert!(client.outgoing().len() <= MOST_OUTGOING, "{} bytes unsent", client.outgoing().len());
        client.sent(client.outgoing().len());
        let _ = (client.deadline(), client.counts());
    }
});
