//! Covers that were shown lately, within a bound on their bytes.

use std::collections::HashMap;

use super::{CoverRequest, Picture};
use parking_lot::{Mutex, MutexGuard};

/// Most bytes kept.
const BOUND: usize = 48 << 20;

/// The covers, least recently used out first.
#[derive(Debug, Default)]
pub struct CoverCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    covers: HashMap<CoverRequest, (u64, Picture)>,
    bytes: usize,
    clock: u64,
}

impl CoverCache {
    /// A cover that is here.
    pub fn find(&self, wanted: &CoverRequest) -> Option<Picture> {
        let mut kept = self.locked();
        kept.clock += 1;
        let now = kept.clock;
        let (used, picture) = kept.covers.get_mut(wanted)?;
        *used = now;
        Some(picture.clone())
    }

    /// Keeps a cover; others go until it fits.
    pub fn keep(&self, wanted: CoverRequest, picture: Picture) {
        let mut kept = self.locked();
        kept.clock += 1;
        let now = kept.clock;
        kept.bytes += picture.bytes.len();
        if let Some((_, before)) = kept.covers.insert(wanted, (now, picture)) {
            kept.bytes -= before.bytes.len();
        }
        while kept.bytes > BOUND {
            let Some(oldest) = kept.covers.iter().min_by_key(|(_, (used, _))| *used).map(|(k, _)| k.clone())
            else {
                return;
            };
            if let Some((_, gone)) = kept.covers.remove(&oldest) {
                kept.bytes -= gone.bytes.len();
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::super::CoverOf;
    use super::*;

    fn cover(n: usize) -> CoverRequest {
        CoverRequest { of: CoverOf::Library(n.to_string()), size: 96 }
    }

    fn picture(bytes: usize) -> Picture {
        Picture { media_type: "image/png".into(), bytes: vec![0; bytes].into() }
    }

    #[test]
    fn what_was_not_looked_at_for_longest_goes_first() {
        let cache = CoverCache::default();
        for n in 0..3 {
            cache.keep(cover(n), picture(BOUND / 3));
        }
        assert!(cache.find(&cover(0)).is_some());
        cache.keep(cover(3), picture(BOUND / 3));
        assert!(cache.find(&cover(0)).is_some());
        assert!(cache.find(&cover(1)).is_none());
    }
}
