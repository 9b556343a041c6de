//! How loud a track is over its length, for the seek bar.
//!
//! Samples come from the track's own source, a few milliseconds at a time, and are wiped at once; what is kept is 160 levels, which
//! say nothing of the music.

use zeroize::Zeroize;

use super::source::{PcmSource, Pull, SourceError};

/// Levels of one track.
const BARS: usize = 160;

/// Root-mean-square levels of equal stretches, the loudest 100.
///
/// # Errors
/// The source cannot be read.
pub fn levels(source: &mut dyn PcmSource) -> Result<Vec<u8>, SourceError> {
    let channels = usize::from(source.spec().channels).max(1);
    let frames = source.duration_frames().unwrap_or(0).max(1);
    let mut bars = [(0.0_f64, 0_u32); BARS];
    let (mut samples, mut at) = (Vec::new(), 0_u64);
    while let Pull::Frames(count) = source.read(&mut samples)? {
        for frame in samples.chunks_exact(channels) {
            let bar = usize::try_from(at * BARS as u64 / frames).unwrap_or(BARS).min(BARS - 1);
            bars[bar].0 += frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
            bars[bar].1 += 1;
            at += 1;
        }
        debug_assert!(count > 0, "a source that has nothing says so");
        samples.zeroize();
    }
    let means = bars.map(|(energy, count)| (energy / f64::from(count.max(1))).sqrt());
    let loudest = means.iter().copied().fold(1e-9, f64::max);
    Ok(means.iter().map(|level| (level / loudest * 100.0).round() as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::source::{PcmSpec, Seeked};

    /// A second of silence, then a second of sound.
    struct Rising(u64);

    impl PcmSource for Rising {
        fn spec(&self) -> PcmSpec {
            PcmSpec { rate_hz: 1_000, channels: 2 }
        }

        fn duration_frames(&self) -> Option<u64> {
            Some(2_000)
        }

        fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
            if self.0 == 2_000 {
                return Ok(Pull::End);
            }
            let level = if self.0 < 1_000 { 0.0 } else { 0.5 };
            out.extend([level; 200]);
            self.0 += 100;
            Ok(Pull::Frames(100))
        }

        fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError> {
            Ok(Seeked { frame })
        }
    }

    #[test]
    fn the_bars_follow_the_sound() {
        let levels = levels(&mut Rising(0)).unwrap();
        assert_eq!(levels.len(), BARS);
        assert!(levels[..BARS / 2].iter().all(|level| *level == 0));
        assert!(levels[BARS / 2..].iter().all(|level| *level == 100));
    }
}
