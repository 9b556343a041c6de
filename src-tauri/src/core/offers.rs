//! What the store said about its tracks and albums lately: the cart, the transport and the deliveries need it again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::{AlbumPage, TrackOffer};

/// Most tracks remembered; a catalogue that is larger is asked again.
const MOST: usize = 20_000;

/// Tracks and albums as they were last seen.
#[derive(Debug, Default)]
pub struct Offers(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    tracks: HashMap<MediaId, TrackOffer>,
    albums: HashMap<String, AlbumPage>,
}

impl Offers {
    /// Remembers tracks.
    pub fn see<'a>(&self, offers: impl IntoIterator<Item = &'a TrackOffer>) {
        let mut seen = self.seen();
        if seen.tracks.len() > MOST {
            seen.tracks.clear();
        }
        seen.tracks.extend(offers.into_iter().map(|offer| (offer.media_id, offer.clone())));
    }

    /// Remembers an album and its tracks.
    pub fn see_album(&self, page: &AlbumPage) {
        self.see(&page.tracks);
        let mut seen = self.seen();
        if seen.albums.len() > MOST / 10 {
            seen.albums.clear();
        }
        seen.albums.insert(page.card.id.clone(), page.clone());
    }

    /// A track.
    pub fn track(&self, id: MediaId) -> Option<TrackOffer> {
        self.seen().tracks.get(&id).cloned()
    }

    /// An album.
    pub fn album(&self, id: &str) -> Option<AlbumPage> {
        self.seen().albums.get(id).cloned()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
