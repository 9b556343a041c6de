//! The disc's shapes.

use std::path::PathBuf;

use cadenza_player::disc::burn::{BurnProgress as CoreProgress, BurnReport};
use cadenza_player::disc::draft::DiscDraft;
use cadenza_player::disc::layout::Capacity;
use cadenza_player::library::TrackRecord;

use super::small;
use crate::events::BurnProgress;
use crate::ipc::{Allowance, BurnStage, DiscPlan, DiscResult, DiscSize, DiscTrack, Sleeve, TrackId};

/// How large a disc.
pub fn capacity(size: DiscSize) -> Capacity {
    match size {
        DiscSize::Minutes74 => Capacity::Minutes74,
        DiscSize::Minutes80 => Capacity::Minutes80,
    }
}

/// A disc on paper; `known` brings a track's cover and how often it may still be recorded.
pub fn disc_plan(draft: &DiscDraft, known: impl Fn(&TrackRecord) -> (Sleeve, Allowance)) -> DiscPlan {
    let tracks = (1..).zip(&draft.tracks).map(|(number, track)| {
        let (sleeve, record) = known(&track.record);
        DiscTrack {
            track_id: TrackId(track.record.id.to_string()),
            number,
            title: track.record.title.clone(),
            artist: track.record.artist.clone(),
            sleeve,
            start_ms: small(track.start.milliseconds()),
            duration_ms: track.record.duration_ms,
            gap_ms: 0,
            isrc: track.record.isrc.clone(),
            record,
            problem: track.problem.clone().map(Into::into),
        }
    });
    DiscPlan {
        tracks: tracks.collect(),
        used_ms: small(draft.length.milliseconds()),
        capacity_ms: small(draft.capacity.milliseconds()),
        left_ms: small(draft.left().milliseconds()),
        sectors: draft.length.0,
        ready: draft.is_ready(),
        problems: draft.problems.iter().cloned().map(Into::into).collect(),
    }
}

/// How far the writing is.
pub fn burn_progress(at: CoreProgress) -> BurnProgress {
    let (stage, track, done, total) = match at {
        CoreProgress::Writing { track, done, total } => (BurnStage::Writing, track, done, total),
        CoreProgress::Verifying { done, total } => (BurnStage::Verifying, 0, done, total),
    };
    let track = u8::try_from(track).unwrap_or(u8::MAX);
    BurnProgress { stage, track, sectors_done: done.0, sectors_total: total.0, error: None }
}

/// What was written.
pub fn disc_result(report: &BurnReport) -> DiscResult {
    let files = [&report.files.bin, &report.files.cue, &report.files.toc];
    let name = |path: &&PathBuf| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    DiscResult {
        folder: report.files.bin.parent().map(|folder| folder.display().to_string()).unwrap_or_default(),
        files: files.iter().map(name).collect(),
        track_count: u8::try_from(report.tracks).unwrap_or(u8::MAX),
        sectors: report.length.0,
        verified: report.verified,
    }
}
