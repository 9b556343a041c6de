//! News from the core to the window. Rare changes only; the running time goes through a channel
//! (`subscribe_position`).

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use crate::ipc::{
    AlbumId, AppError, BurnStage, Cart, Download, OwnerLine, PassportPhase, PlaybackState, StoreState,
    TrackId,
};

/// The transport changed in anything but its running time.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct PlaybackChanged(pub PlaybackState);

/// The queue has other entries or another order: ask `queue` again.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct QueueChanged;

/// A delivery went on, ended or failed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct DownloadChanged(pub Download);

/// Tracks or playlists came, went or changed: ask again for what is shown.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct LibraryChanged {
    pub tracks: u32,
}

/// How far the disc is.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct BurnProgress {
    pub stage: BurnStage,
    /// Number of the track being written, from 1; 0 before the first.
    pub track: u8,
    pub sectors_done: u32,
    pub sectors_total: u32,
    pub error: Option<AppError>,
}

impl BurnProgress {
    /// A stage that has no sectors to count.
    pub fn at(stage: BurnStage) -> Self {
        Self { stage, track: 0, sectors_done: 0, sectors_total: 0, error: None }
    }

    /// It came to nothing.
    pub fn failed(error: AppError) -> Self {
        Self { error: Some(error), ..Self::at(BurnStage::Failed) }
    }
}

/// The passport was made, opened, closed, brought in.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct PassportChanged {
    pub phase: PassportPhase,
    pub owner: Option<OwnerLine>,
    pub owner_name: Option<String>,
}

/// The cart has other items.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct CartChanged(pub Cart);

/// The store began or ceased to answer.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct StoreReachable(pub StoreState);

/// Something to say that no command asked for.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    pub level: NoticeLevel,
    /// Code and fields as in an error: `purchase-ready` has `title` and `count`.
    pub what: AppError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum NoticeLevel {
    Good,
    Warning,
    Problem,
}

/// A link or a file was opened from outside: go to that page.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase", tag = "page")]
pub enum GoTo {
    /// A preview began.
    Album {
        #[serde(rename = "albumId")]
        album_id: AlbumId,
    },
    /// A voucher is being redeemed.
    Downloads,
    /// A link was opened and waits for a yes: ask `asked_link` what it wants.
    Link,
    /// Music was opened and is in the library: play it.
    Play {
        #[serde(rename = "trackId")]
        track_id: TrackId,
    },
    /// A passport file was opened: offer to import it.
    ImportPassport { path: String },
    /// A voucher waits for the passphrase: ask, call `unlock`, it goes on by itself.
    Unlock,
}
