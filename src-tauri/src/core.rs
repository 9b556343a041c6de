//! What the commands speak to: the player, and what the window needs around it: what was seen in the store, how far
//! deliveries are, which covers were looked at, what is heard.
//!
//! The player is opened once at start. When its home folder cannot be used, every command says why.

pub mod collection;

mod board;
mod burner;
mod buying;
mod covers;
mod hosting;
mod listening;
mod news;
mod offers;
mod opening;
mod orders;
mod position;
mod store_watch;
mod transport;
mod waveforms;

pub use hosting::Bundled;
pub use listening::entry_id;
pub use opening::working_folder;
pub use transport::Transport;

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};

use cadenza_player::{Failure, Player};
use tauri::AppHandle;
use tauri_specta::Event;

use crate::events::{Notice, NoticeLevel};
use crate::ipc::{AppError, PlaybackState};
use crate::sleeve::CoverCache;
use board::Board;
use burner::Burner;
use collection::Collection;
use hosting::Host;
use offers::Offers;
use orders::OrderBook;
use position::Listeners;
use store_watch::StoreWatch;
use waveforms::Waveforms;

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
    /// Whether the store answers.
    pub store: StoreWatch,
    /// What was seen in the store.
    pub offers: Offers,
    /// The library as lists.
    pub collection: Collection,
    /// What plays.
    pub transport: Transport,
    /// The disc that is being written.
    pub burner: Burner,
    orders: OrderBook,
    board: Board,
    covers: CoverCache,
    waveforms: Waveforms,
    /// The transport as the page was told last.
    told: Mutex<Option<PlaybackState>>,
    listeners: Listeners,
    /// Tracks that arrived and were not announced yet.
    arrived: AtomicU32,
    bundled: Option<Bundled>,
    host: Host,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("player", &self.player)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Core {
    /// Around a player that was opened. `bundled` when the store that comes with the program is to be used.
    pub fn new(app: AppHandle, player: Player, transport: Transport, bundled: Option<Bundled>) -> Self {
        Self {
            app,
            store: StoreWatch::starting(bundled.is_some()),
            offers: Offers::default(),
            collection: Collection::of(player.clone()),
            orders: OrderBook::open(player.home().folder().join("orders.json")),
            board: Board::default(),
            covers: CoverCache::default(),
            waveforms: Waveforms::default(),
            told: Mutex::default(),
            listeners: Listeners::default(),
            arrived: AtomicU32::new(0),
            burner: Burner::default(),
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
    pub fn notice(&self, level: NoticeLevel, what: AppError) {
        self.tell(Notice { level, what });
    }
}
