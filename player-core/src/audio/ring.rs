//! The ring between the engine's thread and the device's callback: decrypted stereo frames, wait-free.
//!
//! Frames are counted from the start of the ring and never counted back. The engine writes ([`Feed`]); the
//! callback reads ([`Drain`]); both look at [`Gauges`], which hold nothing but atomics.
//!
//! A **cut** (seek, next, stop) does not empty the ring from the writer's side, which a single-reader queue cannot
//! do. It announces the frame that the new sound starts at; the reader fades out what it is playing, throws away
//! the rest up to that frame and goes on with the new sound. Frame, epoch and manner are one word ([`Cut`]), so
//! the reader never sees half an announcement.
//!
//! The ring holds [`CAPACITY_MS`] and the engine fills it up to [`FILL_MS`]; the rest is room for new sound behind
//! a cut that the device has not reached. Frames are wiped as they are read (M1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

use super::mix::STEREO;

/// Sound kept ahead of the device.
pub const FILL_MS: u32 = 1_500;
/// Sound at most in memory, old and new together (M1: never more than a few seconds).
pub const CAPACITY_MS: u32 = 3_000;
/// No end is in sight.
const NO_END: u64 = u64::MAX;

/// What both sides of the ring, and anyone who shows a position, may look at. All counts are stereo frames.
#[derive(Debug)]
pub struct Gauges {
    rate_hz: u32,
    written: AtomicU64,
    read: AtomicU64,
    cut: AtomicU64,
    end: AtomicU64,
    running: AtomicBool,
    heard: AtomicU64,
    underruns: AtomicU64,
    missing: AtomicU64,
    silent_periods: AtomicU64,
    starved: AtomicBool,
    callbacks: AtomicU64,
    volume: Arc<Volume>,
}

/// The listener's volume, shared by every ring that follows.
#[derive(Debug)]
pub struct Volume(AtomicU32);

impl Default for Volume {
    fn default() -> Self {
        Volume(AtomicU32::new(1.0_f32.to_bits()))
    }
}

impl Volume {
    /// Sets the level, 0 to 1 as on a slider; the callback goes there over one period.
    pub fn set(&self, level: f32) {
        let level = if level.is_finite() { level.clamp(0.0, 1.0) } else { 1.0 };
        self.0.store(level.to_bits(), Ordering::Relaxed);
    }

    /// The level set.
    #[must_use]
    pub fn level(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// The factor on the samples: the cube of the level, so that equal steps of a slider sound about equal.
    /// Exactly 1 at full level.
    #[must_use]
    pub fn gain(&self) -> f32 {
        self.level().powi(3)
    }
}

impl Gauges {
    /// Rate of the frames in this ring: the device's.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Frames that the device has taken, thrown away ones included: the reader's place in the ring.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Acquire)
    }

    /// Frames written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Frames that were really sent to the device.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Times that the device asked for more than there was, in the middle of a track.
    #[must_use]
    pub fn underruns(&self) -> u64 {
        self.underruns.load(Ordering::Relaxed)
    }

    /// Frames of silence that those underruns cost.
    #[must_use]
    pub fn missing_frames(&self) -> u64 {
        self.missing.load(Ordering::Relaxed)
    }

    /// Device periods so far; stands still when the device does.
    #[must_use]
    pub fn callbacks(&self) -> u64 {
        self.callbacks.load(Ordering::Relaxed)
    }

    /// Whether everything written has been played and nothing more will come.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let end = self.end.load(Ordering::Acquire);
        end != NO_END && self.read() >= end
    }

    /// Device periods in a row that held nothing but silence because of a pause or a stop. The period of the fade
    /// is none of them.
    #[must_use]
    pub fn silent_periods(&self) -> u64 {
        self.silent_periods.load(Ordering::Acquire)
    }

    /// Whether the callback wants to play and has too little to start with.
    #[must_use]
    pub fn is_starved(&self) -> bool {
        self.starved.load(Ordering::Relaxed)
    }

    /// Lets the sound run, or fades it out and holds it.
    pub fn run(&self, running: bool) {
        self.running.store(running, Ordering::Release);
    }

    /// Whether the sound is to run.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    pub(super) fn volume(&self) -> f32 {
        self.volume.gain()
    }

    pub(super) fn played(&self, frames: usize) {
        self.heard.fetch_add(frames as u64, Ordering::Relaxed);
    }

    pub(super) fn period(&self, silent: bool, starved: bool) {
        self.callbacks.fetch_add(1, Ordering::Relaxed);
        match silent {
            true => self.silent_periods.fetch_add(1, Ordering::Release),
            false => self.silent_periods.swap(0, Ordering::Release),
        };
        self.starved.store(starved, Ordering::Relaxed);
    }

    pub(super) fn underrun(&self) {
        self.underruns.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn missed(&self, frames: usize) {
        self.missing.fetch_add(frames as u64, Ordering::Relaxed);
    }
}

/// Makes a ring for a device that runs at `rate_hz`.
#[must_use]
pub fn ring(rate_hz: u32, volume: Arc<Volume>) -> (Feed, Drain) {
    let frames = u64::from(rate_hz) * u64::from(CAPACITY_MS) / 1_000;
    let (producer, consumer) = RingBuffer::new(frames as usize * STEREO);
    let gauges = Arc::new(Gauges {
        rate_hz,
        written: AtomicU64::new(0),
        read: AtomicU64::new(0),
        cut: AtomicU64::new(0),
        end: AtomicU64::new(NO_END),
        running: AtomicBool::new(false),
        heard: AtomicU64::new(0),
        underruns: AtomicU64::new(0),
        missing: AtomicU64::new(0),
        silent_periods: AtomicU64::new(0),
        starved: AtomicBool::new(false),
        callbacks: AtomicU64::new(0),
        volume,
    });
    (Feed { producer, gauges: Arc::clone(&gauges) }, Drain { consumer, gauges, seen: Cut(0) })
}

/// An announced cut: frame in the upper 56 bits, epoch in the next seven, and whether the sound behind it starts
/// in the middle of a track (then it is faded in) in the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut(u64);

impl Cut {
    fn after(self, at: u64, softly: bool) -> Cut {
        let epoch = ((self.0 >> 1) + 1) & 0x7f;
        Cut(at << 8 | epoch << 1 | u64::from(softly))
    }

    fn at(self) -> u64 {
        self.0 >> 8
    }

    pub(super) fn softly(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The engine's end.
#[derive(Debug)]
pub struct Feed {
    producer: Producer<f32>,
    gauges: Arc<Gauges>,
}

impl Feed {
    /// The counters of this ring.
    #[must_use]
    pub fn gauges(&self) -> &Arc<Gauges> {
        &self.gauges
    }

    /// Frames that fit at all.
    #[must_use]
    pub fn room(&self) -> usize {
        self.producer.slots() / STEREO
    }

    /// Frames still wanted, so that [`FILL_MS`] of sound stand ahead of the reader or of the last cut.
    #[must_use]
    pub fn wanted(&self) -> usize {
        let fill = u64::from(self.gauges.rate_hz) * u64::from(FILL_MS) / 1_000;
        (fill.saturating_sub(self.ahead()) as usize).min(self.room())
    }

    /// Frames that stand ahead of the reader, those before an announced cut left out.
    #[must_use]
    pub fn ahead(&self) -> u64 {
        let cut = Cut(self.gauges.cut.load(Ordering::Relaxed));
        self.gauges.written().saturating_sub(self.gauges.read().max(cut.at()))
    }

    /// Writes whole stereo frames, as many as fit; returns how many.
    pub fn push(&mut self, samples: &[f32]) -> usize {
        let frames = (samples.len() / STEREO).min(self.room());
        let (taken, _) = self.producer.push_partial_slice(&samples[..frames * STEREO]);
        debug_assert_eq!(taken.len(), frames * STEREO);
        self.gauges.written.fetch_add(frames as u64, Ordering::Release);
        frames
    }

    /// Frames written behind a cut that the device has not come to yet; nothing when there is no such cut.
    #[must_use]
    pub fn behind_cut(&self) -> Option<u64> {
        let at = Cut(self.gauges.cut.load(Ordering::Relaxed)).at();
        (self.gauges.read() < at).then(|| self.gauges.written() - at)
    }

    /// Announces that the sound to play next is what is written from now on, and returns the frame it starts at.
    /// `softly`: it starts in the middle of a track, so it is faded in.
    pub fn cut(&mut self, softly: bool) -> u64 {
        self.end(false);
        let at = self.gauges.written();
        let last = Cut(self.gauges.cut.load(Ordering::Relaxed));
        self.gauges.cut.store(last.after(at, softly).0, Ordering::Release);
        at
    }

    /// Announces that nothing follows what has been written, or that something will after all.
    pub fn end(&mut self, ended: bool) {
        let end = if ended { self.gauges.written() } else { NO_END };
        self.gauges.end.store(end, Ordering::Release);
    }
}

/// The callback's end.
#[derive(Debug)]
pub struct Drain {
    consumer: Consumer<f32>,
    gauges: Arc<Gauges>,
    /// The last cut that was carried out.
    seen: Cut,
}

impl Drain {
    pub(super) fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// A cut that was announced and not carried out, with the frames of old sound before it.
    pub(super) fn pending_cut(&self) -> Option<(Cut, usize)> {
        let cut = Cut(self.gauges.cut.load(Ordering::Acquire));
        (cut != self.seen).then(|| (cut, cut.at().saturating_sub(self.gauges.read()) as usize))
    }

    /// Throws the old sound before `cut` away, wiped and unheard.
    pub(super) fn carry_out(&mut self, cut: Cut, old: usize) {
        self.take(old.min(self.available()), |_, _| {});
        self.seen = cut;
    }

    /// Frames that can be read.
    pub(super) fn available(&self) -> usize {
        self.consumer.slots() / STEREO
    }

    /// Whether the frames that can be read are the last.
    pub(super) fn ends_within(&self, available: usize) -> bool {
        self.gauges.end.load(Ordering::Acquire) <= self.gauges.read() + available as u64
    }

    /// Hands `frames` frames to `play` one at a time, and wipes them.
    pub(super) fn take(&mut self, frames: usize, mut play: impl FnMut(f32, f32)) {
        let Ok(mut chunk) = self.consumer.read_chunk(frames * STEREO) else { return };
        let (first, second) = chunk.as_mut_slices();
        // The ring's length is even, and only whole frames are written, so no frame lies across its end.
        for half in [first, second] {
            half.chunks_exact(STEREO).for_each(|frame| play(frame[0], frame[1]));
            half.fill(0.0);
        }
        chunk.commit_all();
        self.gauges.read.fetch_add(frames as u64, Ordering::Release);
    }

    fn wipe(&mut self) {
        let left = self.consumer.slots();
        if let Ok(mut chunk) = self.consumer.read_chunk(left) {
            let (first, second) = chunk.as_mut_slices();
            first.fill(0.0);
            second.fill(0.0);
            chunk.commit_all();
        }
    }
}

impl Drop for Drain {
    /// Nothing decrypted outlives the stream. What was not heard is not counted as read.
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_in_order_and_are_wiped_behind_the_reader() {
        let (mut feed, mut drain) = ring(1_000, Arc::default());
        assert_eq!(feed.push(&[0.1, 0.2, 0.3, 0.4]), 2);
        let mut heard = Vec::new();
        drain.take(2, |l, r| heard.extend([l, r]));
        assert_eq!(heard, [0.1, 0.2, 0.3, 0.4]);
        assert_eq!(feed.gauges().read(), 2);
    }

    // M1
    #[test]
    fn the_ring_never_holds_more_than_three_seconds() {
        let (mut feed, _drain) = ring(1_000, Arc::default());
        assert_eq!(feed.push(&vec![0.5; 20_000]), 3_000);
        assert_eq!(feed.push(&[0.5; 2]), 0);
    }

    #[test]
    fn a_cut_is_carried_out_once() {
        let (mut feed, mut drain) = ring(1_000, Arc::default());
        feed.push(&vec![0.5; 6_000]);
        assert_eq!(feed.wanted(), 0);
        let at = feed.cut(true);
        assert_eq!(feed.wanted(), 0, "no room at all yet");
        let (cut, old) = drain.pending_cut().expect("announced");
        assert_eq!((at, old, cut.softly()), (3_000, 3_000, true));
        drain.carry_out(cut, old);
        assert_eq!(feed.wanted(), 1_500);
        assert!(drain.pending_cut().is_none());
    }
}
