//! The door to everything: a [`Player`] opens one home folder and owns what lives there.
//!
//! The window and `cadenza-cli` hold the same handle, cheap to clone and usable from any thread. Wishes that need the network
//! are async; whatever computes for long goes to a blocking thread by itself. News of what changed comes through
//! [`Player::news`]. By subject: [`identity`] (passport), [`shop`] (catalogue, cart, buying), [`deliveries`] (redeeming and
//! downloading), [`shelf`] (library), [`listening`] (what the engine plays), [`shown`] (what is shown of it), [`recording`] (discs),
//! [`counting`] (limits).

mod counting;
mod deliveries;
mod identity;
mod links;
mod listening;
mod lost_orders;
mod ordering;
mod recording;
mod refunds;
mod shelf;
mod shop;
mod shown;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use cadenza_protocol::cert::Certificate;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::broadcast;

use crate::atomic::{self, FileError};
use crate::clock::{Clock, SystemClock};
use crate::disc::burn::Cancel;
use crate::disc::unfinished::Unfinished;
use crate::error::{Code, Failure};
use crate::event::News;
use crate::home::{Home, HomeFolder};
use crate::library::ledger::{Ledger, LedgerError, Reservation};
use crate::library::{Index, Library, TrackId, scan};
use crate::passport::Vault;
use crate::passport::register::Registration;
use crate::settings::{AskPassphrase, Settings};
use crate::store::basket::Basket;
use crate::store::board::Board;
use crate::store::cart::{Cart, CartItem};
use crate::store::journal::Journal;
use crate::store::orders::OrderBook;
use crate::store::{StoreAddress, StoreClient, StoreWatch};

pub use deliveries::Delivered;
pub use identity::Validity;
pub use recording::Left;
pub use shelf::{Art, Imported, Texts, Verified};
pub use shop::{Found, Ownership};
pub use shown::Shown;

/// News that a listener may fall behind by, before the oldest are lost to it.
const NEWS: usize = 256;
const ROOT_BOUND: u64 = 64 << 10;

/// What a player is opened with.
#[derive(Clone)]
pub struct PlayerConfig {
    /// The home folder.
    pub home: HomeFolder,
    /// The store; without one everything but buying, previews and registration works.
    pub store: Option<StoreAddress>,
    /// The licensing center's root, when no store names it.
    pub root: Option<Certificate>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for PlayerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlayerConfig")
            .field("home", &self.home)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl PlayerConfig {
    /// A home folder, the computer's clock, no store.
    pub fn new(home: HomeFolder) -> Self {
        Self { home, store: None, root: None, clock: Arc::new(SystemClock) }
    }
}

/// An open home folder. Clones are the same player.
#[derive(Clone)]
pub struct Player(Arc<Inner>);

struct Inner {
    home: Home,
    clock: Arc<dyn Clock>,
    settings: Mutex<Settings>,
    root: Mutex<Option<Certificate>>,
    vault: Vault,
    registration: Mutex<Option<Registration>>,
    client: Mutex<Option<StoreClient>>,
    watch: StoreWatch,
    cart: Cart,
    /// The cart as it was priced last, with what it was priced for.
    basket: tokio::sync::Mutex<Option<(Vec<CartItem>, usize, Basket)>>,
    orders: OrderBook,
    journal: Journal,
    board: Board,
    /// Tracks that arrived and were not announced yet.
    arrived: AtomicUsize,
    /// One delivery run at a time: two would fetch the same tracks.
    delivering: tokio::sync::Mutex<()>,
    library: Library,
    ledger: Result<Ledger, LedgerError>,
    /// Recordings that are counted and not finished, by the number that the disc writer knows.
    recordings: Mutex<HashMap<u64, Vec<Reservation>>>,
    /// The disc that is being written; at most one.
    burning: Mutex<Option<Cancel>>,
    /// Tracks whose waveform was tried in this session.
    waveforms: Mutex<HashSet<TrackId>>,
    news: broadcast::Sender<News>,
    /// Where bought tracks lie.
    music: PathBuf,
}

impl Inner {
    /// A client that says whether its store answers.
    fn watched_client(&self, store: StoreAddress) -> StoreClient {
        self.watch.is_named(store.name());
        StoreClient::new(store, Arc::clone(&self.clock)).watched(self.watch.clone())
    }
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Player({})", self.0.home.path().display())
    }
}

impl Player {
    /// Opens the home folder. Reads the library, and the music folder when there is no index yet; connects to nothing.
    pub fn open(config: PlayerConfig) -> Result<Self, Failure> {
        let home = Home::open(&config.home)?;
        let settings = Settings::load(&home.settings())?;
        // A passport belongs to the licensing center that issued it, whatever store is visited today.
        let root =
            pinned_root(&home)?.or(config.root).or_else(|| config.store.as_ref().map(|s| s.root.clone()));
        let passport = settings.passport.clone().unwrap_or_else(|| home.passport());
        let every_time = settings.ask_passphrase == AskPassphrase::EveryTime;
        let vault = Vault::open(passport, root.clone(), every_time)?;
        let opened = Index::open(&home.library())?;
        let library = Library::load(opened.index);
        let inner = Inner {
            cart: Cart::open(&home.cart()),
            basket: tokio::sync::Mutex::default(),
            orders: OrderBook::open(home.orders()),
            board: Board::default(),
            arrived: AtomicUsize::new(0),
            burning: Mutex::default(),
            waveforms: Mutex::default(),
            watch: StoreWatch::default(),
            journal: Journal::new(home.deliveries(), home.music()),
            ledger: Ledger::open(&home.record_ledger()),
            recordings: Mutex::default(),
            settings: Mutex::new(settings),
            root: Mutex::new(root),
            vault,
            registration: Mutex::new(None),
            client: Mutex::new(None),
            delivering: tokio::sync::Mutex::new(()),
            library,
            news: broadcast::Sender::new(NEWS),
            clock: config.clock,
            music: home.music(),
            home,
        };
        if let Some(store) = config.store {
            *locked(&inner.client) = Some(inner.watched_client(store));
        }
        let player = Self(Arc::new(inner));
        player.look_after_the_last_run();
        player.adopt_music(opened.is_new)?;
        player.await_deliveries();
        Ok(player)
    }

    /// Changes from now on.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.0.news.subscribe()
    }

    /// The home folder.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// A copy of the settings.
    pub fn settings(&self) -> Settings {
        locked(&self.0.settings).clone()
    }

    /// Keeps other settings; they hold at once, except the store and the passport's place (next start).
    pub fn set_settings(&self, settings: Settings) -> Result<(), Failure> {
        settings.save(&self.0.home.settings())?;
        self.0.vault.set_ask_every_time(settings.ask_passphrase == AskPassphrase::EveryTime);
        *locked(&self.0.settings) = settings;
        Ok(())
    }

    /// The root that everything on this computer is checked against.
    pub fn root(&self) -> Result<Certificate, Failure> {
        locked(&self.0.root).clone().ok_or_else(|| Failure::from(crate::passport::VaultError::NoRoot))
    }

    fn now(&self) -> cadenza_protocol::time::UnixTime {
        self.0.clock.now()
    }

    fn tell(&self, news: News) {
        // Nobody listening is fine.
        let _ = self.0.news.send(news);
    }

    fn pin_root(&self, root: &Certificate) -> Result<(), Failure> {
        atomic::replace_file(&self.0.home.licensing_root(), root.to_pem().as_bytes())?;
        *locked(&self.0.root) = Some(root.clone());
        Ok(())
    }

    /// A disc that was cut off left nothing that can be read: it is taken away, and its recordings are given back.
    fn look_after_the_last_run(&self) {
        Unfinished::sweep(&self.0.home.burning());
        if let Ok(ledger) = &self.0.ledger
            && let Err(error) = ledger.give_back_unfinished()
        {
            tracing::warn!(%error, "recordings that came to nothing stay counted until the next start");
        }
        self.recall_counts(self.0.library.limited().iter().map(|track| &**track));
    }

    /// Takes in what lies in the music folder and is not in the index: after a crash, a lost index, or a copy from elsewhere.
    fn adopt_music(&self, all: bool) -> Result<(), Failure> {
        let Ok(root) = self.root() else { return Ok(()) };
        let music = self.0.home.music();
        let known = if all { Default::default() } else { self.0.library.bought_files() };
        let missing = scan::media_files(&music).into_iter().filter(|name| !known.contains(name));
        self.shelve(missing.filter_map(|name| scan::read(&music, &name, &root).ok()).collect())
    }

    /// Reads the music folder into the index.
    fn rescan_music(&self) -> Result<Vec<(PathBuf, scan::ScanError)>, Failure> {
        let Ok(root) = self.root() else { return Ok(Vec::new()) };
        let (tracks, refused) = scan::read_all(&self.0.home.music(), &root);
        self.shelve(tracks)?;
        Ok(refused)
    }
}

/// Runs what computes or waits for long away from the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}

fn pinned_root(home: &Home) -> Result<Option<Certificate>, Failure> {
    let path = home.licensing_root();
    let broken = || {
        Failure::new(
            Code::StoreRoot,
            format!(
                "{} is not a certificate any more: delete it and name your store with --store once",
                path.display()
            ),
        )
    };
    match atomic::read_bounded(&path, ROOT_BOUND) {
        Ok(bytes) => {
            let pem = String::from_utf8(bytes).map_err(|_| broken())?;
            Certificate::from_pem(&pem).map(Some).map_err(|_| broken())
        }
        Err(FileError::Missing { .. }) => Ok(None),
        Err(e) => Err(e.into()),
    }
}
