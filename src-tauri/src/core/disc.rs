//! The disc that is being written: the player writes, the page is told how far it is.

use std::path::PathBuf;

use cadenza_player::Code;
use cadenza_player::disc::burn::{self, BurnJob, BurnReport, BurnTarget, Cancel};
use cadenza_player::disc::layout::DiscOptions;
use cadenza_player::library::TrackId;
use cadenza_player::{Failure, Player};
use tauri::AppHandle;
use tauri_specta::Event;

use super::Core;
use crate::convert;
use crate::events::BurnProgress;
use crate::ipc::{AppError, BurnStage, DiscResult, DiscSize};

impl Core {
    /// Writes the image of a disc. Progress comes as news, the end as the answer and as news.
    pub async fn disc_burn(
        &self,
        ids: Vec<TrackId>,
        size: DiscSize,
        title: String,
        folder: PathBuf,
    ) -> Result<DiscResult, AppError> {
        self.tell(BurnProgress::at(BurnStage::Preparing));
        let (app, player) = (self.app.clone(), self.player.clone());
        let written =
            tauri::async_runtime::spawn_blocking(move || write(app, &player, &ids, size, title, folder));
        let written = written.await.map_err(Failure::internal).and_then(|written| written);
        self.tell(match &written {
            Ok(_) => BurnProgress::at(BurnStage::Done),
            Err(failure) if failure.code == Code::Cancelled => BurnProgress::at(BurnStage::Cancelled),
            Err(failure) => BurnProgress::failed(failure.clone().into()),
        });
        Ok(convert::disc_result(&written?))
    }
}

fn write(
    app: AppHandle,
    player: &Player,
    ids: &[TrackId],
    size: DiscSize,
    title: String,
    folder: PathBuf,
) -> Result<BurnReport, Failure> {
    let target = BurnTarget::image_of(folder, &title);
    let options = DiscOptions { title, capacity: convert::capacity(size), ..DiscOptions::default() };
    let job = BurnJob { layout: player.plan_disc(ids, options)?, target, verify: true };
    let mut last = None;
    player.burn_disc(&job, &Cancel::default(), &mut |at: burn::BurnProgress| {
        // Not every sector of it.
        if last.replace(at.hundredth()) != Some(at.hundredth())
            && let Err(error) = convert::burn_progress(at).emit(&app)
        {
            tracing::warn!(%error, "the page could not be told how far the disc is");
        }
    })
}
