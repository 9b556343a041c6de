//! Where a store is and whom it must be certified by: from the server's ready file, or an address and a root certificate.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use cadenza_protocol::cert::Certificate;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::atomic::{self, FileError};
use crate::error::{Code, Explain};

const READY_FILE_BOUND: u64 = 1 << 20;
const ROOT_FILE_BOUND: u64 = 64 << 10;

/// Why a store cannot be addressed.
#[derive(Debug, Error)]
pub enum AddressError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ready file is not one.
    #[error("{} is not a ready file ({reason}): give the file that `cadenza-server serve --ready-file` wrote, or an https address", path.display())]
    NotReady {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Not an https address.
    #[error(
        "'{address}' is not an https address: a store is reached over TLS only, e.g. https://store.example"
    )]
    NotHttps {
        /// As given.
        address: String,
    },
    /// An address without a root certificate.
    #[error("a store address needs the root certificate of its licensing center: add --root CERT.pem")]
    NoRoot,
    /// The root is not a certificate.
    #[error("{} is not a root certificate in PEM form: get it from your store's operator", path.display())]
    BadRoot {
        /// The file.
        path: PathBuf,
    },
}

impl Explain for AddressError {
    fn code(&self) -> Code {
        match self {
            Self::File(e) => e.code(),
            Self::NotReady { .. } | Self::NotHttps { .. } => Code::StoreAddress,
            Self::NoRoot | Self::BadRoot { .. } => Code::StoreRoot,
        }
    }
}

/// A store that can be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAddress {
    /// The merchant's JSON API.
    pub store_url: Url,
    /// The licensing center; asked of the merchant when not known.
    pub licensing_url: Option<Url>,
    /// The licensing center's root, pinned.
    pub root: Certificate,
}

/// What the server writes when it answers; fields of no use here are left out.
#[derive(Deserialize)]
struct Ready {
    store_url: String,
    licensing_url: String,
    root_cert: PathBuf,
}

impl StoreAddress {
    /// What `--store` and `--root` say: a ready file, or an address with a root.
    pub fn parse(store: impl AsRef<OsStr>, root: Option<&Path>) -> Result<Self, AddressError> {
        let store = store.as_ref();
        match store.to_str().filter(|text| text.contains("://")) {
            Some(address) => {
                let root = root.ok_or(AddressError::NoRoot)?;
                Ok(Self { store_url: https(address)?, licensing_url: None, root: read_root(root)? })
            }
            None => Self::from_ready_file(Path::new(store), root),
        }
    }

    /// What a ready file says; `root` takes the place of its certificate.
    pub fn from_ready_file(path: &Path, root: Option<&Path>) -> Result<Self, AddressError> {
        let bytes = atomic::read_bounded(path, READY_FILE_BOUND)?;
        let not_ready = |reason: String| AddressError::NotReady { path: path.to_owned(), reason };
        let ready: Ready = serde_json::from_slice(&bytes).map_err(|e| not_ready(e.to_string()))?;
        // A root that is named without a folder stands beside the ready file.
        let named = path.parent().unwrap_or(Path::new("")).join(ready.root_cert);
        Ok(Self {
            store_url: https(&ready.store_url)?,
            licensing_url: Some(https(&ready.licensing_url)?),
            root: read_root(root.unwrap_or(&named))?,
        })
    }

    /// Host and port, for messages and for telling stores apart.
    pub fn name(&self) -> String {
        host_of(&self.store_url)
    }
}

/// Host and port of an address.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("unnamed");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An https address whose path ends in a slash, so that `join` adds to it.
pub fn https(address: &str) -> Result<Url, AddressError> {
    let refuse = || AddressError::NotHttps { address: address.chars().take(200).collect() };
    let mut url = Url::parse(address).map_err(|_| refuse())?;
    if url.scheme() != "https" || url.host_str().is_none() {
        return Err(refuse());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn read_root(path: &Path) -> Result<Certificate, AddressError> {
    let bad = || AddressError::BadRoot { path: path.to_owned() };
    let pem = String::from_utf8(atomic::read_bounded(path, ROOT_FILE_BOUND)?).map_err(|_| bad())?;
    Certificate::from_pem(&pem).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_taken() {
        for address in ["http://store.example", "ftp://store.example/", "https://"] {
            assert!(matches!(https(address), Err(AddressError::NotHttps { .. })), "{address}");
        }
        assert_eq!(https("https://store.example/shop").unwrap().as_str(), "https://store.example/shop/");
    }

    #[test]
    fn an_address_without_a_root_asks_for_it() {
        let error = StoreAddress::parse("https://store.example", None).unwrap_err();
        assert!(error.to_string().contains("--root"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_ready_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready.json");
        std::fs::write(&path, b"{}").unwrap();
        let error = StoreAddress::parse(&path, None).unwrap_err();
        assert!(error.to_string().contains("ready.json"), "{error}");
    }
}
