//! What the window may ask for. Each command converts what came, calls the core, converts the answer.

pub mod disc;
pub mod library;
pub mod passport;
pub mod playback;
pub mod settings;
pub mod store;

use cadenza_player::Code;

use crate::ipc::{self, AppError};

/// A media id as the core takes it.
fn id(text: &ipc::MediaId) -> Result<cadenza_protocol::id::MediaId, AppError> {
    text.0
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "there is no such track: go back and choose another"))
}

/// A track id as the core takes it.
fn track_id(text: &ipc::TrackId) -> Result<cadenza_player::library::TrackId, AppError> {
    text.0
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "there is no such track: go back and choose another"))
}

/// Many of them.
fn track_ids(texts: &[ipc::TrackId]) -> Result<Vec<cadenza_player::library::TrackId>, AppError> {
    texts.iter().map(track_id).collect()
}
