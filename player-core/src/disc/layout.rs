//! Where each track stands on the disc.
//!
//! Everything is counted in sectors of 1/75 s, which hold 588 stereo frames of 44.1 kHz. Sector 0 is the first one
//! after the two seconds of pregap that every disc has before track 1 (MSF 00:02:00); the drive, not the image,
//! supplies those.
//!
//! Without gaps the tracks are one stream of samples: a track's last frames and the next one's first frames share
//! a sector, so a join that was authored without a gap stays one. The index of a track points at the sector its
//! first frame is in. With gaps each track is padded to a whole sector, and silence stands before the next as its
//! pregap (index 0).

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::error::{Code, Explain};
use crate::library::TrackId;
use crate::playback::{Opener, Track};

/// Rate of every disc.
pub const DISC_RATE_HZ: u32 = 44_100;
/// Stereo frames in a sector.
pub const SECTOR_FRAMES: u64 = 588;
/// Bytes in a sector.
pub const SECTOR_BYTES: u64 = SECTOR_FRAMES * 4;
/// Most tracks on a disc.
pub const MOST_TRACKS: usize = 99;
/// Shortest track: four seconds.
pub const SHORTEST_TRACK: Sectors = Sectors(4 * 75);

/// A length or a place on the disc, in sectors of 1/75 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sectors(pub u32);

impl Sectors {
    /// The sectors that so many milliseconds take.
    #[must_use]
    pub fn of_milliseconds(ms: u64) -> Self {
        Sectors(u32::try_from(ms.saturating_mul(75).div_ceil(1_000)).unwrap_or(u32::MAX))
    }

    /// As milliseconds.
    #[must_use]
    pub fn milliseconds(self) -> u64 {
        u64::from(self.0) * 1_000 / 75
    }

    /// So many more.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Sectors(self.0.saturating_add(more.0))
    }
}

impl fmt::Display for Sectors {
    /// Minutes, seconds and frames as in a CUE sheet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0 / 4_500, self.0 / 75 % 60, self.0 % 75)
    }
}

/// Stereo frames at the disc's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Frames(pub u64);

impl Frames {
    /// The same length of a source that runs at `rate_hz`.
    #[must_use]
    pub fn of_source(frames: u64, rate_hz: u32) -> Self {
        let rate_hz = u64::from(rate_hz.max(1));
        Frames((frames * u64::from(DISC_RATE_HZ) + rate_hz / 2) / rate_hz)
    }
}

/// Blank discs people have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Capacity {
    /// 74 minutes, 650 MB.
    Minutes74,
    /// 80 minutes, 700 MB.
    #[default]
    Minutes80,
}

impl Capacity {
    /// Sectors from the end of the first pregap to the lead-out.
    #[must_use]
    pub fn sectors(self) -> Sectors {
        match self {
            Capacity::Minutes74 => Sectors(74 * 4_500 - 150),
            Capacity::Minutes80 => Sectors(80 * 4_500 - 151),
        }
    }
}

/// An International Standard Recording Code (ISO 3901), without hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Isrc(String);

impl FromStr for Isrc {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code: String =
            text.chars().filter(|c| *c != '-' && *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        let bytes = code.as_bytes();
        let good = bytes.len() == 12
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..5].iter().all(u8::is_ascii_alphanumeric)
            && bytes[5..].iter().all(u8::is_ascii_digit);
        if good { Ok(Isrc(code)) } else { Err(LayoutError::Isrc(text.to_owned())) }
    }
}

impl fmt::Display for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A track that is to go on a disc.
#[derive(Clone)]
pub struct DiscTrack {
    /// Its name across the program.
    pub id: TrackId,
    /// Title, for CD-Text.
    pub title: String,
    /// Performer, for CD-Text.
    pub performer: String,
    /// Its recording code, if it has one.
    pub isrc: Option<Isrc>,
    /// Exact length.
    pub frames: Frames,
    /// How to open it.
    pub open: Opener,
}

impl fmt::Debug for DiscTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiscTrack")
            .field("id", &self.id)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl DiscTrack {
    /// Opens a track for a moment to learn its exact length.
    ///
    /// # Errors
    /// It cannot be opened, or does not know its length.
    pub fn measure(track: &Track, isrc: Option<Isrc>) -> Result<Self, LayoutError> {
        let unreadable = |reason: String| LayoutError::Unreadable { title: track.title.clone(), reason };
        let source = (track.open)().map_err(|error| unreadable(error.to_string()))?;
        let frames = source
            .duration_frames()
            .ok_or_else(|| unreadable("its length is unknown; convert it to FLAC".to_owned()))?;
        Ok(DiscTrack {
            id: track.id,
            title: track.title.clone(),
            performer: track.artist.clone().unwrap_or_default(),
            isrc,
            frames: Frames::of_source(frames, source.spec().rate_hz),
            open: track.open.clone(),
        })
    }
}

/// How the disc is laid out.
#[derive(Debug, Clone, Default)]
pub struct DiscOptions {
    /// Title of the disc, for CD-Text.
    pub title: String,
    /// Performer of the disc, for CD-Text.
    pub performer: String,
    /// Silence between tracks; none keeps gapless joins.
    pub gap: Sectors,
    /// The blank it has to fit on.
    pub capacity: Capacity,
}

/// A disc that keeps to the standard and fits on its blank.
#[derive(Debug, Clone)]
pub struct DiscLayout {
    /// Title and performer of the disc.
    pub options: DiscOptions,
    /// Its tracks in order.
    pub tracks: Vec<Placed>,
    /// Sectors of the whole disc, without the first pregap.
    pub length: Sectors,
}

/// A track in its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What it is.
    pub track: DiscTrack,
    /// Where its pregap begins; equal to `start` without a gap.
    pub pregap: Sectors,
    /// Where it begins (index 1).
    pub start: Sectors,
    /// Where it ends, and the next one's pregap or track begins.
    pub end: Sectors,
    /// The frames of the disc that are its own.
    pub frames: Range<u64>,
}

/// Why a track list cannot become a disc.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Nothing to write.
    #[error("the list is empty; add tracks to it")]
    Empty,
    /// More than 99.
    #[error("a disc holds at most 99 tracks and the list has {0}; make two lists of it")]
    TooMany(usize),
    /// Less than four seconds.
    #[error("'{title}' lasts {seconds} s, and a track on a disc lasts at least 4 s; take it off the list")]
    TooShort {
        /// The track.
        title: String,
        /// Its length.
        seconds: u64,
    },
    /// More than the blank holds.
    #[error(
        "the list lasts {length} and the disc holds {capacity} (minutes:seconds:frames); take tracks off it, or choose a larger disc"
    )]
    TooLong {
        /// The list.
        length: Sectors,
        /// The blank.
        capacity: Sectors,
    },
    /// Not a recording code.
    #[error(
        "'{0}' is no ISRC (two letters, three letters or digits, seven digits); correct it or leave it out"
    )]
    Isrc(String),
    /// The audio cannot be looked at.
    #[error("'{title}': {reason}")]
    Unreadable {
        /// The track.
        title: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl Explain for LayoutError {
    fn code(&self) -> Code {
        match self {
            LayoutError::Empty => Code::DiscEmpty,
            LayoutError::TooMany(_) => Code::DiscTooManyTracks,
            LayoutError::TooShort { .. } => Code::DiscTrackTooShort,
            LayoutError::TooLong { .. } => Code::DiscTooLong,
            LayoutError::Isrc(_) => Code::DiscIsrc,
            LayoutError::Unreadable { .. } => Code::Unplayable,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            LayoutError::TooMany(count) => vec![("count", count.to_string())],
            LayoutError::TooLong { length, capacity } => {
                let over_ms = Sectors(length.0 - capacity.0).milliseconds();
                vec![("seconds", over_ms.div_ceil(1_000).to_string())]
            }
            LayoutError::TooShort { title, .. } | LayoutError::Unreadable { title, .. } => {
                vec![("title", title.clone())]
            }
            LayoutError::Empty | LayoutError::Isrc(_) => Vec::new(),
        }
    }
}

impl DiscLayout {
    /// Places the tracks.
    ///
    /// # Errors
    /// The list does not keep to the standard, or does not fit.
    pub fn plan(tracks: Vec<DiscTrack>, options: DiscOptions) -> Result<Self, LayoutError> {
        if tracks.is_empty() {
            return Err(LayoutError::Empty);
        }
        if tracks.len() > MOST_TRACKS {
            return Err(LayoutError::TooMany(tracks.len()));
        }
        if let Some(short) = tracks.iter().find(|t| t.frames.0 < u64::from(SHORTEST_TRACK.0) * SECTOR_FRAMES)
        {
            let seconds = short.frames.0 / u64::from(DISC_RATE_HZ);
            return Err(LayoutError::TooShort { title: short.title.clone(), seconds });
        }
        let gap = u64::from(options.gap.0) * SECTOR_FRAMES;
        let mut at = 0_u64;
        let mut spans = Vec::with_capacity(tracks.len());
        for (number, track) in tracks.iter().enumerate() {
            if gap > 0 && number > 0 {
                at = whole_sectors(at).saturating_add(gap);
            }
            spans.push(at..at.saturating_add(track.frames.0));
            at = at.saturating_add(track.frames.0);
        }
        let length = sector(whole_sectors(at));
        let capacity = options.capacity.sectors();
        if length > capacity {
            return Err(LayoutError::TooLong { length, capacity });
        }
        let starts: Vec<Sectors> = spans.iter().map(|span| sector(span.start)).collect();
        let pregaps: Vec<Sectors> = starts
            .iter()
            .enumerate()
            .map(|(number, start)| if number == 0 { *start } else { Sectors(start.0 - options.gap.0) })
            .collect();
        let tracks = tracks
            .into_iter()
            .zip(spans)
            .enumerate()
            .map(|(n, (track, frames))| Placed {
                track,
                pregap: pregaps[n],
                start: starts[n],
                end: pregaps.get(n + 1).copied().unwrap_or(length),
                frames,
            })
            .collect();
        Ok(DiscLayout { options, tracks, length })
    }

    /// Bytes of the sectors.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.length.0) * SECTOR_BYTES
    }
}

/// Frames filled up to whole sectors.
fn whole_sectors(frames: u64) -> u64 {
    frames.div_ceil(SECTOR_FRAMES).saturating_mul(SECTOR_FRAMES)
}

/// The sector that a frame of the disc is in. A disc has less than 2^32 of them by far: the capacity was checked
/// against a length that saturates.
fn sector(frame: u64) -> Sectors {
    Sectors(u32::try_from(frame / SECTOR_FRAMES).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audio::source::SourceError;

    fn track(frames: u64) -> DiscTrack {
        DiscTrack {
            id: TrackId::from_bytes([1; 16]),
            title: "Title".to_owned(),
            performer: "Performer".to_owned(),
            isrc: None,
            frames: Frames(frames),
            open: Arc::new(|| Err(SourceError::Missing("test".to_owned()))),
        }
    }

    fn plan(lengths: &[u64], gap: u32, capacity: Capacity) -> Result<DiscLayout, LayoutError> {
        let options = DiscOptions { gap: Sectors(gap), capacity, ..DiscOptions::default() };
        DiscLayout::plan(lengths.iter().map(|frames| track(*frames)).collect(), options)
    }

    // D2
    #[test]
    fn without_gaps_a_track_flows_into_the_next_within_a_sector() {
        let layout = plan(&[400 * 588 + 100, 500 * 588 + 488], 0, Capacity::Minutes74).expect("a disc");
        assert_eq!(layout.tracks[1].frames.start, 400 * 588 + 100);
        assert_eq!(layout.tracks[1].start, Sectors(400));
        assert_eq!(layout.tracks[0].end, Sectors(400));
        assert_eq!(layout.length, Sectors(901), "not a frame is added between them");
    }

    // D1, D2
    #[test]
    fn with_gaps_each_track_is_padded_and_silence_stands_before_the_next() {
        let layout = plan(&[400 * 588 + 1, 500 * 588], 150, Capacity::Minutes74).expect("a disc");
        assert_eq!(layout.tracks[1].pregap, Sectors(401));
        assert_eq!(layout.tracks[1].start, Sectors(551));
        assert_eq!(layout.length, Sectors(1_051));
    }

    // D1, D2
    #[test]
    fn what_the_standard_or_the_blank_refuses_is_named() {
        assert_eq!(plan(&[], 0, Capacity::Minutes74).unwrap_err(), LayoutError::Empty);
        assert_eq!(plan(&[300_000; 100], 0, Capacity::Minutes80).unwrap_err(), LayoutError::TooMany(100));
        assert!(matches!(
            plan(&[176_399], 0, Capacity::Minutes80),
            Err(LayoutError::TooShort { seconds: 3, .. })
        ));
        assert!(plan(&[176_400], 0, Capacity::Minutes80).is_ok());
        let full_74 = u64::from(Capacity::Minutes74.sectors().0) * SECTOR_FRAMES;
        assert!(plan(&[full_74], 0, Capacity::Minutes74).is_ok());
        assert!(matches!(plan(&[full_74 + 1], 0, Capacity::Minutes74), Err(LayoutError::TooLong { .. })));
        assert!(plan(&[full_74 + 1], 0, Capacity::Minutes80).is_ok());
        assert!(matches!(plan(&[u64::MAX / 2], 0, Capacity::Minutes80), Err(LayoutError::TooLong { .. })));
    }

    // D1
    #[test]
    fn recording_codes_are_checked() {
        assert_eq!("se-6hn-26-00001".parse::<Isrc>().expect("a code").to_string(), "SE6HN2600001");
        for bad in ["", "S16HN2600001", "SE6HN26000012", "SE6HN26000O1"] {
            assert!(bad.parse::<Isrc>().is_err(), "{bad}");
        }
    }

    // D1
    #[test]
    fn a_disc_of_seventy_four_minutes_holds_them_but_for_its_first_two_seconds() {
        let seconds = Capacity::Minutes74.sectors().milliseconds() / 1_000;
        assert!((74 * 60 - 3..=74 * 60).contains(&seconds), "{seconds}");
    }

    #[test]
    fn a_part_of_a_sector_takes_a_whole_one() {
        assert_eq!(Sectors::of_milliseconds(1_000), Sectors(75));
        assert_eq!(Sectors::of_milliseconds(1_001), Sectors(76));
        assert_eq!(Sectors(76).milliseconds(), 1_013);
    }

    #[test]
    fn times_are_minutes_seconds_frames() {
        assert_eq!(Sectors(74 * 4_500 + 59 * 75 + 7).to_string(), "74:59:07");
    }

    #[test]
    fn lengths_of_other_rates_are_rounded_to_the_nearest_frame() {
        assert_eq!(Frames::of_source(48_000, 48_000), Frames(44_100));
        assert_eq!(Frames::of_source(96_001, 96_000), Frames(44_100));
        assert_eq!(Frames::of_source(12_345, 44_100), Frames(12_345));
    }
}
