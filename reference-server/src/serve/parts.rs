//! What all roles of one process share: data folder, database, media store, authority, identities.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cadenza_protocol::cert::{Certificate, Role};
use zeroize::Zeroizing;

use super::failure::StartError;
use super::{Ready, ServeOptions};
use crate::admin::READY_FILE;
use crate::atomic::write_private;
use crate::center::CenterClient;
use crate::clock::Clock;
use crate::content::files::{MediaFiles, MediaStore};
use crate::content::log::SecureLog;
use crate::content::log::client::LogClient;
use crate::content::log::state_file::StateFile;
use crate::db::Database;
use crate::licensing::authority::Authority;
use crate::licensing::enrol::{Enrolling, Enrolment};
use crate::rest::Vault;
use crate::rest::folder::keep_private;
use crate::tls::{ServiceTls, TlsError};

/// Name of the content manager among the services of a data folder.
const CONTENT_MANAGER: &str = "content-manager";
/// Name of the merchant, likewise.
const MERCHANT: &str = "merchant";

/// What all roles share.
#[derive(Debug)]
pub(super) struct Parts {
    pub database: Database,
    pub files: MediaFiles,
    pub clock: Clock,
    pub host: String,
    pub authority: Option<Arc<Authority>>,
    pub enrolment: Enrolment,
    pub root_path: PathBuf,
    content_id: Option<String>,
    merchant_id: Option<String>,
    data: PathBuf,
    pub vault: Vault,
    services: Mutex<Vec<(Enrolling, ServiceTls)>>,
}

impl Parts {
    pub async fn open(options: &ServeOptions) -> Result<Self, StartError> {
        let data = absolute(&options.data).map_err(|e| StartError::Data(options.data.clone(), e))?;
        let config = &options.config;
        let vault = Vault::find(config.data_key_file.as_deref())?;
        let database = match &config.database {
            Some(url) => Database::open(url).await?,
            None => Database::file(&data.join("cadenza.db")).await?,
        };
        let database = database.sealing(vault.clone());
        let media = config.media_store.clone().unwrap_or_else(|| MediaStore::Folder(data.join("media")));
        let files = MediaFiles::at(&media, &data.join("cache"))?;
        let host = config.public_host.clone().unwrap_or_else(|| match options.listen {
            any if any.is_unspecified() => "localhost".into(),
            one => one.to_string(),
        });
        let licensing = data.join("licensing");
        let (authority, enrolment, root_path) = if options.roles.licensing {
            let authority = Arc::new(Authority::open(&licensing, &vault, options.clock.now())?);
            let enrolment = Enrolment::Here { authority: authority.clone(), database: database.clone() };
            let root_path = authority.root_path().to_owned();
            (Some(authority), enrolment, root_path)
        } else {
            let (enrolment, root_path) = elsewhere(options)?;
            (None, enrolment, root_path)
        };
        let services = Mutex::new(Vec::new());
        Ok(Self {
            database,
            files,
            clock: options.clock.clone(),
            host,
            authority,
            enrolment,
            root_path,
            content_id: config.content_id.clone(),
            merchant_id: config.merchant_id.clone(),
            data,
            vault,
            services,
        })
    }

    pub fn root(&self) -> &Certificate {
        self.enrolment.root()
    }

    pub fn licensing_folder(&self) -> PathBuf {
        self.data.join("licensing")
    }

    /// What a service of this process wants to be.
    pub fn enrolling(&self, name: &str, role: Role) -> Enrolling {
        let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        if !hosts.contains(&self.host) {
            hosts.push(self.host.clone());
        }
        let mut wish = Enrolling::service(&self.data, &self.vault, name, role, hosts);
        let own_name = match role {
            Role::ContentManager => self.content_id.clone(),
            Role::Merchant => self.merchant_id.clone(),
            _ => None,
        };
        wish.subject.name = own_name.unwrap_or(wish.subject.name);
        wish
    }

    /// The TLS side of a service, with a certificate that is good for a while.
    pub async fn service(&self, name: &str, role: Role) -> Result<ServiceTls, StartError> {
        let enrolling = self.enrolling(name, role);
        let (identity, _) = self.enrolment.identity(&enrolling, &self.clock).await?;
        let tls = ServiceTls::new(identity, self.root().clone(), self.clock.clone())?;
        self.services.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((enrolling, tls.clone()));
        Ok(tls)
    }

    /// The content manager with its secure log. The log is brought to the licensing center before the certificate is renewed,
    /// since the renewal rests on it, and is ready for entries when this returns.
    pub async fn content_manager(&self, licensing_url: &str) -> Result<(ServiceTls, SecureLog), StartError> {
        let enrolling = self.enrolling(CONTENT_MANAGER, Role::ContentManager);
        let client = LogClient(self.center(licensing_url)?);
        let state = StateFile::beside(&enrolling.file, &self.vault);
        let log = SecureLog::new(CONTENT_MANAGER, self.database.clone(), state, client, self.clock.clone());
        if let Some(old) = self.enrolment.due(&enrolling, &self.clock)
            && let Err(error) = log.settle(&old, true).await
        {
            tracing::error!(%error, "the secure log was not brought to the licensing center");
        }
        let tls = self.service(CONTENT_MANAGER, Role::ContentManager).await?;
        log.begin(&tls.identity()).await?;
        Ok((tls, log))
    }

    /// The way to the licensing center.
    pub fn center(&self, licensing_url: &str) -> Result<CenterClient, TlsError> {
        CenterClient::new(licensing_url, self.root(), &self.clock)
    }

    /// The merchant with its secure log, ready for entries.
    pub async fn merchant(&self, licensing_url: &str) -> Result<(ServiceTls, SecureLog), StartError> {
        let state = StateFile::beside(&self.enrolling(MERCHANT, Role::Merchant).file, &self.vault);
        let client = LogClient(self.center(licensing_url)?);
        let log = SecureLog::new(MERCHANT, self.database.clone(), state, client, self.clock.clone());
        let tls = self.service(MERCHANT, Role::Merchant).await?;
        log.begin(&tls.identity()).await?;
        Ok((tls, log))
    }

    /// Every service of this process, for renewal.
    pub fn services(&self) -> Vec<(Enrolling, ServiceTls)> {
        self.services.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// The account of an author of this installation, made when it is missing.
    pub async fn author(&self, file: &Path, name: &str) -> Result<crate::identity::Identity, StartError> {
        let subject =
            crate::licensing::authority::Subject { name: name.to_owned(), role: Role::Author, hosts: vec![] };
        let wish = Enrolling { subject, file: file.to_owned(), vault: self.vault.clone(), takes_over: true };
        let (identity, _) = self.enrolment.identity(&wish, &self.clock).await?;
        Ok(identity)
    }
}

fn elsewhere(options: &ServeOptions) -> Result<(Enrolment, PathBuf), StartError> {
    let remote = &options.config.remote;
    let (Some(url), Some(root_path)) = (&remote.licensing_url, &remote.root_cert) else {
        return Err(StartError::NoLicensing);
    };
    let named = |path: &Path, e: &dyn std::fmt::Display| StartError::Named(path.to_owned(), e.to_string());
    let pem = std::fs::read_to_string(root_path).map_err(|e| named(root_path, &e))?;
    let root = Box::new(Certificate::from_pem(&pem).map_err(|e| named(root_path, &e))?);
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|e| named(path, &e));
    let tokens = remote.enrolment_token_file.as_ref().map(read).transpose()?.unwrap_or_default();
    let tokens = Arc::new(Zeroizing::new(tokens));
    Ok((Enrolment::Elsewhere { licensing_url: url.clone(), root, tokens }, root_path.clone()))
}

fn absolute(folder: &Path) -> std::io::Result<PathBuf> {
    keep_private(folder)?;
    folder.canonicalize()
}

/// Writes the ready file where it was asked for, and into the data folder for `admin`.
pub(super) fn write_ready(options: &ServeOptions, ready: &Ready) -> Result<(), StartError> {
    let own = options.data.join(READY_FILE);
    let json = serde_json::to_vec_pretty(ready).map_err(|e| StartError::Data(own.clone(), e.into()))?;
    for path in std::iter::once(&own).chain(&options.ready_file) {
        write_private(path, &json).map_err(|e| StartError::Data(path.clone(), e))?;
    }
    Ok(())
}
