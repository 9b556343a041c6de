//! The colour of every album's cover, worked out once and kept beside the library.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cadenza_player::Player;
use cadenza_player::library::TrackRecord;

use super::album_id;
use crate::ipc::{AlbumId, Sleeve};
use crate::sleeve::{self, SleeveColour};

/// Colours by album.
#[derive(Debug, Default)]
pub struct Sleeves(Mutex<HashMap<AlbumId, SleeveColour>>);

impl Sleeves {
    /// Those that are known already.
    pub fn of(player: &Player) -> Self {
        let known: Vec<(AlbumId, SleeveColour)> = player.library().index().facts(PREFIX);
        Self(Mutex::new(known.into_iter().collect()))
    }

    /// The sleeve of an album, by one of its tracks. Neutral until its colour is known.
    pub fn of_album(&self, album: &AlbumId, track: &TrackRecord) -> Sleeve {
        let colour = self.known().get(album).copied().unwrap_or(SleeveColour::NONE);
        let id = track.id.to_string();
        sleeve::of_library(track.has_cover.then_some(id.as_str()), colour)
    }

    /// Looks at the covers of albums that are new here. True when there were some. Reads files: not for the page's thread.
    pub async fn look_at_new(&self, player: &Player, tracks: &[Arc<TrackRecord>]) -> bool {
        let mut found = false;
        for track in tracks.iter().filter(|track| track.has_cover) {
            let album = album_id(track);
            if self.known().contains_key(&album) {
                continue;
            }
            let cover = player.cover(track.id).await.ok().flatten();
            let colour = match cover {
                Some(art) => tokio::task::spawn_blocking(move || SleeveColour::of(&art.bytes)).await.unwrap_or(SleeveColour::NONE),
                None => SleeveColour::NONE,
            };
            if let Err(error) = player.library().index().keep_fact(&format!("{PREFIX}{album}"), &(&album, colour)) {
                tracing::warn!(%error, "the colour of a cover is not kept and will be worked out again");
            }
            self.known().insert(album, colour);
            found = true;
        }
        found
    }

    fn known(&self) -> MutexGuard<'_, HashMap<AlbumId, SleeveColour>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const PREFIX: &str = "sleeve/";
