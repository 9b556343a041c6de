//! `library`.

use std::sync::Arc;

use cadenza_player::library::{Origin, TrackOrder, TrackRecord};
use cadenza_player::passport::vault::day;
use cadenza_player::path::Kept;
use cadenza_player::player::Left;
use cadenza_player::{Code, Failure, Player};
use serde_json::json;

use super::open;
use crate::args::{Global, Library};
use crate::output::{Output, minutes, table};

pub async fn run(global: &Global, command: Library, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    match command {
        Library::List => {
            show(&player.library().tracks(TrackOrder::default()), "The library is empty.", output);
            if player.has_open_deliveries() {
                output.progress("Something that was bought has not arrived: `cadenza-cli redeem` brings it.");
            }
            Ok(())
        }
        Library::Search { words } => {
            let words = words.join(" ");
            show(
                &player.library().search(&words),
                &format!("Nothing in the library matches '{words}'."),
                output,
            );
            Ok(())
        }
        Library::Show { track } => show_one(&player, &track, output),
        Library::Import { path } => {
            let imported = player.import(&path).await?;
            let refused: Vec<_> =
                imported.refused.iter().map(|(p, r)| json!({ "path": Kept(p), "reason": r })).collect();
            output.result(&json!({ "tracks": imported.tracks.len(), "refused": refused }), || {
                let mut lines = vec![format!("{} tracks taken in.", imported.tracks.len())];
                lines.extend(imported.refused.iter().map(|(p, r)| format!("Left out {}: {r}", p.display())));
                lines.join("\n")
            });
            if imported.tracks.is_empty() && !imported.refused.is_empty() {
                let (path, reason) = &imported.refused[0];
                let message = format!(
                    "nothing was taken in: {} cannot be read as music ({reason}); check the file",
                    path.display()
                );
                return Err(Failure::new(Code::FileBroken, message));
            }
            Ok(())
        }
        Library::Verify => verify(&player, output).await,
    }
}

/// All that is known of one track.
fn show_one(player: &Player, typed: &str, output: &Output) -> Result<(), Failure> {
    let track = player.track(super::shop::media_id(typed)?.into())?;
    let (plays, play, record) =
        (player.library().plays(track.id), player.playable_still(&track)?, player.recordable(&track)?);
    let last = plays.last.map(day);
    let document = json!({
        "track": &*track, "plays": plays.count, "last_played": last, "may_play": play, "may_record": record,
    });
    output.result(&document, || {
        let heard = match &last {
            Some(last) => format!("{} times, last on {last}", plays.count),
            None => "never".to_owned(),
        };
        table(&[
            vec!["title".into(), track.title.clone()],
            vec!["artist".into(), track.artist.clone()],
            vec!["album".into(), track.album.clone()],
            vec!["length".into(), minutes(track.duration_ms.into())],
            vec!["heard".into(), heard],
            vec!["may be played".into(), still(play)],
            vec!["may be recorded".into(), still(record)],
        ])
    });
    Ok(())
}

fn still(left: Left) -> String {
    match left {
        Left::Never => "no (more)".into(),
        Left::Times(times) => format!("{times} times more"),
        Left::Unlimited => "as often as you like".into(),
    }
}

async fn verify(player: &Player, output: &Output) -> Result<(), Failure> {
    let checked = player.verify().await?;
    let bad: Vec<_> = checked.iter().filter(|v| v.problem.is_some()).collect();
    if let Some(first) = bad.first() {
        for file in &bad {
            output.progress(&format!(
                "{}: {}",
                file.path.display(),
                file.problem.as_deref().unwrap_or_default()
            ));
        }
        let problem = first.problem.as_deref().unwrap_or_default();
        let message = format!(
            "{} of {} files are not as they should be, {}: {problem}",
            bad.len(),
            checked.len(),
            first.path.display()
        );
        return Err(Failure::new(Code::FileBroken, message).with("path", first.path.display()));
    }
    output.result(&json!({ "checked": checked.len(), "broken": 0 }), || {
        format!("{} files checked, all whole.", checked.len())
    });
    Ok(())
}

/// A list of tracks.
pub fn show(tracks: &[Arc<TrackRecord>], none: &str, output: &Output) {
    let document: Vec<_> = tracks.iter().map(|t| &**t).collect();
    output.result(&json!({ "tracks": document }), || {
        if tracks.is_empty() {
            return none.to_owned();
        }
        let row = |t: &Arc<TrackRecord>| {
            let origin = match &t.origin {
                Origin::Purchase { quality, .. } => format!("bought, {quality}"),
                Origin::Own => format!("own, {}", t.format.codec),
            };
            let time = minutes(t.duration_ms.into());
            vec![t.id.to_string(), t.title.clone(), t.artist.clone(), t.album.clone(), time, origin]
        };
        table(&tracks.iter().map(row).collect::<Vec<_>>())
    });
}
