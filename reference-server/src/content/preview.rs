//! 'Preview' (V1, V2): a voucher that opens a stream on a delivery server that has one free, or a clear 'not now'.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::voucher::{MAX_TRACKS, VoucherFile, VoucherKind, VoucherTrack};
use serde::{Deserialize, Serialize};

use super::ContentManager;
use super::messages::PreviewKind;
use crate::api::{ApiFailure, JsonBody};
use crate::tls::Caller;

/// A merchant's wish for a preview.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PreviewWish {
    /// Tracks, played one after the other.
    pub media_ids: Vec<MediaId>,
    /// Clip or whole song.
    pub kind: PreviewKind,
}

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new().route("/v1/commerce/preview", post(preview))
}

async fn preview(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<PreviewWish>,
) -> Result<Json<VoucherFile>, ApiFailure> {
    if wish.media_ids.is_empty() || wish.media_ids.len() > MAX_TRACKS {
        return Err(ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-request",
            "ask for 1 to 100 tracks at a time",
        ));
    }
    let mut found = Vec::with_capacity(wish.media_ids.len());
    for media_id in &wish.media_ids {
        let entry = manager.track(media_id).await?.entry;
        if wish.kind == PreviewKind::Song && !entry.whole_song_preview {
            return Err(ApiFailure::new(
                StatusCode::NOT_FOUND,
                "no-whole-song",
                "this track can be heard as a clip only; ask for the clip",
            ));
        }
        found.push(entry);
    }
    let delivery = manager.server_with_free_stream().await?;
    let now = manager.now();
    let expires = now.plus_seconds(i64::from(manager.settings.preview_seconds));
    let mut tracks = Vec::with_capacity(found.len());
    for entry in found {
        let voucher_id = VoucherId::random();
        sqlx::query(
            "INSERT INTO vouchers (voucher_id, kind, state, media_id, merchant, issued_at, expires_at, server)
             VALUES ($1, $2, 'open', $3, $4, $5, $6, $7)",
        )
        .bind(voucher_id.to_string())
        .bind(wish.kind.as_str())
        .bind(entry.media_id.to_string())
        .bind(caller.key())
        .bind(now.0)
        .bind(expires.0)
        .bind(delivery.id.as_str())
        .execute(manager.database.pool())
        .await?;
        manager.count_voucher();
        let (media_id, title) = (entry.media_id, Some(entry.title));
        tracks.push(VoucherTrack {
            voucher_id,
            media_id,
            part: wish.kind,
            receipt: None,
            delivery: delivery.clone(),
            quality: None,
            title,
        });
    }
    manager.issue_voucher(VoucherKind::Preview, tracks, now, expires, &caller.certificate).map(Json)
}
