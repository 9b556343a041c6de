//! `playlist`.

use cadenza_player::Failure;
use cadenza_player::library::TrackId;
use cadenza_player::library::playlist::{Playlist as List, PlaylistError};
use serde_json::json;

use super::{library, open};
use crate::args::{Global, Playlist};
use crate::output::{Output, table};

pub fn run(global: &Global, command: Playlist, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    let changed = match command {
        Playlist::List => {
            let all = player.library().playlists().all();
            output.result(&json!({ "playlists": all }), || {
                if all.is_empty() {
                    return "There are no playlists.".into();
                }
                table(
                    &all.iter()
                        .map(|p| vec![p.name.clone(), format!("{} tracks", p.tracks.len())])
                        .collect::<Vec<_>>(),
                )
            });
            return Ok(());
        }
        Playlist::Show { playlist } => {
            let (_, tracks) = player.playlist(&playlist)?;
            library::show(&tracks, "The playlist is empty.", output);
            return Ok(());
        }
        Playlist::Delete { playlist } => {
            player.change_playlists(|lists| lists.delete(&playlist))?;
            output.result(&json!({ "deleted": playlist }), || format!("Deleted '{playlist}'."));
            return Ok(());
        }
        Playlist::Create { name } => player.change_playlists(|lists| lists.create(&name))?,
        Playlist::Add { playlist, tracks } => {
            let mut ids = Vec::new();
            for typed in &tracks {
                let id: TrackId = super::shop::media_id(typed)?.into();
                ids.push(player.track(id)?.id);
            }
            player.change_playlists(|lists| lists.add(&playlist, &ids))?
        }
        Playlist::Rename { playlist, name } => {
            player.change_playlists(|lists| lists.rename(&playlist, &name))?
        }
        Playlist::Move { playlist, from, to } => {
            let (from, to) = (place(from)?, place(to)?);
            player.playlist_move(&playlist, from, to)?
        }
        Playlist::Remove { playlist, place: typed } => {
            let at = place(typed)?;
            player.playlist_remove(&playlist, &[at])?
        }
    };
    tell(&changed, output);
    Ok(())
}

fn tell(playlist: &List, output: &Output) {
    output.result(playlist, || format!("'{}' has {} tracks.", playlist.name, playlist.tracks.len()));
}

/// People count from 1.
fn place(typed: usize) -> Result<usize, Failure> {
    typed.checked_sub(1).ok_or_else(|| Failure::from(PlaylistError::NoPlace { place: 0, count: 0 }))
}
