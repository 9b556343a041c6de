//! One session of a connection: from `SETUP` to `TEARDOWN`. The sender, and the way its packets travel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::sender::{Pace, Sender, Started};
use super::super::{Npt, Preview, PreviewAddress, ProofToken};
use super::{SessionSeeds, Transport};
use crate::id::hex;
use crate::rtp::Packetizer;

#[derive(Debug)]
pub(super) struct Session {
    id: String,
    address: PreviewAddress,
    pipeline: Option<String>,
    sender: Sender,
    route: Route,
    heard_at: Instant,
    kept: bool,
    used_at: Instant,
    has_played: bool,
    /// Of the free image.
    fetched: u64,
}

/// How packets leave.
#[derive(Debug)]
enum Route {
    Interleaved {
        rtp: u8,
        rtcp: u8,
    },
    /// Silent until `proven` (V8).
    Udp {
        token: ProofToken,
        proven: Option<SocketAddr>,
    },
}

impl Session {
    pub(super) fn new(
        address: PreviewAddress,
        preview: Arc<Preview>,
        transport: Transport,
        pipeline: Option<String>,
        seeds: &SessionSeeds,
        now: Instant,
    ) -> Self {
        let packetizer = Packetizer::new(seeds.ssrc, seeds.sequence, seeds.timestamp);
        let (route, pace) = match transport {
            Transport::Interleaved { rtp, rtcp } => (Route::Interleaved { rtp, rtcp }, Pace::TCP),
            Transport::Udp { .. } => (Route::Udp { token: seeds.token, proven: None }, Pace::UDP),
        };
        let sender = Sender::new(preview, packetizer, pace, now);
        Self {
            id: hex(&seeds.id),
            address,
            pipeline,
            sender,
            route,
            heard_at: now,
            kept: false,
            used_at: now,
            has_played: false,
            fetched: 0,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn is_udp(&self) -> bool {
        matches!(self.route, Route::Udp { .. })
    }

    /// Whether the last byte of the free image was asked for.
    pub(super) const fn has_kept(&self) -> bool {
        self.kept
    }

    pub(super) const fn keep(&mut self) {
        self.kept = true;
    }

    /// A piece of the free image goes out, up to this byte: new ones are a use of the stream.
    pub(super) fn note_fetched(&mut self, end: u64, now: Instant) {
        if end > self.fetched {
            (self.fetched, self.used_at) = (end, now);
        }
    }

    /// Sound that goes out is a use of the stream.
    pub(super) fn note_playing(&mut self, now: Instant) {
        if self.is_playing() {
            (self.has_played, self.used_at) = (true, now);
        }
    }

    /// When its stream goes to somebody else, as things are.
    pub(super) fn unused_after(&self, unplayed: Duration, paused: Duration) -> Option<Instant> {
        let patience = if self.has_played { paused } else { unplayed };
        (!self.is_playing()).then(|| self.used_at + patience)
    }

    fn is_playing(&self) -> bool {
        self.sender.is_playing() && !matches!(self.route, Route::Udp { proven: None, .. })
    }

    pub(super) const fn address(&self) -> PreviewAddress {
        self.address
    }

    pub(super) const fn ssrc(&self) -> u32 {
        self.sender.ssrc()
    }

    pub(super) fn preview(&self) -> &Preview {
        self.sender.preview()
    }

    pub(super) fn shared_preview(&self) -> Arc<Preview> {
        self.sender.shared_preview()
    }

    pub(super) const fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// Whether a request is for this session: by its `Session` header, or, sent before the id was known, by the same
    /// `Pipelined-Requests` as `SETUP` carried (RFC 7826, section 18.33).
    pub(super) fn is_meant_by(&self, session: Option<&str>, pipeline: Option<&str>) -> bool {
        match session {
            Some(id) => id.split(';').next().map(str::trim) == Some(&self.id),
            None => pipeline.is_some() && pipeline == self.pipeline.as_deref(),
        }
    }

    pub(super) const fn keep_alive(&mut self, now: Instant) {
        self.heard_at = now;
    }

    pub(super) const fn is_proven_alive_by_tcp(&self) -> bool {
        matches!(self.route, Route::Interleaved { .. }) && self.sender.is_playing()
    }

    pub(super) fn play(&mut self, from: Option<Npt>, to: Option<Npt>, now: Instant) -> Option<Started> {
        self.sender.play(from, to, now)
    }

    pub(super) fn pause(&mut self, now: Instant) {
        self.sender.pause(now);
    }

    /// Ends it: sound heard, and the image's name.
    pub(super) fn finish(&mut self, now: Instant) -> (Npt, String) {
        (self.sender.heard(now), self.preview().description().image.clone())
    }

    pub(super) fn receive_datagram(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
        let Route::Udp { token, proven } = &mut self.route else { return };
        if token.is_proven_by(bytes) {
            if proven.is_none() {
                self.sender.hold_until(now);
            }
            *proven = Some(from);
            self.heard_at = now;
        } else if *proven == Some(from) {
            self.heard_at = now;
        }
    }

    /// Appends one interleaved packet if one is due (RFC 2326, section 10.12: `$`, channel, length, packet).
    pub(super) fn write_interleaved(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let Route::Interleaved { rtp, rtcp } = self.route else { return false };
        let start = out.len();
        out.extend_from_slice(&[b'$', rtcp, 0, 0]);
        if !self.sender.write_control_due(now, out) {
            out[start + 1] = rtp;
            if !self.sender.write_due(now, out) {
                out.truncate(start);
                return false;
            }
        }
        let length = u16::try_from(out.len() - start - 4).unwrap_or(0).to_be_bytes();
        out[start + 2..start + 4].copy_from_slice(&length);
        true
    }

    pub(super) fn next_datagram(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<SocketAddr> {
        let Route::Udp { proven: Some(destination), .. } = self.route else { return None };
        buffer.clear();
        let due = self.sender.write_control_due(now, buffer) || self.sender.write_due(now, buffer);
        due.then_some(destination)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.route {
            Route::Udp { proven: None, .. } => None,
            _ => self.sender.deadline(),
        }
    }
}
