//! RTP for Opus (RFC 3550, RFC 7587): packets out of the sender, packets into the receiver, and the little RTCP that goes
//! with them.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |V=2|P|X|  CC   |M|     PT=96   |       sequence number         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                 timestamp, 48 kHz, random start               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           synchronization source (SSRC) identifier            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     one Opus packet ...                       |
//! ```
//!
//! The sender's bytes come from [`crate::preview::OpusImage`] and go into the control connection or a datagram. The
//! receiver checks a packet once, unwraps sequence and timestamp to 64 bit, and hands it to [`crate::reorder`].

use rtcp_types::prelude::*;
use rtp_types::{RtpPacket, RtpPacketBuilder};
use thiserror::Error;

/// The payload type that our session descriptions give to Opus (dynamic range, RFC 3551 section 3).
pub const PAYLOAD_TYPE: u8 = 96;

/// Opus in RTP counts time at 48 kHz, whatever its inner rate (RFC 7587, section 4.1).
pub const CLOCK_RATE: u32 = 48_000;

/// No Opus packet is longer than 120 ms (RFC 6716, section 3.2).
pub const LONGEST_PACKET: u32 = 5_760;

/// A packet that is not ours to play.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RtpError {
    /// Not RTP, or cut short.
    #[error("a media packet is damaged; it was left out")]
    Malformed,
    /// Another payload type, or a packet without payload.
    #[error("a media packet holds payload type {0} instead of {PAYLOAD_TYPE}; it was left out")]
    PayloadType(u8),
    /// Another sender's packet.
    #[error("a media packet came from source {0:08x}, which is not the one that was set up; it was left out")]
    ForeignSource(u32),
}

/// How long an Opus packet sounds, in 48 kHz frames, from its table-of-contents byte (RFC 6716, section 3.1).
/// `None` for a packet that no Opus decoder accepts.
pub fn opus_duration(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*packet.get(1)? & 0x3f),
    };
    Some(frame * frames).filter(|d| (1..=LONGEST_PACKET).contains(d))
}

/// Numbers and stamps outgoing packets. Sequence and timestamp run on over pauses and seeks (RFC 2326, appendix B), so that a
/// receiver's buffer never sees time go backwards.
#[derive(Debug, Clone)]
pub struct Packetizer {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    packets: u32,
    octets: u32,
}

impl Packetizer {
    /// Starts from random values, as RFC 3550 section 5.1 asks.
    pub const fn new(ssrc: u32, first_sequence: u16, first_timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence: first_sequence,
            timestamp: first_timestamp,
            marker: true,
            packets: 0,
            octets: 0,
        }
    }

    /// The source's name on the wire.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The number of the packet that comes next.
    pub const fn next_sequence(&self) -> u16 {
        self.sequence
    }

    /// The stamp of the packet that comes next.
    pub const fn next_timestamp(&self) -> u32 {
        self.timestamp
    }

    /// The next packet begins a new stretch of sound: it carries the marker.
    pub const fn mark_next(&mut self) {
        self.marker = true;
    }

    /// Appends one RTP packet to `out`: `payload` sounds for `frames` at 48 kHz.
    pub fn write(&mut self, payload: &[u8], frames: u32, out: &mut Vec<u8>) {
        RtpPacketBuilder::<_, &[u8]>::new()
            .payload_type(PAYLOAD_TYPE)
            .marker_bit(self.marker)
            .sequence_number(self.sequence)
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .payload(payload)
            .write_into_vec_unchecked(out);
        self.marker = false;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(frames);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    }

    /// Appends an RTCP sender report; `ntp` is the time of `timestamp` in NTP format (RFC 3550, section 6.4.1).
    pub fn write_report(&self, ntp: u64, timestamp: u32, out: &mut Vec<u8>) {
        let report = rtcp_types::SenderReport::builder(self.ssrc)
            .ntp_timestamp(ntp)
            .rtp_timestamp(timestamp)
            .packet_count(self.packets)
            .octet_count(self.octets);
        append(&rtcp_types::Compound::builder().add_packet(report).add_packet(self.name()), out);
    }

    /// Appends an RTCP goodbye: the stream is complete (RFC 3550, section 6.6).
    pub fn write_bye(&self, out: &mut Vec<u8>) {
        let report = rtcp_types::SenderReport::builder(self.ssrc)
            .rtp_timestamp(self.timestamp)
            .packet_count(self.packets)
            .octet_count(self.octets);
        let bye = rtcp_types::Bye::builder().add_source(self.ssrc);
        append(
            &rtcp_types::Compound::builder().add_packet(report).add_packet(self.name()).add_packet(bye),
            out,
        );
    }

    fn name(&self) -> rtcp_types::SdesBuilder<'static> {
        let name = rtcp_types::SdesItem::builder(rtcp_types::SdesItem::CNAME, "cadenza");
        rtcp_types::Sdes::builder().add_chunk(rtcp_types::SdesChunk::builder(self.ssrc).add_item(name))
    }
}

fn append(packet: &impl RtcpPacketWriter, out: &mut Vec<u8>) {
    let mut bytes = [0; 256];
    // Our reports are under 100 bytes; one that did not fit would only be left out.
    if let Ok(length) = packet.write_into(&mut bytes) {
        out.extend_from_slice(&bytes[..length]);
    }
}

/// One received packet, checked, its counters unwrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPacket {
    /// Sequence number in 64 bit: comparable over wraps.
    pub sequence: u64,
    /// RTP timestamp in 64 bit.
    pub timestamp: u64,
    /// Begins a stretch of sound after a pause or a seek.
    pub marker: bool,
    /// One Opus packet.
    pub payload: Vec<u8>,
}

/// Checks what arrives against the stream that was set up.
#[derive(Debug, Clone)]
pub struct Depacketizer {
    ssrc: Option<u32>,
    sequence: Unwrap16,
    timestamp: Unwrap32,
}

impl Depacketizer {
    /// Accepts packets of `ssrc`; with `None`, of the first source that speaks.
    pub const fn new(ssrc: Option<u32>) -> Self {
        Self { ssrc, sequence: Unwrap16::new(), timestamp: Unwrap32::new() }
    }

    /// Reads one RTP packet.
    pub fn read(&mut self, bytes: &[u8]) -> Result<MediaPacket, RtpError> {
        let packet = RtpPacket::parse(bytes).map_err(|_| RtpError::Malformed)?;
        if packet.payload_type() != PAYLOAD_TYPE {
            return Err(RtpError::PayloadType(packet.payload_type()));
        }
        let expected = *self.ssrc.get_or_insert(packet.ssrc());
        if packet.ssrc() != expected {
            return Err(RtpError::ForeignSource(packet.ssrc()));
        }
        let payload = packet.payload();
        opus_duration(payload).ok_or(RtpError::Malformed)?;
        Ok(MediaPacket {
            sequence: self.sequence.unwrap(packet.sequence_number()),
            timestamp: self.timestamp.unwrap(packet.timestamp()),
            marker: packet.marker_bit(),
            payload: payload.to_vec(),
        })
    }

    /// A sequence number from an `RTP-Info` header, in the same 64-bit count.
    pub const fn sequence(&mut self, wire: u16) -> u64 {
        self.sequence.unwrap(wire)
    }

    /// A timestamp from an `RTP-Info` header, in the same 64-bit count.
    pub const fn timestamp(&mut self, wire: u32) -> u64 {
        self.timestamp.unwrap(wire)
    }
}

/// Whether an RTCP compound packet says goodbye.
pub fn is_goodbye(rtcp: &[u8]) -> bool {
    // Only packet type and length of each part matter (RFC 3550, section 6.1), so nothing else is parsed.
    let mut rest = rtcp;
    while let [first, kind, high, low, ..] = *rest {
        if first >> 6 != 2 {
            return false;
        }
        if kind == rtcp_types::Bye::PACKET_TYPE {
            return true;
        }
        let words = usize::from(u16::from_be_bytes([high, low])) + 1;
        rest = rest.get(words * 4..).unwrap_or_default();
    }
    false
}

macro_rules! unwrap_counter {
    ($(#[$doc:meta])* $name:ident, $wire:ty, $signed:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name {
            latest: Option<u64>,
        }

        impl $name {
            /// Nothing seen yet.
            pub const fn new() -> Self {
                Self { latest: None }
            }

            /// The 64-bit value nearest to the latest one whose low bits are `wire`.
            pub const fn unwrap(&mut self, wire: $wire) -> u64 {
                // The first value starts one turn up, so that a step back from it stays positive.
                let Some(latest) = self.latest else {
                    let first = (1 << <$wire>::BITS) + wire as u64;
                    self.latest = Some(first);
                    return first;
                };
                let step = wire.wrapping_sub(latest as $wire) as $signed;
                let value = latest.saturating_add_signed(step as i64);
                if step > 0 {
                    self.latest = Some(value);
                }
                value
            }
        }
    };
}

unwrap_counter!(
    /// Sequence numbers, 16 bits on the wire.
    Unwrap16, u16, i16
);
unwrap_counter!(
    /// Timestamps, 32 bits on the wire.
    Unwrap32, u32, i32
);

#[cfg(test)]
mod tests {
    use super::*;

    /// A 20 ms CELT stereo packet with some filling.
    fn opus(filling: u8) -> Vec<u8> {
        vec![0xfc, filling, filling]
    }

    #[test]
    fn what_the_sender_writes_the_receiver_reads_over_both_wraps() {
        let mut sender = Packetizer::new(7, u16::MAX - 1, u32::MAX - 1_000);
        let mut receiver = Depacketizer::new(Some(7));
        let mut last: Option<MediaPacket> = None;
        for n in 0..5 {
            let mut wire = Vec::new();
            sender.write(&opus(n), 960, &mut wire);
            let packet = receiver.read(&wire).unwrap();
            assert_eq!(packet.payload, opus(n));
            assert_eq!(packet.marker, n == 0);
            if let Some(last) = last {
                assert_eq!(packet.sequence, last.sequence + 1);
                assert_eq!(packet.timestamp, last.timestamp + 960);
            }
            last = Some(packet);
        }
    }

    #[test]
    fn a_late_packet_unwraps_to_a_smaller_number() {
        let mut count = Unwrap16::new();
        let first = count.unwrap(2);
        assert_eq!(count.unwrap(u16::MAX), first - 3);
        assert_eq!(count.unwrap(3), first + 1);
    }

    #[test]
    fn foreign_damaged_and_wrongly_typed_packets_are_named() {
        let mut wire = Vec::new();
        Packetizer::new(7, 0, 0).write(&opus(1), 960, &mut wire);
        assert_eq!(Depacketizer::new(Some(8)).read(&wire), Err(RtpError::ForeignSource(7)));
        for length in 0..wire.len() - 2 {
            assert_eq!(
                Depacketizer::new(None).read(&wire[..length]),
                Err(RtpError::Malformed),
                "cut at {length}"
            );
        }
        wire[1] = 10;
        assert_eq!(Depacketizer::new(None).read(&wire), Err(RtpError::PayloadType(10)));
    }

    #[test]
    fn opus_durations_follow_the_table_of_contents() {
        assert_eq!(opus_duration(&[0xfc]), Some(960)); // CELT, 20 ms, one frame
        assert_eq!(opus_duration(&[0x01]), Some(960)); // SILK, 10 ms, two frames
        assert_eq!(opus_duration(&[0xff, 6]), Some(5_760)); // CELT, 20 ms, six frames
        assert_eq!(opus_duration(&[0xff, 7]), None); // 140 ms
        assert_eq!(opus_duration(&[0xff]), None);
        assert_eq!(opus_duration(&[0xff, 0]), None);
        assert_eq!(opus_duration(&[]), None);
    }

    #[test]
    fn a_goodbye_is_found_behind_a_report() {
        let sender = Packetizer::new(7, 0, 0);
        let (mut bye, mut report) = (Vec::new(), Vec::new());
        sender.write_bye(&mut bye);
        sender.write_report(1 << 32, 0, &mut report);
        assert!(is_goodbye(&bye));
        assert!(!is_goodbye(&report));
        assert!(rtcp_types::Compound::parse(&bye).is_ok());
        for length in 0..bye.len() {
            is_goodbye(&bye[..length]); // never a panic
        }
    }
}
