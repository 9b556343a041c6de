//! The author's shelf: projects and files by path.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use cadenza_protocol::id::MediaId;

use super::ingest::Incoming;
use super::{FileFacts, Import, ListEntry, Listing, NamedPath, Published, Rename, Space, check_path};
use crate::api::{ApiFailure, JsonBody};
use crate::content::{ContentManager, MESSAGE_LIMIT};
use crate::tls::Caller;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/publish/space", get(space))
        .route("/v1/publish/list", get(list))
        .route("/v1/publish/info", get(info))
        .route("/v1/publish/projects", post(create_project))
        .route("/v1/publish/rename", post(rename))
        .route("/v1/publish/files", delete(delete_file))
        .route("/v1/publish/import", post(import))
        .layer(DefaultBodyLimit::max(MESSAGE_LIMIT))
}

async fn space(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Space>, ApiFailure> {
    Ok(Json(Space {
        total_kb: manager.settings.upload_space_per_author / 1024,
        free_kb: manager.upload_space_free(&caller.key()).await? / 1024,
    }))
}

async fn list(
    State(manager): State<Arc<ContentManager>>,
    Query(NamedPath { path }): Query<NamedPath>,
) -> Result<Json<Listing>, ApiFailure> {
    let pool = manager.database.pool();
    let projects: Vec<(String,)> =
        sqlx::query_as("SELECT path FROM projects ORDER BY path").fetch_all(pool).await?;
    let files: Vec<(String,)> =
        sqlx::query_as("SELECT path FROM media ORDER BY path").fetch_all(pool).await?;
    let prefix = if path.is_empty() { String::new() } else { format!("{}/", check_path(&path)?) };
    if !path.is_empty() && !projects.iter().any(|(known,)| *known == path) {
        return Err(ApiFailure::not_found("there is no such project"));
    }
    let inside = |(full,): &(String,)| {
        full.strip_prefix(&prefix).filter(|rest| !rest.is_empty() && !rest.contains('/')).map(str::to_owned)
    };
    let entry = |is_project| move |name| ListEntry { name, is_project };
    let entries = projects
        .iter()
        .filter_map(inside)
        .map(entry(true))
        .chain(files.iter().filter_map(inside).map(entry(false)))
        .collect();
    Ok(Json(Listing { entries }))
}

#[derive(Debug, sqlx::FromRow)]
struct ShelfRow {
    media_id: String,
    sha256: String,
    length: i64,
    title: String,
    for_sale: i64,
    author_key: String,
}

async fn info(
    State(manager): State<Arc<ContentManager>>,
    Query(NamedPath { path }): Query<NamedPath>,
) -> Result<Json<FileFacts>, ApiFailure> {
    let row = manager.shelf_row(&path).await?;
    let media_id: MediaId = row.media_id.parse().map_err(ApiFailure::internal)?;
    Ok(Json(FileFacts {
        media_id,
        length: row.length.unsigned_abs(),
        title: row.title,
        for_sale: row.for_sale == 1,
        stream_url: format!("cadenza://preview/{media_id}"),
    }))
}

async fn create_project(
    State(manager): State<Arc<ContentManager>>,
    JsonBody(NamedPath { path }): JsonBody<NamedPath>,
) -> Result<StatusCode, ApiFailure> {
    sqlx::query("INSERT INTO projects (path, created_at) VALUES ($1, $2) ON CONFLICT (path) DO NOTHING")
        .bind(check_path(&path)?)
        .bind(manager.now().0)
        .execute(manager.database.pool())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rename(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(Rename { from, to }): JsonBody<Rename>,
) -> Result<StatusCode, ApiFailure> {
    check_path(&to)?;
    let row = manager.shelf_row(&from).await?;
    own(&row, &caller)?;
    if manager.shelf_row(&to).await.is_ok() {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "already-published",
            "there is a file of that name already; delete it first",
        ));
    }
    let mut tx = manager.database.begin_write().await?;
    sqlx::query("UPDATE media SET path = $1 WHERE media_id = $2")
        .bind(&to)
        .bind(&row.media_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE editions SET path = $1 WHERE media_id = $2 AND sha256 = $3")
        .bind(&to)
        .bind(&row.media_id)
        .bind(&row.sha256)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file off the shelf. Who bought it may download it again for good (S11).
async fn delete_file(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    Query(NamedPath { path }): Query<NamedPath>,
) -> Result<StatusCode, ApiFailure> {
    let row = manager.shelf_row(&path).await?;
    own(&row, &caller)?;
    sqlx::query("DELETE FROM media WHERE media_id = $1")
        .bind(&row.media_id)
        .execute(manager.database.pool())
        .await?;
    manager.forget_unsold(&row.media_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn import(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<Import>,
) -> Result<Json<Published>, ApiFailure> {
    let name = check_path(&wish.file)?;
    if name.contains('/') {
        return Err(ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-path",
            "name a file in the import folder, without a path",
        ));
    }
    let file = manager.uploads.join("import").join(name);
    if !file.is_file() {
        return Err(ApiFailure::not_found(
            "there is no such file in the import folder of the content manager",
        ));
    }
    let incoming = Incoming {
        file,
        path: wish.path,
        sha256: None,
        author: caller.certificate,
        keys: wish.keys,
        overwrite: wish.overwrite,
    };
    manager.ingest(incoming).await.map(Json)
}

fn own(row: &ShelfRow, caller: &Caller) -> Result<(), ApiFailure> {
    let own = row.author_key == caller.key();
    own.then_some(()).ok_or_else(|| {
        ApiFailure::new(StatusCode::FORBIDDEN, "not-your-file", "another author published this file")
    })
}

impl ContentManager {
    async fn shelf_row(&self, path: &str) -> Result<ShelfRow, ApiFailure> {
        let row: Option<ShelfRow> = sqlx::query_as(
            "SELECT m.media_id, m.sha256, e.length, m.title, m.for_sale, m.author_key
             FROM media m JOIN editions e ON e.media_id = m.media_id AND e.sha256 = m.sha256 WHERE m.path = $1",
        )
        .bind(path)
        .fetch_optional(self.database.pool())
        .await?;
        row.ok_or_else(|| ApiFailure::not_found("there is no such file"))
    }

    /// Removes editions of a track that are neither on the shelf nor sold, nor about to be.
    pub(super) async fn forget_unsold(&self, media_id: &str) -> Result<(), ApiFailure> {
        let mut tx = self.database.begin_write().await?;
        let gone: Vec<(String,)> = sqlx::query_as(
            "DELETE FROM editions WHERE media_id = $1
               AND NOT EXISTS (SELECT 1 FROM media m WHERE m.media_id = editions.media_id AND m.sha256 = editions.sha256)
               AND NOT EXISTS (SELECT 1 FROM vouchers v WHERE v.media_id = editions.media_id AND v.sha256 = editions.sha256
                               AND v.state IN ('pending', 'purchased', 'delivered'))
             RETURNING object",
        )
        .bind(media_id)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        for (object,) in gone {
            self.files.remove(&object).await.map_err(ApiFailure::internal)?;
        }
        Ok(())
    }
}
