//! `burn`, `drives`.

use cadenza_player::disc::burn::{BurnError, BurnJob, BurnProgress, BurnTarget, Cancel};
use cadenza_player::disc::layout::{DiscLayout, DiscOptions};
use cadenza_player::library::TrackId;
use cadenza_player::path::{self, Kept};
use cadenza_player::{Code, Failure, Player};
use serde_json::json;

use super::{open, unlock};
use crate::args::{Burn, Global, Target};
use crate::output::{Output, table};

pub async fn burn(global: &Global, wish: &Burn, output: &Output) -> Result<(), Failure> {
    let target = match &wish.to {
        Target::Image(folder) => BurnTarget::Image { folder: folder.clone(), name: "disc".into() },
        Target::Drive(drive) => return Err(BurnError::NotAvailableYet(drive.clone()).into()),
    };
    let player = open(global)?;
    let (title, ids) = wanted(&player, &wish.tracks)?;
    let needs_passport = ids.iter().any(|id| player.track(*id).is_ok_and(|t| t.media_id().is_some()));
    if needs_passport {
        unlock(&player, global).await?;
    }
    let options = DiscOptions { title, ..DiscOptions::default() };
    let layout = tokio::task::block_in_place(|| player.plan_disc(&ids, options))?;
    let shown = contents(&layout);
    if wish.simulate {
        let document = json!({ "simulated": true, "tracks": shown, "sectors": layout.length.0 });
        output.result(&document, || format!("{}\nEverything fits; nothing was written.", listing(&layout)));
        return Ok(());
    }
    let job = BurnJob { layout, target, verify: !wish.no_verify };
    let cancel = Cancel::default();
    let stop = cancel.clone();
    // Ctrl-C stops between two sectors and leaves nothing half-made.
    let interrupted = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let mut last_tenth = 0;
    let mut progress = |progress| {
        let (word, done, total) = match progress {
            BurnProgress::Writing { done, total, .. } => ("writing", done.0, total.0),
            BurnProgress::Verifying { done, total } => ("reading back", done.0, total.0),
        };
        let tenth = u64::from(done) * 10 / u64::from(total.max(1));
        if tenth != last_tenth {
            last_tenth = tenth;
            output.progress(&format!("{word}: {} %", tenth * 10));
        }
    };
    let report = tokio::task::block_in_place(|| player.burn_disc(&job, &cancel, &mut progress));
    interrupted.abort();
    let report = report?;
    let files = [&report.files.cue, &report.files.bin, &report.files.toc];
    let document = json!({
        "tracks": shown, "sectors": report.length.0, "verified": report.verified,
        "cue": Kept(&report.files.cue), "bin": Kept(&report.files.bin), "toc": Kept(&report.files.toc),
    });
    output.result(&document, || {
        let names = files.map(|f| path::shown(f)).join("\n");
        let checked = if report.verified { "read back and right" } else { "not read back" };
        format!("{}\n{names}\n{} on the disc, {checked}.", listing(&job.layout), report.length)
    });
    Ok(())
}

pub fn drives(_output: &Output) -> Result<(), Failure> {
    Err(Failure::not_available_yet(
        "disc drives; `burn --to image:DIR` writes an image that any burning program takes",
    ))
}

/// Tracks and playlists in the order typed, and a title for the disc.
fn wanted(player: &Player, typed: &[String]) -> Result<(String, Vec<TrackId>), Failure> {
    let (mut title, mut ids) = (String::new(), Vec::new());
    for word in typed {
        match word.parse::<TrackId>() {
            Ok(id) if player.library().track(id).is_some() => ids.push(id),
            _ => {
                let (playlist, tracks) = player.playlist(word).map_err(|_| {
                    let message = format!("'{word}' is neither a track of the library nor a playlist: `library list` and `playlist list` show both");
                    Failure::new(Code::NotFound, message)
                })?;
                title = playlist.name;
                ids.extend(tracks.iter().map(|t| t.id));
            }
        }
    }
    Ok((title, ids))
}

fn contents(layout: &DiscLayout) -> Vec<serde_json::Value> {
    let track = |p: &cadenza_player::disc::layout::Placed| {
        json!({ "track": p.track.id.to_string(), "title": p.track.title, "performer": p.track.performer,
                "start": p.start.0, "end": p.end.0 })
    };
    layout.tracks.iter().map(track).collect()
}

fn listing(layout: &DiscLayout) -> String {
    let row = |(n, p): (usize, &cadenza_player::disc::layout::Placed)| {
        vec![format!("{:02}", n + 1), p.start.to_string(), p.track.title.clone(), p.track.performer.clone()]
    };
    table(&layout.tracks.iter().enumerate().map(row).collect::<Vec<_>>())
}
