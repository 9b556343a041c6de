//! Loudness normalisation: one gain for a whole track, from the figures its author measured.
//!
//! Loudness and true peak come with the media file (EBU R 128, ITU-R BS.1770). The gain brings the track to
//! [`REFERENCE_LUFS`], but never so far that its peak passes [`CEILING_DBTP`]: nothing is compressed or limited.
//! Off, or without figures, the gain is exactly 1 and samples stay bit exact.

/// Loudness that all tracks are brought to.
pub const REFERENCE_LUFS: f32 = -14.0;
/// Highest true peak after the gain.
pub const CEILING_DBTP: f32 = -1.0;
/// A near silent track is not raised without limit.
const MOST_GAIN_DB: f32 = 15.0;

/// Measured loudness of a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f32,
    /// Highest true peak, dBTP.
    pub true_peak_dbtp: f32,
}

/// Whether tracks are brought to the same loudness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Normalisation {
    /// Every track as it was mastered.
    #[default]
    Off,
    /// Every track at the reference loudness.
    Track,
}

impl Normalisation {
    /// Linear gain for a track.
    #[must_use]
    pub fn gain(self, loudness: Option<Loudness>) -> f32 {
        match (self, loudness) {
            (Normalisation::Off, _) | (_, None) => 1.0,
            (Normalisation::Track, Some(measured)) => {
                let wanted = (REFERENCE_LUFS - measured.integrated_lufs).min(MOST_GAIN_DB);
                let room = CEILING_DBTP - measured.true_peak_dbtp;
                // A track that is loud enough already is not made quieter for its peaks' sake.
                let db = if wanted > 0.0 { wanted.min(room.max(0.0)) } else { wanted };
                if db.is_finite() { 10.0_f32.powf(db / 20.0) } else { 1.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Loudness = Loudness { integrated_lufs: -20.0, true_peak_dbtp: -9.0 };

    // M3
    #[test]
    fn a_quiet_track_is_raised_to_the_reference() {
        let gain = Normalisation::Track.gain(Some(QUIET));
        assert!((20.0 * gain.log10() - 6.0).abs() < 0.01);
    }

    #[test]
    fn a_peak_holds_the_gain_back() {
        let gain = Normalisation::Track.gain(Some(Loudness { true_peak_dbtp: -3.0, ..QUIET }));
        assert!((20.0 * gain.log10() - 2.0).abs() < 0.01);
    }

    #[test]
    fn off_is_exactly_one() {
        assert_eq!(Normalisation::Off.gain(Some(QUIET)), 1.0);
        assert_eq!(Normalisation::Track.gain(None), 1.0);
    }
}
