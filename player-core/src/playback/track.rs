//! A track as the engine sees it: how to open it, and how it wants to be played.

use std::fmt;
use std::sync::Arc;

use crate::audio::fade::ClipFades;
use crate::audio::loudness::Loudness;
use crate::audio::source::{PcmSource, SourceError};
use crate::library::TrackId;

/// Where a track comes from; the player shows the owner's line only with what was bought (M5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    /// Bought music, decrypted while it plays.
    Purchased,
    /// The listener's own file.
    Own,
    /// A free clip or song from a store.
    Preview,
}

/// Opens the audio. Called on the engine's thread when the track is about to be played, and again after a stop:
/// media keys live only inside the source that it returns.
pub type Opener = Arc<dyn Fn() -> Result<Box<dyn PcmSource>, SourceError> + Send + Sync>;

/// Something that can be played.
#[derive(Clone)]
pub struct Track {
    /// Which one it is. A file that is not in the library has the id that it would have there.
    pub id: TrackId,
    /// Where it comes from.
    pub kind: TrackKind,
    /// Title, as shown.
    pub title: String,
    /// Artist, as shown.
    pub artist: Option<String>,
    /// Album, as shown.
    pub album: Option<String>,
    /// Length, when known before it is opened.
    pub duration_ms: Option<u64>,
    /// Fades at its two ends; [`ClipFades::NONE`] for anything but clips.
    pub fades: ClipFades,
    /// Measured loudness, for normalisation.
    pub loudness: Option<Loudness>,
    /// How to open it.
    pub open: Opener,
}

impl Track {
    /// A track with nothing known but how to open it.
    pub fn new(
        id: TrackId,
        kind: TrackKind,
        title: impl Into<String>,
        open: impl Fn() -> Result<Box<dyn PcmSource>, SourceError> + Send + Sync + 'static,
    ) -> Self {
        Track {
            id,
            kind,
            title: title.into(),
            artist: None,
            album: None,
            duration_ms: None,
            fades: ClipFades::NONE,
            loudness: None,
            open: Arc::new(open),
        }
    }
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Track").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}
