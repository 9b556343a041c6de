//! Tracing (R3): a copy was found somewhere; whose purchase was it?
//!
//! Everything that is named here was signed: the song by its author, the delivery by content manager and player. Serial numbers
//! are all that a file holds of its buyer; only the licensing center's tables lead from them to a person, and only its master
//! key opens that person's record. A copy that does not hold names nobody.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use cadenza_protocol::audit_log::{EntryPlace, log_name};
use cadenza_protocol::cert::{Certificate, CertificateChain};
use cadenza_protocol::id::{MediaId, VoucherId, hex};
use cadenza_protocol::media::{MediaError, MediaFile, TextKind};
use cadenza_protocol::passport::PersonalFacts;
use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::log::audit::AuditError;
use super::log::entered::{Claim, Entered, find_sale};
use super::master_key::MasterKeyError;
use crate::text::from_base64;

/// Why nobody is named.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("{0} cannot be read; check its path: {1}")]
    Read(PathBuf, std::io::Error),
    /// Not one of ours.
    #[error("this is not a Cadenza media file; give the copy as it was found")]
    NotMedia,
    /// Not one of this version, or not one of this licensing center's.
    #[error("this copy proves nothing: {0}")]
    NotGenuine(MediaError),
    /// The author's part was changed.
    #[error("this copy was altered ({0}), so its record of purchase proves nothing")]
    Altered(String),
    /// The end is missing.
    #[error(
        "the record of purchase of this copy was cut off in the middle or damaged, so it proves nothing ({0})"
    )]
    CutOff(String),
    /// The record is false.
    #[error("the record of purchase in this copy is not genuine ({0}): it names nobody")]
    FalseRecord(String),
    /// There is none.
    #[error(
        "this copy holds no record of purchase: it is the file as it was published, never delivered to anyone, or its record was cut off whole"
    )]
    NoRecord,
    /// The consumer is not in these tables.
    #[error(
        "the copy is genuine (voucher {voucher_id}, player's certificate {serial}), but this licensing center knows no such passport; its database may be an older one"
    )]
    UnknownPassport {
        /// The transaction.
        voucher_id: VoucherId,
        /// The certificate.
        serial: String,
    },
    /// The person's record does not open.
    #[error(transparent)]
    Record(#[from] MasterKeyError),
    /// The content manager's log cannot be read.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// The tables cannot be read.
    #[error("the licensing center's tables cannot be read; check the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Where a copy comes from.
#[derive(Debug, Serialize)]
pub struct Origin {
    /// The song.
    pub media_id: MediaId,
    /// Its title, if it is free to read.
    pub title: Option<String>,
    /// Its artist, likewise.
    pub artist: Option<String>,
    /// The quality that was bought.
    pub quality: String,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// When the content manager granted it, Unix seconds.
    pub granted_at: UnixTime,
    /// When the player had received it, Unix seconds.
    pub delivered_at: UnixTime,
    /// Serial number of the content manager's certificate.
    pub content_manager_serial: String,
    /// Its name.
    pub content_manager: String,
    /// Serial number of the player's certificate.
    pub consumer_serial: String,
    /// Where the copy says that its sale was entered, and what that log says.
    pub sale: Sale,
    /// To whom the licensing center issued it.
    pub person: Person,
}

/// The sale of a copy.
#[derive(Debug, Serialize)]
pub struct Sale {
    /// Which secure log.
    pub log: String,
    /// Which entry of it.
    pub entry: u64,
    /// Whether it is there.
    pub entered: Entered,
}

/// A person, as registered.
#[derive(Debug, Serialize)]
pub struct Person {
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// What is read of the sealed record; the registration key stays sealed in there.
#[derive(Deserialize)]
struct Registered {
    facts: PersonalFacts,
}

/// Checks a found copy and names its origin.
pub async fn trace(archive: &Archive, copy: &Path) -> Result<Origin, TraceError> {
    let (path, root) = (copy.to_owned(), archive.root.clone());
    let read = tokio::task::spawn_blocking(move || proven(&path, &root));
    let proven = read.await.map_err(|e| TraceError::Read(copy.to_owned(), std::io::Error::other(e)))??;
    let consumer = proven.consumer.leaf();
    let person = person(archive, consumer).await?.ok_or_else(|| TraceError::UnknownPassport {
        voucher_id: proven.voucher_id,
        serial: consumer.serial(),
    })?;
    let claim = Claim {
        place: proven.sale,
        voucher_id: proven.voucher_id,
        media_id: proven.media_id,
        quality: &proven.quality,
        content_manager: proven.content_manager.leaf(),
        granted_at: proven.granted_at,
    };
    let entered = find_sale(archive, &claim).await?;
    Ok(Origin {
        sale: Sale { log: log_name(&proven.sale.log), entry: proven.sale.number, entered },
        media_id: proven.media_id,
        title: proven.title,
        artist: proven.artist,
        quality: proven.quality,
        voucher_id: proven.voucher_id,
        granted_at: proven.granted_at,
        delivered_at: proven.delivered_at,
        content_manager_serial: proven.content_manager.leaf().serial(),
        content_manager: proven.content_manager.leaf().subject(),
        consumer_serial: consumer.serial(),
        person,
    })
}

/// What the file itself proves.
struct Proven {
    media_id: MediaId,
    title: Option<String>,
    artist: Option<String>,
    quality: String,
    voucher_id: VoucherId,
    sale: EntryPlace,
    granted_at: UnixTime,
    delivered_at: UnixTime,
    content_manager: CertificateChain,
    consumer: CertificateChain,
}

fn proven(path: &Path, root: &Certificate) -> Result<Proven, TraceError> {
    let file = File::open(path).map_err(|e| TraceError::Read(path.to_owned(), e))?;
    let mut media = MediaFile::open(BufReader::new(file), root).map_err(refuse)?;
    media.verify_all().map_err(refuse)?;
    let facts = media.transaction().ok_or(TraceError::NoRecord)?.facts.clone();
    let text = |kind, media: &mut MediaFile<_>| match media.text(kind) {
        Ok(text) => Ok(text),
        Err(MediaError::Locked { .. }) => Ok(None),
        Err(error) => Err(refuse(error)),
    };
    Ok(Proven {
        media_id: *media.media_id(),
        title: text(TextKind::Title, &mut media)?,
        artist: text(TextKind::Artist, &mut media)?,
        quality: facts.grant.quality,
        voucher_id: facts.grant.voucher_id,
        sale: facts.grant.sale,
        granted_at: facts.grant.issued_at,
        delivered_at: facts.delivered_at,
        content_manager: facts.content_manager_chain,
        consumer: facts.consumer_chain,
    })
}

fn refuse(error: MediaError) -> TraceError {
    match error {
        MediaError::Malformed { item, source } if item == "record of purchase" => {
            TraceError::CutOff(source.to_string())
        }
        MediaError::Malformed { item, source } => TraceError::Altered(format!("{item}: {source}")),
        MediaError::Altered { item } => TraceError::Altered(format!("the {item}")),
        MediaError::AuthorSignature => TraceError::Altered("header or table of contents".into()),
        MediaError::Agency { reason } => TraceError::Altered(format!("the agency codes: {reason}")),
        MediaError::Publication { reason } => TraceError::Altered(format!("the store's signature: {reason}")),
        MediaError::Transaction { reason } => TraceError::FalseRecord(reason),
        MediaError::NotMedia => TraceError::NotMedia,
        other => TraceError::NotGenuine(other),
    }
}

#[derive(sqlx::FromRow)]
struct Sealed {
    certificate_serial: String,
    sealed_recovery: String,
}

/// Whose certificate it is: by its serial number, else by its key, which a renewed passport keeps.
async fn person(archive: &Archive, consumer: &Certificate) -> Result<Option<Person>, TraceError> {
    let found = match sealed(archive, &consumer.serial()).await? {
        Some(found) => Some(found),
        None => same_key(archive, consumer).await?,
    };
    let Some(found) = found else { return Ok(None) };
    let sealed = from_base64(&found.sealed_recovery).ok_or(MasterKeyError::Record)?;
    let record = archive.master.open_record(&found.certificate_serial, &sealed)?;
    let registered: Registered = serde_json::from_slice(&record).map_err(|_| MasterKeyError::Record)?;
    Ok(Some(Person { name: registered.facts.name.clone(), email: registered.facts.email.clone() }))
}

async fn sealed(archive: &Archive, serial: &str) -> Result<Option<Sealed>, sqlx::Error> {
    sqlx::query_as("SELECT certificate_serial, sealed_recovery FROM consumers WHERE certificate_serial = $1")
        .bind(serial)
        .fetch_optional(archive.database.pool())
        .await
}

async fn same_key(archive: &Archive, consumer: &Certificate) -> Result<Option<Sealed>, sqlx::Error> {
    sqlx::query_as(
        "SELECT certificate_serial, sealed_recovery FROM consumers WHERE key_fingerprint = $1 ORDER BY registered_at DESC LIMIT 1",
    )
    .bind(hex(&consumer.key_fingerprint()))
    .fetch_optional(archive.database.pool())
    .await
}
