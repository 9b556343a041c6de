//! A stranger's bytes at the preview server: in pieces, with time passing, every question answered with no.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use cadenza_protocol::preview::{Refusal, RefusalKind, ServerAction, ServerConnection, ServerLimits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut now = Instant::now();
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut connection = ServerConnection::new(ServerLimits::default(), peer, now);
    for piece in data.chunks(61) {
        now += Duration::from_millis(u64::from(piece[0]));
        let room = connection.room().min(piece.len());
        connection.receive(&piece[..room], now);
        connection.receive_datagram((peer, 5000).into(), piece, now);
        while let Some(action) = connection.next_action() {
            let no = Refusal { kind: RefusalKind::UnknownMedia, message: "no".into() };
            match action {
                ServerAction::Open { .. } => connection.opened(Err(no), now),
                ServerAction::Allocate { .. } => connection.allocated(Err(no), now),
                _ => {}
            }
        }
        let out = connection.outgoing().len();
        connection.sent(out, now);
        connection.advance(now);
    }
    connection.disconnected(now);
});
