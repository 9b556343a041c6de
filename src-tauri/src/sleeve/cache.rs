//! Covers that were shown lately, within a bound on their bytes.

use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;

use super::{CoverRequest, Picture};

/// Most bytes kept.
const BOUND: u64 = 48 << 20;
/// So many covers are expected.
const COVERS: usize = 1000;

/// The covers; those that are seldom looked at go first. One lock: split over several, a share would not hold a large cover.
#[derive(Debug)]
pub struct CoverCache(Mutex<Cache<CoverRequest, Picture, Bytes>>);

/// A cover weighs what it takes.
#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<CoverRequest, Picture> for Bytes {
    fn weight(&self, _: &CoverRequest, picture: &Picture) -> u64 {
        picture.bytes.len() as u64
    }
}

impl Default for CoverCache {
    fn default() -> Self {
        Self(Mutex::new(Cache::with_weighter(COVERS, BOUND, Bytes)))
    }
}

impl CoverCache {
    /// A cover that is here.
    pub fn find(&self, wanted: &CoverRequest) -> Option<Picture> {
        self.0.lock().get(wanted).cloned()
    }

    /// Keeps a cover; others go until it fits.
    pub fn keep(&self, wanted: CoverRequest, picture: Picture) {
        self.0.lock().insert(wanted, picture);
    }
}

#[cfg(test)]
mod tests {
    use super::super::CoverOf;
    use super::*;

    fn cover(n: usize) -> CoverRequest {
        CoverRequest { of: CoverOf::Library(n.to_string()), size: 96 }
    }

    fn picture(bytes: u64) -> Picture {
        Picture { media_type: "image/png".into(), bytes: vec![0; bytes as usize].into() }
    }

    #[test]
    fn what_is_looked_at_stays_and_the_rest_goes_when_there_is_too_much() {
        let cache = CoverCache::default();
        for n in 0..300 {
            cache.keep(cover(n), picture(BOUND / 30));
            assert!(n == 0 || cache.find(&cover(0)).is_some(), "gone after {n}");
        }
        let kept = (0..300).filter(|n| cache.find(&cover(*n)).is_some()).count();
        assert!((15..=30).contains(&kept), "{kept} covers of a thirtieth each");
    }
}
