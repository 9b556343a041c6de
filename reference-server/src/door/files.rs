//! The system's limit of open files: raised at start to what the system allows, since each connection is one.

/// More than this is never needed.
#[cfg(unix)]
const ENOUGH: u64 = 65_536;

/// Raises the limit as far as the system lets us, and says how many files may be open; nothing where there is no limit.
#[cfg(unix)]
pub fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Nofile);
    let current = before.current?;
    let wanted = before.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if wanted <= current {
        return Some(current);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: before.maximum }) {
        Ok(()) => {
            tracing::info!(from = current, to = wanted, "the limit of open files was raised");
            Some(wanted)
        }
        Err(error) => {
            tracing::warn!(%error, limit = current, "the limit of open files could not be raised");
            Some(current)
        }
    }
}

/// Windows has no such limit.
#[cfg(not(unix))]
pub fn raise() -> Option<u64> {
    None
}
