//! Points in time as they stand in formats and messages: whole seconds since 1970-01-01T00:00:00Z.
//!
//! This crate never asks what time it is; the caller says so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Seconds since the Unix epoch, UTC. 64 bits signed in every format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// This time moved by a number of seconds (negative: earlier).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// This time moved by a number of days.
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days * 86_400)
    }
}

impl From<SystemTime> for UnixTime {
    fn from(t: SystemTime) -> Self {
        match t.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(i64::try_from(after.as_secs()).unwrap_or(i64::MAX)),
            Err(e) => Self(-i64::try_from(e.duration().as_secs()).unwrap_or(i64::MAX)),
        }
    }
}

impl From<UnixTime> for SystemTime {
    fn from(t: UnixTime) -> SystemTime {
        let distance = Duration::from_secs(t.0.unsigned_abs());
        if t.0 >= 0 { UNIX_EPOCH + distance } else { UNIX_EPOCH - distance }
    }
}
