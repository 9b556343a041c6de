//! What the listener chose, in `settings.toml`: readable, writable by hand, replaced atomically.
//!
//! A setting that is missing has its default, one that is unknown (from a newer version) is kept as it is.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::atomic::{self, FileError};
use crate::error::{Code, Explain};
use crate::path;

/// The settings file is far smaller.
const BOUND: u64 = 1 << 20;

/// Why settings could not be read or kept.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// Someone edited the file and it is no longer what it should be.
    #[error("{} is not understood ({reason}): correct that line, or delete the file to start with the defaults", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and what.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Explain for SettingsError {
    fn code(&self) -> Code {
        match self {
            Self::Broken { .. } => Code::SettingsBroken,
            Self::File(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Broken { path, .. } => vec![("path", path::shown(path))],
            Self::File(e) => e.fields(),
        }
    }
}

/// All settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Settings {
    /// When the passphrase is asked for.
    pub ask_passphrase: AskPassphrase,
    /// Keep the passphrase in the system's key store, so that it is not asked for at all.
    pub remember_passphrase: bool,
    /// What happens when a bought track has arrived.
    pub after_delivery: AfterDelivery,
    /// Sound device; the system's choice when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The listener's line in kilobits per second, for previews; no limit when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth_kbps: Option<u32>,
    /// Another store than the bundled one: its ready file or its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// PEM file of that store's root certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_root: Option<PathBuf>,
    /// A passport that lies elsewhere than in the home folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passport: Option<PathBuf>,
    /// What a face of the player keeps for itself (theme, language), and what a newer version added.
    #[serde(flatten)]
    pub other: toml::Table,
}

/// When the passphrase is asked for (B5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskPassphrase {
    /// Once, until the player ends or is locked.
    #[default]
    OncePerSession,
    /// For every purchase and every play.
    EveryTime,
}

/// What happens when a bought track has arrived (B9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterDelivery {
    /// Say that it is ready.
    #[default]
    SayReady,
    /// Start playing it.
    Play,
}

impl Settings {
    /// Reads the file; the defaults when there is none.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let bytes = match atomic::read_bounded(path, BOUND) {
            Ok(bytes) => bytes,
            Err(FileError::Missing { .. }) => return Ok(Self::default()),
            Err(e) => return Err(e.into()),
        };
        let broken = |reason: String| SettingsError::Broken { path: path.to_owned(), reason };
        let text = String::from_utf8(bytes).map_err(|_| broken("it is not text".into()))?;
        toml::from_str(&text).map_err(|e| broken(e.message().to_owned()))
    }

    /// Puts these settings in the place of the old ones.
    pub fn save(&self, path: &Path) -> Result<(), SettingsError> {
        let text = toml::to_string_pretty(self).expect("settings are tables, texts, numbers and words");
        Ok(atomic::replace_file(path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        Settings::load(&path)
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(&folder.path().join("settings.toml")).unwrap(), Settings::default());
    }

    #[test]
    fn what_was_saved_comes_back_and_what_is_unknown_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        let mut settings = kept("theme = \"dark\"\nask-passphrase = \"every-time\"\n").unwrap();
        assert_eq!(settings.ask_passphrase, AskPassphrase::EveryTime);
        settings.device = Some("hw:1".into());
        settings.save(&path).unwrap();
        let again = Settings::load(&path).unwrap();
        assert_eq!(again, settings);
        assert_eq!(again.other["theme"].as_str(), Some("dark"));
    }

    #[test]
    fn a_file_that_is_not_understood_is_named_and_left_alone() {
        let error = kept("ask-passphrase = 12").unwrap_err();
        assert_eq!(error.code(), Code::SettingsBroken);
        assert!(error.to_string().contains("settings.toml"), "{error}");
    }
}
