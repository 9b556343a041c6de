//! The buyer's side on real files: vault, library, restrictions, journal. No network: the whole journey is in `tests/`.
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "buyer/store.rs"]
mod store;
#[path = "../../protocol/tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use cadenza_player::clock::{Clock, ManualClock};
use cadenza_player::home::HomeFolder;
use cadenza_player::library::{TrackId, TrackOrder};
use cadenza_player::passport::vault::Phase;
use cadenza_player::player::Left;
use cadenza_player::settings::{AskPassphrase, Settings};
use cadenza_player::store::cart::CartItem;
use cadenza_player::{Code, Failure, Player, PlayerConfig};
use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::media::*;
use cadenza_protocol::passport::{Passport, RegistrationFile};
use cadenza_protocol::secret::{Passphrase, RegistrationKey};
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile, VoucherKind, VoucherTrack};
use support::made::Made;
use support::{Center, Holder, NOW, samples};

const PASSPHRASE: &str = "harbour velvet onion cartwheel";
const SONG: &[u8] = &[0x5A; 40_000];

/// Keys of 3072 bits take their time: one world for all tests.
struct World {
    center: Center,
    author: Holder,
    manager: Holder,
    buyer: Holder,
    stranger: Holder,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let center = Center::new();
        let (author, manager) = (center.certify(Role::Author), center.certify(Role::ContentManager));
        let (buyer, stranger) = (center.certify_rsa(Role::Consumer), center.certify_stranger());
        World { author, manager, buyer, stranger, center }
    })
}

fn passport_of(holder: &Holder) -> Passport {
    let w = world();
    let personal = samples::owner();
    let key = RegistrationKey::random();
    let issue = support::made::issue(holder, &personal, &key);
    let signer = w.center.certify(Role::LicensingCenter);
    let file = RegistrationFile::issue(&issue, &signer.key, &signer.chain).to_json();
    let verified = RegistrationFile::verify(&file, &w.center.root, NOW).unwrap();
    verified.lock(&Passphrase::new(PASSPHRASE.into()), KdfParams::FLOOR).unwrap()
}

/// A track as the player leaves it in the music folder.
fn delivered(title: &str, restrictions: Restrictions, buyer: &Holder) -> (MediaId, Vec<u8>) {
    delivered_with_cover(title, restrictions, buyer, Protection::Clear)
}

fn delivered_with_cover(
    title: &str,
    restrictions: Restrictions,
    buyer: &Holder,
    cover: Protection,
) -> (MediaId, Vec<u8>) {
    let w = world();
    let media_id = MediaId::random();
    let image = ImageParameters { restrictions, ..samples::parameters("lossless", true) };
    let mut builder = MediaBuilder::new(media_id);
    builder
        .text(TextKind::Title, "", title, Protection::Clear)
        .text(TextKind::Artist, "", "Scott Joplin", Protection::Clear)
        .text(TextKind::Credits, "en", "piano: nobody", Protection::Clear)
        .text(TextKind::Lyrics, "en", "(hummed)", Protection::Buyers)
        .graphic(GraphicKind::Cover, "image/png", vec![1, 2, 3], cover)
        .image(&image, SONG.to_vec());
    let mut bytes = Vec::new();
    let keys = builder.finish(&mut bytes, &w.author.key, &w.author.chain, NOW).unwrap();
    let made = Made { id: media_id, bytes, keys };
    let made = made.published(&w.center, &w.manager);
    (media_id, made.delivered(VoucherId::random(), buyer, &w.manager).bytes)
}

struct House {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl House {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::new(NOW)) }
    }

    fn with_passport() -> Self {
        let house = Self::new();
        fs::write(house.path("passport.cadpassport"), passport_of(&world().buyer).to_json()).unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path("music")).unwrap();
        fs::write(self.path("music").join(name), bytes).unwrap();
    }

    fn open(&self) -> Player {
        let mut config = PlayerConfig::new(HomeFolder::at(self.folder.path()));
        config.root = Some(world().center.root.clone());
        config.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Player::open(config).unwrap()
    }
}

fn right() -> Passphrase {
    Passphrase::new(PASSPHRASE.into())
}

fn code<T: std::fmt::Debug, E: Into<Failure>>(result: Result<T, E>) -> Code {
    result.map_err(Into::into).unwrap_err().code
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).any(|path| {
        if path.is_dir() {
            return contains(&path, needle);
        }
        fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle)
    })
}

// G1, G5
#[tokio::test]
async fn the_vault_opens_with_its_passphrase_and_with_no_other() {
    let house = House::with_passport();
    let player = house.open();
    assert_eq!(player.passport_phase(), Phase::Locked);
    assert_eq!(
        code(player.unlock(Passphrase::new("harbour velvet onion".into())).await),
        Code::WrongPassphrase
    );
    assert_eq!(code(player.owner()), Code::PassportLocked);
    player.unlock(right()).await.unwrap();
    assert_eq!(player.owner().unwrap().name, "Ada Example");
    player.lock();
    assert_eq!(player.passport_phase(), Phase::Locked);
    assert_eq!(code(player.owner()), Code::PassportLocked);
}

#[test]
fn without_a_passport_everything_says_so() {
    let player = House::new().open();
    assert_eq!(player.passport_phase(), Phase::None);
    assert_eq!(code(player.passport_facts()), Code::NoPassport);
    assert_eq!(code(player.store()), Code::NoStore);
}

// F5
#[test]
fn an_altered_passport_is_named_and_the_player_still_opens() {
    let house = House::with_passport();
    let path = house.path("passport.cadpassport");
    let text = fs::read_to_string(&path).unwrap();
    let at = text.find("\"body\": \"").unwrap() + 60;
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    fs::write(&path, bytes).unwrap();
    let player = house.open();
    assert_eq!(player.passport_phase(), Phase::Broken);
    assert_eq!(code(player.passport_facts()), Code::PassportBroken);
}

// C7, B5
#[tokio::test]
async fn asked_every_time_a_session_serves_one_purpose() {
    let house = House::with_passport();
    let (id, bytes) = delivered("Rag", Restrictions::NONE, &world().buyer);
    house.put("rag.cadenza", &bytes);
    let player = house.open();
    player
        .set_settings(Settings { ask_passphrase: AskPassphrase::EveryTime, ..Settings::default() })
        .unwrap();
    player.unlock(right()).await.unwrap();
    let opening = player.media_opening(id.into()).unwrap();
    assert_eq!(code(player.media_opening(id.into())), Code::PassportLocked);
    assert_eq!(player.owner().unwrap().name, "Ada Example", "while it plays, the owner is shown");
    assert!(opening.open().is_ok(), "the one purpose goes on");
    player.lock();
    assert_eq!(code(opening.open().map(|_| ())), Code::PassportLocked, "locking ends it all the same");
}

// C7
#[tokio::test]
async fn locking_closes_every_track_that_is_open_whatever_it_was_opened_for() {
    let house = House::with_passport();
    let (id, bytes) = delivered("Rag", Restrictions::NONE, &world().buyer);
    house.put("rag.cadenza", &bytes);
    let player = house.open();
    player
        .set_settings(Settings { ask_passphrase: AskPassphrase::EveryTime, ..Settings::default() })
        .unwrap();
    let mut images = Vec::new();
    for _purpose in 0..2 {
        player.unlock(right()).await.unwrap();
        images.push(player.media_opening(id.into()).unwrap().open().unwrap());
    }
    let mut song = [0; 100];
    for image in &mut images {
        image.read_exact(&mut song).unwrap();
        assert_eq!(song, SONG[..100]);
    }
    player.lock();
    for mut image in images {
        let refused = image.read_exact(&mut song).unwrap_err();
        assert!(refused.to_string().contains("the passport is locked"), "{refused}");
    }
}

// G6
#[tokio::test]
async fn a_passport_moves_to_another_computer_and_takes_a_new_passphrase() {
    let house = House::with_passport();
    let player = house.open();
    let copy = house.path("copy.cadpassport");
    player.export_passport(&copy).unwrap();
    assert_eq!(code(player.export_passport(&copy)), Code::FileExists);
    let elsewhere = House::new();
    let other = elsewhere.open();
    other.import_passport(&copy, false).unwrap();
    let new = || Passphrase::new("seven quiet lanterns drifting".into());
    assert_eq!(
        code(other.change_passphrase(right(), Passphrase::new("short".into())).await),
        Code::WeakPassphrase
    );
    assert_eq!(code(other.change_passphrase(new(), new()).await), Code::WrongPassphrase);
    other.change_passphrase(right(), new()).await.unwrap();
    drop(other);
    let other = elsewhere.open();
    assert_eq!(code(other.unlock(right()).await), Code::WrongPassphrase);
    other.unlock(new()).await.unwrap();
    assert_eq!(other.passport_facts().unwrap().serial, player.passport_facts().unwrap().serial);
    fs::write(house.path("junk"), b"{}").unwrap();
    assert_eq!(code(other.import_passport(&house.path("junk"), false)), Code::PassportBroken);
    // one that this program cannot read may be of a newer one: it is put aside, and only when asked
    drop(other);
    let unreadable = br#"{"format":"from the future"}"#;
    fs::write(elsewhere.path("passport.cadpassport"), unreadable).unwrap();
    let other = elsewhere.open();
    assert_eq!(other.passport_phase(), Phase::Broken);
    assert_eq!(code(other.import_passport(&copy, false)), Code::PassportExists);
    other.import_passport(&copy, true).unwrap();
    assert_eq!(fs::read(elsewhere.path("passport-broken.cadpassport")).unwrap(), unreadable);
    let stranger = house.path("stranger.cadpassport");
    fs::write(&stranger, passport_of(&world().stranger).to_json()).unwrap();
    assert_eq!(code(other.import_passport(&stranger, false)), Code::PassportExists);
}

// G5, G6: as the store's web page gives it
#[tokio::test]
async fn a_registration_file_waits_for_its_passphrase_and_takes_another_s_place_only_when_asked() {
    let elsewhere = House::new();
    let other = elsewhere.open();
    let file = |name: &str, holder: &Holder| {
        let signer = world().center.certify(Role::LicensingCenter);
        let bytes = support::made::registration(&signer, holder, &RegistrationKey::random());
        fs::write(elsewhere.path(name), bytes).unwrap();
        elsewhere.path(name)
    };
    let ada = file("ada.cadpassport", &world().buyer);
    assert_eq!(other.import_passport(&ada, false).unwrap().as_deref(), Some("Ada Example"));
    assert_eq!((other.passport_phase(), other.pending_registration().is_some()), (Phase::None, true));
    assert!(!elsewhere.path("passport.cadpassport").exists(), "nothing is kept without a passphrase");
    let weak = other.finish_registration(Passphrase::new("short".into())).await;
    assert_eq!(code(weak), Code::WeakPassphrase);
    other.finish_registration(right()).await.unwrap();
    assert_eq!(other.passport_phase(), Phase::Unlocked);
    let serial = other.passport_facts().unwrap().serial;

    let stranger = file("stranger.cadpassport", &world().stranger);
    assert_eq!(code(other.import_passport(&stranger, false)), Code::PassportExists);
    assert!(other.pending_registration().is_none());
    other.import_passport(&stranger, true).unwrap();
    other.finish_registration(right()).await.unwrap();
    assert_ne!(other.passport_facts().unwrap().serial, serial);
    assert!(elsewhere.path(&format!("passport-{serial}.cadpassport")).exists(), "the first stays beside it");

    let mut altered = fs::read(&ada).unwrap();
    let at = altered.windows(10).position(|w| w == b"\"signature").unwrap() + 30;
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    fs::write(&ada, altered).unwrap();
    assert_eq!(code(other.import_passport(&ada, true)), Code::PassportBroken);
}

// M8: what is opened with the player is taken in and played
#[tokio::test]
async fn a_file_that_is_opened_is_in_the_library_however_often_and_what_is_no_music_says_why() {
    let house = House::with_passport();
    let player = house.open();
    let song = house.path("song.wav");
    fs::write(&song, wav(44_100)).unwrap();
    let first = player.open_file(&song).await.unwrap();
    assert_eq!(player.open_file(&song).await.unwrap(), first, "the same one again");
    assert_eq!(player.playback_tracks(&[first]).unwrap().len(), 1);
    let (media_id, bytes) = delivered("Solace", Restrictions::NONE, &world().buyer);
    fs::write(house.path("solace.cadenza"), bytes).unwrap();
    assert_eq!(player.open_file(&house.path("solace.cadenza")).await.unwrap(), media_id.into());
    fs::write(house.path("noise.mp3"), b"not music at all").unwrap();
    let refusal = player.open_file(&house.path("noise.mp3")).await.unwrap_err();
    assert_eq!(refusal.code, Code::FileBroken);
    assert!(refusal.message.contains("noise.mp3"), "{refusal}");
    assert_eq!(code(player.open_file(&house.path("nowhere.flac")).await), Code::NotFound);
}

/// So many frames of silence, mono, 16 bit.
fn wav(frames: u32) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * frames).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(44_100_u32.to_le_bytes());
    bytes.extend(88_200_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((2 * frames).to_le_bytes());
    bytes.resize(44 + 2 * frames as usize, 0);
    bytes
}

// G8
#[tokio::test]
async fn an_expired_passport_still_plays_what_was_bought() {
    let house = House::with_passport();
    let (id, bytes) = delivered("Rag", Restrictions::NONE, &world().buyer);
    house.put("rag.cadenza", &bytes);
    house.clock.advance_seconds(400 * 86_400);
    let player = house.open();
    assert_eq!(player.passport_validity().unwrap(), cadenza_player::player::Validity::Expired);
    player.unlock(right()).await.unwrap();
    assert!(player.media_opening(id.into()).unwrap().open().is_ok());
}

// M1, M6, O2
#[tokio::test]
async fn a_bought_track_is_found_read_and_opened_only_with_the_passport() {
    let house = House::with_passport();
    let (id, bytes) = delivered("Maple Leaf Rag", Restrictions::NONE, &world().buyer);
    house.put("rag.cadenza", &bytes);
    let player = house.open();
    assert_eq!(player.library().len(), 1, "without an index the music folder is read");
    assert_eq!(player.library().search("maple joplin").len(), 1);
    let track = TrackId::from(id);
    assert_eq!(player.cover(track).await.unwrap().unwrap().bytes, [1, 2, 3]);
    let texts = player.texts(track).await.unwrap();
    assert_eq!(
        (texts.credits.as_deref(), texts.lyrics, texts.some_are_locked),
        (Some("piano: nobody"), None, true)
    );
    assert_eq!(code(player.media_opening(track)), Code::PassportLocked);
    player.unlock(right()).await.unwrap();
    assert_eq!(player.texts(track).await.unwrap().lyrics.as_deref(), Some("(hummed)"));
    let mut song = Vec::new();
    player.media_opening(track).unwrap().open().unwrap().read_to_end(&mut song).unwrap();
    assert_eq!(song, SONG);
    assert!(!contains(house.folder.path(), &SONG[..64]), "nothing decrypted is on disk");
}

#[tokio::test]
async fn somebody_else_s_track_does_not_open() {
    let house = House::with_passport();
    let (id, bytes) = delivered("Rag", Restrictions::NONE, &world().stranger);
    house.put("rag.cadenza", &bytes);
    let player = house.open();
    player.unlock(right()).await.unwrap();
    assert_eq!(code(player.media_opening(id.into()).unwrap().open().map(|_| ())), Code::NotYours);
}

// O1, F5
#[tokio::test]
async fn a_check_of_everything_names_the_altered_file() {
    let house = House::with_passport();
    let (_, whole) = delivered("Whole", Restrictions::NONE, &world().buyer);
    let (_, mut altered) = delivered("Altered", Restrictions::NONE, &world().buyer);
    house.put("whole.cadenza", &whole);
    house.put("altered.cadenza", &altered);
    let player = house.open();
    assert!(player.verify().await.unwrap().iter().all(|v| v.problem.is_none()));
    altered[20_000] ^= 1;
    house.put("altered.cadenza", &altered);
    let checked = player.verify().await.unwrap();
    let bad: Vec<_> = checked.iter().filter(|v| v.problem.is_some()).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].title.as_deref(), Some("Altered"));
}

// M7, F2
#[test]
fn a_damaged_index_is_made_again_from_the_music_folder() {
    let house = House::with_passport();
    let (_, bytes) = delivered("Rag", Restrictions::NONE, &world().buyer);
    house.put("rag.cadenza", &bytes);
    for damaged in ["conf", "db"] {
        drop(house.open());
        fs::write(house.path("library").join(damaged), b"not sled").unwrap();
        assert_eq!(house.open().library().tracks(TrackOrder::Title).len(), 1, "{damaged}");
    }
}

// D3
#[test]
fn a_limited_recording_is_counted_over_restarts() {
    let house = House::with_passport();
    let limited = Restrictions { record: Allowance::Times(2), ..Restrictions::NONE };
    let (id, bytes) = delivered("Rag", limited, &world().buyer);
    let never = Restrictions { record: Allowance::Never, ..Restrictions::NONE };
    let (forbidden, other) = delivered("Etude", never, &world().buyer);
    house.put("rag.cadenza", &bytes);
    house.put("etude.cadenza", &other);
    let (id, forbidden) = (TrackId::from(id), TrackId::from(forbidden));
    let player = house.open();
    let readable = player.reserve_recording(&[id]).unwrap();
    player.keep_recording(&readable).unwrap();
    let crashed = player.reserve_recording(&[id]).unwrap();
    assert_eq!(player.recordable(&player.track(id).unwrap()).unwrap(), Left::Never);
    drop((crashed, player));
    let player = house.open();
    assert_eq!(
        player.recordable(&player.track(id).unwrap()).unwrap(),
        Left::Times(1),
        "what could be read counts, what was cut off does not"
    );
    // One track that may not be recorded gives the others' uses back.
    assert_eq!(code(player.reserve_recording(&[id, forbidden])), Code::RecordNotAllowed);
    assert_eq!(player.recordable(&player.track(id).unwrap()).unwrap(), Left::Times(1));
    let last = player.reserve_recording(&[id]).unwrap();
    assert_eq!(code(player.reserve_recording(&[id])), Code::RecordNotAllowed);
    player.return_recording(last).unwrap();
    assert!(player.reserve_recording(&[id]).is_ok());
}

// O2
#[tokio::test]
async fn a_cover_for_buyers_is_shown_while_the_passport_is_open() {
    let house = House::with_passport();
    let (media_id, bytes) =
        delivered_with_cover("Solace", Restrictions::NONE, &world().buyer, Protection::Buyers);
    house.put("solace.cadenza", &bytes);
    let player = house.open();
    assert!(player.cover(media_id.into()).await.unwrap().is_none());
    player.unlock(right()).await.unwrap();
    assert_eq!(player.cover(media_id.into()).await.unwrap().unwrap().bytes, [1, 2, 3]);
}
