//! A hostile server's bytes at the player: never a panic, never more memory than stated.
#![no_main]

use std::time::{Duration, Instant};

use cadenza_protocol::preview::{ClientConnection, ClientOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let url = "rtsp://127.0.0.1:554/11111111111111111111111111111111?voucher=22222222222222222222222222222222&kind=clip";
    let Ok(url) = url.parse() else { return };
    let mut now = Instant::now();
    let mut client = ClientConnection::new(ClientOptions::new(url), now);
    for piece in data.chunks(97) {
        now += Duration::from_millis(u64::from(piece[0]));
        if client.receive(piece, now).is_err() || client.advance(now).is_err() {
            return;
        }
        client.receive_datagram(piece, now);
        while client.next_event().is_some() {}
        while client.next_sound(now).is_some() {}
        let out = client.outgoing().len();
        client.sent(out);
    }
});
