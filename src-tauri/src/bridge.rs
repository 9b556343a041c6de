//! The bridge to the page: the list of commands and of events. `ui/src/ipc/bindings.ts` is written from here; a test keeps it
//! fresh.

use cadenza_player::Code;
use cadenza_protocol::card;
use tauri_specta::{Builder, collect_commands, collect_events};

use crate::commands;
use crate::events::{
    BurnProgress, CartChanged, DownloadChanged, GoTo, LibraryChanged, Notice, PassportChanged,
    PlaybackChanged, QueueChanged, StoreReachable,
};

/// Every command and event, with types.
pub fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![
            commands::settings::app_state,
            commands::settings::settings,
            commands::settings::set_settings,
            commands::settings::devices,
            commands::settings::pick_folder,
            commands::settings::pick_file,
            commands::settings::pick_save,
            commands::passport::register,
            commands::passport::recover_passport,
            commands::passport::set_passphrase,
            commands::passport::check_field,
            commands::passport::passphrase_strength,
            commands::passport::unlock,
            commands::passport::lock,
            commands::passport::passport_facts,
            commands::passport::export_passport,
            commands::passport::import_passport,
            commands::passport::change_passphrase,
            commands::passport::renew_passport,
            commands::store::store_state,
            commands::store::store_retry,
            commands::store::store_front,
            commands::store::store_album,
            commands::store::album_rest,
            commands::store::store_search,
            commands::store::cart,
            commands::store::cart_add,
            commands::store::cart_remove,
            commands::store::cart_set_quality,
            commands::store::cart_clear,
            commands::store::checkout,
            commands::store::orders,
            commands::store::refresh_orders,
            commands::store::downloads,
            commands::store::download_retry,
            commands::store::redeem_voucher,
            commands::store::asked_link,
            commands::store::answer_link,
            commands::playback::preview,
            commands::playback::play,
            commands::playback::play_pause,
            commands::playback::stop,
            commands::playback::next,
            commands::playback::previous,
            commands::playback::seek,
            commands::playback::set_volume,
            commands::playback::set_muted,
            commands::playback::set_shuffle,
            commands::playback::set_repeat,
            commands::playback::playback_state,
            commands::playback::subscribe_position,
            commands::playback::queue,
            commands::playback::queue_play,
            commands::playback::queue_add,
            commands::playback::queue_remove,
            commands::playback::queue_move,
            commands::playback::queue_clear,
            commands::library::library_tracks,
            commands::library::library_album,
            commands::library::library_albums,
            commands::library::library_artists,
            commands::library::track_texts,
            commands::library::playlists,
            commands::library::playlist,
            commands::library::playlist_create,
            commands::library::playlist_rename,
            commands::library::playlist_delete,
            commands::library::playlist_add,
            commands::library::playlist_remove,
            commands::library::playlist_move,
            commands::disc::disc_plan,
            commands::disc::disc_burn,
            commands::disc::disc_cancel,
        ])
        .events(collect_events![
            PlaybackChanged,
            QueueChanged,
            DownloadChanged,
            LibraryChanged,
            BurnProgress,
            PassportChanged,
            CartChanged,
            StoreReachable,
            Notice,
            GoTo,
        ])
        .disable_serde_phases()
        .constant("errorCodes", Code::ALL)
        .constant("cardBrands", card::BRANDS)
        .constant("mostCardDigits", card::MOST_DIGITS)
        .constant("testCards", card::test_cards::TEST_CARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run with `CADENZA_UPDATE=1` to write the file anew.
    #[test]
    fn the_committed_bindings_are_those_of_the_commands() {
        let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/ipc/bindings.ts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let fresh = folder.path().join("bindings.ts");
        builder().export(specta_typescript::Typescript::default(), &fresh).expect("the types can be written");
        let fresh = std::fs::read_to_string(fresh).expect("what was just written");
        if std::env::var_os("CADENZA_UPDATE").is_some() {
            let folder = std::path::Path::new(committed).parent().expect("a file has a folder");
            std::fs::create_dir_all(folder).expect("the ui folder can be written");
            std::fs::write(committed, &fresh).expect("the bindings can be written");
        }
        let committed = std::fs::read_to_string(committed).unwrap_or_default();
        assert!(
            committed == fresh,
            "ui/src/ipc/bindings.ts is out of date; run `CADENZA_UPDATE=1 cargo test -p cadenza bindings`"
        );
    }
}
