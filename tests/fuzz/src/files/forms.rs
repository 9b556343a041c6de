//! TOML that a person writes: registration, recovery, card, an author's manifest, a server's configuration.

use std::path::Path;

use cadenza_player::form_file;
use cadenza_player::passport::{RecoveryForm, RegistrationForm};
use cadenza_player::store::payment::TypedCard;
use cadenza_server::authoring::Facts;
use cadenza_server::config::ServerConfig;

use super::NOW;

/// The first byte chooses what is read.
pub fn read(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let path = Path::new("FORM.toml");
    match which % 5 {
        0 => {
            if let Ok(form) = form_file::read::<RegistrationForm>(rest, path, "register --help") {
                let _ = form.check(NOW);
            }
        }
        1 => {
            if let Ok(form) = form_file::read::<RecoveryForm>(rest, path, "register --help") {
                let _ = form.check(NOW);
            }
        }
        2 => {
            if let Ok(card) = form_file::read::<TypedCard>(rest, path, "buy --help") {
                let _ = card.check(NOW);
            }
        }
        3 => manifest(rest),
        _ => configuration(rest),
    }
}

fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(facts) = Facts::read(text, Path::new("ABOUT.toml")) {
        facts.price.lines().expect("prices were checked");
        assert!((2..=4).contains(&facts.qualities.previews.len()));
    }
}

fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(config) = toml::from_str::<ServerConfig>(text) {
        let written = toml::to_string(&config).expect("what was read can be written");
        assert_eq!(toml::from_str::<ServerConfig>(&written).expect("what was written can be read"), config);
    }
}
