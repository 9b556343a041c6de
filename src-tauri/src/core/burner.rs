//! Discs: laying one out on paper, and writing its image (D1 to D4).
//!
//! The plan is made from what the library knows and opens nothing, so that it can follow every change of the list. Writing
//! measures the tracks for real, with the passport open, and counts recordings before the first sector.

mod counting;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cadenza_player::disc::burn::{self, BurnError, BurnJob, BurnTarget, Cancel};
use cadenza_player::disc::layout::{Capacity, DiscLayout, DiscOptions, DiscTrack as Measured, Isrc};
use cadenza_player::library::{TrackId, TrackRecord};
use cadenza_player::playback::{Track, TrackKind};
use cadenza_player::{Code, Failure, Player};

use super::Core;
use crate::convert;
use crate::events::BurnProgress;
use crate::ipc::{self, Allowance, AppError, BurnStage, DiscPlan, DiscResult, DiscSize, DiscTrack};
use counting::Counting;

/// Sectors of a second.
const SECTORS_A_SECOND: u64 = 75;
/// Shortest track of a disc.
const SHORTEST_MS: u32 = 4_000;
const MOST_TRACKS: usize = 99;
/// Most letters of an image's file name.
const LONGEST_NAME: usize = 60;

/// The disc that is being written; at most one.
#[derive(Debug, Default)]
pub struct Burner(Mutex<Option<Cancel>>);

impl Burner {
    /// Stops the writing, if there is one.
    pub fn cancel(&self) {
        if let Some(cancel) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            cancel.cancel();
        }
    }

    fn begin(&self) -> Result<Cancel, AppError> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            return Err(AppError::new(
                Code::DiscBusy,
                "a disc is being written: wait until it is finished, or stop it",
            ));
        }
        Ok(running.insert(Cancel::default()).clone())
    }

    fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Core {
    /// Lays a disc out; writes and opens nothing.
    pub fn disc_plan(&self, ids: &[TrackId], size: DiscSize) -> Result<DiscPlan, AppError> {
        let records = ids.iter().map(|id| self.player.track(*id)).collect::<Result<Vec<_>, _>>()?;
        let mut at = 0_u64;
        let mut tracks = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let start = at;
            at += (u64::from(record.duration_ms) * SECTORS_A_SECOND).div_ceil(1_000);
            tracks.push(self.disc_track(record, index, milliseconds(start)));
        }
        let capacity = u64::from(capacity(size).sectors().0);
        let mut problems = Vec::new();
        if tracks.len() > MOST_TRACKS {
            problems.push(
                AppError::new(Code::DiscTooManyTracks, "a disc holds at most 99 tracks: make two of it")
                    .with("count", tracks.len()),
            );
        }
        if at > capacity {
            let over = milliseconds(at - capacity).div_ceil(1_000);
            problems.push(
                AppError::new(Code::DiscTooLong, "this is longer than the disc: take tracks off it")
                    .with("seconds", over),
            );
        }
        let ready =
            !tracks.is_empty() && problems.is_empty() && tracks.iter().all(|track| track.problem.is_none());
        Ok(DiscPlan {
            tracks,
            used_ms: milliseconds(at),
            capacity_ms: milliseconds(capacity),
            left_ms: milliseconds(capacity.saturating_sub(at)),
            sectors: convert::small(at),
            ready,
            problems,
        })
    }

    fn disc_track(&self, record: &TrackRecord, index: usize, start_ms: u32) -> DiscTrack {
        let record_left = self.collection.record_left(record);
        let problem = if record_left == Allowance::Never {
            Some(AppError::new(
                Code::RecordNotAllowed,
                "this track may not be put on a disc (any more): leave it out",
            ))
        } else if record.duration_ms < SHORTEST_MS {
            Some(AppError::new(
                Code::DiscTrackTooShort,
                "a track of a disc lasts at least four seconds: leave it out",
            ))
        } else {
            None
        };
        DiscTrack {
            track_id: ipc::TrackId(record.id.to_string()),
            number: u8::try_from(index + 1).unwrap_or(u8::MAX),
            title: record.title.clone(),
            artist: record.artist.clone(),
            sleeve: self.collection.library_track(record).sleeve,
            start_ms,
            duration_ms: record.duration_ms,
            gap_ms: 0,
            isrc: record.isrc.clone(),
            record: record_left,
            problem: problem.map(|problem| problem.with("title", &record.title)),
        }
    }

    /// Writes the image. Progress comes as news, the end as the answer and as news.
    pub async fn disc_burn(
        &self,
        ids: Vec<TrackId>,
        size: DiscSize,
        title: String,
        folder: PathBuf,
    ) -> Result<DiscResult, AppError> {
        let sources = sources(&self.player, &ids)?;
        let cancel = self.burner.begin()?;
        self.tell(progress(BurnStage::Preparing));
        let (app, player, stop) = (self.app.clone(), self.player.clone(), cancel);
        let written = tauri::async_runtime::spawn_blocking(move || {
            let job = job(sources, size, title, folder)?;
            let mut tell = Telling::new(app);
            burn::burn(&job, &Counting::of(player), &stop, &mut |at| tell.progress(at))
        });
        let written = written.await.map_err(|error| AppError::from(Failure::internal(error)));
        self.burner.end();
        let written = written?.map_err(told);
        self.tell(match &written {
            Ok(_) => progress(BurnStage::Done),
            Err(error) if error.code == Code::Cancelled.as_str() => progress(BurnStage::Cancelled),
            Err(error) => BurnProgress { error: Some(error.clone()), ..progress(BurnStage::Failed) },
        });
        written.map(|report| result(&report, ids.len()))
    }
}

/// What goes on the disc, with how to open it. Bought tracks need the open passport.
fn sources(player: &Player, ids: &[TrackId]) -> Result<Vec<(Track, Option<Isrc>)>, AppError> {
    let records = ids.iter().map(|id| player.track(*id)).collect::<Result<Vec<_>, _>>()?;
    let bought: Vec<TrackId> =
        records.iter().filter(|record| record.media_id().is_some()).map(|record| record.id).collect();
    let mut openings =
        if bought.is_empty() { Vec::new() } else { player.media_openings(&bought)? }.into_iter();
    let mut sources = Vec::new();
    for record in &records {
        let track = match record.media_id() {
            // Not as the transport opens it: recording a track is not playing it.
            Some(_) => openings.next().map(|opening| {
                let id = cadenza_player::playback::TrackId::new(&record.id.to_string());
                let track = Track::new(id, TrackKind::Purchased, &record.title, move || opening.source());
                Track { artist: Some(record.artist.clone()), ..track }
            }),
            None => player.playback_tracks(&[record.id])?.first().map(|track| Track::clone(track)),
        };
        let isrc = record.isrc.as_deref().and_then(|code| code.parse().ok());
        sources.extend(track.map(|track| (track, isrc)));
    }
    Ok(sources)
}

fn job(
    sources: Vec<(Track, Option<Isrc>)>,
    size: DiscSize,
    title: String,
    folder: PathBuf,
) -> Result<BurnJob, BurnError> {
    let tracks = sources
        .into_iter()
        .map(|(track, isrc)| Measured::measure(&track, isrc))
        .collect::<Result<Vec<_>, _>>()?;
    let first = tracks.first().map(|track| track.performer.clone()).unwrap_or_default();
    let one_performer = tracks.iter().all(|track| track.performer == first);
    let performer = if one_performer { first } else { String::new() };
    let name = file_name(&title);
    let options = DiscOptions { title, performer, capacity: capacity(size), ..DiscOptions::default() };
    Ok(BurnJob {
        layout: DiscLayout::plan(tracks, options)?,
        target: BurnTarget::Image { folder, name },
        verify: true,
    })
}

/// Passes progress on, but not every sector of it.
struct Telling {
    app: tauri::AppHandle,
    last: Option<(BurnStage, u8, u32)>,
}

impl Telling {
    fn new(app: tauri::AppHandle) -> Self {
        Self { app, last: None }
    }

    fn progress(&mut self, at: burn::BurnProgress) {
        let (stage, track, done, total) = match at {
            burn::BurnProgress::Writing { track, done, total } => {
                (BurnStage::Writing, track, done.0, total.0)
            }
            burn::BurnProgress::Verifying { done, total } => (BurnStage::Verifying, 0, done.0, total.0),
        };
        let track = u8::try_from(track).unwrap_or(u8::MAX);
        let hundredth = done / (total / 100).max(1);
        if self.last.replace((stage, track, hundredth)) == Some((stage, track, hundredth)) {
            return;
        }
        let news = BurnProgress { stage, track, sectors_done: done, sectors_total: total, error: None };
        if let Err(error) = tauri_specta::Event::emit(&news, &self.app) {
            tracing::warn!(%error, "the page could not be told how far the disc is");
        }
    }
}

fn progress(stage: BurnStage) -> BurnProgress {
    BurnProgress { stage, track: 0, sectors_done: 0, sectors_total: 0, error: None }
}

fn result(report: &burn::BurnReport, tracks: usize) -> DiscResult {
    let files = [&report.files.bin, &report.files.cue, &report.files.toc];
    let name = |path: &&PathBuf| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    DiscResult {
        folder: report.files.bin.parent().map(|folder| folder.display().to_string()).unwrap_or_default(),
        files: files.iter().map(name).collect(),
        track_count: u8::try_from(tracks).unwrap_or(u8::MAX),
        sectors: report.length.0,
        verified: report.verified,
    }
}

fn told(error: BurnError) -> AppError {
    Failure::from(error).into()
}

fn capacity(size: DiscSize) -> Capacity {
    match size {
        DiscSize::Minutes74 => Capacity::Minutes74,
        DiscSize::Minutes80 => Capacity::Minutes80,
    }
}

fn milliseconds(sectors: u64) -> u32 {
    convert::small(sectors * 1_000 / SECTORS_A_SECOND)
}

/// The disc's title as a name that every file system takes.
fn file_name(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '\'' | '(' | ')');
    let name: String = title.chars().filter(kept).take(LONGEST_NAME).collect();
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { "disc".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_s_title_becomes_a_harmless_file_name() {
        assert_eq!(file_name("For the car: vol. 1"), "For the car vol. 1");
        assert_eq!(file_name("../../etc"), "etc");
        assert_eq!(file_name("///"), "disc");
        assert!(file_name(&"é".repeat(300)).chars().count() <= LONGEST_NAME);
    }

    // D1
    #[test]
    fn a_disc_of_seventy_four_minutes_holds_them_but_for_its_first_two_seconds() {
        let seconds = milliseconds(u64::from(Capacity::Minutes74.sectors().0)) / 1_000;
        assert!((74 * 60 - 3..=74 * 60).contains(&seconds), "{seconds}");
    }
}
