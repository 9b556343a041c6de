//! The composition root: reads the command line, opens player, engine and store, and puts them together.

use std::ffi::OsStr;
use std::path::PathBuf;

use cadenza_player::home::HomeFolder;
use cadenza_player::settings::Settings;
use cadenza_player::store::StoreAddress;
use cadenza_player::{Failure, Player, PlayerConfig};
use tauri::path::BaseDirectory;
use tauri::{App, AppHandle, Manager};

use crate::arguments::Arguments;
use crate::core::{Bundled, Core, Desk, Transport, working_folder};
use crate::os::links::Opened;
use crate::window;

/// Names the folder of the demo album, for a start from a checkout.
const DEMO_ALBUM: &str = "CADENZA_DEMO_ALBUM";

/// Sets the program up: called once, before the window is shown.
pub fn set_up(app: &App, arguments: &Arguments) -> tauri::Result<()> {
    let desk = Desk::open(open(app.handle(), arguments));
    app.manage(desk.clone());
    desk.follow_news();
    desk.follow_store();
    desk.follow_playback();
    desk.keep_time();
    desk.watch_store();
    desk.look_at_covers();
    window::open(app)?;
    let words = arguments.open.iter().map(String::as_str);
    desk.open_from_outside(Opened::all(words, &working_folder()));
    Ok(())
}

fn open(app: &AppHandle, arguments: &Arguments) -> Result<Core, Failure> {
    let home = HomeFolder::chosen(arguments.home.as_deref())?;
    let kept = Settings::load(&home.settings())?;
    let (store, unusable) = match chosen_store(arguments, &kept).transpose() {
        Ok(store) => (store, None),
        Err(failure) => (None, Some(failure)),
    };
    let bundled = (store.is_none() && unusable.is_none()).then(|| Bundled {
        data: home.bundled_store(),
        ready: home.bundled_store_ready(),
        album: demo_album(app),
    });
    let player = Player::open(PlayerConfig { store, ..PlayerConfig::new(home) })?;
    let transport = Transport::start(kept.device.as_deref())?;
    let core = Core::new(app.clone(), player, transport, bundled);
    if let Some(failure) = unusable {
        core.player.store_watch().is_away(failure);
    }
    Ok(core)
}

/// The store that the command line or the settings name.
fn chosen_store(arguments: &Arguments, kept: &Settings) -> Option<Result<StoreAddress, Failure>> {
    let (store, root) = match &arguments.store {
        Some(store) => (store.as_os_str(), arguments.root.as_ref()),
        None => (OsStr::new(kept.store.as_ref()?), arguments.root.as_ref().or(kept.store_root.as_ref())),
    };
    Some(StoreAddress::parse(store, root.map(PathBuf::as_path)).map_err(Failure::from))
}

/// The album that the bundled store sells: named by the environment, or installed with the program.
fn demo_album(app: &AppHandle) -> Option<PathBuf> {
    let named = std::env::var_os(DEMO_ALBUM).map(PathBuf::from);
    let installed = app.path().resolve("demo-album", BaseDirectory::Resource).ok();
    named.or(installed).filter(|folder| folder.is_dir())
}
