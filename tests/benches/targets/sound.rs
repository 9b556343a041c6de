//! Tracks for the engine, and a sound card of our own that tells when it hears something.

use cadenza_player::playback::{Track, TrackKind};

use crate::listener::Listener;

/// A bought track, decrypted while it plays, with the passport open.
pub fn bought_track(listener: &Listener, title: &str) -> Track {
    listener.owned(title);
    let id = listener.media_id(title);
    let opening = listener.core.media_opening(id.into()).expect("a bought track");
    Track::new(id.into(), TrackKind::Purchased, title, move || opening.source())
}
