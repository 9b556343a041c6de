//! What a server has to put up with: wrong requests, slow and silent clients, noise.

use super::*;

/// Sends text to a fresh server, answering its questions; gives the status codes.
fn statuses(requests: &[&str]) -> Vec<u16> {
    let mut pair = Pair::new(CLEAN, |_| {});
    let mut all = String::new();
    for request in requests {
        let session =
            all.rsplit_once("Session: ").map_or("none", |(_, rest)| rest.split([';', '\r']).next().unwrap());
        pair.server.receive(request.replace("SESSION", session).as_bytes(), pair.now);
        pair.server.advance(pair.now);
        while let Some(action) = pair.server.next_action() {
            match action {
                ServerAction::Open { .. } => pair.server.opened(Ok(pair.preview.clone()), pair.now),
                ServerAction::Allocate { .. } => {
                    pair.server.allocated(Ok((SessionSeeds::random(), None)), pair.now)
                }
                ServerAction::Release { .. } => {}
            }
        }
        all.push_str(&String::from_utf8_lossy(pair.server.outgoing()));
        pair.server.sent(usize::MAX, pair.now);
    }
    all.split("RTSP/1.0 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

// V4
#[test]
fn every_misuse_gets_its_own_status() {
    let url = address().to_url("h", 554, false).unwrap();
    let setup =
        format!("SETUP {url} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
    let ask = |method: &str, more: &str| format!("{method} {url} RTSP/1.0\r\nCSeq: 2\r\n{more}\r\n");
    let query = |body: &str| {
        format!(
            "GET_PARAMETER {url} RTSP/1.0\r\nCSeq: 2\r\nSession: SESSION\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    assert_eq!(statuses(&["OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"]), [200]);
    assert_eq!(statuses(&["OPTIONS * RTSP/1.0\r\n\r\n"]), [400]);
    assert_eq!(statuses(&["OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n"]), [505]);
    assert_eq!(statuses(&["HELLO * RTSP/1.0\r\nCSeq: 1\r\n\r\n"]), [501]);
    assert_eq!(statuses(&[&ask("RECORD", "")]), [405]);
    assert_eq!(statuses(&[&ask("DESCRIBE", "Require: x-magic\r\n")]), [551]);
    assert_eq!(statuses(&["DESCRIBE rtsp://h/nothing RTSP/1.0\r\nCSeq: 1\r\n\r\n"]), [404]);
    assert_eq!(statuses(&[&ask("PLAY", "")]), [455]);
    assert_eq!(statuses(&[&ask("PLAY", "Session: 1\r\n")]), [454]);
    assert_eq!(statuses(&[&ask("SETUP", "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n")]), [461]);
    assert_eq!(statuses(&[&setup, &setup]), [200, 455]);
    assert_eq!(statuses(&[&setup, &ask("PLAY", "Session: wrong\r\n")]), [200, 454]);
    assert_eq!(statuses(&[&setup, &ask("PLAY", "Session: SESSION\r\nRange: npt=3600-\r\n")]), [200, 457]);
    assert_eq!(statuses(&[&setup, &ask("PLAY", "Session: SESSION\r\nRange: clock=x\r\n")]), [200, 457]);
    assert_eq!(statuses(&[&setup, &ask("PAUSE", "Session: SESSION\r\n")]), [200, 200]);
    assert_eq!(statuses(&[&setup, &query("query-time: 2.5\r\n"), &query("volume\r\n")]), [200, 200, 451]);
    assert_eq!(statuses(&[&setup, &query("query-time: 999\r\n")]), [200, 457]);
    assert_eq!(statuses(&[&setup, &ask("TEARDOWN", "Session: SESSION\r\n"), &setup]), [200, 200, 200]);
    assert_eq!(statuses(&["GET / HTTP/1.1\r\n\r\n"]), [400]);
}

#[test]
fn a_slow_idle_or_stalled_client_is_cut_off_and_its_stream_released() {
    let limits = ServerLimits::default();
    let start = Instant::now();
    let fresh = || ServerConnection::new(limits, PEER, start);

    // Slowloris: a byte a second never makes a request.
    let mut server = fresh();
    let mut now = start;
    while !server.is_closing() {
        server.receive(b"X", now);
        now += Duration::from_secs(1);
        server.advance(now);
        assert!(now - start <= limits.message + Duration::from_secs(1));
    }

    // Nothing asked at all.
    let mut server = fresh();
    server.advance(start + limits.idle - Duration::from_millis(1));
    assert!(!server.is_closing());
    server.advance(server.deadline());
    assert!(server.is_closing());

    // A session set up and never kept alive.
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 20).unwrap();
    pair.client.pause(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Paused)).unwrap();
    pair.server.advance(pair.now + limits.session);
    assert!(pair.server.is_closing());
    assert!(matches!(
        pair.server.next_action(),
        Some(ServerAction::Release { end: StreamEnd::Disconnected, .. })
    ));

    // A client that plays and reads nothing: bounded, then cut off.
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 20).unwrap();
    let mut now = pair.now;
    while !pair.server.is_closing() {
        now = pair.server.deadline().max(now + Duration::from_millis(1));
        pair.server.advance(now);
        assert!(pair.server.outgoing().len() < 100 << 10);
        assert!(now - pair.now <= limits.stall + Duration::from_secs(1));
    }
}

#[test]
fn a_client_that_talks_nonsense_and_takes_no_answer_is_let_go() {
    let limits = ServerLimits::default();
    let start = Instant::now();
    let mut server = ServerConnection::new(limits, PEER, start);
    server.receive(b"GET / HTTP/1.1\r\n\r\n", start);
    server.advance(start);
    assert!(server.is_closing() && !server.outgoing().is_empty());
    assert_eq!(server.deadline(), start + limits.stall);
    server.advance(server.deadline());
    assert!(server.outgoing().is_empty());
}

#[test]
fn random_bytes_and_random_requests_never_panic_and_never_grow() {
    let url = address().to_url("h", 554, false).unwrap();
    let pieces = [
        format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
        format!("SETUP {url} RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP\r\nPipelined-Requests: 1\r\n\r\n"),
        format!("PLAY {url} RTSP/1.0\r\nCSeq: 3\r\nPipelined-Requests: 1\r\nRange: npt=3-\r\n\r\n"),
        format!("PAUSE {url} RTSP/1.0\r\nCSeq: 4\r\nPipelined-Requests: 1\r\n\r\n"),
        format!("TEARDOWN {url} RTSP/1.0\r\nCSeq: 5\r\nPipelined-Requests: 1\r\n\r\n"),
        "$\0\0\u{4}abcd".to_owned(),
    ];
    let mut pair = Pair::new(CLEAN, |_| {});
    for _ in 0..300 {
        let mut server = ServerConnection::new(ServerLimits::default(), PEER, pair.now);
        let mut now = pair.now;
        for _ in 0..40 {
            let mut bytes = pieces[usize::try_from(pair.dice(6)).unwrap()].clone().into_bytes();
            if pair.dice(10) == 0 {
                let at = usize::try_from(pair.dice(bytes.len() as u64)).unwrap();
                bytes[at] = u8::try_from(pair.dice(256)).unwrap();
            }
            now += Duration::from_millis(pair.dice(400));
            server.receive(&bytes[..bytes.len().min(server.room())], now);
            server.advance(now);
            while let Some(action) = server.next_action() {
                match action {
                    ServerAction::Open { .. } => server.opened(Ok(pair.preview.clone()), now),
                    ServerAction::Allocate { .. } => {
                        server.allocated(Ok((SessionSeeds::random(), None)), now)
                    }
                    ServerAction::Release { .. } => {}
                }
            }
            assert!(server.outgoing().len() < 128 << 10);
            if pair.dice(3) == 0 {
                server.sent(usize::MAX, now);
            }
        }
    }
}

#[test]
fn a_server_that_answers_every_question_with_the_first_piece_is_not_asked_ever_more() {
    let answer =
        |cseq: u32, headers: &str| format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{headers}\r\n").into_bytes();
    let first = "Content-Range: bytes 0-0/18446744073709551615\r\nContent-Length: 1\r\n";
    let mut pair = Pair::new(CLEAN, |options| options.from = None);
    let setup = "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    pair.client.receive(&answer(2, setup), pair.now).unwrap();
    pair.client.sent(usize::MAX);
    pair.client.fetch_free_data(pair.now);
    let piece = |cseq| [answer(cseq, first), b"O".to_vec()].concat();
    pair.client.receive(&piece(3), pair.now).unwrap();
    let asked = pair.client.outgoing().len();
    let error = pair.client.receive(&piece(4), pair.now).unwrap_err();
    assert_eq!(error, ClientError::from(DescriptionError::Missing("Content-Range")));
    assert_eq!(pair.client.outgoing().len(), asked);

    // Nor does a place near the end of all numbers overflow one.
    let mut pair = Pair::new(CLEAN, |options| options.from = None);
    pair.client.receive(&answer(2, setup), pair.now).unwrap();
    pair.client.fetch_free_data(pair.now);
    let last = first.replace("0-0/", "18446744073709551614-18446744073709551614/");
    assert!(pair.client.receive(&[answer(3, &last), b"O".to_vec()].concat(), pair.now).is_err());
}

// V3, F12
#[test]
fn a_stream_that_is_set_up_and_never_played_goes_to_somebody_else_however_it_is_kept_alive() {
    let held = |play: bool| {
        let pair = Pair::new(CLEAN, |_| {});
        let url = address().to_url("192.0.2.1", 554, true).unwrap();
        let mut server = ServerConnection::new(ServerLimits::default(), PEER, pair.now);
        let ask = |method: &str, more: &str| {
            format!("{method} {url} RTSP/1.0\r\nCSeq: 1\r\nPipelined-Requests: 1\r\n{more}\r\n").into_bytes()
        };
        let mut now = pair.now;
        let mut say = |bytes: Vec<u8>, now: Instant| {
            server.receive(&bytes, now);
            let mut is_released = false;
            for _ in 0..3 {
                server.advance(now);
                while let Some(action) = server.next_action() {
                    match action {
                        ServerAction::Open { .. } => server.opened(Ok(pair.preview.clone()), now),
                        ServerAction::Allocate { .. } => {
                            server.allocated(Ok((SessionSeeds::random(), None)), now);
                        }
                        ServerAction::Release { .. } => is_released = true,
                    }
                }
                server.sent(usize::MAX, now);
            }
            is_released
        };
        assert!(!say(ask("SETUP", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), now));
        if play {
            assert!(!say(ask("PLAY", ""), now));
            now += Duration::from_secs(1);
            assert!(!say(ask("PAUSE", ""), now));
        }
        let since = now;
        loop {
            now += Duration::from_secs(10);
            if say(ask("GET_PARAMETER", ""), now) {
                return now - since;
            }
        }
    };
    assert_eq!(held(false), Duration::from_secs(60));
    assert_eq!(held(true), Duration::from_secs(300), "a listener may be called to the telephone");
}
