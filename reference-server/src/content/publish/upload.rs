//! Resumable uploads: a row says what is coming, a file in the uploads folder holds what has come.
//!
//! The same start message again finds the same upload; its state says where to go on. What was announced takes no space, what came
//! does; an upload that is left alone lapses.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, BodyDataStream};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::time::UnixTime;
use futures_util::StreamExt;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::ingest::Incoming;
use super::seal::UNSEALED;
use super::{MediaKeys, PIECE, Published, StartUpload, Unfinished, UploadState, Uploads, check_path};
use crate::api::{ApiFailure, JsonBody, PathId, reach};
use crate::content::ContentManager;
use crate::tls::Caller;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/publish/uploads", post(start).get(unfinished))
        .route("/v1/publish/uploads/{id}", get(state).put(piece).delete(abort))
        .route("/v1/publish/uploads/{id}/finish", post(finish))
        .layer(DefaultBodyLimit::max(PIECE))
}

#[derive(Debug, sqlx::FromRow)]
struct UploadRow {
    upload_id: String,
    path: String,
    length: i64,
    sha256: String,
    overwrite: i64,
    author_key: String,
    received: i64,
    touched_at: i64,
}

const UPLOAD: &str =
    "SELECT upload_id, path, length, sha256, overwrite, author_key, received, touched_at FROM uploads";
/// Space that is taken before it is needed, bytes.
const BOOKED_AHEAD: u64 = 1 << 20;
/// Uploads that one author may have begun.
const MOST_UPLOADS: i64 = 256;

async fn start(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<StartUpload>,
) -> Result<Json<UploadState>, ApiFailure> {
    check_path(&wish.path)?;
    if unhex(&wish.sha256).is_none_or(|hash| hash.len() != 32) {
        return Err(ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-request",
            "sha256 is 64 hexadecimal digits",
        ));
    }
    let author_key = caller.key();
    let (known,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM uploads WHERE author_key = $1")
        .bind(&author_key)
        .fetch_one(manager.database.pool())
        .await?;
    if wish.length > manager.settings.upload_space_per_author || known >= MOST_UPLOADS {
        return Err(no_space());
    }
    let upload_id = upload_id(&author_key, &wish);
    sqlx::query(
        "INSERT INTO uploads (upload_id, path, length, sha256, overwrite, author_key, received, touched_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
         ON CONFLICT (upload_id) DO NOTHING",
    )
    .bind(&upload_id)
    .bind(&wish.path)
    .bind(i64::try_from(wish.length).map_err(|_| no_space())?)
    .bind(&wish.sha256)
    .bind(i64::from(wish.overwrite))
    .bind(author_key)
    .bind(manager.now().0)
    .execute(manager.database.pool())
    .await?;
    manager.upload_state(upload_id).await.map(Json)
}

async fn unfinished(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Uploads>, ApiFailure> {
    let rows: Vec<UploadRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{UPLOAD} WHERE author_key = $1 ORDER BY touched_at, upload_id"
    )))
    .bind(caller.key())
    .fetch_all(manager.database.pool())
    .await?;
    let one = |row: UploadRow| Unfinished {
        upload_id: row.upload_id,
        path: row.path,
        length: row.length.unsigned_abs(),
        received: row.received.unsigned_abs(),
        touched_at: UnixTime(row.touched_at),
    };
    Ok(Json(Uploads { uploads: rows.into_iter().map(one).collect() }))
}

/// The same author, path and content give the same upload.
fn upload_id(author_key: &str, wish: &StartUpload) -> String {
    let name = format!("{author_key}\0{}\0{}\0{}", wish.path, wish.sha256, wish.overwrite);
    hex(&digest(&SHA256, name.as_bytes()).as_ref()[..16])
}

async fn state(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<String>,
) -> Result<Json<UploadState>, ApiFailure> {
    manager.upload_row(&id, &caller).await?;
    manager.upload_state(id).await.map(Json)
}

#[derive(Debug, Deserialize)]
struct Offset {
    offset: u64,
}

async fn piece(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<String>,
    Query(Offset { offset }): Query<Offset>,
    body: Body,
) -> Result<Json<UploadState>, ApiFailure> {
    let row = manager.upload_row(&id, &caller).await?;
    let path = manager.upload_file(&row.upload_id);
    tokio::fs::create_dir_all(&manager.uploads).await.map_err(ApiFailure::internal)?;
    let mut file = tokio::fs::OpenOptions::new()
        .create(true)
        .append(false)
        .truncate(false)
        .write(true)
        .open(&path)
        .await
        .map_err(ApiFailure::internal)?;
    let received = file.metadata().await.map_err(ApiFailure::internal)?.len();
    if received != offset {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "wrong-offset",
            format!("go on from byte {received}"),
        ));
    }
    file.seek(std::io::SeekFrom::Start(offset)).await.map_err(ApiFailure::internal)?;
    let left = row.length.unsigned_abs().saturating_sub(offset);
    manager.note_received(&row.upload_id, received).await?;
    let space = Booking { manager: &manager, upload: &row, booked: 0 };
    let outcome = receive(&mut file, body, left, space).await;
    // what came takes its space, also when the connection broke
    let received = file.metadata().await.map_err(ApiFailure::internal)?.len();
    manager.note_received(&row.upload_id, received).await?;
    outcome?;
    reach("upload.received")?;
    manager.upload_state(row.upload_id).await.map(Json)
}

/// Writes a piece; a connection that breaks leaves what came before, and the author goes on from there. Of a refused piece the rest is
/// taken in and dropped: who is cut off while sending never reads why.
async fn receive(file: &mut File, body: Body, left: u64, space: Booking<'_>) -> Result<(), ApiFailure> {
    let mut pieces = body.into_data_stream();
    let outcome = write(file, &mut pieces, left, space).await;
    let mut heard = 0;
    while outcome.is_err()
        && heard < PIECE
        && let Some(Ok(bytes)) = pieces.next().await
    {
        heard += bytes.len();
    }
    outcome
}

async fn write(
    file: &mut File,
    pieces: &mut BodyDataStream,
    mut left: u64,
    mut space: Booking<'_>,
) -> Result<(), ApiFailure> {
    while let Some(bytes) = pieces.next().await {
        let bytes = bytes.map_err(|_| {
            ApiFailure::new(
                StatusCode::BAD_REQUEST,
                "upload-interrupted",
                "the upload was interrupted; go on from where it stopped",
            )
        })?;
        let count = bytes.len() as u64;
        left = left.checked_sub(count).ok_or_else(|| {
            ApiFailure::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-long",
                "more bytes came than were announced; start again",
            )
        })?;
        space.take(count, left).await?;
        file.write_all(&bytes).await.map_err(ApiFailure::internal)?;
    }
    file.flush().await.map_err(ApiFailure::internal)
}

/// Space that an upload took before it fills it: pieces that come beside each other share what there is.
struct Booking<'a> {
    manager: &'a ContentManager,
    upload: &'a UploadRow,
    /// Taken and not filled yet, bytes.
    booked: u64,
}

impl Booking<'_> {
    /// Space for `count` bytes, taken some at a time; `left` come after them.
    async fn take(&mut self, count: u64, left: u64) -> Result<(), ApiFailure> {
        if let Some(missing) = count.checked_sub(self.booked).filter(|missing| *missing > 0) {
            let ahead = missing + left.min(BOOKED_AHEAD);
            self.booked += if self.manager.book(self.upload, ahead).await? {
                ahead
            } else if self.manager.book(self.upload, missing).await? {
                missing
            } else {
                return Err(no_space());
            };
        }
        self.booked -= count;
        Ok(())
    }
}

fn no_space() -> ApiFailure {
    let why =
        "there is no space for this upload; finish others first, or abort those that are not wanted any more";
    ApiFailure::new(StatusCode::INSUFFICIENT_STORAGE, "no-space", why)
}

async fn finish(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<String>,
    JsonBody(keys): JsonBody<MediaKeys>,
) -> Result<Json<Published>, ApiFailure> {
    let row = manager.upload_row(&id, &caller).await?;
    let incoming = Incoming {
        file: manager.upload_file(&row.upload_id),
        path: row.path,
        sha256: Some(row.sha256),
        author: caller.certificate,
        keys,
        overwrite: row.overwrite == 1,
    };
    // on a task of its own: an author who hangs up does not stop it half-way
    let work = tokio::spawn(async move {
        let published = manager.ingest(incoming).await?;
        reach("publish.listed")?;
        manager.forget_upload(&row.upload_id).await?;
        Ok(published)
    });
    work.await.map_err(ApiFailure::internal)?.map(Json)
}

async fn abort(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<String>,
) -> Result<StatusCode, ApiFailure> {
    let row = manager.upload_row(&id, &caller).await?;
    manager.forget_upload(&row.upload_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl ContentManager {
    /// Bytes that this author may still bring.
    pub(super) async fn upload_space_free(&self, author_key: &str) -> Result<u64, ApiFailure> {
        let (all, own): (i64, i64) = sqlx::query_as(
            "SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN author_key = $1 THEN received ELSE 0 END), 0) AS BIGINT) FROM uploads",
        )
        .bind(author_key)
        .fetch_one(self.database.pool())
        .await?;
        let free = self.settings.upload_space.saturating_sub(all.unsigned_abs());
        Ok(free.min(self.settings.upload_space_per_author.saturating_sub(own.unsigned_abs())))
    }

    /// Takes space for an upload; whether there was as much.
    async fn book(&self, upload: &UploadRow, bytes: u64) -> Result<bool, ApiFailure> {
        let bound = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let booked = sqlx::query(
            "UPDATE uploads SET received = received + $1 WHERE upload_id = $2
               AND (SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT) FROM uploads) + $1 <= $3
               AND (SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT) FROM uploads WHERE author_key = $4) + $1 <= $5",
        )
        .bind(bound(bytes))
        .bind(&upload.upload_id)
        .bind(bound(self.settings.upload_space))
        .bind(&upload.author_key)
        .bind(bound(self.settings.upload_space_per_author))
        .execute(self.database.pool())
        .await?;
        Ok(booked.rows_affected() == 1)
    }

    async fn note_received(&self, upload_id: &str, received: u64) -> Result<(), ApiFailure> {
        sqlx::query("UPDATE uploads SET received = $1, touched_at = $2 WHERE upload_id = $3")
            .bind(i64::try_from(received).map_err(ApiFailure::internal)?)
            .bind(self.now().0)
            .bind(upload_id)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Gives up uploads that were left alone.
    pub(in crate::content) async fn sweep_uploads(&self) -> Result<(), ApiFailure> {
        let left_alone: Vec<(String,)> =
            sqlx::query_as("SELECT upload_id FROM uploads WHERE touched_at < $1")
                .bind(self.now().plus_seconds(-3600 * i64::from(self.settings.upload_hours)).0)
                .fetch_all(self.database.pool())
                .await?;
        for (upload_id,) in left_alone {
            tracing::info!(upload = upload_id, "an upload that was left alone is given up");
            self.forget_upload(&upload_id).await?;
        }
        Ok(())
    }

    /// Removes copies that a publishing was at when the server was killed.
    pub(in crate::content) fn sweep_unsealed(&self) {
        let Ok(entries) = std::fs::read_dir(&self.uploads) else { return };
        let names = entries.filter_map(Result::ok).map(|entry| entry.path());
        let is_ours = |path: &PathBuf| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(UNSEALED))
        };
        for path in names.filter(is_ours) {
            match std::fs::remove_file(&path) {
                Ok(()) => tracing::info!(file = %path.display(), "what a publishing left behind is removed"),
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "what a publishing left behind cannot be removed")
                }
            }
        }
    }

    fn upload_file(&self, upload_id: &str) -> PathBuf {
        self.uploads.join(upload_id).with_extension("part")
    }

    async fn upload_row(&self, upload_id: &str, caller: &Caller) -> Result<UploadRow, ApiFailure> {
        let row: Option<UploadRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{UPLOAD} WHERE upload_id = $1 AND author_key = $2")))
                .bind(upload_id)
                .bind(caller.key())
                .fetch_optional(self.database.pool())
                .await?;
        row.ok_or_else(|| ApiFailure::not_found("there is no such upload; start it again"))
    }

    async fn upload_state(&self, upload_id: String) -> Result<UploadState, ApiFailure> {
        let received = tokio::fs::metadata(self.upload_file(&upload_id)).await.map_or(0, |facts| facts.len());
        Ok(UploadState { upload_id, received, custody: self.tls.identity().chain().clone() })
    }

    async fn forget_upload(&self, upload_id: &str) -> Result<(), ApiFailure> {
        let _ = tokio::fs::remove_file(self.upload_file(upload_id)).await; // it may not have come that far
        sqlx::query("DELETE FROM uploads WHERE upload_id = $1")
            .bind(upload_id)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }
}
