//! Rows of the `media` table: published tracks.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use cadenza_protocol::id::MediaId;

use super::ContentManager;
use super::catalogue::CatalogueTrack;
use super::messages::MediaFacts;
use crate::api::ApiFailure;

/// A published track with what the content manager keeps to itself.
#[derive(Debug)]
pub(super) struct PublishedTrack {
    pub facts: MediaFacts,
    pub entry: CatalogueTrack,
    pub path: String,
    pub author: String,
    pub wrapped_keys: Vec<u8>,
    pub custody_certificate: String,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    path: String,
    object: String,
    length: i64,
    sha256: String,
    author: String,
    facts: String,
    wrapped_keys: String,
    custody_pem: String,
}

impl ContentManager {
    /// Looks a track up, counting the access (V2).
    pub(super) async fn track(&self, media_id: &MediaId) -> Result<PublishedTrack, ApiFailure> {
        self.counters.accesses.fetch_add(1, Ordering::Relaxed);
        let row: Option<Row> = sqlx::query_as(
            "SELECT m.path, m.object, m.length, m.sha256, m.author, m.facts, m.wrapped_keys, c.pem AS custody_pem
             FROM media m JOIN custody_certificates c ON c.fingerprint = m.custody_cert WHERE m.media_id = $1",
        )
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
        let entry: CatalogueTrack = serde_json::from_str(&row.facts).map_err(ApiFailure::internal)?;
        Ok(PublishedTrack {
            facts: MediaFacts {
                media_id: *media_id,
                object: row.object,
                length: u64::try_from(row.length).map_err(ApiFailure::internal)?,
                sha256: row.sha256,
                title: entry.title.clone(),
                artist: entry.artist.clone(),
            },
            entry,
            path: row.path,
            author: row.author,
            wrapped_keys: crate::text::from_base64(&row.wrapped_keys)
                .ok_or_else(|| ApiFailure::internal("custody keys are not base64"))?,
            custody_certificate: row.custody_pem,
        })
    }

    /// Everything for sale, by album and number.
    pub(super) async fn catalogue(&self) -> Result<Vec<CatalogueTrack>, ApiFailure> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT facts FROM media WHERE for_sale = 1 ORDER BY album, album_id, track_number, title",
        )
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(|(facts,)| serde_json::from_str(facts).map_err(ApiFailure::internal)).collect()
    }
}
