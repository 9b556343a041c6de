//! The delivery server's side of one RTSP connection.
//!
//! Bytes of one client come in through [`ServerConnection::receive`]; what only the server can know (is there such a song, is
//! a stream free) goes out as a [`ServerAction`] and comes back as an answer; bytes for the client come out of
//! [`ServerConnection::outgoing`], responses and interleaved packets in their order. The caller owns the sockets and the clock
//! and calls [`ServerConnection::advance`] whenever something arrived or [`ServerConnection::deadline`] has passed.
//!
//! One connection carries one session at a time; after `TEARDOWN` it can carry the next track's. Nothing that a client does
//! makes a buffer grow past its bound, and a client that sends or reads too slowly is cut off ([`ServerLimits`]).

mod answer;
mod requests;
mod session;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::framer::{Frame, Framer};
use super::{Npt, Preview, PreviewAddress, ProofToken, Transport};
pub(super) use answer::content_range;
use requests::Waiting;
use session::Session;

/// More than this much unsent stops the sender until the client has read some: under three seconds of sound.
const MOST_UNSENT: usize = 64 << 10;

/// How patient a server is.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// A message that has begun must be whole after this long.
    pub message: Duration,
    /// A connection without a session must ask for something this often.
    pub idle: Duration,
    /// A session that is not sending must be kept alive this often; told in the `Session` header.
    pub session: Duration,
    /// A session that never played, and fetches nothing new, loses its stream after this long, however it is kept alive.
    pub unplayed: Duration,
    /// A session that played loses its stream after this long in which it does not.
    pub paused: Duration,
    /// A client that reads nothing for this long is gone.
    pub stall: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            message: seconds(10),
            idle: seconds(30),
            session: seconds(60),
            unplayed: seconds(60),
            paused: seconds(300),
            stall: seconds(15),
        }
    }
}

/// What the caller has to find out or do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAction {
    /// Find the song and pick its image; answer with [`ServerConnection::opened`].
    Open {
        /// What the client asks for.
        address: PreviewAddress,
        /// The client's bandwidth in bits per second, if it said so.
        bandwidth: Option<u32>,
    },
    /// Take one of the server's streams; answer with [`ServerConnection::allocated`].
    Allocate {
        /// What the client asks for.
        address: PreviewAddress,
        /// The client's bandwidth in bits per second, if it said so.
        bandwidth: Option<u32>,
        /// Whether packets will go out as datagrams: then the answer names a port.
        udp: bool,
    },
    /// The stream is free again.
    Release {
        /// Whose it was.
        address: PreviewAddress,
        /// Sound that the client can have heard.
        played: Npt,
        /// Quality name of the image.
        image: String,
        /// Whether packets went out as datagrams.
        udp: bool,
        /// Whether the client has fetched the free image to its end.
        kept: bool,
        /// How it ended.
        end: StreamEnd,
    },
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// Torn down by the client.
    Completed,
    /// The client went away or fell silent.
    Disconnected,
}

/// Why the caller says no, in words for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which status the client gets.
    pub kind: RefusalKind,
    /// What happened and what to do, one line.
    pub message: String,
}

/// The statuses of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 404: no such song.
    UnknownMedia,
    /// 403: the voucher does not allow it.
    Forbidden,
    /// 410: the voucher has expired.
    Expired,
    /// 453: no image is small enough for the client's bandwidth.
    NotEnoughBandwidth,
    /// 503: no stream is free now.
    NoStream,
    /// 500: the server's own trouble.
    Internal,
}

/// The random values of one session.
#[derive(Debug, Clone)]
pub struct SessionSeeds {
    pub(super) id: [u8; 16],
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) token: ProofToken,
}

impl SessionSeeds {
    /// From the operating system's generator.
    pub fn random() -> Self {
        Self {
            id: crate::secret::random_bytes(),
            ssrc: u32::from_be_bytes(crate::secret::random_bytes()),
            sequence: u16::from_be_bytes(crate::secret::random_bytes()),
            timestamp: u32::from_be_bytes(crate::secret::random_bytes()),
            token: ProofToken::from_bytes(crate::secret::random_bytes()),
        }
    }
}

/// The machine.
#[derive(Debug)]
pub struct ServerConnection {
    limits: ServerLimits,
    peer: IpAddr,
    framer: Framer,
    outgoing: Vec<u8>,
    actions: VecDeque<ServerAction>,
    waiting: Option<Waiting>,
    opened: Option<Opened>,
    session: Option<Session>,
    heard_at: Instant,
    frame_began: Option<Instant>,
    drained_at: Instant,
    closing: bool,
}

/// A song that was found for this connection, kept from `DESCRIBE` to `SETUP`.
#[derive(Debug)]
struct Opened {
    address: PreviewAddress,
    bandwidth: Option<u32>,
    preview: Arc<Preview>,
}

impl ServerConnection {
    /// A connection that has just been accepted from `peer`.
    pub fn new(limits: ServerLimits, peer: IpAddr, now: Instant) -> Self {
        Self {
            limits,
            peer,
            framer: Framer::default(),
            outgoing: Vec::new(),
            actions: VecDeque::new(),
            waiting: None,
            opened: None,
            session: None,
            heard_at: now,
            frame_began: None,
            drained_at: now,
            closing: false,
        }
    }

    /// How many bytes [`receive`](Self::receive) takes now; 0 while an answer of the caller is awaited and much is queued.
    pub fn room(&self) -> usize {
        if self.closing { 0 } else { self.framer.room() }
    }

    /// Takes bytes of the client in, at most [`room`](Self::room).
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        if self.closing {
            return;
        }
        match self.framer.push(bytes) {
            Ok(()) => self.frame_began = self.frame_began.or(Some(now)),
            Err(error) => self.refuse_bytes(error),
        }
    }

    /// Takes a datagram in: a proof of address, or RTCP that keeps the session alive.
    pub fn receive_datagram(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
        if let Some(session) = &mut self.session
            && from.ip() == self.peer
        {
            session.receive_datagram(from, bytes, now);
        }
    }

    /// Does everything that is due: requests, packets, time-outs.
    pub fn advance(&mut self, now: Instant) {
        self.note_drained(now);
        self.take_frames(now);
        if let Some(session) = &mut self.session {
            session.note_playing(now);
        }
        self.check_time(now);
        let Some(session) = &mut self.session else { return };
        while self.outgoing.len() < MOST_UNSENT && session.write_interleaved(now, &mut self.outgoing) {}
    }

    /// The next thing for the caller to do.
    pub fn next_action(&mut self) -> Option<ServerAction> {
        self.actions.pop_front()
    }

    /// Bytes for the client; say how many went out with [`sent`](Self::sent).
    pub fn outgoing(&self) -> &[u8] {
        &self.outgoing
    }

    /// `count` bytes of [`outgoing`](Self::outgoing) are on their way.
    pub fn sent(&mut self, count: usize, now: Instant) {
        self.outgoing.drain(..count.min(self.outgoing.len()));
        self.drained_at = now;
    }

    /// Writes the next datagram that is due into `buffer`; gives its destination.
    pub fn next_datagram(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<SocketAddr> {
        self.session.as_mut()?.next_datagram(now, buffer)
    }

    /// When [`advance`](Self::advance) has to be called at the latest.
    pub fn deadline(&self) -> Instant {
        if self.closing {
            return self.drained_at + self.limits.stall;
        }
        let stalled = (!self.outgoing.is_empty()).then_some(self.drained_at + self.limits.stall);
        let message = self.message_deadline();
        let sending = self.session.as_ref().and_then(Session::deadline);
        let sending = sending.filter(|_| self.outgoing.len() < MOST_UNSENT);
        [stalled, message, sending, self.silence_deadline()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.heard_at + self.limits.session)
    }

    /// The connection is over once [`outgoing`](Self::outgoing) is empty.
    pub const fn is_closing(&self) -> bool {
        self.closing
    }

    /// The client's connection went away: releases what it held.
    pub fn disconnected(&mut self, now: Instant) {
        self.release(StreamEnd::Disconnected, now);
        self.outgoing.clear();
        self.closing = true;
    }

    fn take_frames(&mut self, now: Instant) {
        // Answers wait in memory: a client that asks faster than it reads is not heard until it has read. Half of the
        // room stays for sound.
        while self.waiting.is_none() && !self.closing && self.outgoing.len() < MOST_UNSENT / 2 {
            match self.framer.next() {
                Ok(Some(frame)) => {
                    self.heard_at = now;
                    self.frame_began = Some(now);
                    match frame {
                        Frame::Request(request) => self.handle(&request, now),
                        // RTCP of the client only shows that it lives; a response answers nothing that we ask.
                        Frame::Packet { .. } | Frame::Response(_) => self.keep_alive(now),
                    }
                }
                Ok(None) => break,
                Err(error) => self.refuse_bytes(error),
            }
        }
        if !self.framer.is_inside_a_frame() {
            self.frame_began = None;
        } else if self.outgoing.len() >= MOST_UNSENT / 2 {
            self.frame_began = Some(now);
        }
    }

    fn check_time(&mut self, now: Instant) {
        let stalled = !self.outgoing.is_empty() && now >= self.drained_at + self.limits.stall;
        let slow = self.message_deadline().is_some_and(|deadline| now >= deadline);
        let silent = self.silence_deadline().is_some_and(|deadline| now >= deadline);
        if stalled || (!self.closing && (slow || silent)) {
            self.disconnected(now);
        }
    }

    fn message_deadline(&self) -> Option<Instant> {
        self.frame_began.filter(|_| self.waiting.is_none()).map(|began| began + self.limits.message)
    }

    fn silence_deadline(&self) -> Option<Instant> {
        if self.waiting.is_some() {
            return None;
        }
        match &self.session {
            None => Some(self.heard_at + self.limits.idle),
            Some(session) => {
                // What is read from the connection proves that an interleaved client lives.
                let is_heard = session.is_proven_alive_by_tcp();
                let silent = (!is_heard).then(|| session.heard_at() + self.limits.session);
                let unused = session.unused_after(self.limits.unplayed, self.limits.paused);
                [silent, unused].into_iter().flatten().min()
            }
        }
    }

    /// With nothing unsent, no client can be slow to read.
    fn note_drained(&mut self, now: Instant) {
        if self.outgoing.is_empty() {
            self.drained_at = now;
        }
    }

    fn keep_alive(&mut self, now: Instant) {
        if let Some(session) = &mut self.session {
            session.keep_alive(now);
        }
    }

    fn release(&mut self, end: StreamEnd, now: Instant) {
        if let Some(mut session) = self.session.take() {
            let (played, image) = session.finish(now);
            let (address, udp, kept) = (session.address(), session.is_udp(), session.has_kept());
            self.actions.push_back(ServerAction::Release { address, played, image, udp, kept, end });
        }
    }
}
