//! A source whose plays are counted (requirement O3): its author allows so many.
//!
//! **A play is counted each time the track begins**: when it is started, when repeat starts it again, and when somebody who has heard more
//! than its first ten seconds goes back into them. Going elsewhere in the track, pausing and going on are the same play, and so is
//! going on after a stop. What was opened ahead of its turn and never read counts nothing.

use std::sync::Arc;

use parking_lot::Mutex;

use super::fade::ClipFades;
use super::source::{PcmSource, PcmSpec, Pull, Seeked, SourceError, Waker};

/// The part of a track that is its beginning, at most; of a short one it is the first half.
const BEGINNING_MS: u64 = 10_000;

/// The plays of one track of the queue, however often it is opened.
pub struct PlayTally {
    count: Box<dyn Fn() -> Result<(), SourceError> + Send + Sync>,
    /// Milliseconds of the play that was counted last; none before the first. A track heard to its end is over, however short it is.
    heard: Mutex<Option<u64>>,
}

impl PlayTally {
    /// Nothing yet. `count` counts one play for good, or refuses it.
    pub fn new(count: impl Fn() -> Result<(), SourceError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { count: Box::new(count), heard: Mutex::new(None) })
    }

    /// Sound from this position is about to be read, of a track whose beginning is so long.
    fn goes_on_at(&self, position_ms: u64, beginning_ms: u64) -> Result<(), SourceError> {
        let mut heard = self.heard.lock();
        let is_another = match *heard {
            None => true,
            Some(heard) => position_ms < beginning_ms && heard >= beginning_ms,
        };
        if is_another {
            (self.count)()?;
            *heard = Some(0);
        }
        Ok(())
    }

    fn hears(&self, milliseconds: u64) {
        let mut heard = self.heard.lock();
        *heard = heard.map(|heard| heard.saturating_add(milliseconds));
    }
}

impl std::fmt::Debug for PlayTally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlayTally({:?})", self.heard.lock())
    }
}

/// A source that tells its tally what is read from it.
pub struct Counted {
    source: Box<dyn PcmSource>,
    tally: Arc<PlayTally>,
    frame: u64,
    /// Nothing was read since it was opened or sought.
    is_fresh: bool,
}

impl Counted {
    /// This source, from its first frame.
    pub fn new(source: Box<dyn PcmSource>, tally: Arc<PlayTally>) -> Self {
        Self { source, tally, frame: 0, is_fresh: true }
    }

    fn milliseconds(&self, frames: u64) -> u64 {
        frames.saturating_mul(1_000) / u64::from(self.source.spec().rate_hz.max(1))
    }
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Counted(frame {})", self.frame)
    }
}

impl PcmSource for Counted {
    fn spec(&self) -> PcmSpec {
        self.source.spec()
    }

    fn duration_frames(&self) -> Option<u64> {
        self.source.duration_frames()
    }

    fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
        if std::mem::take(&mut self.is_fresh) {
            let half = self.duration_frames().map(|frames| self.milliseconds(frames / 2));
            let beginning = half.map_or(BEGINNING_MS, |half| half.min(BEGINNING_MS));
            self.tally.goes_on_at(self.milliseconds(self.frame), beginning)?;
        }
        let pulled = self.source.read(out)?;
        match pulled {
            Pull::Frames(frames) => {
                let before = self.milliseconds(self.frame);
                self.frame += frames as u64;
                self.tally.hears(self.milliseconds(self.frame) - before);
            }
            Pull::End => self.tally.hears(u64::MAX),
            Pull::Waiting => {}
        }
        Ok(pulled)
    }

    fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError> {
        let seeked = self.source.seek(frame)?;
        (self.frame, self.is_fresh) = (seeked.frame, true);
        Ok(seeked)
    }

    fn fades(&self) -> Option<ClipFades> {
        self.source.fades()
    }

    fn hold(&mut self, held: bool) {
        self.source.hold(held);
    }

    fn set_waker(&mut self, waker: Waker) {
        self.source.set_waker(waker);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// So many seconds of silence, a second a read.
    struct Seconds {
        frame: u64,
        length: u64,
    }

    impl PcmSource for Seconds {
        fn spec(&self) -> PcmSpec {
            PcmSpec { rate_hz: 1_000, channels: 1 }
        }

        fn duration_frames(&self) -> Option<u64> {
            Some(self.length * 1_000)
        }

        fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
            if self.frame == self.length * 1_000 {
                return Ok(Pull::End);
            }
            self.frame += 1_000;
            out.extend([0.0; 1_000]);
            Ok(Pull::Frames(1_000))
        }

        fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError> {
            self.frame = frame;
            Ok(Seeked { frame })
        }
    }

    struct Bench {
        counted: Arc<AtomicUsize>,
        tally: Arc<PlayTally>,
    }

    impl Bench {
        fn new() -> Self {
            let counted = Arc::<AtomicUsize>::default();
            let counts = Arc::clone(&counted);
            let tally = PlayTally::new(move || {
                counts.fetch_add(1, Ordering::Relaxed);
                Ok(())
            });
            Self { counted, tally }
        }

        fn open(&self, length: u64) -> Counted {
            Counted::new(Box::new(Seconds { frame: 0, length }), Arc::clone(&self.tally))
        }

        fn plays(&self) -> usize {
            self.counted.load(Ordering::Relaxed)
        }
    }

    fn read(source: &mut Counted, seconds: usize) {
        let mut out = Vec::new();
        for _ in 0..seconds {
            source.read(&mut out).unwrap();
        }
    }

    // O3
    #[test]
    fn what_is_heard_to_its_end_and_begins_again_is_another_play_however_short() {
        let bench = Bench::new();
        for play in 1..=3 {
            read(&mut bench.open(4), 5);
            assert_eq!(bench.plays(), play);
        }
        drop(bench.open(4));
        assert_eq!(bench.plays(), 3, "opened ahead and never heard");
    }

    // O3
    #[test]
    fn seeking_pausing_and_going_on_is_the_same_play_and_going_back_to_the_beginning_another() {
        let bench = Bench::new();
        let mut source = bench.open(60);
        read(&mut source, 3);
        source.seek(0).unwrap();
        read(&mut source, 20);
        source.seek(30_000).unwrap();
        read(&mut source, 5);
        source.seek(12_000).unwrap();
        read(&mut source, 5);
        assert_eq!(bench.plays(), 1);
        let mut after_a_stop = bench.open(60);
        after_a_stop.seek(40_000).unwrap();
        read(&mut after_a_stop, 5);
        assert_eq!(bench.plays(), 1);
        after_a_stop.seek(1).unwrap();
        read(&mut after_a_stop, 1);
        assert_eq!(bench.plays(), 2);
    }
}
