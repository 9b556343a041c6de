//! How a start fails.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::admin::TokenError;
use crate::authoring::AuthoringError;
use crate::content::files::MediaFilesError;
use crate::content::log::SecureLogError;
use crate::content::publish::client::PublishError;
use crate::db::DatabaseError;
use crate::delivery::DeliveryError;
use crate::licensing::LicensingError;
use crate::licensing::authority::AuthorityError;
use crate::licensing::enrol::EnrolError;
use crate::rest::VaultError;
use crate::tls::TlsError;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {0} cannot be used; check space and permissions: {1}")]
    Data(PathBuf, std::io::Error),
    /// A port is taken, or not allowed.
    #[error("cannot listen on {0}; free the port or configure another: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The data key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The media store.
    #[error(transparent)]
    Files(#[from] MediaFilesError),
    /// The certificate authorities.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The licensing center.
    #[error(transparent)]
    Licensing(#[from] LicensingError),
    /// A service's certificate.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The content manager's secure log.
    #[error(transparent)]
    SecureLog(#[from] SecureLogError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The delivery server.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The delivery server's name.
    #[error("{0}")]
    DeliveryName(String),
    /// The administration.
    #[error(transparent)]
    Admin(#[from] TokenError),
    /// The demo album.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Without the licensing role, another licensing center has to be named.
    #[error(
        "this process runs no licensing center: set remote.licensing_url and remote.root_cert in the configuration, and remote.enrolment_token_file for the first start"
    )]
    NoLicensing,
    /// A file named in the configuration.
    #[error("{0} cannot be used; check the configuration: {1}")]
    Named(PathBuf, String),
}

/// Why the demo album is not there.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No folder was named.
    #[error(
        "where is the demo album? name its folder with --demo-album or CADENZA_DEMO_ALBUM (cargo xtask run does this)"
    )]
    NoFolder,
    /// The folder cannot be read, or nothing is in it.
    #[error("there is no demo album in {0}; it needs recordings, each with its .toml description")]
    Empty(PathBuf),
    /// A track could not be authored.
    #[error("{0}: {1}")]
    Author(PathBuf, AuthoringError),
    /// A track could not be published.
    #[error("{0} could not be published: {1}")]
    Publish(PathBuf, PublishError),
    /// The work was interrupted.
    #[error("authoring was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}
