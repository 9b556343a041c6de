//! What the listener has chosen, and the state of the whole window at start.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{OwnerLine, PassportPhase, StoreState};

/// Everything the window needs to draw its first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppState {
    pub version: String,
    pub passport: PassportPhase,
    /// Known while the passport is open.
    pub owner: Option<OwnerLine>,
    /// Shown in the navigation while locked, from the certificate; null without a passport.
    pub owner_name: Option<String>,
    pub store: StoreState,
    pub settings: Settings,
    pub library_tracks: u32,
    pub cart_items: u32,
    /// Deliveries that are not finished.
    pub arriving: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub theme: Theme,
    /// BCP 47, e.g. `en`, `de`; null follows the system.
    pub language: Option<String>,
    /// Id of the sound device; null follows the system's choice.
    pub device: Option<String>,
    pub ask_passphrase: AskPassphrase,
    pub after_delivery: AfterDelivery,
    /// What the player tells the store of its line, so that the store picks the preview; null: no limit.
    pub bandwidth_kbps: Option<u32>,
    /// Address of another store (its ready file or URL); null uses the one that comes with the player. Takes effect at the next start.
    pub store: Option<String>,
    /// PEM file of that store's root certificate.
    pub store_root: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            language: None,
            device: None,
            ask_passphrase: AskPassphrase::OncePerSession,
            after_delivery: AfterDelivery::Ready,
            bandwidth_kbps: None,
            store: None,
            store_root: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    System,
    Light,
    Dark,
}

/// When a purchase asks for the passphrase (B5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AskPassphrase {
    OncePerSession,
    EveryPurchase,
}

/// What happens when a bought track has arrived (B9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AfterDelivery {
    /// Say that it is ready.
    Ready,
    Play,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudioDevice {
    pub id: String,
    pub name: String,
    pub is_default: bool,
}

/// What a file chooser is for: it decides title and filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PickedFile {
    Voucher,
    Passport,
    /// A store's root certificate.
    Certificate,
}
