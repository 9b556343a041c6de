//! What happens to a file before it is in the catalogue: everything in it is checked, its keys are taken into custody.
//!
//! Checked: the hash that was announced, the author's signature and chain, every item's hash, that the author is the one who
//! brings it, that no buyer's and no other store's record hangs on it, and that the keys open for us and are all there.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::id::{MediaId, hex};
use cadenza_protocol::media::{MediaError, MediaFile};
use cadenza_protocol::shop::money::Currency;
use ring::digest::{Context, SHA256};
use sqlx::{Any, AnyConnection, Transaction};

use super::seal::{Sealed, Unsealed, seal};
use super::{MediaKeys, Published, check_path};
use crate::api::{ApiFailure, reach};
use crate::content::catalogue::{self, CatalogueError, CatalogueTrack};
use crate::content::{ContentManager, art, custody};
use crate::identity::Identity;
use crate::text::to_base64;

const UNUSABLE: &str = "unusable-file";

/// A file that someone wants in the catalogue.
#[derive(Debug)]
pub(super) struct Incoming {
    pub file: PathBuf,
    pub path: String,
    pub sha256: Option<String>,
    pub author: Certificate,
    pub keys: MediaKeys,
    pub overwrite: bool,
}

/// A file that passed.
struct Checked {
    unsealed: Unsealed,
    entry: CatalogueTrack,
    cover: Option<Vec<u8>>,
}

impl ContentManager {
    /// Checks, stores and lists a file.
    pub(super) async fn ingest(&self, incoming: Incoming) -> Result<Published, ApiFailure> {
        check_path(&incoming.path)?;
        let identity = self.tls.identity();
        let (root, keeper, currency) = (self.tls.root().clone(), identity.clone(), self.currency);
        let (incoming, checked) = tokio::task::spawn_blocking(move || {
            let checked = check(&incoming, &root, &keeper, currency);
            (incoming, checked)
        })
        .await
        .map_err(ApiFailure::internal)?;
        let Checked { unsealed, mut entry, cover } = checked?;
        let media_id = unsealed.media_id;
        // before the work; whoever comes in meanwhile is seen when it is listed
        refuse_taken(&mut *self.database.pool().acquire().await?, &incoming, &media_id).await?;
        let block = self.publication(&unsealed, &identity).await?;
        let (from, folder) = (incoming.file.clone(), self.uploads.clone());
        let sealed = tokio::task::spawn_blocking(move || seal(&from, &folder, &block)).await;
        let Sealed { file, length, sha256 } =
            sealed.map_err(ApiFailure::internal)?.map_err(ApiFailure::internal)?;
        if let Some(cover) = cover {
            let stored = art::store(&self.files, cover).await.map_err(|e| unusable(e.to_string()))?;
            (entry.art, entry.colour) = (Some(stored.name), stored.colour);
        }
        let object = format!("media/{media_id}/{}.cadenza", &sha256[..16]);
        self.files.store_file(&object, file.path()).await.map_err(ApiFailure::internal)?;
        reach("publish.stored")?;
        let edition = Edition { entry: &entry, object, length, sha256 };
        let listed = self.list(&incoming, identity.chain().leaf(), &edition).await;
        if listed.is_err() {
            self.forget_unlisted(&edition.object).await?;
        }
        let replaced = listed?;
        for media_id in replaced {
            self.forget_unsold(&media_id).await?;
        }
        tracing::info!(media = %media_id, title = ?entry.title, path = ?incoming.path, "published");
        Ok(Published { media_id, title: entry.title })
    }

    /// Removes a stored file that did not come onto the shelf, unless it is there from before.
    async fn forget_unlisted(&self, object: &str) -> Result<(), ApiFailure> {
        let known: Option<(String,)> = sqlx::query_as("SELECT media_id FROM editions WHERE object = $1")
            .bind(object)
            .fetch_optional(self.database.pool())
            .await?;
        match known {
            Some(_) => Ok(()),
            None => self.files.remove(object).await.map_err(ApiFailure::internal),
        }
    }

    /// Puts a file on the shelf, in the place of what is there under its id or path; whose tracks those were.
    async fn list(
        &self,
        incoming: &Incoming,
        keeper: &Certificate,
        edition: &Edition<'_>,
    ) -> Result<Vec<String>, ApiFailure> {
        let (fingerprint, now) = (hex(&keeper.fingerprint()), self.now());
        let mut tx = self.database.begin_write().await?;
        refuse_taken(&mut tx, incoming, &edition.entry.media_id).await?;
        sqlx::query("INSERT INTO custody_certificates (fingerprint, pem) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING")
            .bind(&fingerprint)
            .bind(keeper.to_pem())
            .execute(&mut *tx)
            .await?;
        if let Some((project, _)) = incoming.path.rsplit_once('/') {
            sqlx::query(
                "INSERT INTO projects (path, created_at) VALUES ($1, $2) ON CONFLICT (path) DO NOTHING",
            )
            .bind(project)
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
        }
        edition.insert(&mut tx, incoming, &fingerprint, now.0).await?;
        let replaced: Vec<(String,)> =
            sqlx::query_as("DELETE FROM media WHERE media_id = $1 OR path = $2 RETURNING media_id")
                .bind(edition.entry.media_id.to_string())
                .bind(&incoming.path)
                .fetch_all(&mut *tx)
                .await?;
        edition.put_on_the_shelf(&mut tx, incoming).await?;
        reach("publish.written")?;
        tx.commit().await?;
        reach("publish.kept")?;
        Ok(replaced.into_iter().map(|(media_id,)| media_id).collect())
    }
}

/// Refuses a path or media id that is another's, or that may not be overwritten.
async fn refuse_taken(
    connection: &mut AnyConnection,
    incoming: &Incoming,
    media_id: &MediaId,
) -> Result<(), ApiFailure> {
    let taken: Vec<(String,)> =
        sqlx::query_as("SELECT author_key FROM media WHERE media_id = $1 OR path = $2 UNION SELECT author_key FROM editions WHERE media_id = $1")
            .bind(media_id.to_string())
            .bind(&incoming.path)
            .fetch_all(&mut *connection)
            .await?;
    if taken.iter().any(|(owner,)| *owner != owner_of(&incoming.author)) {
        let why = "another author published this path or media id; choose another";
        return Err(ApiFailure::new(StatusCode::FORBIDDEN, "not-your-file", why));
    }
    let on_the_shelf: Option<(String,)> =
        sqlx::query_as("SELECT media_id FROM media WHERE media_id = $1 OR path = $2")
            .bind(media_id.to_string())
            .bind(&incoming.path)
            .fetch_optional(&mut *connection)
            .await?;
    if on_the_shelf.is_some() && !incoming.overwrite {
        let why = "this path or media id is published already; say that it may be overwritten";
        return Err(ApiFailure::new(StatusCode::CONFLICT, "already-published", why));
    }
    Ok(())
}

/// A file with what stands in it.
struct Edition<'a> {
    entry: &'a CatalogueTrack,
    object: String,
    length: u64,
    sha256: String,
}

impl Edition<'_> {
    async fn insert(
        &self,
        tx: &mut Transaction<'static, Any>,
        incoming: &Incoming,
        custody_certificate: &str,
        now: i64,
    ) -> Result<(), ApiFailure> {
        sqlx::query(
            "INSERT INTO editions (media_id, sha256, path, object, length, author, author_key, facts, wrapped_keys, custody_cert, published_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (media_id, sha256) DO UPDATE SET path = excluded.path, author = excluded.author, facts = excluded.facts,
                wrapped_keys = excluded.wrapped_keys, custody_cert = excluded.custody_cert, published_at = excluded.published_at",
        )
        .bind(self.entry.media_id.to_string())
        .bind(&self.sha256)
        .bind(&incoming.path)
        .bind(&self.object)
        .bind(i64::try_from(self.length).map_err(ApiFailure::internal)?)
        .bind(incoming.author.subject())
        .bind(owner_of(&incoming.author))
        .bind(serde_json::to_string(self.entry).map_err(ApiFailure::internal)?)
        .bind(to_base64(&incoming.keys.wrapped_keys))
        .bind(custody_certificate)
        .bind(now)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    async fn put_on_the_shelf(
        &self,
        tx: &mut Transaction<'static, Any>,
        incoming: &Incoming,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO media (media_id, sha256, path, author_key, title, album, album_id, track_number, for_sale)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(self.entry.media_id.to_string())
        .bind(&self.sha256)
        .bind(&incoming.path)
        .bind(owner_of(&incoming.author))
        .bind(&self.entry.title)
        .bind(&self.entry.album)
        .bind(&self.entry.album_id)
        .bind(i64::from(self.entry.number))
        .bind(i64::from(!self.entry.offers.is_empty()))
        .execute(&mut **tx)
        .await
        .map(drop)
    }
}

fn check(
    incoming: &Incoming,
    root: &Certificate,
    keeper: &Identity,
    currency: Currency,
) -> Result<Checked, ApiFailure> {
    let (_, sha256) = hash_file(&incoming.file).map_err(ApiFailure::internal)?;
    if incoming.sha256.as_ref().is_some_and(|announced| *announced != sha256) {
        return Err(unusable("not all bytes came through, or others than announced; upload it again".into()));
    }
    let file = File::open(&incoming.file).map_err(ApiFailure::internal)?;
    let refused = |e: MediaError| unusable(e.to_string());
    let mut media = MediaFile::open(BufReader::new(file), root).map_err(refused)?;
    media.verify_all().map_err(refused)?;
    if media.transaction().is_some() {
        return Err(unusable(
            "this is a copy that was sold to someone; publish the file as it was authored".into(),
        ));
    }
    if media.publication().is_some() {
        return Err(unusable(
            "this is the file as a store sells it; publish the file as it was authored".into(),
        ));
    }
    if owner_of(media.author().leaf()) != owner_of(&incoming.author) {
        return Err(ApiFailure::new(
            StatusCode::FORBIDDEN,
            "not-your-file",
            "this file was signed by another author; publish it with that account",
        ));
    }
    let label = WrapLabel::custody(media.media_id(), keeper.chain().leaf());
    let keys = custody::unwrap_keys(keeper.key_pkcs8(), &incoming.keys.wrapped_keys, &label)
        .map_err(|e| unusable(e.to_string()))?;
    if let Some(image) = media.images().iter().find(|i| i.key.is_some_and(|key| keys.get(key).is_none())) {
        return Err(unusable(format!(
            "the key of the '{}' version is missing; author the file again",
            image.quality
        )));
    }
    let (entry, cover) = catalogue::read(&mut media, currency).map_err(|error| {
        let code =
            if matches!(error, CatalogueError::OtherCurrency(..)) { "other-currency" } else { UNUSABLE };
        ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    })?;
    let blocks = media.blocks().map_err(refused)?;
    let unsealed = Unsealed { media_id: *media.media_id(), running_hash: *media.running_hash(), blocks };
    Ok(Checked { unsealed, entry, cover })
}

/// Whose a file is: the key of whoever brought it, whatever name stands in its certificate.
fn owner_of(author: &Certificate) -> String {
    hex(&author.key_fingerprint())
}

fn unusable(why: String) -> ApiFailure {
    ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, UNUSABLE, why)
}

/// Length and SHA-256 of a file.
pub(super) fn hash_file(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((length, hex(context.finish().as_ref())));
        }
        context.update(&buffer[..count]);
        length += count as u64;
    }
}
