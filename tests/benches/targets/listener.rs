//! A registered listener with an open passport at a store of long tracks.

use std::path::PathBuf;

use cadenza_player::home::HomeFolder;
use cadenza_player::store::StoreAddress;
use cadenza_player::store::cart::CartItem;
use cadenza_player::store::payment::TypedCard;
use cadenza_player::{Player, PlayerConfig};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::secret::Passphrase;
use cadenza_tests::player::{GOOD_CARD, PASSPHRASE};
use cadenza_tests::song::Samples;
use cadenza_tests::{Shop, TestPlayer, TestStore};

/// Titles of the long tracks.
pub const TITLES: [&str; 3] = ["Long One", "Long Two", "Long Three"];

/// Store, home folder and the player's core in this process.
pub struct Listener {
    pub runtime: tokio::runtime::Runtime,
    pub core: Player,
    pub player: TestPlayer,
    pub store: TestStore,
}

impl Listener {
    /// Opens the store, registers, unlocks. Each track begins with sound and has this many minutes.
    pub fn with_long_tracks(minutes: u32) -> Self {
        let songs = TITLES.iter().zip(1..).map(|(title, seed)| (*title, long_track(minutes, seed)));
        let store = TestStore::open_with_songs(&songs.collect::<Vec<_>>());
        let player = TestPlayer::registered(&store);
        let mut config = PlayerConfig::new(HomeFolder::at(player.home()));
        let ready = store.ready_file();
        config.store = Some(StoreAddress::parse(&ready, None).expect("a ready file"));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let core = runtime.block_on(async { Player::open(config) }).expect("a home folder");
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        runtime.block_on(core.unlock(passphrase)).expect("the right passphrase");
        Self { runtime, core, player, store }
    }

    /// The media id of a long track.
    pub fn media_id(&self, title: &str) -> MediaId {
        let id = Shop::of(&self.store).track(title)["media_id"].as_str().map(str::to_owned);
        id.expect("a track has an id").parse().expect("32 hexadecimal digits")
    }

    /// Pays for a track; it is not delivered yet.
    pub fn pay(&self, title: &str) {
        let item = CartItem { media_id: self.media_id(title), quality: None };
        let number = GOOD_CARD.to_owned().into();
        let card = TypedCard { number, expiry: "12/39".into(), name: "Ada Listener".into() };
        self.runtime.block_on(self.core.buy(&[item], &card)).expect("an approved card");
    }

    /// Brings everything that was paid for.
    pub fn deliver(&self) {
        let delivered = self.runtime.block_on(self.core.deliver_all()).expect("a delivery");
        assert!(delivered.iter().all(|track| track.outcome.is_ok()), "{delivered:?}");
    }

    /// Buys a track if it is not there yet and returns its file.
    pub fn owned(&self, title: &str) -> PathBuf {
        if !self.core.owns(self.media_id(title), None) {
            self.pay(title);
            self.deliver();
        }
        self.player.purchases().into_iter().next().expect("what was bought is a file")
    }
}

/// The demo album over and over where it is at hand, arithmetic otherwise; a second of tone first,
/// so that playing it is heard at once.
fn long_track(minutes: u32, seed: u32) -> Samples {
    let mut samples = Samples::music(1, seed);
    let wanted = 2 * 44_100 * 60 * minutes as usize;
    let album = std::env::var_os("CADENZA_DEMO_ALBUM").map(PathBuf::from);
    let mut songs: Vec<PathBuf> = album
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    songs.retain(|path| path.extension().is_some_and(|extension| extension == "flac"));
    songs.sort();
    let turn = seed as usize % songs.len().max(1);
    songs.rotate_left(turn);
    for song in songs.iter().cycle().take(1000) {
        if samples.0.len() >= wanted {
            break;
        }
        samples.0.extend(Samples::read_flac(song).0);
    }
    if songs.is_empty() {
        samples = Samples::music(minutes * 60, seed);
    }
    samples.0.truncate(wanted);
    samples
}
