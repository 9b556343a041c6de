//! Two peers in one test: a player and a delivery server, joined by a simulated network with latency, loss, reordering and
//! duplication, on a simulated clock.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::image::tests::image;
use super::*;
use crate::id::{MediaId, VoucherId};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const SERVER_PORT: u16 = 6_000;
const CLIENT_PORT: u16 = 5_000;

/// What the network does to datagrams; the connection only has its latency.
#[derive(Debug, Clone, Copy)]
struct Network {
    latency: Duration,
    lost_percent: u64,
    doubled_percent: u64,
    jitter: Duration,
}

const CLEAN: Network =
    Network { latency: Duration::from_millis(50), lost_percent: 0, doubled_percent: 0, jitter: Duration::ZERO };

enum Way {
    ToServer(Vec<u8>),
    ToClient(Vec<u8>),
    Proof(SocketAddr, [u8; 20]),
    Datagram(Vec<u8>),
}

struct Pair {
    now: Instant,
    start: Instant,
    network: Network,
    random: u64,
    client: ClientConnection,
    server: ServerConnection,
    preview: Arc<Preview>,
    refusal: Option<Refusal>,
    under_way: BTreeMap<(Instant, u64), Way>,
    order: u64,
    events: Vec<(Duration, ClientEvent)>,
    actions: Vec<ServerAction>,
    sounds: Vec<Sound>,
    first_sound: Option<Duration>,
    server_is_dead: bool,
    client_address: SocketAddr,
    datagrams_sent: usize,
}

impl Pair {
    fn new(network: Network, change: impl FnOnce(&mut ClientOptions)) -> Self {
        let now = Instant::now();
        let mut options = ClientOptions::new(address().to_url("192.0.2.1", 554, true).unwrap());
        change(&mut options);
        let preview = Preview::new(Description::example(), image(500), Npt::ZERO, Npt(u64::MAX)).unwrap();
        Self {
            now,
            start: now,
            network,
            random: 7,
            client: ClientConnection::new(options, now),
            server: ServerConnection::new(ServerLimits::default(), PEER, now),
            preview: Arc::new(preview),
            refusal: None,
            under_way: BTreeMap::new(),
            order: 0,
            events: Vec::new(),
            actions: Vec::new(),
            sounds: Vec::new(),
            first_sound: None,
            server_is_dead: false,
            client_address: (PEER, CLIENT_PORT).into(),
            datagrams_sent: 0,
        }
    }

    /// Runs until `enough`, at most a minute.
    fn run_until(&mut self, enough: impl Fn(&Self) -> bool) -> Result<(), ClientError> {
        let limit = self.now + Duration::from_secs(60);
        loop {
            self.exchange()?;
            if enough(self) {
                return Ok(());
            }
            self.pass_time(limit);
            assert!(self.now < limit, "a minute passed: {:?}", self.events);
        }
    }

    fn run_for(&mut self, time: Duration) -> Result<(), ClientError> {
        let until = self.now + time;
        while self.now < until {
            self.exchange()?;
            self.pass_time(until);
        }
        Ok(())
    }

    /// To the next thing that happens.
    fn pass_time(&mut self, horizon: Instant) {
        let arrival = self.under_way.first_key_value().map(|((at, _), _)| *at);
        let next = [arrival, self.client.deadline(), Some(self.server.deadline())].into_iter().flatten().min().unwrap();
        self.now = next.max(self.now + Duration::from_micros(100)).min(horizon);
    }

    fn exchange(&mut self) -> Result<(), ClientError> {
        while let Some(entry) = self.under_way.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            match entry.remove() {
                _ if self.server_is_dead => {}
                Way::ToServer(bytes) => self.server.receive(&bytes, self.now),
                Way::Proof(from, bytes) => self.server.receive_datagram(from, &bytes, self.now),
                Way::ToClient(bytes) => self.client.receive(&bytes, self.now)?,
                Way::Datagram(bytes) => self.client.receive_datagram(&bytes, self.now),
            }
        }
        self.run_server();
        self.client.advance(self.now)?;
        while let Some(sound) = self.client.next_sound(self.now) {
            self.first_sound.get_or_insert(self.now - self.start);
            self.sounds.push(sound);
        }
        while let Some(event) = self.client.next_event() {
            self.events.push((self.now - self.start, event));
        }
        let bytes = self.client.outgoing().to_vec();
        self.client.sent(bytes.len());
        self.post(bytes, Way::ToServer);
        while let Some((port, proof)) = self.client.next_datagram(self.now) {
            assert_eq!(port, SERVER_PORT);
            self.send_datagram(Way::Proof(self.client_address, proof));
        }
        Ok(())
    }

    fn run_server(&mut self) {
        if self.server_is_dead {
            return;
        }
        self.server.advance(self.now);
        while let Some(action) = self.server.next_action() {
            self.actions.push(action.clone());
            match action {
                ServerAction::Open { .. } => {
                    let answer = self.refusal.clone().map_or(Ok(self.preview.clone()), Err);
                    self.server.opened(answer, self.now);
                }
                ServerAction::Allocate { udp, .. } => {
                    let seeds = SessionSeeds::random();
                    self.server.allocated(Ok((seeds, udp.then_some(SERVER_PORT))), self.now);
                }
                ServerAction::Release { .. } => {}
            }
        }
        let bytes = self.server.outgoing().to_vec();
        self.server.sent(bytes.len(), self.now);
        self.post(bytes, Way::ToClient);
        let mut datagram = Vec::new();
        while let Some(to) = self.server.next_datagram(self.now, &mut datagram) {
            assert_eq!(to, self.client_address);
            self.datagrams_sent += 1;
            self.send_datagram(Way::Datagram(datagram.clone()));
        }
    }

    fn post(&mut self, bytes: Vec<u8>, way: impl FnOnce(Vec<u8>) -> Way) {
        if !bytes.is_empty() {
            self.deliver(self.now + self.network.latency, way(bytes));
        }
    }

    fn send_datagram(&mut self, way: Way) {
        if self.dice(100) < self.network.lost_percent {
            return;
        }
        let jitter = u32::try_from(self.dice(1_000)).unwrap();
        let at = self.now + self.network.latency + self.network.jitter * jitter / 1_000;
        if let Way::Datagram(bytes) = &way
            && self.dice(100) < self.network.doubled_percent
        {
            self.deliver(at + Duration::from_millis(3), Way::Datagram(bytes.clone()));
        }
        self.deliver(at, way);
    }

    fn deliver(&mut self, at: Instant, way: Way) {
        self.order += 1;
        self.under_way.insert((at, self.order), way);
    }

    fn dice(&mut self, sides: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % sides
    }

    fn saw(&self, wanted: &ClientEvent) -> bool {
        self.events.iter().any(|(_, event)| event == wanted)
    }

    /// The numbers of the packets heard; the test image writes them into bytes 1 and 2.
    fn packets(&self) -> Vec<u16> {
        self.sounds.iter().map(|sound| u16::from_be_bytes([sound.packet[1], sound.packet[2]])).collect()
    }
}

fn address() -> PreviewAddress {
    PreviewAddress {
        media_id: MediaId::from_bytes([7; 16]),
        voucher_id: VoucherId::from_bytes([8; 16]),
        kind: PreviewKind::Clip,
    }
}

// V4, P5
#[test]
fn the_first_sound_is_one_round_trip_after_the_connection_and_every_packet_arrives_once() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
    assert!(pair.first_sound.unwrap() < Duration::from_millis(102), "{:?}", pair.first_sound);
    assert_eq!(pair.sounds[0].at, -312);
    assert_eq!(pair.sounds[1].at, 648);
    let (_, first) = &pair.events[0];
    assert!(matches!(first, ClientEvent::Described(told) if told.length == Npt(500 * 960 - 312)));
    // The last packet came two seconds ahead of the ear, not all at once.
    assert!(pair.now - pair.start > Duration::from_secs(7));
}

// V4: Query Time, Nearest Time, Transport
#[test]
fn a_seek_lands_on_the_nearest_time_and_nothing_of_the_old_place_is_heard() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 20).unwrap();
    pair.sounds.clear();
    pair.client.seek(Npt::from_millis(8_000), pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    let nearest = Npt(400 * 960 - 312);
    assert!(pair.saw(&ClientEvent::Nearest(Nearest { time: nearest, bytes_to_end: 1_000 })));
    assert!(pair.saw(&ClientEvent::Playing { from: nearest, to: Npt(500 * 960 - 312), anew: true }));
    assert_eq!(pair.packets(), (396..500).collect::<Vec<u16>>()); // 80 ms before it, to settle the decoder
    assert_eq!(pair.sounds[4].at, i64::try_from(nearest.0).unwrap());
}

// V4: a negative time
#[test]
fn a_pause_stops_the_packets_and_resuming_misses_none() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 150).unwrap();
    pair.client.pause(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Paused)).unwrap();
    let before = pair.sounds.len();
    pair.run_for(Duration::from_secs(50)).unwrap();
    assert_eq!(pair.sounds.len(), before, "packets came while paused");
    pair.client.resume(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
}

// V6
#[test]
fn the_free_image_is_fetched_over_the_same_session_while_it_plays() {
    let file: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_be_bytes()).collect();
    let mut pair = Pair::new(CLEAN, |_| {});
    let mut image = OpusImage::new(312);
    for _ in 0..500 {
        image.push(&[0xfc, 0, 0]).unwrap();
    }
    image.offer_file(file.clone());
    pair.preview = Arc::new(Preview::new(Description::example(), Arc::new(image), Npt::ZERO, Npt(u64::MAX)).unwrap());
    pair.run_until(|pair| pair.saw(&ClientEvent::Ready)).unwrap();
    pair.client.fetch_free_data(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    let mut got = Vec::new();
    for (_, event) in &pair.events {
        if let ClientEvent::FreeData { offset, total, piece } = event {
            assert_eq!((*offset, *total), (got.len() as u64, file.len() as u64));
            got.extend_from_slice(piece);
        }
    }
    assert!(got == file, "{} of {} bytes", got.len(), file.len());
    assert_eq!(pair.sounds.len(), 500);
}

// V6
#[test]
fn a_server_without_the_file_says_so() {
    let mut pair = Pair::new(CLEAN, |options| options.from = None);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ready)).unwrap();
    pair.client.fetch_free_data(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::NoFreeData)).unwrap();
    assert!(pair.sounds.is_empty());
}

// V3
#[test]
fn a_teardown_releases_the_stream_and_the_connection_carries_the_next_track() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 150).unwrap();
    let playing = pair.now;
    pair.client.teardown(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::TornDown)).unwrap();
    let Some(ServerAction::Release { played, image, end, .. }) = pair.actions.last() else {
        panic!("no release: {:?}", pair.actions)
    };
    assert_eq!((image.as_str(), *end), ("preview-96", StreamEnd::Completed));
    assert!(played.as_duration() <= playing - pair.start + Duration::from_millis(50));
    assert!(played.as_millis() > 900);

    pair.events.clear();
    pair.sounds.clear();
    let url = address().to_url("192.0.2.1", 554, true).unwrap();
    pair.client.open(url, Npt::ZERO, pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
}

// V8
#[test]
fn udp_plays_after_the_proof_and_only_to_where_it_came_from() {
    let mut pair = Pair::new(CLEAN, |options| options.wish = Wish::Udp(CLIENT_PORT));
    pair.client_address = (PEER, 41_000).into(); // a router's port, not the one in the header
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
}

// V8
#[test]
fn udp_sends_nothing_while_the_proof_comes_from_another_address() {
    let mut pair = Pair::new(CLEAN, |options| options.wish = Wish::Udp(CLIENT_PORT));
    pair.client_address = ([192, 0, 2, 66], CLIENT_PORT).into();
    let error = pair.run_until(|_| false).unwrap_err();
    assert_eq!(error, ClientError::NoDatagrams);
    assert_eq!(pair.datagrams_sent, 0);
}

// V7
#[test]
fn loss_reordering_and_duplication_cost_only_what_was_lost() {
    for lost_percent in [0, 2, 20, 60] {
        let network = Network { lost_percent, doubled_percent: 10, jitter: Duration::from_millis(90), ..CLEAN };
        let mut pair = Pair::new(network, |options| options.wish = Wish::Udp(CLIENT_PORT));
        match pair.run_until(|pair| pair.saw(&ClientEvent::Ended)) {
            Ok(()) => {}
            // The goodbye itself can be lost, with the last packet: then the silence says so.
            Err(error) => assert_eq!((error, lost_percent > 0), (ClientError::Silent, true)),
        }
        let packets = pair.packets();
        assert!(packets.is_sorted_by(|a, b| a < b), "{lost_percent} % lost: out of order or doubled");
        let expected = 500 * (100 - usize::try_from(lost_percent).unwrap()) / 100;
        assert!(packets.len().abs_diff(expected) < 60, "{lost_percent} % lost, {} arrived", packets.len());
        let counts = pair.client.counts();
        assert!(counts.reordered > 20 && counts.duplicated > 5, "{counts:?}");
        for (a, b) in pair.sounds.iter().zip(pair.sounds.iter().skip(1)) {
            assert!(b.at >= a.at + i64::from(a.frames));
        }
    }
}

// V7
#[test]
fn a_dead_server_is_an_error_within_the_patience_and_never_a_hang() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.server_is_dead = true;
    assert_eq!(pair.run_until(|_| false), Err(ClientError::NoAnswer));
    assert!(pair.now - pair.start < Duration::from_millis(5_100));

    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 20).unwrap();
    let died = pair.now;
    pair.server_is_dead = true;
    assert_eq!(pair.run_until(|_| false), Err(ClientError::Silent));
    assert!(pair.now - died < Duration::from_millis(5_500));
}

// V2
#[test]
fn each_refusal_reaches_the_player_as_its_own_message() {
    for (kind, expected) in [
        (RefusalKind::UnknownMedia, ClientError::UnknownMedia),
        (RefusalKind::Forbidden, ClientError::Forbidden),
        (RefusalKind::Expired, ClientError::VoucherExpired),
        (RefusalKind::NotEnoughBandwidth, ClientError::NotEnoughBandwidth),
        (RefusalKind::NoStream, ClientError::NoStream),
    ] {
        let mut pair = Pair::new(CLEAN, |_| {});
        pair.refusal = Some(Refusal { kind, message: "no".into() });
        assert_eq!(pair.run_until(|_| false), Err(expected));
    }
}

/// Sends text to a fresh server, answering its questions; gives the status codes.
fn statuses(requests: &[&str]) -> Vec<u16> {
    let mut pair = Pair::new(CLEAN, |_| {});
    let mut all = String::new();
    for request in requests {
        let session = all.rsplit_once("Session: ").map_or("none", |(_, rest)| rest.split([';', '\r']).next().unwrap());
        pair.server.receive(request.replace("SESSION", session).as_bytes(), pair.now);
        pair.server.advance(pair.now);
        while let Some(action) = pair.server.next_action() {
            match action {
                ServerAction::Open { .. } => pair.server.opened(Ok(pair.preview.clone()), pair.now),
                ServerAction::Allocate { .. } => pair.server.allocated(Ok((SessionSeeds::random(), None)), pair.now),
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
    let setup = format!("SETUP {url} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
    let ask = |method: &str, more: &str| format!("{method} {url} RTSP/1.0\r\nCSeq: 2\r\n{more}\r\n");
    let query = |body: &str| {
        format!("GET_PARAMETER {url} RTSP/1.0\r\nCSeq: 2\r\nSession: SESSION\r\nContent-Length: {}\r\n\r\n{body}", body.len())
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
    assert!(matches!(pair.server.next_action(), Some(ServerAction::Release { end: StreamEnd::Disconnected, .. })));

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
                    ServerAction::Allocate { .. } => server.allocated(Ok((SessionSeeds::random(), None)), now),
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
