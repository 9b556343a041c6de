//! The licensing center's list of services whose certificates were withdrawn (requirement C9), fetched before a card number, an order or a
//! redemption leaves the player. The list says itself how old it may be where someone pays (a day at most) and for a redemption (a week at
//! most). Without one nothing is sent; catalogue and previews need none.

use std::sync::Arc;

use cadenza_protocol::cert::{DatedList, ListUse};
use cadenza_protocol::time::UnixTime;
use parking_lot::Mutex;

/// Seconds for which a list is not asked for again.
const FRESH_SECONDS: i64 = 60;

/// What is about to leave the player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// A card number, or what is paid with one.
    Card,
    /// The proof that a voucher is ours.
    Redemption,
}

impl Leaving {
    /// Whether a list may still be gone by.
    fn goes_by(self, list: &DatedList, now: UnixTime) -> bool {
        let what = match self {
            Self::Card => ListUse::Payment,
            Self::Redemption => ListUse::Other,
        };
        list.serves(what, now)
    }
}

/// The list at hand. Clones share it; handshakes that must be checked look here.
#[derive(Debug, Clone, Default)]
pub struct ServiceList(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    list: Arc<DatedList>,
    fetched_at: UnixTime,
}

impl ServiceList {
    /// The list, if there is one.
    pub fn now(&self) -> Option<Arc<DatedList>> {
        self.0.lock().as_ref().map(|kept| Arc::clone(&kept.list))
    }

    /// Whether it was fetched so lately that it is not asked for again.
    pub fn is_fresh(&self, now: UnixTime) -> bool {
        self.0
            .lock()
            .as_ref()
            .is_some_and(|kept| now.0.abs_diff(kept.fetched_at.0) < FRESH_SECONDS.unsigned_abs())
    }

    /// Whether it is new enough for what is about to leave.
    pub fn is_good_for(&self, leaving: Leaving, now: UnixTime) -> bool {
        self.now().is_some_and(|list| leaving.goes_by(&list, now))
    }

    /// Takes a newer one in the place of the one at hand; an older one is somebody's attempt to hide what has happened since.
    pub fn take(&self, list: DatedList, now: UnixTime) {
        let mut kept = self.0.lock();
        if kept.as_ref().is_none_or(|kept| kept.list.issued() <= list.issued()) {
            *kept = Some(Kept { list: Arc::new(list), fetched_at: now });
        }
    }
}
