//! The disc page: what would go on it, and how far the writing is (requirements D1, D2, D3, D5).

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Allowance, AppError, Sleeve, TrackId};

/// How large a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DiscSize {
    Minutes74,
    Minutes80,
}

/// A disc laid out, before anything is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiscPlan {
    pub tracks: Vec<DiscTrack>,
    /// Everything with gaps.
    pub used_ms: u32,
    pub capacity_ms: u32,
    /// 0 when it does not fit.
    pub left_ms: u32,
    pub sectors: u32,
    /// Whether `disc_burn` would start.
    pub ready: bool,
    /// What stands against it as a whole, e.g. `disc-too-long`.
    pub problems: Vec<AppError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiscTrack {
    pub track_id: TrackId,
    pub number: u8,
    pub title: String,
    pub artist: String,
    pub sleeve: Sleeve,
    pub start_ms: u32,
    pub duration_ms: u32,
    pub gap_ms: u32,
    pub isrc: Option<String>,
    pub record: Allowance,
    /// What stands against this track, e.g. `record-not-allowed`, `disc-track-too-short`.
    pub problem: Option<AppError>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiscResult {
    pub folder: String,
    /// Names of the files in it: the BIN, the CUE sheet and the cdrdao TOC.
    pub files: Vec<String>,
    pub track_count: u8,
    pub sectors: u32,
    /// Whether it was read back and compared.
    pub verified: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BurnStage {
    Preparing,
    Writing,
    Verifying,
    Done,
    Cancelled,
    Failed,
}
