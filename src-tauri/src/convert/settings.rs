//! Settings: the core's own, and the window's (theme, language), which the core keeps for it.

use cadenza_player::settings::{self as core, Settings as CoreSettings};
use toml::Value;

use crate::ipc::{AfterDelivery, AskPassphrase, Settings, Theme};

const THEME: &str = "theme";
const LANGUAGE: &str = "language";

/// As the window shows them.
pub fn settings(kept: &CoreSettings) -> Settings {
    let text = |name: &str| kept.other.get(name).and_then(Value::as_str);
    Settings {
        theme: match text(THEME) {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        },
        language: text(LANGUAGE).map(str::to_owned),
        device: kept.device.clone(),
        ask_passphrase: match kept.ask_passphrase {
            core::AskPassphrase::OncePerSession => AskPassphrase::OncePerSession,
            core::AskPassphrase::EveryTime => AskPassphrase::EveryPurchase,
        },
        after_delivery: match kept.after_delivery {
            core::AfterDelivery::SayReady => AfterDelivery::Ready,
            core::AfterDelivery::Play => AfterDelivery::Play,
        },
        bandwidth_kbps: kept.bandwidth_kbps,
        store: kept.store.clone(),
        store_root: kept.store_root.as_ref().map(|path| path.display().to_string()),
    }
}

/// As they are kept; what the window does not show stays as it is.
pub fn changed_settings(mut kept: CoreSettings, wanted: Settings) -> CoreSettings {
    let theme = match wanted.theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    let mut keep = |name: &str, text: Option<&str>| match text {
        Some(text) => drop(kept.other.insert(name.to_owned(), Value::String(text.to_owned()))),
        None => drop(kept.other.remove(name)),
    };
    keep(THEME, theme);
    keep(LANGUAGE, wanted.language.as_deref());
    kept.device = wanted.device;
    kept.ask_passphrase = match wanted.ask_passphrase {
        AskPassphrase::OncePerSession => core::AskPassphrase::OncePerSession,
        AskPassphrase::EveryPurchase => core::AskPassphrase::EveryTime,
    };
    kept.after_delivery = match wanted.after_delivery {
        AfterDelivery::Ready => core::AfterDelivery::SayReady,
        AfterDelivery::Play => core::AfterDelivery::Play,
    };
    kept.bandwidth_kbps = wanted.bandwidth_kbps;
    kept.store = wanted.store.filter(|store| !store.trim().is_empty());
    kept.store_root = wanted.store_root.filter(|root| !root.trim().is_empty()).map(Into::into);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_window_changes_comes_back_and_the_rest_stays() {
        let mut kept = CoreSettings { remember_passphrase: true, ..CoreSettings::default() };
        kept.other.insert("from-a-newer-version".into(), Value::Boolean(true));
        let wanted = Settings {
            theme: Theme::Dark,
            language: Some("de".into()),
            after_delivery: AfterDelivery::Play,
            ask_passphrase: AskPassphrase::EveryPurchase,
            store: Some("https://store.example".into()),
            ..Settings::default()
        };
        let kept = changed_settings(kept, wanted.clone());
        assert_eq!(settings(&kept), wanted);
        assert!(kept.remember_passphrase && kept.other.contains_key("from-a-newer-version"));
        assert_eq!(settings(&changed_settings(kept, Settings::default())), Settings::default());
    }
}
