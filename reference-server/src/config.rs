//! The configuration file of `cadenza-server serve --config`, TOML. Everything in it is optional.
//!
//! ```toml
//! public_host = "store.example.org"        # how others reach this machine; default: the listen address
//! database = "postgres://user@host/cadenza" # default: an SQLite file in the data folder
//! media_store = "s3://bucket/prefix"        # default: the folder media/ in the data folder
//! data_key_file = "/etc/cadenza/data.key"    # seals keys and receipts; default: see `rest::vault`
//! currency = "USD"                          # of all prices in this shop; one in another currency is refused
//! [ports]                                   # default: free ones
//! store = 8443
//! [merchant]
//! name = "Cadenza Store"
//! markup_percent = 10
//! [content]
//! streams = 64
//! [remote]                                  # roles that run elsewhere
//! licensing_url = "https://licensing.example.org:8444"
//! [limits]
//! connections_per_address = 128
//! proxies = ["127.0.0.1"]
//! ```

use std::path::{Path, PathBuf};

use cadenza_protocol::shop::money::Currency;
use serde::{Deserialize, Serialize};

use crate::content::ContentSettings;
use crate::content::files::MediaStore;
use crate::door::LimitSettings;
use crate::merchant::MerchantSettings;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Host name under which others reach this server.
    pub public_host: Option<String>,
    /// `sqlite://...` or `postgres://...`.
    pub database: Option<String>,
    /// A folder or `s3://...`.
    pub media_store: Option<MediaStore>,
    /// File with the key under which keys and receipts are sealed: 64 hexadecimal digits.
    pub data_key_file: Option<PathBuf>,
    /// What this shop counts in: its merchant and its content manager.
    pub currency: Currency,
    /// Names this delivery server.
    pub delivery_id: Option<String>,
    /// Names this content manager in its certificate; one licensing center certifies no name twice.
    pub content_id: Option<String>,
    /// Names this merchant, likewise.
    pub merchant_id: Option<String>,
    /// Ports; 0 is any free one.
    pub ports: Ports,
    /// The merchant.
    pub merchant: MerchantSettings,
    /// The content manager.
    pub content: ContentSettings,
    /// Roles that run elsewhere.
    pub remote: Remote,
    /// How much one visitor may have.
    pub limits: LimitSettings,
}

/// Ports; 0 is any free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ports {
    /// Merchant's JSON API.
    pub store: u16,
    /// Storefront.
    pub web: u16,
    /// Licensing center.
    pub licensing: u16,
    /// Content manager.
    pub content: u16,
    /// Payment processor.
    pub payment: u16,
    /// Administration.
    pub admin: u16,
    /// Delivery: redeem and download.
    pub delivery_https: u16,
    /// Delivery: previews over TLS.
    pub delivery_rtsps: u16,
    /// Delivery: previews in the clear, on loopback.
    pub delivery_rtsp: u16,
}

/// Where roles are that this process does not run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remote {
    /// Licensing center.
    pub licensing_url: Option<String>,
    /// Content manager.
    pub content_url: Option<String>,
    /// Payment processor.
    pub payment_url: Option<String>,
    /// The licensing center's root certificate, PEM.
    pub root_cert: Option<PathBuf>,
    /// File with enrolment tokens, one a line as `admin enrol` prints them; needed until each role has its first certificate.
    pub enrolment_token_file: Option<PathBuf>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("the configuration {0} cannot be read; check its path: {1}")]
    Read(PathBuf, std::io::Error),
    /// It is not what it should be.
    #[error("the configuration {0} is wrong; correct it: {1}")]
    Parse(PathBuf, toml::de::Error),
}

impl ServerConfig {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Read(path.to_owned(), e))?;
        toml::from_str(&text).map_err(|e| ConfigError::Parse(path.to_owned(), e))
    }
}

/// The roles that one process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Licensing center.
    pub licensing: bool,
    /// Payment processor.
    pub payment: bool,
    /// Content manager.
    pub content: bool,
    /// Delivery server.
    pub delivery: bool,
    /// Merchant with its storefront.
    pub merchant: bool,
}

impl Roles {
    /// All of them.
    pub const ALL: Self =
        Self { licensing: true, payment: true, content: true, delivery: true, merchant: true };
}

impl std::str::FromStr for Roles {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let mut roles =
            Self { licensing: false, payment: false, content: false, delivery: false, merchant: false };
        for name in list.split(',').map(str::trim) {
            match name {
                "all" => roles = Self::ALL,
                "licensing" => roles.licensing = true,
                "payment" => roles.payment = true,
                "content" => roles.content = true,
                "delivery" => roles.delivery = true,
                "merchant" => roles.merchant = true,
                _ => {
                    return Err(format!(
                        "'{name}' is no role; name all, or some of licensing,payment,content,delivery,merchant"
                    ));
                }
            }
        }
        Ok(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_configuration_and_a_misspelt_one_is_not() {
        assert_eq!(toml::from_str::<ServerConfig>("").unwrap(), ServerConfig::default());
        assert!(toml::from_str::<ServerConfig>("[merchant]\nmark_up = 3").is_err());
    }

    #[test]
    fn roles_are_a_list() {
        assert_eq!("all".parse::<Roles>(), Ok(Roles::ALL));
        let some: Roles = "content, delivery".parse().unwrap();
        assert!(some.content && some.delivery && !some.merchant);
        assert!("radio".parse::<Roles>().is_err());
    }
}
