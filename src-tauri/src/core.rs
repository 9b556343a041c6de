//! What the commands speak to: the player, and what the window needs around it: what is heard, which covers were looked at, the
//! store in this process.
//!
//! The player is opened once at start. When its home folder cannot be used, every command says why.

mod covers;
mod disc;
mod hosting;
mod listening;
mod news;
mod opening;
mod pages;
mod position;
mod sleeves;
mod transport;

pub use hosting::Bundled;
pub use opening::working_folder;
pub use transport::Transport;

use std::sync::Arc;

use cadenza_player::{Failure, Player};
use parking_lot::Mutex;
use tauri::AppHandle;
use tauri_specta::Event;

use crate::events::{Notice, NoticeLevel};
use crate::ipc::AppError;
use crate::sleeve::CoverCache;
use hosting::Host;
use listening::Told;
use opening::AskedLinks;
use position::Listeners;
use sleeves::Sleeves;

/// The core of a running window, or why there is none. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Result<Core, AppError>>);

impl Desk {
    /// Opens the core, or notes why it cannot be.
    pub fn open(opened: Result<Core, Failure>) -> Self {
        Self(Arc::new(opened.map_err(AppError::from)))
    }

    /// The core.
    pub fn core(&self) -> Result<&Core, AppError> {
        self.0.as_ref().as_ref().map_err(Clone::clone)
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Desk").field(&self.0.as_ref().as_ref().map(|core| &core.player)).finish()
    }
}

/// The player and what stands around it.
pub struct Core {
    app: AppHandle,
    /// The player.
    pub player: Player,
    /// What plays.
    pub transport: Transport,
    sleeves: Sleeves,
    covers: CoverCache,
    /// The transport as the page was told last.
    told: Mutex<Told>,
    listeners: Listeners,
    links: AskedLinks,
    bundled: Option<Bundled>,
    host: Host,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("player", &self.player).finish_non_exhaustive()
    }
}

impl Core {
    /// Around a player that was opened. `bundled` when the store that comes with the program is to be used.
    pub fn new(app: AppHandle, player: Player, transport: Transport, bundled: Option<Bundled>) -> Self {
        if bundled.is_some() {
            player.store_watch().starts();
        }
        Self {
            app,
            sleeves: Sleeves::of(&player),
            covers: CoverCache::default(),
            told: Mutex::default(),
            listeners: Listeners::default(),
            links: AskedLinks::default(),
            host: Host::default(),
            bundled,
            transport,
            player,
        }
    }

    /// Tells the page something.
    pub fn tell(&self, event: impl Event + serde::Serialize + Clone) {
        if let Err(error) = event.emit(&self.app) {
            tracing::warn!(%error, "the page could not be told what changed");
        }
    }

    /// Says something that no command asked for.
    pub fn notice(&self, level: NoticeLevel, what: impl Into<AppError>) {
        self.tell(Notice { level, what: what.into() });
    }
}
