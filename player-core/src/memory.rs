//! The process's own memory: who may look at it, what of it may reach a disk, and what is left in it (requirement C7).
//!
//! - [`harden`] is the first thing that a program of ours does: the system writes no core dump of it, and on Linux nobody but
//!   the administrator may attach to it or read its memory.
//! - [`Unswapped`] keeps the pages under a secret out of the swap file for as long as the secret is there.
//! - Whatever is freed is wiped, in every program that has the player in it. `rsa` leaves the primes of a private key in a dozen
//!   freed temporaries for each signature, `serde` and `hyper` leave text, a growing `Vec` leaves its old self: they cannot all
//!   be taught to wipe. What C libraries (sound, web view) allocate does not come this way.
//!
//! All of it is a second line behind wiping what is secret in its own place.

use std::alloc::System;
use std::fmt;
use std::ops::Deref;
use std::sync::Once;

use cadenza_protocol::secret::OwnPages;
use region::LockGuard;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED_WHEN_FREED: ZeroAlloc<System> = ZeroAlloc(System);

/// Keeps other programs of this person, and the system's crash reports, out of this process. A system that refuses is no reason
/// not to play: it is noted in the log.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Inherited by the programs that we start: the web view's, which sees the passphrase being typed.
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        note("core dumps stay possible", setrlimit(Resource::Core, none));
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Also for dumps that are piped into a collector, which no limit of size keeps away.
        note("this process stays readable", set_dumpable_behavior(DumpableBehavior::NotDumpable));
    }
}

#[cfg(unix)]
fn note(what: &str, done: rustix::io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}");
    }
}

/// A value whose secret lies on pages that the system does not swap out, where it allows that.
pub struct Unswapped<T> {
    /// Dropped before the value, since then the pages belong to whoever allocates next.
    _locks: Vec<LockGuard>,
    value: T,
}

impl<T> Unswapped<T> {
    /// Locks the pages at `places` (each address and bytes), which belong to `value` alone.
    pub fn new<const N: usize>(value: T, places: [(*const u8, usize); N]) -> Self {
        Self { _locks: places.into_iter().filter_map(lock).collect(), value }
    }
}

impl<T> Unswapped<OwnPages<T>> {
    /// Locks the pages that the value is on.
    pub fn pages(value: OwnPages<T>) -> Self {
        let place = value.place();
        Self::new(value, [place])
    }

    /// Takes the value off its pages.
    pub fn into_inner(self) -> T {
        let Self { _locks: locks, value } = self;
        drop(locks);
        value.into_inner()
    }
}

impl<T> Deref for Unswapped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Unswapped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Few pages are allowed to a person (`ulimit -l`), on some systems none: then the secret is there all the same.
fn lock((address, length): (*const u8, usize)) -> Option<LockGuard> {
    static REFUSED: Once = Once::new();
    match region::lock(address, length) {
        Ok(guard) => Some(guard),
        Err(error) => {
            REFUSED
                .call_once(|| tracing::warn!(%error, "secrets can be swapped out: memory cannot be locked"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // C7
    #[cfg(target_os = "linux")]
    #[test]
    fn a_hardened_process_leaves_no_core_and_cannot_be_looked_into() {
        use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
        harden();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }

    // C7
    #[cfg(target_os = "linux")]
    #[test]
    fn pages_under_a_secret_are_locked_while_it_is_there() {
        let before = locked_kib();
        let kept = Unswapped::pages(OwnPages::new([7u8; 32]));
        if kept._locks.is_empty() {
            eprintln!("skipped: this system locks no memory for us (ulimit -l)");
            return;
        }
        assert_eq!(locked_kib() - before, 16);
        assert_eq!(kept[31], 7);
        drop(kept);
        assert_eq!(locked_kib(), before);
    }

    #[cfg(target_os = "linux")]
    fn locked_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
