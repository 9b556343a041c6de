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
//! [payment]
//! page_url = "https://pay.example.org"      # its page behind a reverse proxy
//! [content]
//! streams = 64
//! [remote]                                  # roles that run elsewhere
//! licensing_url = "https://licensing.example.org:8444"
//! [limits]
//! connections_per_address = 128
//! proxies = ["127.0.0.1"]
//! ```

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use cadenza_protocol::shop::money::Currency;
use serde::{Deserialize, Serialize};

use crate::content::ContentSettings;
use crate::content::files::MediaStore;
use crate::door::LimitSettings;
use crate::merchant::MerchantSettings;

/// Bytes.
const LONGEST: u64 = 1 << 20;

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
    /// The payment processor.
    pub payment: PaymentSettings,
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
    /// Payment processor: its services' door.
    pub payment: u16,
    /// Payment processor: where players show cards.
    pub payment_counter: u16,
    /// Payment processor: its page for browsers.
    pub payment_page: u16,
    /// Administration.
    pub admin: u16,
    /// Delivery: redeem and download.
    pub delivery_https: u16,
    /// Delivery: previews over TLS.
    pub delivery_rtsps: u16,
    /// Delivery: previews in the clear, on loopback.
    pub delivery_rtsp: u16,
}

/// How the payment processor is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentSettings {
    /// The address of its page behind a reverse proxy, `https://...`; default: its port on loopback.
    pub page_url: Option<String>,
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
    /// A value makes no sense.
    #[error("the configuration {0} is wrong; correct it: {1}")]
    Value(PathBuf, Senseless),
}

/// A value that makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Senseless {
    /// Nobody would get in.
    #[error("limits.{0} is 0, so nobody would get in; take the line out for the default")]
    Nothing(String),
    /// Not a host name.
    #[error(
        "public_host is a name or an address alone, without https:// and port, such as store.example.org"
    )]
    Host,
}

impl ServerConfig {
    /// Reads a file; of a longer one than any configuration is, no more than that.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let failed = |e| ConfigError::Read(path.to_owned(), e);
        let mut text = String::new();
        File::open(path).map_err(failed)?.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        let config: Self = toml::from_str(&text).map_err(|e| ConfigError::Parse(path.to_owned(), e))?;
        config.check().map_err(|e| ConfigError::Value(path.to_owned(), e))?;
        Ok(config)
    }

    /// Refuses what no server can run with.
    pub fn check(&self) -> Result<(), Senseless> {
        if self.public_host.as_deref().is_some_and(|host| !is_host(host)) {
            return Err(Senseless::Host);
        }
        let limits = toml::Table::try_from(&self.limits).unwrap_or_default();
        let zero = limits.into_iter().find(|(_, value)| value.as_integer() == Some(0));
        zero.map_or(Ok(()), |(name, _)| Err(Senseless::Nothing(name)))
    }
}

/// Whether this names one machine: a DNS name or an address.
pub fn is_host(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.len() <= 63 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.parse::<std::net::IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(is_name))
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
    fn what_no_server_can_run_with_is_refused() {
        let read = |text: &str| toml::from_str::<ServerConfig>(text).unwrap().check();
        for host in ["store.example.org", "localhost", "192.0.2.1", "2001:db8::1"] {
            assert_eq!(read(&format!("public_host = \"{host}\"")), Ok(()), "{host}");
        }
        for host in ["https://store.example.org", "store.example.org:8443", "a/b", "", "a b", "a..b"] {
            assert_eq!(read(&format!("public_host = \"{host}\"")), Err(Senseless::Host), "{host}");
        }
        let nothing = |name: &str| Err(Senseless::Nothing(name.to_owned()));
        assert_eq!(read("[limits]\norders_per_minute = 0"), nothing("orders_per_minute"));
        assert_eq!(read("[limits]\nidle_seconds = 0"), nothing("idle_seconds"));
    }

    #[test]
    fn roles_are_a_list() {
        assert_eq!("all".parse::<Roles>(), Ok(Roles::ALL));
        let some: Roles = "content, delivery".parse().unwrap();
        assert!(some.content && some.delivery && !some.merchant);
        assert!("radio".parse::<Roles>().is_err());
    }
}
