//! A player that does what it is told on stdin, one wish a line, and answers each when it is done. Its memory is searched
//! meanwhile (F8), so it is the core of the player and nothing else.
//!
//! ```text
//! listener HOME [READY_FILE ROOT]
//! register FORM_FILE PASSPHRASE_FILE | unlock PASSPHRASE_FILE | play MEDIA_ID | lock | stop    -> done, or: failed REASON
//! ```
//! Unlike the player's own programs it does not forbid others to read its memory: the search shall need no administrator.

use std::io::BufRead;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use cadenza_player::audio::output::DeviceChoice;
use cadenza_player::home::HomeFolder;
use cadenza_player::library::TrackId;
use cadenza_player::playback::Playback;
use cadenza_player::store::StoreAddress;
use cadenza_player::{Code, Failure, Player, PlayerConfig, atomic};
use cadenza_protocol::secret::Passphrase;
use zeroize::Zeroizing;

/// Longest wait for the first sound.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut config =
        PlayerConfig::new(HomeFolder::at(words.first().expect("the first argument is a home folder")));
    if let [_, store, root] = &*words {
        config.store = Some(StoreAddress::parse(store, Some(Path::new(root))).expect("a store"));
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let player = Player::open(config).expect("a home folder");
    let playback = Playback::start(DeviceChoice::Silent, |_| ()).expect("an engine");
    println!("done");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("stdin");
        let (wish, what) = line.split_once(' ').unwrap_or((&line, ""));
        let done = match wish {
            "register" => runtime.block_on(register(&player, what)),
            "unlock" => runtime.block_on(unlock(&player, Path::new(what))),
            "play" => play(&player, &playback, what),
            "lock" => {
                player.lock();
                Ok(())
            }
            "stop" => {
                playback.stop();
                Ok(())
            }
            _ => Err(Failure::new(Code::Internal, format!("what is '{line}'?"))),
        };
        match done {
            Ok(()) => println!("done"),
            Err(failure) => println!("failed {failure}"),
        }
    }
}

async fn register(player: &Player, files: &str) -> Result<(), Failure> {
    let (form, passphrase) = files.split_once(' ').expect("two files");
    let form = Zeroizing::new(atomic::read_bounded(Path::new(form), 10_000)?);
    player.register(&serde_json::from_slice(&form).expect("a form")).await?;
    player.finish_registration(read_passphrase(Path::new(passphrase))?).await
}

async fn unlock(player: &Player, file: &Path) -> Result<(), Failure> {
    player.unlock(read_passphrase(file)?).await
}

fn read_passphrase(file: &Path) -> Result<Passphrase, Failure> {
    let text = Zeroizing::new(atomic::read_bounded(file, 1_000)?);
    let text = std::str::from_utf8(&text).expect("a passphrase is text").trim_end();
    Ok(Passphrase::new(text.to_owned()))
}

/// Returns when it is heard.
fn play(player: &Player, playback: &Playback, media_id: &str) -> Result<(), Failure> {
    let id = TrackId::from_str(media_id).expect("a media id");
    playback.load(player.playback_tracks(&[id])?, 0);
    let begun = Instant::now();
    while playback.status().frames_played == 0 {
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new(Code::NoSound, "nothing was heard"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
