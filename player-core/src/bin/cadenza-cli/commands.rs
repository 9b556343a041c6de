//! The commands: each turns what was typed into calls of the core, and what comes back into text or JSON.

mod disc;
mod library;
mod links;
mod listen;
mod passport;
mod playlist;
mod shop;

use std::ffi::OsStr;
use std::path::Path;

use cadenza_player::home::HomeFolder;
use cadenza_player::passport::vault::Phase;
use cadenza_player::settings::Settings;
use cadenza_player::store::StoreAddress;
use cadenza_player::{Failure, Player, PlayerConfig, atomic};
use cadenza_protocol::cert::Certificate;

use crate::args::{Cli, Command, Global};
use crate::output::Output;
use crate::prompt;

const ROOT_BOUND: u64 = 64 << 10;

/// Does what was typed.
pub async fn run(cli: Cli, output: &Output) -> Result<(), Failure> {
    let Cli { global, command } = cli;
    match command {
        Command::Register { form } => passport::register(&global, &form, output).await,
        Command::Passport(command) => passport::run(&global, command, output).await,
        Command::Catalogue { search } => shop::catalogue(&global, &search.join(" "), output).await,
        Command::Preview(wish) => listen::preview(&global, &wish, output).await,
        Command::Buy { media_ids, quality, card_file } => {
            shop::buy(&global, &media_ids, quality.as_deref(), &card_file, output).await
        }
        Command::Redeem { voucher, yes } => shop::redeem(&global, voucher.as_deref(), yes, output).await,
        Command::Orders { again: None } => shop::orders(&global, output).await,
        Command::Orders { again: Some(order) } => shop::order_again(&global, &order, output).await,
        Command::Play { tracks, seek, seconds, device } => {
            listen::play(&global, &tracks, seek, seconds, device.as_deref(), output).await
        }
        Command::Library(command) => library::run(&global, command, output).await,
        Command::Playlist(command) => playlist::run(&global, command, output),
        Command::Burn(wish) => disc::burn(&global, &wish, output).await,
        Command::Devices => listen::devices(output),
        Command::Drives => disc::drives(output),
    }
}

/// Opens the home folder, with the store of the command line or of the settings.
fn open(global: &Global) -> Result<Player, Failure> {
    let home = HomeFolder::chosen(global.home.as_deref())?;
    let settings = Settings::load(&home.settings())?;
    let mut config = PlayerConfig::new(home);
    let store = global.store.as_deref().or(settings.store.as_deref().map(OsStr::new));
    let root = global.root.as_deref().or(settings.store_root.as_deref());
    config.store = store.map(|store| StoreAddress::parse(store, root)).transpose()?;
    config.root = root.map(read_root).transpose()?;
    Player::open(config)
}

/// Opens the passport, asking for the passphrase unless the key store remembers it.
async fn unlock(player: &Player, global: &Global) -> Result<(), Failure> {
    if player.passport_phase() == Phase::None {
        // Says that there is none, before anything is asked.
        player.passport_facts()?;
    }
    if global.passphrase_file.is_none() && player.unlock_remembered().await.unwrap_or(false) {
        return Ok(());
    }
    player.unlock(prompt::passphrase(global.passphrase_file.as_deref())?).await
}

fn read_root(path: &Path) -> Result<Certificate, Failure> {
    let bytes = atomic::read_bounded(path, ROOT_BOUND)?;
    let parsed = String::from_utf8(bytes).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
    parsed
        .ok_or_else(|| Failure::from(cadenza_player::store::AddressError::BadRoot { path: path.to_owned() }))
}
