//! `settings.toml`, which a person may edit and a newer version may have written.

use cadenza_player::settings::Settings;

/// A whole file. What is not known stays as it is.
pub fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(settings) = toml::from_str::<Settings>(text) {
        let written =
            toml::to_string_pretty(&settings).expect("settings are tables, texts, numbers and words");
        let again: Settings = toml::from_str(&written).expect("what was written can be read");
        assert_eq!(toml::to_string_pretty(&again).expect("once more"), written);
    }
}
