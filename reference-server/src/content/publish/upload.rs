//! Resumable uploads: a row says what is coming, a file in the uploads folder holds what has come.
//!
//! The same start message again finds the same upload; its state says where to go on.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use cadenza_protocol::id::{hex, unhex};
use futures_util::StreamExt;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::ingest::Incoming;
use super::{MediaKeys, PIECE, Published, StartUpload, UploadState, check_path};
use crate::api::{ApiFailure, JsonBody, PathId};
use crate::content::ContentManager;
use crate::tls::Caller;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/publish/uploads", post(start))
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
}

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
    let upload_id = upload_id(&caller, &wish);
    if wish.length > manager.upload_space_free().await? && !manager.upload_file(&upload_id).exists() {
        return Err(ApiFailure::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no-space",
            "there is no space for this upload; finish or delete others first",
        ));
    }
    sqlx::query(
        "INSERT INTO uploads (upload_id, path, length, sha256, overwrite, author, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (upload_id) DO NOTHING",
    )
    .bind(&upload_id)
    .bind(&wish.path)
    .bind(i64::try_from(wish.length).map_err(|_| ApiFailure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "this file is too large"))?)
    .bind(&wish.sha256)
    .bind(i64::from(wish.overwrite))
    .bind(caller.key())
    .bind(manager.now().0)
    .execute(manager.database.pool())
    .await?;
    manager.upload_state(upload_id).await.map(Json)
}

/// The same author, path and content give the same upload.
fn upload_id(caller: &Caller, wish: &StartUpload) -> String {
    let name = format!("{}\0{}\0{}\0{}", caller.key(), wish.path, wish.sha256, wish.overwrite);
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
    let mut left = u64::try_from(row.length).unwrap_or_default().saturating_sub(offset);
    let mut pieces = body.into_data_stream();
    while let Some(bytes) = pieces.next().await {
        // a connection that breaks here leaves what came before; the author goes on from there
        let bytes = bytes.map_err(|_| {
            ApiFailure::new(
                StatusCode::BAD_REQUEST,
                "upload-interrupted",
                "the upload was interrupted; go on from where it stopped",
            )
        })?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            ApiFailure::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-long",
                "more bytes came than were announced; start again",
            )
        })?;
        file.write_all(&bytes).await.map_err(ApiFailure::internal)?;
    }
    file.flush().await.map_err(ApiFailure::internal)?;
    manager.upload_state(row.upload_id).await.map(Json)
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
    let published = manager.ingest(incoming).await?;
    manager.forget_upload(&row.upload_id).await?;
    Ok(Json(published))
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
    /// Bytes that uploads may still take.
    pub(super) async fn upload_space_free(&self) -> Result<u64, ApiFailure> {
        let (taken,): (i64,) = sqlx::query_as("SELECT CAST(COALESCE(SUM(length), 0) AS BIGINT) FROM uploads")
            .fetch_one(self.database.pool())
            .await?;
        Ok(self.settings.upload_space.saturating_sub(taken.unsigned_abs()))
    }

    fn upload_file(&self, upload_id: &str) -> PathBuf {
        self.uploads.join(upload_id).with_extension("part")
    }

    async fn upload_row(&self, upload_id: &str, caller: &Caller) -> Result<UploadRow, ApiFailure> {
        let row: Option<UploadRow> = sqlx::query_as("SELECT upload_id, path, length, sha256, overwrite FROM uploads WHERE upload_id = $1 AND author = $2")
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
