//! Normal play time (RFC 2326, section 3.6): where in a preview, counted in 48 kHz frames so that nothing is rounded.

use std::fmt;
use std::time::Duration;

use rtsp_types::headers::{NptRange, NptTime, Range};

use crate::rtp::CLOCK_RATE;

/// A time in a preview: 48 kHz frames from its first audible frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Npt(pub u64);

impl Npt {
    /// The beginning.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds in.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(CLOCK_RATE as u64 / 1_000))
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / (CLOCK_RATE as u64 / 1_000)
    }

    /// The same as a duration.
    pub const fn as_duration(self) -> Duration {
        let rate = CLOCK_RATE as u64;
        Duration::new(self.0 / rate, ((self.0 % rate) * 1_000_000_000 / rate) as u32)
    }

    /// The nearest frame to a duration.
    pub fn from_duration(duration: Duration) -> Self {
        let rate = u64::from(CLOCK_RATE);
        let part = (u64::from(duration.subsec_nanos()) * rate + 500_000_000) / 1_000_000_000;
        Self(duration.as_secs().saturating_mul(rate).saturating_add(part))
    }

    /// Reads seconds with a fraction, `hh:mm:ss`, or `now` (which is the beginning: previews are not live).
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse().ok().and_then(Self::from_header)
    }

    /// Reads a `Range` header's value: where to begin, and where to end if it says so. Outer `None`: not understood.
    pub fn parse_range(text: &str) -> Option<(Option<Self>, Option<Self>)> {
        // A `;time=` after the range asks for a start at a wall-clock time; previews start at once.
        let range = text.split(';').next()?.trim();
        let Ok(Range::Npt(range)) = range.parse() else { return None };
        Some(match range {
            NptRange::Empty => (None, None),
            NptRange::From(from) => (Some(Self::from_header(from)?), None),
            NptRange::FromTo(from, to) => (Some(Self::from_header(from)?), Some(Self::from_header(to)?)),
            NptRange::To(to) => (None, Some(Self::from_header(to)?)),
        })
    }

    fn from_header(time: NptTime) -> Option<Self> {
        let (seconds, nanos) = match time {
            NptTime::Now => (0, None),
            NptTime::Seconds(seconds, nanos) => (seconds, nanos),
            NptTime::Hms(hours, minutes, seconds, nanos) => {
                let whole =
                    hours.checked_mul(3_600)?.checked_add(u64::from(minutes) * 60 + u64::from(seconds))?;
                (whole, nanos)
            }
        };
        (seconds < 1 << 32).then(|| Self::from_duration(Duration::new(seconds, nanos.unwrap_or(0))))
    }
}

impl fmt::Display for Npt {
    /// Seconds with six decimals: enough to name every frame.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.as_duration();
        let micros = (time.subsec_nanos() + 500) / 1_000;
        write!(f, "{}.{micros:06}", time.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_survives_its_text_form() {
        for frame in (0..48_001).chain([123_456_789, 48_000 * 3_600 - 1]) {
            assert_eq!(Npt::parse(&Npt(frame).to_string()), Some(Npt(frame)));
        }
        assert_eq!(Npt(312).to_string(), "0.006500");
    }

    #[test]
    fn ranges_are_read_as_ordinary_clients_write_them() {
        let second = |s: u64| Some(Npt::from_millis(s * 1_000));
        assert_eq!(Npt::parse_range("npt=0.000-"), Some((second(0), None)));
        assert_eq!(Npt::parse_range("npt=now-"), Some((second(0), None)));
        assert_eq!(Npt::parse_range("npt=5-10"), Some((second(5), second(10))));
        assert_eq!(Npt::parse_range("npt=00:01:05.0-"), Some((second(65), None)));
        assert_eq!(Npt::parse_range("npt=-7"), Some((None, second(7))));
        assert_eq!(Npt::parse_range("npt=1-;time=19970123T143720Z"), Some((second(1), None)));
        for other in [
            "",
            "npt",
            "smpte=0:10:00-",
            "npt=x-",
            "npt=99999999999999999999-",
            "npt=18446744073709551615:0:0-",
        ] {
            assert!(matches!(Npt::parse_range(other), None | Some((None, None))), "{other}");
        }
    }
}
