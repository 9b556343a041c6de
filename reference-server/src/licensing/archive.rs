//! The licensing center's data folder for those who work on it while no player asks: auditors and operators of this machine.
//!
//! Nothing is made here that is missing: a wrong folder is said to be one.

use std::path::{Path, PathBuf};

use cadenza_protocol::cert::{Certificate, CertificateError};

use super::master_key::{MasterKey, MasterKeyError};
use crate::db::{Database, DatabaseError};
use crate::rest::Vault;

/// The tables, the master key and the root of a licensing center.
#[derive(Debug)]
pub struct Archive {
    pub(crate) database: Database,
    pub(crate) master: MasterKey,
    /// The root of all its certificates.
    pub root: Certificate,
}

/// Why it cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No licensing center.
    #[error(
        "{0} is not the data folder of a licensing center ({1} is missing); name the folder that its server was started with"
    )]
    NotHere(PathBuf, &'static str),
    /// The root cannot be read.
    #[error("the root certificate {0} cannot be read: {1}")]
    Read(PathBuf, std::io::Error),
    /// The root is none.
    #[error("{0} holds no root certificate: {1}")]
    Root(PathBuf, CertificateError),
    /// The tables.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The master key.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
}

impl Archive {
    /// Opens the licensing center in a data folder; `database` is its URL when it is not the file in that folder, `root` another
    /// root than its own, `vault` what its keys are sealed by.
    pub async fn open(
        data: &Path,
        database: Option<&str>,
        root: Option<&Path>,
        vault: &Vault,
    ) -> Result<Self, ArchiveError> {
        let missing = |what: &'static str| !data.join(what).is_file();
        let parts = ["licensing/master.key", "licensing/root.pem", "cadenza.db"];
        let wanted = if database.is_some() { &parts[..2] } else { &parts[..] };
        if let Some(what) = wanted.iter().find(|what| missing(what)) {
            return Err(ArchiveError::NotHere(data.to_owned(), what));
        }
        let root_path = root.map_or_else(|| data.join(parts[1]), Path::to_owned);
        let pem =
            std::fs::read_to_string(&root_path).map_err(|e| ArchiveError::Read(root_path.clone(), e))?;
        let root = Certificate::from_pem(&pem).map_err(|e| ArchiveError::Root(root_path, e))?;
        let database = match database {
            Some(url) => Database::open(url).await?,
            None => Database::file(&data.join(parts[2])).await?,
        };
        Ok(Self { database, master: MasterKey::open(&data.join(parts[0]), vault)?, root })
    }
}
