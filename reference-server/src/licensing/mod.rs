//! The media licensing center (S1, G2, G3): root of all trust, issuer of certificates and passports.
//!
//! Keys live in `licensing/` of the data folder, each file for its owner only: the root and two issuing
//! authorities ([`authority`]), and the master key that seals what is kept of people ([`master_key`]). Certificates issued are in
//! the `certificates` table. [`registration`] turns a form into a passport, [`recovery`] gives a lost one back, [`renewal`] adds a year
//! or takes one away, all three through [`passports`]; [`service`] is the HTTPS face, [`enrol`] is how
//! other services get and renew their certificates, by [`tokens`] and under [`names`] of their own, [`time_stamps`] say when something was there, and [`log`] is what a content manager's renewal rests on.

pub mod archive;
pub mod authority;
pub mod enrol;
pub mod found_copy;
pub mod keys;
pub mod log;
pub mod master_key;
pub(crate) mod names;
pub mod passports;
pub mod recovery;
pub mod registration;
pub mod renewal;
pub mod service;
mod time_stamps;
pub mod tokens;

use std::path::Path;
use std::sync::Arc;

use cadenza_protocol::cert::{CertificateChain, Role};
use cadenza_protocol::id::hex;

use crate::clock::Clock;
use crate::db::Database;
use crate::payment::client::PaymentClient;
use crate::rest::Vault;
use crate::tls::ServiceTls;
use authority::Authority;
use keys::RsaKeys;
use master_key::{MasterKey, MasterKeyError};

/// The running licensing center.
#[derive(Debug)]
pub struct LicensingCenter {
    pub(crate) authority: Arc<Authority>,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) keys: RsaKeys,
    pub(crate) master: MasterKey,
    pub(crate) tls: ServiceTls,
    pub(crate) payment: PaymentClient,
}

/// Why the licensing center did not open.
#[derive(Debug, thiserror::Error)]
pub enum LicensingError {
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The thread that makes keys.
    #[error("the licensing center could not start; check space and permissions of its folder: {0}")]
    Io(#[from] std::io::Error),
}

impl LicensingCenter {
    /// Opens the licensing center in `folder`, making the master key on the first start.
    pub fn open(
        folder: &Path,
        vault: &Vault,
        authority: Arc<Authority>,
        database: Database,
        clock: Clock,
        tls: ServiceTls,
        payment: PaymentClient,
    ) -> Result<Self, LicensingError> {
        let master = MasterKey::open(&folder.join("master.key"), vault)?;
        Ok(Self { authority, database, clock, keys: RsaKeys::start()?, master, tls, payment })
    }
}

/// Writes an issued certificate into the licensing center's table.
pub(crate) async fn record(
    database: &Database,
    chain: &CertificateChain,
    role: Role,
) -> Result<(), sqlx::Error> {
    insert_certificate(chain, role).execute(database.pool()).await.map(drop)
}

fn insert_certificate(
    chain: &CertificateChain,
    role: Role,
) -> sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments> {
    let leaf = chain.leaf();
    sqlx::query("INSERT INTO certificates (serial, subject, role, not_before, not_after, chain_pem, key_fingerprint) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(leaf.serial())
        .bind(leaf.subject())
        .bind(role.name())
        .bind(leaf.not_before().0)
        .bind(leaf.not_after().0)
        .bind(chain.to_pem())
        .bind(hex(&leaf.key_fingerprint()))
}
