//! From the core's words to the window's, and back. Nothing is decided here.

mod catalogue;
mod passport;
mod settings;
mod tracks;

pub use catalogue::*;
pub use passport::*;
pub use settings::*;
pub use tracks::*;

use cadenza_player::Failure;
use cadenza_protocol::media;
use cadenza_protocol::time::UnixTime;

use crate::ipc::{Allowance, AppError};

impl From<Failure> for AppError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code.to_string(), data: failure.data, message: failure.message }
    }
}

/// Seconds since 1970 as the window takes them: good until 2106.
pub fn seconds(time: UnixTime) -> u32 {
    u32::try_from(time.0.max(0)).unwrap_or(u32::MAX)
}

/// A length or size that the window takes in 32 bits: 4 GB, 49 days.
pub fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// How often something may be done, less how often it was.
pub fn allowance(granted: media::Allowance, used: u32) -> Allowance {
    match granted {
        media::Allowance::Never => Allowance::Never,
        media::Allowance::Times(times) => match u32::from(times).saturating_sub(used) {
            0 => Allowance::Never,
            left => Allowance::Times { left: u16::try_from(left).unwrap_or(u16::MAX) },
        },
        media::Allowance::Unlimited => Allowance::Unlimited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // D3
    #[test]
    fn what_was_used_up_is_not_offered_again() {
        assert_eq!(allowance(media::Allowance::Times(3), 1), Allowance::Times { left: 2 });
        assert_eq!(allowance(media::Allowance::Times(3), 7), Allowance::Never);
        assert_eq!(allowance(media::Allowance::Unlimited, 7), Allowance::Unlimited);
    }

    #[test]
    fn numbers_too_large_for_the_window_stay_at_its_largest() {
        assert_eq!(small(u64::MAX), u32::MAX);
        assert_eq!(seconds(UnixTime(-5)), 0);
    }
}
