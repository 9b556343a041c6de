//! Two peers in one test: a player and a delivery server, joined by a simulated network with latency, loss, reordering and
//! duplication, on a simulated clock.

mod journeys;
mod misuse;

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

const CLEAN: Network = Network {
    latency: Duration::from_millis(50),
    lost_percent: 0,
    doubled_percent: 0,
    jitter: Duration::ZERO,
};

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
        let next = [arrival, self.client.deadline(), Some(self.server.deadline())]
            .into_iter()
            .flatten()
            .min()
            .unwrap();
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
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
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
