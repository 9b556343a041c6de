//! The colour of covers, worked out once and kept beside the library: of every bought track, whose cover is its own, and of
//! every album of own files.

use std::collections::HashMap;
use std::sync::Arc;

use cadenza_player::Player;
use cadenza_player::library::{AlbumKey, TrackRecord};
use parking_lot::{Mutex, MutexGuard};

use crate::ipc::Sleeve;
use crate::sleeve::{self, SleeveColour};

const PREFIX: &str = "sleeve/";

/// Colours by what has a cover.
#[derive(Debug, Default)]
pub struct Sleeves(Mutex<HashMap<String, SleeveColour>>);

impl Sleeves {
    /// Those that are known already.
    pub fn of(player: &Player) -> Self {
        let known: Vec<(String, SleeveColour)> = player.library().index().facts(PREFIX);
        Self(Mutex::new(known.into_iter().collect()))
    }

    /// The sleeve of a track. Neutral until its colour is known.
    pub fn of_track(&self, track: &TrackRecord) -> Sleeve {
        let colour = self.known().get(&bearer(track)).copied().unwrap_or(SleeveColour::NONE);
        let id = track.id.to_string();
        sleeve::of_library(track.has_cover.then_some(id.as_str()), colour)
    }

    /// Looks at covers that are new here. True when there were some. Reads files: not for the page's thread.
    pub async fn look_at_new(&self, player: &Player, tracks: &[Arc<TrackRecord>]) -> bool {
        let mut found = false;
        for track in tracks.iter().filter(|track| track.has_cover) {
            let bearer = bearer(track);
            if self.known().contains_key(&bearer) {
                continue;
            }
            let cover = player.cover(track.id).await.ok().flatten();
            let colour = match cover {
                Some(art) => tokio::task::spawn_blocking(move || sleeve::colour_of(&art.bytes))
                    .await
                    .unwrap_or(SleeveColour::NONE),
                None => SleeveColour::NONE,
            };
            if let Err(error) =
                player.library().index().keep_fact(&format!("{PREFIX}{bearer}"), &(&bearer, colour))
            {
                tracing::warn!(%error, "the colour of a cover is not kept and will be worked out again");
            }
            self.known().insert(bearer, colour);
            found = true;
        }
        found
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, SleeveColour>> {
        self.0.lock()
    }
}

/// What the cover belongs to.
fn bearer(track: &TrackRecord) -> String {
    match track.media_id() {
        Some(id) => id.to_string(),
        None => AlbumKey::of(track).to_string(),
    }
}
