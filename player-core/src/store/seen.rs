//! What the store said about its tracks and albums lately: the cart, the transport and the deliveries need it again.

use std::collections::HashMap;
use std::sync::Arc;

use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::{AlbumPage, TrackOffer};
use parking_lot::{Mutex, MutexGuard};

/// Most tracks remembered; a catalogue that is larger is asked again.
const MOST: usize = 20_000;

/// Tracks and albums as they were last seen. Clones are the same memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Catalogue>>);

#[derive(Debug, Default)]
struct Catalogue {
    tracks: HashMap<MediaId, TrackOffer>,
    albums: HashMap<String, AlbumPage>,
}

impl Seen {
    /// Remembers tracks.
    pub(super) fn note<'a>(&self, offers: impl IntoIterator<Item = &'a TrackOffer>) {
        let mut seen = self.locked();
        if seen.tracks.len() > MOST {
            seen.tracks.clear();
        }
        seen.tracks.extend(offers.into_iter().map(|offer| (offer.media_id, offer.clone())));
    }

    /// Remembers an album and its tracks.
    pub(super) fn note_album(&self, page: &AlbumPage) {
        self.note(&page.tracks);
        let mut seen = self.locked();
        if seen.albums.len() > MOST / 10 {
            seen.albums.clear();
        }
        seen.albums.insert(page.card.id.clone(), page.clone());
    }

    /// A track.
    pub(super) fn track(&self, id: MediaId) -> Option<TrackOffer> {
        self.locked().tracks.get(&id).cloned()
    }

    /// An album.
    pub(super) fn album(&self, id: &str) -> Option<AlbumPage> {
        self.locked().albums.get(id).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, Catalogue> {
        self.0.lock()
    }
}
