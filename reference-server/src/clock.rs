//! The server's only source of time: the system's clock, or one that a test moves.
//!
//! Reservations, certificates and TLS validity all ask this clock, so a test runs a year in a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use cadenza_protocol::time::UnixTime;
use rustls_pki_types::UnixTime as PkiTime;

/// What time it is. Clones of a movable clock move together.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that stands still until it is moved; seconds since 1970.
    Movable(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `start` until it is moved.
    pub fn movable(start: UnixTime) -> Self {
        Self::Movable(Arc::new(AtomicI64::new(start.0)))
    }

    /// The time now.
    pub fn now(&self) -> UnixTime {
        match self {
            Self::System => UnixTime::from(SystemTime::now()),
            Self::Movable(seconds) => UnixTime(seconds.load(Ordering::SeqCst)),
        }
    }

    /// Moves a movable clock forward; the system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Movable(seconds) = self {
            seconds.fetch_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<PkiTime> {
        let seconds = u64::try_from(self.now().0).ok()?;
        Some(PkiTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
