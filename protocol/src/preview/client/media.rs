//! The player's end of the media: packets in, sound in order and placed in time out, and a watch on silence.

use std::time::{Duration, Instant};

use super::super::{Npt, ProofToken, Transport};
use super::ClientError;
use crate::reorder::{Next, PATIENCE, ReorderBuffer, ReorderCounts};
use crate::rtp::{Depacketizer, is_goodbye, opus_duration};

/// The proof of our address is repeated this often until the first packet comes, and
const PROVE_EVERY: Duration = Duration::from_millis(100);
/// then this often, so that the way back through a router stays open.
const PROVE_AGAIN: Duration = Duration::from_secs(15);

/// An Opus packet at its place in the preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Where its first frame belongs, in 48 kHz frames from the beginning. Below the place that
    /// [`super::ClientEvent::Playing`] named (below zero even) it only settles the decoder. A jump from one packet's
    /// end to the next one's start is lost sound to be concealed.
    pub at: i64,
    /// How long it sounds.
    pub frames: u32,
    /// One Opus packet.
    pub packet: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Media {
    route: Option<Transport>,
    packets: Depacketizer,
    reorder: ReorderBuffer,
    range: Option<Range>,
    state: State,
    /// `PLAY`s to a new place whose answers are awaited: what arrives meanwhile is of the old one.
    seeks: u32,
    goodbye_at: Option<Instant>,
    heard_at: Instant,
    prove_at: Instant,
    any_datagram: bool,
}

/// What the answer to `PLAY` said.
#[derive(Debug, Clone, Copy)]
struct Range {
    from: Npt,
    to: Npt,
    rtptime: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first `PLAY` is answered.
    Waiting,
    Playing,
    Paused,
    /// Everything was handed out; the caller is yet to be told.
    Ending,
    Ended,
}

impl Media {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            route: None,
            packets: Depacketizer::new(None),
            reorder: ReorderBuffer::new(),
            range: None,
            state: State::Waiting,
            seeks: 0,
            goodbye_at: None,
            heard_at: now,
            prove_at: now,
            any_datagram: false,
        }
    }

    pub(super) fn set_up(&mut self, route: Transport, ssrc: Option<u32>) {
        self.route = Some(route);
        self.packets = Depacketizer::new(ssrc);
    }

    pub(super) const fn await_seek(&mut self) {
        self.seeks += 1;
    }

    pub(super) fn pause(&mut self) {
        if self.state == State::Playing {
            self.state = State::Paused;
        }
    }

    /// Whether sound follows: not while a later seek is still to be answered.
    pub(super) fn play(
        &mut self,
        range: (Npt, Npt),
        anew: bool,
        sequence: u16,
        rtptime: u32,
        now: Instant,
    ) -> bool {
        let (from, to) = range;
        let rtptime = self.packets.timestamp(rtptime);
        self.reorder.start_at(self.packets.sequence(sequence));
        self.range = Some(Range { from, to, rtptime });
        self.state = State::Playing;
        self.goodbye_at = None;
        self.heard_at = now;
        self.seeks = self.seeks.saturating_sub(anew.into());
        self.seeks == 0
    }

    pub(super) fn receive_interleaved(&mut self, channel: u8, bytes: &[u8], now: Instant) {
        match self.route {
            Some(Transport::Interleaved { rtp, .. }) if channel == rtp => self.receive_media(bytes, now),
            Some(Transport::Interleaved { rtcp, .. }) if channel == rtcp => self.receive_control(bytes, now),
            _ => {}
        }
    }

    /// RTP and RTCP share the port; the second byte tells them apart (RFC 5761, section 4).
    pub(super) fn receive_datagram(&mut self, bytes: &[u8], now: Instant) {
        match bytes.get(1) {
            Some(192..=223) => self.receive_control(bytes, now),
            Some(_) => self.receive_media(bytes, now),
            None => {}
        }
    }

    fn receive_media(&mut self, bytes: &[u8], now: Instant) {
        // A damaged or foreign packet counts as lost; the stream goes on (V7).
        if let Ok(packet) = self.packets.read(bytes) {
            self.heard_at = now;
            self.any_datagram = true;
            self.reorder.insert(packet, now);
        }
    }

    fn receive_control(&mut self, bytes: &[u8], now: Instant) {
        self.heard_at = now;
        if is_goodbye(bytes) && self.state == State::Playing {
            self.goodbye_at = Some(now);
        }
    }

    pub(super) fn next_sound(&mut self, now: Instant) -> Option<Sound> {
        if !matches!(self.state, State::Playing | State::Paused) || self.seeks > 0 {
            return None;
        }
        if self.goodbye_at.is_some_and(|at| self.is_interleaved() || now >= at + PATIENCE) {
            self.reorder.end();
        }
        let range = self.range?;
        loop {
            match self.reorder.next(now) {
                // The next packet's place shows the gap.
                Some(Next::Lost(_)) => {}
                Some(Next::Packet(packet)) => {
                    let offset = i64::try_from(packet.timestamp).ok()? - i64::try_from(range.rtptime).ok()?;
                    let at = i64::try_from(range.from.0).ok()? + offset;
                    let frames = opus_duration(&packet.payload)?;
                    if at + i64::from(frames) >= i64::try_from(range.to.0).ok()? {
                        self.state = State::Ending;
                    }
                    return Some(Sound { at, frames, packet: packet.payload });
                }
                None => {
                    if self.reorder.is_finished() {
                        self.state = State::Ending;
                    }
                    return None;
                }
            }
        }
    }

    /// Whether all was handed out, once.
    pub(super) fn take_end(&mut self) -> bool {
        let ending = self.state == State::Ending;
        if ending {
            self.state = State::Ended;
        }
        ending
    }

    pub(super) fn check_silence(&mut self, patience: Duration, now: Instant) -> Result<(), ClientError> {
        if self.state != State::Playing || now < self.heard_at + patience {
            return Ok(());
        }
        match self.route {
            Some(Transport::Udp { .. }) if !self.any_datagram => Err(ClientError::NoDatagrams),
            _ => Err(ClientError::Silent),
        }
    }

    pub(super) fn next_proof(&mut self, now: Instant) -> Option<(u16, [u8; 20])> {
        let (port, token) = self.proof()?;
        if now < self.prove_at {
            return None;
        }
        self.prove_at = now + if self.any_datagram { PROVE_AGAIN } else { PROVE_EVERY };
        Some((port, token.datagram()))
    }

    pub(super) fn deadline(&self, patience: Duration) -> Option<Instant> {
        let silence = (self.state == State::Playing).then_some(self.heard_at + patience);
        let goodbye = self.goodbye_at.filter(|_| self.state == State::Playing).map(|at| at + PATIENCE);
        let proof = self.proof().map(|_| self.prove_at);
        [silence, goodbye, proof, self.reorder.deadline()].into_iter().flatten().min()
    }

    pub(super) const fn counts(&self) -> ReorderCounts {
        self.reorder.counts()
    }

    const fn is_interleaved(&self) -> bool {
        matches!(self.route, Some(Transport::Interleaved { .. }))
    }

    const fn proof(&self) -> Option<(u16, ProofToken)> {
        match self.route {
            Some(Transport::Udp { answer, .. }) => answer,
            _ => None,
        }
    }
}
