//! The player's side of one RTSP connection.
//!
//! [`ClientConnection::new`] asks for everything at once: `DESCRIBE`, `SETUP` and `PLAY` leave in one piece, so the first sound
//! is one round trip away (`Pipelined-Requests`, RFC 7826 section 18.33, names the session before its id is known). Bytes of the
//! server come in through [`ClientConnection::receive`], datagrams through [`ClientConnection::receive_datagram`]; bytes for it
//! come out of [`ClientConnection::outgoing`], news out of [`ClientConnection::next_event`], and Opus packets, in order and
//! placed in time, out of [`ClientConnection::next_sound`]. The caller owns the sockets and the clock.
//!
//! A server that does not answer, or falls silent while it should be sending, is an error within
//! [`ClientOptions::patience`]; nothing here waits for ever.

mod answers;
mod error;
mod media;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtsp_types::headers::{
    BANDWIDTH, CONTENT_TYPE, CSEQ, PIPELINED_REQUESTS, RANGE, SESSION, TRANSPORT, USER_AGENT,
};
use rtsp_types::{HeaderName, Method, Request, Version};
use url::Url;

use super::framer::{Frame, Framer};
use super::{Description, FREE_DATA, Nearest, Npt, QUERY_TIME, Transport};
use crate::reorder::ReorderCounts;
pub use error::ClientError;
use media::Media;
pub use media::Sound;

/// How the player would like to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// In the control connection.
    Interleaved,
    /// In datagrams to this port.
    Udp(u16),
}

/// What to ask for.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// A preview's address ([`super::PreviewAddress::to_url`]).
    pub url: Url,
    /// The player's bandwidth in bits per second, if it knows; the server picks the image.
    pub bandwidth: Option<u32>,
    /// How to receive.
    pub wish: Wish,
    /// Where to begin; `None` to set up a stream without playing it.
    pub from: Option<Npt>,
    /// The longest wait for an answer, or for sound while playing.
    pub patience: Duration,
}

impl ClientOptions {
    /// The usual: interleaved, from the beginning, five seconds of patience.
    pub const fn new(url: Url) -> Self {
        Self {
            url,
            bandwidth: None,
            wish: Wish::Interleaved,
            from: Some(Npt::ZERO),
            patience: Duration::from_secs(5),
        }
    }
}

/// News from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// What will be played.
    Described(Box<Description>),
    /// A stream is set up.
    Ready,
    /// Sound follows, from here to there.
    Playing {
        /// The first frame to be heard.
        from: Npt,
        /// The first frame not to be heard.
        to: Npt,
        /// A new place: the decoder starts afresh. Otherwise it goes on after a pause.
        anew: bool,
    },
    /// The answer to [`ClientConnection::query_time`].
    Nearest(Nearest),
    /// The server has stopped sending.
    Paused,
    /// A piece of the free image; it is complete when `offset` and the piece make `total`.
    FreeData {
        /// First byte of the piece.
        offset: u64,
        /// Bytes of the whole file.
        total: u64,
        /// The piece.
        piece: Vec<u8>,
    },
    /// The server offers no such file.
    NoFreeData,
    /// All sound of the range was handed out.
    Ended,
    /// The stream was given back; the connection can carry another.
    TornDown,
}

/// A request whose answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Describe,
    Setup,
    Play { anew: bool, pipelined: bool },
    Pause,
    QueryTime,
    FreeData { from: u64 },
    KeepAlive,
    Teardown,
}

/// The machine.
#[derive(Debug)]
pub struct ClientConnection {
    options: ClientOptions,
    framer: Framer,
    outgoing: Vec<u8>,
    next_cseq: u32,
    asked: VecDeque<(u32, Asked, Instant)>,
    session: Option<SessionId>,
    events: VecDeque<ClientEvent>,
    media: Media,
    spoke_at: Instant,
}

#[derive(Debug)]
struct SessionId {
    id: String,
    timeout: Duration,
}

impl ClientConnection {
    /// A connection that is being made; the requests wait in [`outgoing`](Self::outgoing).
    pub fn new(options: ClientOptions, now: Instant) -> Self {
        let mut connection = Self {
            framer: Framer::default(),
            outgoing: Vec::new(),
            next_cseq: 1,
            asked: VecDeque::new(),
            session: None,
            events: VecDeque::new(),
            media: Media::new(now),
            spoke_at: now,
            options,
        };
        connection.begin(now);
        connection
    }

    /// Asks for another preview on the same connection, after [`ClientEvent::TornDown`].
    pub fn open(&mut self, url: Url, from: Npt, now: Instant) {
        self.options.url = url;
        self.options.from = Some(from);
        self.session = None;
        self.media = Media::new(now);
        self.begin(now);
    }

    /// Goes to a time: stops, asks for the nearest seekable time, plays from there; one round trip.
    pub fn seek(&mut self, to: Npt, now: Instant) {
        self.ask(Method::Pause, Asked::Pause, &[], now);
        self.query_time(to, now);
        self.play_from(Some(to), now);
    }

    /// *Query Time*.
    pub fn query_time(&mut self, time: Npt, now: Instant) {
        let body = format!("{QUERY_TIME}: {time}\r\n");
        self.ask_with(
            Method::GetParameter,
            Asked::QueryTime,
            &[(CONTENT_TYPE, "text/parameters".into())],
            body.as_bytes(),
            now,
        );
    }

    /// Fetches the free image as a file, beside the sound or instead of it (V6): [`ClientEvent::FreeData`] in order. Asked for
    /// once the session stands, that is after [`ClientEvent::Ready`].
    pub fn fetch_free_data(&mut self, now: Instant) {
        self.ask_for_piece(0, now);
    }

    /// Stops sending; sound under way still arrives.
    pub fn pause(&mut self, now: Instant) {
        self.ask(Method::Pause, Asked::Pause, &[], now);
    }

    /// Goes on where [`pause`](Self::pause) stopped.
    pub fn resume(&mut self, now: Instant) {
        self.play_from(None, now);
    }

    /// Gives the stream back.
    pub fn teardown(&mut self, now: Instant) {
        self.ask(Method::Teardown, Asked::Teardown, &[], now);
    }

    /// Takes bytes of the server in, any number.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) -> Result<(), ClientError> {
        for piece in bytes.chunks(16 << 10) {
            self.framer.push(piece)?;
            while let Some(frame) = self.framer.next()? {
                match frame {
                    Frame::Response(response) => self.take_answer(&response, now)?,
                    Frame::Packet { channel, bytes } => self.media.receive_interleaved(channel, &bytes, now),
                    // Servers may ask things (RFC 2326, section 10.2); ours does not.
                    Frame::Request(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Takes a datagram of the server in.
    pub fn receive_datagram(&mut self, bytes: &[u8], now: Instant) {
        self.media.receive_datagram(bytes, now);
    }

    /// Does what is due: keeps the session alive, and notices a dead server.
    pub fn advance(&mut self, now: Instant) -> Result<(), ClientError> {
        if self.asked.front().is_some_and(|(_, _, at)| now >= *at + self.options.patience) {
            return Err(ClientError::NoAnswer);
        }
        self.media.check_silence(self.options.patience, now)?;
        if self.keep_alive_at().is_some_and(|at| now >= at) {
            self.ask(Method::GetParameter, Asked::KeepAlive, &[], now);
        }
        Ok(())
    }

    /// When [`advance`](Self::advance) and [`next_sound`](Self::next_sound) have to be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let answer = self.asked.front().map(|(_, _, at)| *at + self.options.patience);
        let media = self.media.deadline(self.options.patience);
        [answer, media, self.keep_alive_at()].into_iter().flatten().min()
    }

    /// Bytes for the server; say how many went out with [`sent`](Self::sent).
    pub fn outgoing(&self) -> &[u8] {
        &self.outgoing
    }

    /// `count` bytes of [`outgoing`](Self::outgoing) are on their way.
    pub fn sent(&mut self, count: usize) {
        self.outgoing.drain(..count.min(self.outgoing.len()));
    }

    /// A datagram that is due, and the server's port for it: the proof of our address.
    pub fn next_datagram(&mut self, now: Instant) -> Option<(u16, [u8; 20])> {
        self.media.next_proof(now)
    }

    /// The next news.
    pub fn next_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// Whether [`next_event`](Self::next_event) has something.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The next Opus packet in order; also says [`ClientEvent::Ended`] when there are no more.
    pub fn next_sound(&mut self, now: Instant) -> Option<Sound> {
        let sound = self.media.next_sound(now);
        if sound.is_none() && self.media.take_end() {
            self.events.push_back(ClientEvent::Ended);
        }
        sound
    }

    /// What happened to packets on the way.
    pub const fn counts(&self) -> ReorderCounts {
        self.media.counts()
    }

    fn begin(&mut self, now: Instant) {
        let bandwidth = self.options.bandwidth.map(|bits| (BANDWIDTH, bits.to_string()));
        let describe: Vec<_> = bandwidth.clone().into_iter().collect();
        self.ask(Method::Describe, Asked::Describe, &describe, now);
        let transport = match self.options.wish {
            Wish::Interleaved => Transport::Interleaved { rtp: 0, rtcp: 1 },
            Wish::Udp(client_port) => Transport::Udp { client_port, answer: None },
        };
        let pipeline = (PIPELINED_REQUESTS, "1".to_owned());
        let mut setup = vec![(TRANSPORT, transport.to_string()), pipeline];
        setup.extend(bandwidth);
        self.ask(Method::Setup, Asked::Setup, &setup, now);
        if self.options.from.is_some() {
            self.play_from(self.options.from, now);
        }
    }

    fn play_from(&mut self, from: Option<Npt>, now: Instant) {
        if from.is_some() {
            self.media.await_seek();
        }
        self.ask_to_play(from, now);
    }

    fn ask_to_play(&mut self, from: Option<Npt>, now: Instant) {
        let range = from.map(|from| (RANGE, format!("npt={from}-")));
        let pipelined = self.session.is_none();
        let pipeline = pipelined.then(|| (PIPELINED_REQUESTS, "1".to_owned()));
        let headers: Vec<_> = range.into_iter().chain(pipeline).collect();
        self.ask(Method::Play, Asked::Play { anew: from.is_some(), pipelined }, &headers, now);
    }

    fn ask(&mut self, method: Method, asked: Asked, headers: &[(HeaderName, String)], now: Instant) {
        self.ask_with(method, asked, headers, &[], now);
    }

    fn ask_with(
        &mut self,
        method: Method,
        asked: Asked,
        headers: &[(HeaderName, String)],
        body: &[u8],
        now: Instant,
    ) {
        let cseq = self.next_cseq;
        self.next_cseq = self.next_cseq.wrapping_add(1);
        let mut request = Request::builder(method, Version::V1_0)
            .request_uri(self.options.url.clone())
            .header(CSEQ, cseq.to_string())
            .header(USER_AGENT, concat!("cadenza/", env!("CARGO_PKG_VERSION")));
        if let Some(session) = &self.session {
            request = request.header(SESSION, session.id.as_str());
        }
        request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name.clone(), value.as_str()));
        let request = if body.is_empty() {
            request.empty().map_body(|_| Vec::new())
        } else {
            request.build(body.to_vec())
        };
        // Writing to memory fails only for bodies over 4 GB.
        let _ = request.write(&mut self.outgoing);
        self.asked.push_back((cseq, asked, now));
        self.spoke_at = now;
    }

    fn ask_for_piece(&mut self, from: u64, now: Instant) {
        let body = format!("{FREE_DATA}: {from}\r\n");
        self.ask_with(
            Method::GetParameter,
            Asked::FreeData { from },
            &[(CONTENT_TYPE, "text/parameters".into())],
            body.as_bytes(),
            now,
        );
    }

    fn keep_alive_at(&self) -> Option<Instant> {
        self.session.as_ref().map(|session| self.spoke_at + session.timeout / 3)
    }
}
