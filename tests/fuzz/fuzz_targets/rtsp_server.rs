//! A stranger's bytes at the preview server: in pieces, with time passing, served or refused.
//!
//! The first byte says whether songs are found and streams are free; then a script: even kinds are bytes of the connection, odd ones
//! datagrams, and bit 6 of the kind is a client that does not read.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use cadenza_fuzz::script::Script;
use cadenza_fuzz::song;
use cadenza_protocol::preview::{
    Preview, Refusal, RefusalKind, ServerAction, ServerConnection, ServerLimits, SessionSeeds,
};
use libfuzzer_sys::fuzz_target;

/// Answers, 64 KiB of sound, and the largest piece behind it.
const MOST_OUTGOING: usize = 160 << 10;

fuzz_target!(|data: &[u8]| {
    let Some((mood, rest)) = data.split_first() else { return };
    let mut now = Instant::now();
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut connection = ServerConnection::new(ServerLimits::default(), peer, now);
    let preview = Arc::new(song::preview());
    let (mut taken, mut released) = (0, 0);
    for step in Script::new(rest) {
        now += step.pause;
        if step.kind % 2 == 0 {
            let room = connection.room().min(step.bytes.len());
            connection.receive(&step.bytes[..room], now);
        } else {
            connection.receive_datagram((peer, 5000).into(), step.bytes, now);
        }
        connection.advance(now);
        while let Some(action) = connection.next_action() {
            match action {
                ServerAction::Open { .. } => connection.opened(found(*mood, &preview), now),
                ServerAction::Allocate { udp, .. } if mood & 2 == 0 => {
                    taken += 1;
                    connection.allocated(Ok((SessionSeeds::random(), udp.then_some(6000))), now);
                }
                ServerAction::Allocate { .. } => connection.allocated(Err(no(RefusalKind::NoStream)), now),
                ServerAction::Release { .. } => released += 1,
            }
        }
        assert!(connection.outgoing().len() <= MOST_OUTGOING, "{} bytes unsent", connection.outgoing().len());
        let mut datagram = Vec::new();
        while connection.next_datagram(now, &mut datagram).is_some() {
            assert!(datagram.len() < 64 << 10);
        }
        if step.kind & 64 == 0 {
            connection.sent(connection.outgoing().len(), now);
        }
        let _ = connection.deadline();
    }
    connection.disconnected(now);
    while let Some(action) = connection.next_action() {
        released += i32::from(matches!(action, ServerAction::Release { .. }));
    }
    assert_eq!(taken, released, "a stream was not given back");
});

fn found(mood: u8, preview: &Arc<Preview>) -> Result<Arc<Preview>, Refusal> {
    if mood & 1 == 0 { Ok(preview.clone()) } else { Err(no(RefusalKind::UnknownMedia)) }
}

fn no(kind: RefusalKind) -> Refusal {
    Refusal { kind, message: "no\r\nway".into() }
}
