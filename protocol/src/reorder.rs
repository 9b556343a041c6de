//! Puts received packets back in order: late ones wait for their turn, missing ones are given up in time.
//!
//! Packets come from [`crate::rtp::Depacketizer`], in any order, some twice, some never, and go in order to the decoder,
//! which conceals what [`Next::Lost`] reports. Memory is bounded by [`WINDOW`] packets. Over TCP nothing is lost, and every
//! packet passes straight through.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::rtp::MediaPacket;

/// How far ahead of the next expected packet one may be and still be kept: 10 s of 20 ms packets.
pub const WINDOW: u64 = 512;

/// How long a gap stays open for a late packet. The sender is about two seconds ahead of the ear, so this is never heard.
pub const PATIENCE: Duration = Duration::from_millis(150);

/// What to decode next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The packet whose turn it is.
    Packet(MediaPacket),
    /// This many packets are not coming; conceal them.
    Lost(u64),
}

/// What happened on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReorderCounts {
    /// Packets handed on.
    pub played: u64,
    /// Packets given up.
    pub lost: u64,
    /// Packets that came after a later one, and in time.
    pub reordered: u64,
    /// Packets that came again.
    pub duplicated: u64,
    /// Packets that came after they were given up.
    pub late: u64,
    /// Packets far outside the window.
    pub stray: u64,
}

/// The buffer.
#[derive(Debug, Default)]
pub struct ReorderBuffer {
    expected: Option<u64>,
    highest: u64,
    held: BTreeMap<u64, (Instant, MediaPacket)>,
    last_stray: Option<u64>,
    ended: bool,
    counts: ReorderCounts,
}

impl ReorderBuffer {
    /// An empty one; the first packet to arrive is the first expected unless [`start_at`](Self::start_at) says otherwise.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects `sequence` next and forgets what is held from before it: at the start and after a seek.
    pub fn start_at(&mut self, sequence: u64) {
        let held = self.held.split_off(&sequence);
        let highest = held.last_key_value().map_or(sequence, |(&last, _)| last);
        *self = Self { expected: Some(sequence), highest, held, counts: self.counts, ..Self::default() };
    }

    /// Takes a packet in.
    pub fn insert(&mut self, packet: MediaPacket, now: Instant) {
        let sequence = packet.sequence;
        let expected = *self.expected.get_or_insert(sequence);
        if sequence < expected {
            // A packet far behind is a stray; one a little behind was given up before it came.
            let far = expected - sequence > WINDOW;
            *(if far { &mut self.counts.stray } else { &mut self.counts.late }) += 1;
            return;
        }
        if sequence - expected >= WINDOW && !self.follows_a_stray(sequence) {
            self.counts.stray += 1;
            self.last_stray = Some(sequence);
            return;
        }
        if self.held.contains_key(&sequence) {
            self.counts.duplicated += 1;
            return;
        }
        if sequence < self.highest {
            self.counts.reordered += 1;
        }
        self.highest = self.highest.max(sequence);
        self.held.insert(sequence, (now, packet));
    }

    /// Nothing more is coming: gaps are given up at once.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether [`end`](Self::end) was said and everything was handed on.
    pub fn is_finished(&self) -> bool {
        self.ended && self.held.is_empty()
    }

    /// What to decode next, if its time has come.
    pub fn next(&mut self, now: Instant) -> Option<Next> {
        let expected = self.expected?;
        let (&first, &(arrived, _)) = self.held.first_key_value()?;
        if first == expected {
            let (_, (_, packet)) = self.held.pop_first()?;
            self.expected = Some(expected + 1);
            self.counts.played += 1;
            return Some(Next::Packet(packet));
        }
        let given_up = self.ended || now >= arrived + PATIENCE || self.highest - expected >= WINDOW;
        given_up.then(|| {
            self.expected = Some(first);
            self.counts.lost += first - expected;
            Next::Lost(first - expected)
        })
    }

    /// When the oldest gap will be given up.
    pub fn deadline(&self) -> Option<Instant> {
        let (&first, &(arrived, _)) = self.held.first_key_value()?;
        (Some(first) != self.expected).then_some(arrived + PATIENCE)
    }

    /// The counts so far.
    pub const fn counts(&self) -> ReorderCounts {
        self.counts
    }

    /// One packet far ahead may be noise; two in a row are the stream, gone on (RFC 3550, appendix A.1).
    fn follows_a_stray(&mut self, sequence: u64) -> bool {
        let follows = self.last_stray.is_some_and(|stray| stray + 1 == sequence);
        if follows {
            self.last_stray = None;
        }
        follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u64) -> MediaPacket {
        MediaPacket { sequence, timestamp: sequence * 960, marker: false, payload: vec![0xfc] }
    }

    fn drain(buffer: &mut ReorderBuffer, now: Instant) -> Vec<i64> {
        std::iter::from_fn(|| buffer.next(now))
            .map(|next| match next {
                Next::Packet(packet) => i64::try_from(packet.sequence).unwrap(),
                Next::Lost(count) => -i64::try_from(count).unwrap(),
            })
            .collect()
    }

    #[test]
    fn packets_in_order_pass_straight_through() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        for sequence in 10..13 {
            buffer.insert(packet(sequence), now);
        }
        assert_eq!(drain(&mut buffer, now), [10, 11, 12]);
        assert_eq!(buffer.deadline(), None);
    }

    #[test]
    fn a_late_packet_takes_its_place_and_a_second_copy_is_dropped() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        for sequence in [10, 12, 12, 11, 13] {
            buffer.insert(packet(sequence), now);
        }
        assert_eq!(drain(&mut buffer, now), [10, 11, 12, 13]);
        assert_eq!(buffer.counts().reordered, 1);
        assert_eq!(buffer.counts().duplicated, 1);
    }

    #[test]
    fn a_lost_packet_is_waited_for_and_then_given_up() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        for sequence in [10, 12, 13] {
            buffer.insert(packet(sequence), now);
        }
        assert_eq!(drain(&mut buffer, now), [10]);
        assert_eq!(buffer.deadline(), Some(now + PATIENCE));
        assert_eq!(drain(&mut buffer, now + PATIENCE), [-1, 12, 13]);
        buffer.insert(packet(11), now + PATIENCE);
        assert!(drain(&mut buffer, now + PATIENCE).is_empty());
        assert_eq!(buffer.counts(), ReorderCounts { played: 3, lost: 1, late: 1, ..Default::default() });
    }

    #[test]
    fn after_the_end_gaps_are_given_up_at_once() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        for sequence in [10, 13] {
            buffer.insert(packet(sequence), now);
        }
        buffer.end();
        assert_eq!(drain(&mut buffer, now), [10, -2, 13]);
        assert!(buffer.is_finished());
    }

    #[test]
    fn a_seek_forgets_what_was_held_and_ignores_what_was_under_way() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        for sequence in [10, 12] {
            buffer.insert(packet(sequence), now);
        }
        buffer.start_at(20);
        for sequence in [13, 14, 20] {
            buffer.insert(packet(sequence), now);
        }
        assert_eq!(drain(&mut buffer, now), [20]);
        assert_eq!(buffer.counts().late, 2);
    }

    #[test]
    fn one_packet_from_far_away_is_noise_and_two_are_the_stream() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        buffer.insert(packet(10), now);
        assert_eq!(drain(&mut buffer, now), [10]);
        buffer.insert(packet(9_000), now);
        assert!(drain(&mut buffer, now).is_empty());
        assert_eq!(buffer.counts().stray, 1);
        buffer.insert(packet(11), now);
        assert_eq!(drain(&mut buffer, now), [11]);
        buffer.insert(packet(9_500), now);
        buffer.insert(packet(9_501), now);
        assert_eq!(drain(&mut buffer, now), [-(9_501 - 12), 9_501]);
    }

    #[test]
    fn however_packets_come_memory_stays_bounded_and_order_holds() {
        let (mut buffer, now) = (ReorderBuffer::new(), Instant::now());
        let mut random: u64 = 1;
        let mut last = -1;
        for step in 0..20_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let sequence = 1_000 + (step + (random >> 33) % 700).saturating_sub(300);
            buffer.insert(packet(sequence), now);
            assert!(buffer.held.len() as u64 <= WINDOW + 1);
            for next in drain(&mut buffer, now) {
                if next > 0 {
                    assert!(next > last);
                    last = next;
                }
            }
        }
    }
}
