//! From the core's words to the window's, and back. Nothing is decided here.

mod catalogue;
mod disc;
mod library;
mod passport;
mod playback;
mod settings;
mod store;

pub use catalogue::*;
pub use disc::*;
pub use library::*;
pub use passport::*;
pub use playback::*;
pub use settings::*;
pub use store::*;

use cadenza_player::Code;
use cadenza_player::Failure;
use cadenza_player::player::Left;
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

/// A number of things.
pub fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// How often something may still be done; what cannot be counted may not.
pub fn left(left: Result<Left, Failure>) -> Allowance {
    match left {
        Ok(Left::Unlimited) => Allowance::Unlimited,
        Ok(Left::Times(left)) => Allowance::Times { left: u16::try_from(left).unwrap_or(u16::MAX) },
        Ok(Left::Never) | Err(_) => Allowance::Never,
    }
}

/// Says that what was bought is here.
pub fn arrived(title: String, tracks: usize) -> AppError {
    let what = AppError::new(Code::PurchaseReady, format!("'{title}' is ready to play."));
    what.with("title", title).with("count", tracks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_too_large_for_the_window_stay_at_its_largest() {
        assert_eq!(small(u64::MAX), u32::MAX);
        assert_eq!(seconds(UnixTime(-5)), 0);
    }
}
