//! How loud a track of the library is over its length, for the seek bar: worked out once, when it is first played.
//!
//! Bytes come decrypted and decoded from the track's own file, a few milliseconds at a time, and are wiped at once; what is kept
//! is 160 levels, which say nothing of the music.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use cadenza_player::audio::source::{PcmSource, Pull};
use cadenza_player::library::{Origin, TrackId};
use cadenza_player::{Code, Failure, Player};
use zeroize::Zeroize;

use super::Desk;

/// Levels kept of one track.
const BARS: usize = 160;

/// Tracks that were tried in this session.
#[derive(Debug, Default)]
pub struct Waveforms(Mutex<HashSet<TrackId>>);

impl Waveforms {
    /// The levels of a track, 0 to 100; empty until they are known.
    pub fn of(player: &Player, id: TrackId) -> Vec<u8> {
        player.library().index().fact(&key(id)).unwrap_or_default()
    }

    fn first_try(&self, id: TrackId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }
}

impl Desk {
    /// Works the levels of this track out in the background, and shows them when they are there.
    pub fn draw_waveform(&self, id: TrackId) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            if !core.waveforms.first_try(id) {
                return;
            }
            let player = core.player.clone();
            let drawn = tauri::async_runtime::spawn_blocking(move || draw(&player, id))
                .await
                .map_err(Failure::internal);
            match drawn.and_then(|drawn| drawn) {
                Ok(()) => core.tell_playback(),
                Err(failure) => tracing::debug!(%failure, "no waveform"),
            }
        });
    }
}

fn draw(player: &Player, id: TrackId) -> Result<(), Failure> {
    let track = player.track(id)?;
    let source = match track.origin {
        // Looking is not playing: the opening that counts plays is another one.
        Origin::Purchase { .. } => player.media_opening(id)?.source(),
        Origin::Own => match player.playback_tracks(&[id])?.first() {
            Some(track) => (track.open)(),
            None => return Ok(()),
        },
    };
    let mut source = source.map_err(|error| Failure::new(Code::TrackUnreadable, error.to_string()))?;
    let levels =
        levels(&mut *source).map_err(|error| Failure::new(Code::TrackUnreadable, error.to_string()))?;
    Ok(player.library().index().keep_fact(&key(id), &levels)?)
}

/// Root-mean-square levels of equal stretches, the loudest 100.
fn levels(source: &mut dyn PcmSource) -> Result<Vec<u8>, cadenza_player::audio::source::SourceError> {
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

fn key(id: TrackId) -> String {
    format!("waveform/{id}")
}

#[cfg(test)]
mod tests {
    use cadenza_player::audio::source::{PcmSpec, Seeked, SourceError};

    use super::*;

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
