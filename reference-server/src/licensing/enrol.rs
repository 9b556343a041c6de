//! How a service gets its certificate, and a new one in time: from the authority in the same process, or from a licensing center
//! elsewhere by a signing request and an enrolment token, which only the first certificate needs.
//!
//! Identities are kept in `services/` of the data folder and renewed when less than a third of their life is left. The content
//! manager keeps its key across renewals: media keys are in its custody.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cadenza_protocol::cert::{Certificate, CertificateChain, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::time::UnixTime;
use rcgen::CertificateParams;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::authority::{Authority, AuthorityError, Subject, key_pair, lifetime_days};
use super::keys::{self, KeyError};
use super::log::renewal::{self, RenewalRefusal};
use super::names::{self, NameRefusal};
use crate::call::{CallError, accepted};
use crate::clock::Clock;
use crate::db::Database;
use crate::identity::{Identity, IdentityError};
use crate::rest::Vault;
use crate::tls::{TlsError, anonymous_client};

/// Where certificates come from.
#[derive(Debug, Clone)]
pub enum Enrolment {
    /// This process is the licensing center.
    Here {
        /// Its authorities.
        authority: Arc<Authority>,
        /// Its table of certificates.
        database: Database,
    },
    /// Another one is.
    Elsewhere {
        /// Its URL.
        licensing_url: String,
        /// Its root, pinned.
        root: Box<Certificate>,
        /// Tokens for a first certificate each, one a line: role and token.
        tokens: Arc<Zeroizing<String>>,
    },
}

/// `POST /v1/certificates`: asks for a certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct CertificateRequest {
    /// PKCS #10 signing request, DER: the key, and proof of holding it.
    #[serde(with = "cadenza_protocol::wire::base64_bytes")]
    pub csr: Vec<u8>,
    /// Common name.
    pub name: String,
    /// Role, in the words of [`Role::name`].
    pub role: String,
    /// Names and addresses of a server.
    pub hosts: Vec<String>,
    /// The enrolment token, hexadecimal; empty for the renewal of a key that has used its own.
    pub token: String,
}

/// Why a service has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The authority cannot issue.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The identity file failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its key was revoked.
    #[error("the key in {0} was revoked; move that file away to have a new key made and certified")]
    Withdrawn(PathBuf),
    /// The certificate could not be recorded.
    #[error("the certificate could not be recorded; check the database: {0}")]
    Database(#[from] sqlx::Error),
    /// TLS to the licensing center could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The licensing center said no or nothing.
    #[error("the licensing center gave no certificate; check its URL and the enrolment token: {0}")]
    Licensing(#[from] CallError),
    /// The content manager's log does not allow a new certificate.
    #[error(transparent)]
    Log(#[from] RenewalRefusal),
    /// The name belongs to another key.
    #[error(transparent)]
    Name(#[from] NameRefusal),
    /// The same, in the words of a licensing center elsewhere.
    #[error("{0}")]
    LogElsewhere(String),
    /// The signing request could not be made.
    #[error("a signing request could not be made: {0}")]
    Request(#[from] rcgen::Error),
}

/// What a service wants to be.
#[derive(Debug, Clone)]
pub struct Enrolling {
    /// Name, role, hosts.
    pub subject: Subject,
    /// Where its identity is kept.
    pub file: PathBuf,
    /// What it is sealed by there.
    pub vault: Vault,
    /// Whether its name goes to a new key when the one on the disk is lost: a service of this data folder.
    pub takes_over: bool,
}

impl Enrolling {
    /// A service of the data folder.
    pub fn service(folder: &Path, vault: &Vault, name: &str, role: Role, hosts: Vec<String>) -> Self {
        Self {
            subject: Subject { name: name.to_owned(), role, hosts },
            file: folder.join("services").join(name).with_extension("account"),
            vault: vault.clone(),
            takes_over: true,
        }
    }

    fn hosts_file(&self) -> PathBuf {
        self.file.with_extension("hosts")
    }

    fn is_good(&self, identity: &Identity, root: &Certificate, now: UnixTime) -> bool {
        let left = identity.chain().leaf().not_after().0 - now.0;
        let third = lifetime_days(self.subject.role) * 86_400 / 3;
        let same_hosts = std::fs::read_to_string(self.hosts_file())
            .is_ok_and(|hosts| hosts == self.subject.hosts.join("\n"));
        let trusted =
            cadenza_protocol::cert::verify_chain(identity.chain(), root, self.subject.role, now).is_ok();
        left > third && same_hosts && trusted
    }
}

impl Enrolment {
    /// The root of trust.
    pub fn root(&self) -> &Certificate {
        match self {
            Self::Here { authority, .. } => authority.root(),
            Self::Elsewhere { root, .. } => root,
        }
    }

    /// The identity on the disk if it has to be replaced; `None` while it is good, or when there is none yet.
    pub fn due(&self, wish: &Enrolling, clock: &Clock) -> Option<Identity> {
        let kept = Identity::open(&wish.vault, &wish.file).ok()?;
        (!wish.is_good(&kept, self.root(), clock.now())).then_some(kept)
    }

    /// The identity on the disk while it is good, else a new one. `None` in the second place when nothing changed.
    pub async fn identity(&self, wish: &Enrolling, clock: &Clock) -> Result<(Identity, bool), EnrolError> {
        let now = clock.now();
        let kept = wish.file.exists().then(|| Identity::open(&wish.vault, &wish.file)).transpose()?;
        if let Some(kept) = kept.as_ref().filter(|kept| wish.is_good(kept, self.root(), now)) {
            return Ok((kept.clone(), false));
        }
        let key = match kept {
            Some(kept) => Zeroizing::new(kept.key_pkcs8().to_vec()),
            None => new_key(wish.subject.role).await?,
        };
        let chain = self.certify(wish, &key, clock).await?;
        let identity = Identity::new(chain, key);
        identity.save(&wish.vault, &wish.file)?;
        std::fs::write(wish.hosts_file(), wish.subject.hosts.join("\n"))
            .map_err(|e| IdentityError::Io(wish.hosts_file(), e))?;
        tracing::info!(name = %wish.subject.name, role = wish.subject.role.name(), until = identity.chain().leaf().not_after().0, "certificate issued");
        Ok((identity, true))
    }

    async fn certify(
        &self,
        wish: &Enrolling,
        key: &[u8],
        clock: &Clock,
    ) -> Result<CertificateChain, EnrolError> {
        let (subject, pair) = (&wish.subject, key_pair(key)?);
        match self {
            Self::Here { authority, database } => {
                let chain = authority.issue(subject, &pair, clock.now())?;
                let withdrawn: Option<(String,)> = sqlx::query_as(
                    "SELECT serial FROM certificates WHERE key_fingerprint = $1 AND revoked_at IS NOT NULL LIMIT 1",
                )
                .bind(hex(&chain.leaf().key_fingerprint()))
                .fetch_optional(database.pool())
                .await?;
                if withdrawn.is_some() {
                    return Err(EnrolError::Withdrawn(wish.file.clone()));
                }
                if wish.takes_over {
                    names::take_over(database, &chain, subject.role, clock.now()).await?;
                }
                names::check(database, &chain, subject.role, clock.now()).await?;
                renewal::check(database, &chain, subject.role, clock.now()).await?;
                super::record(database, &chain, subject.role).await?;
                Ok(chain)
            }
            Self::Elsewhere { licensing_url, root, tokens } => {
                let http = anonymous_client(root, Role::LicensingCenter, clock, Duration::from_secs(20))?;
                let csr = CertificateParams::new(subject.hosts.clone())?.serialize_request(&pair)?;
                let request = CertificateRequest {
                    csr: csr.der().to_vec(),
                    name: subject.name.clone(),
                    role: subject.role.name().to_owned(),
                    hosts: subject.hosts.clone(),
                    token: token_for(tokens, subject.role),
                };
                let url = format!("{}/v1/certificates", licensing_url.trim_end_matches('/'));
                let answer = http.post(url).json(&request).send().await.map_err(CallError::from)?;
                let answer = accepted(answer).await.map_err(of_the_log)?;
                Ok(answer.json().await.map_err(CallError::from)?)
            }
        }
    }
}

/// The last token for a role: `content manager 0123…`.
fn token_for(tokens: &str, role: Role) -> String {
    let of_role = |line: &str| {
        let (name, token) = line.trim().rsplit_once(' ')?;
        (name == role.name()).then(|| token.to_owned())
    };
    tokens.lines().filter_map(of_role).next_back().unwrap_or_default()
}

/// A refusal on account of the log stands for itself; the enrolment token has nothing to do with it.
fn of_the_log(error: CallError) -> EnrolError {
    match error {
        CallError::Refused { error, .. } if renewal::is_refusal(&error.code) => {
            EnrolError::LogElsewhere(error.message)
        }
        other => other.into(),
    }
}

/// RSA for those to whom media keys are wrapped, P-256 for all others.
async fn new_key(role: Role) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    match role {
        Role::ContentManager | Role::Author | Role::Consumer => tokio::task::spawn_blocking(keys::rsa_3072)
            .await
            .map_err(|e| KeyError::Generation(e.to_string()))?,
        _ => keys::p256(),
    }
}
