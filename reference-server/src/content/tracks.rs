//! Rows of the tables `media` and `editions`: what is on the shelf, and what was sold.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use cadenza_protocol::id::{MediaId, unhex};

use super::ContentManager;
use super::catalogue::CatalogueTrack;
use super::messages::MediaFacts;
use super::vouchers::VoucherRow;
use crate::api::ApiFailure;

/// A published track with what the content manager keeps to itself.
#[derive(Debug)]
pub(super) struct PublishedTrack {
    pub facts: MediaFacts,
    pub entry: CatalogueTrack,
    pub path: String,
    pub author: String,
    /// Fingerprint of the author's key.
    pub author_key: [u8; 32],
    pub wrapped_keys: Vec<u8>,
    pub custody_certificate: String,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    media_id: String,
    path: String,
    object: String,
    length: i64,
    sha256: String,
    author: String,
    author_key: String,
    facts: String,
    wrapped_keys: String,
    custody_pem: String,
}

const EDITION: &str =
    "SELECT e.media_id, e.path, e.object, e.length, e.sha256, e.author, e.author_key, e.facts, e.wrapped_keys, c.pem AS custody_pem
     FROM editions e JOIN custody_certificates c ON c.fingerprint = e.custody_cert";

impl ContentManager {
    /// Looks a published track up, counting the access (V2).
    pub(super) async fn track(&self, media_id: &MediaId) -> Result<PublishedTrack, ApiFailure> {
        self.counters.accesses.fetch_add(1, Ordering::Relaxed);
        let on_the_shelf =
            "JOIN media m ON m.media_id = e.media_id AND m.sha256 = e.sha256 WHERE m.media_id = $1";
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{EDITION} {on_the_shelf}")))
            .bind(media_id.to_string())
            .fetch_optional(self.database.pool())
            .await?;
        let Some(row) = row else {
            self.counters.misses.fetch_add(1, Ordering::Relaxed);
            return Err(ApiFailure::new(
                StatusCode::NOT_FOUND,
                "unknown-media",
                "this track is not in the catalogue any more",
            ));
        };
        row.published()
    }

    /// The track as it was sold, whatever is on the shelf now (S11).
    pub(super) async fn sold_track(&self, voucher: &VoucherRow) -> Result<PublishedTrack, ApiFailure> {
        let row: Option<Row> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{EDITION} WHERE e.media_id = $1 AND e.sha256 = $2")))
                .bind(&voucher.media_id)
                .bind(voucher.sha256.as_deref().unwrap_or_default())
                .fetch_optional(self.database.pool())
                .await?;
        row.ok_or_else(|| ApiFailure::internal(format!("what voucher {} sold is gone", voucher.voucher_id)))?
            .published()
    }

    /// Everything for sale, by album and number.
    pub(super) async fn catalogue(&self) -> Result<Vec<CatalogueTrack>, ApiFailure> {
        self.entries("ORDER BY m.album, m.album_id, m.track_number, m.title", None).await
    }

    /// All tracks of an album that are for sale.
    pub(super) async fn album(&self, album_id: &str) -> Result<Vec<CatalogueTrack>, ApiFailure> {
        self.entries("AND m.album_id = $1 ORDER BY m.track_number, m.title", Some(album_id)).await
    }

    async fn entries(&self, rest: &str, album: Option<&str>) -> Result<Vec<CatalogueTrack>, ApiFailure> {
        let sql = format!(
            "SELECT e.facts FROM media m JOIN editions e ON e.media_id = m.media_id AND e.sha256 = m.sha256 WHERE m.for_sale = 1 {rest}"
        );
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
        if let Some(album) = album {
            query = query.bind(album);
        }
        let rows: Vec<(String,)> = query.fetch_all(self.database.pool()).await?;
        let mut entries: Vec<CatalogueTrack> = rows
            .iter()
            .map(|(facts,)| serde_json::from_str(facts))
            .collect::<Result<_, _>>()
            .map_err(ApiFailure::internal)?;
        entries.retain(|entry| entry.currency == self.currency);
        Ok(entries)
    }

    /// Tells the operator of files that are not sold any more, because the shop's currency was changed.
    pub(super) async fn warn_of_other_currencies(&self) -> Result<(), ApiFailure> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.path, e.facts FROM media m JOIN editions e ON e.media_id = m.media_id AND e.sha256 = m.sha256 WHERE m.for_sale = 1 ORDER BY m.path",
        )
        .fetch_all(self.database.pool())
        .await?;
        for (path, facts) in rows {
            let entry: CatalogueTrack = serde_json::from_str(&facts).map_err(ApiFailure::internal)?;
            if entry.currency != self.currency {
                tracing::warn!(path, priced = %entry.currency, shop = %self.currency, "not for sale: it is priced in another currency than the shop's; author it again with prices in that one");
            }
        }
        Ok(())
    }
}

impl Row {
    fn published(self) -> Result<PublishedTrack, ApiFailure> {
        let entry: CatalogueTrack = serde_json::from_str(&self.facts).map_err(ApiFailure::internal)?;
        Ok(PublishedTrack {
            facts: MediaFacts {
                media_id: self.media_id.parse().map_err(ApiFailure::internal)?,
                object: self.object,
                length: u64::try_from(self.length).map_err(ApiFailure::internal)?,
                sha256: self.sha256,
                title: entry.title.clone(),
                artist: entry.artist.clone(),
            },
            entry,
            path: self.path,
            author: self.author,
            author_key: unhex(&self.author_key)
                .and_then(|key| key.try_into().ok())
                .ok_or_else(|| ApiFailure::internal("an author's key fingerprint is damaged"))?,
            wrapped_keys: crate::text::from_base64(&self.wrapped_keys)
                .ok_or_else(|| ApiFailure::internal("custody keys are not base64"))?,
            custody_certificate: self.custody_pem,
        })
    }
}
