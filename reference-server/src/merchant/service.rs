//! The merchant's JSON API for players. The table of requests is in [`cadenza_protocol::shop`].

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::pay::OrderAnswer;
use cadenza_protocol::shop::{About, AlbumPage, Order, StoreFront, TrackList, TrackOffer};
use cadenza_protocol::voucher::{MEDIA_TYPE, VoucherFile};
use serde::Deserialize;

use super::Merchant;
use super::messages::{FindOrder, OrderRequest, PreviewRequest};
use crate::api::{ApiFailure, JsonBody, PathId, told};
use crate::door::guard::Charge;

const MESSAGE_LIMIT: usize = 64 << 10;
const ART_SIZE: u32 = 320;

/// The service's routes.
pub fn router(merchant: Arc<Merchant>) -> Router {
    let routes = Router::new()
        .route("/v1/about", get(about))
        .route("/v1/albums", get(albums))
        .route("/v1/albums/{id}", get(album))
        .route("/v1/tracks", get(tracks))
        .route("/v1/tracks/{media_id}", get(track))
        .route("/v1/tracks/{media_id}/waveform", get(waveform))
        .route("/v1/art/{media_id}", get(art))
        .route("/v1/previews", post(preview))
        .route("/v1/orders", post(order))
        .route("/v1/orders/find", post(find))
        .route("/v1/orders/{order_id}", get(paid))
        .route("/v1/orders/{order_id}/voucher", get(voucher))
        .merge(super::after_sale::routes());
    told(routes).layer(DefaultBodyLimit::max(MESSAGE_LIMIT)).with_state(merchant)
}

async fn about(State(merchant): State<Arc<Merchant>>) -> Json<About> {
    Json(About {
        name: merchant.settings.name.clone(),
        currency: merchant.currency.to_string(),
        licensing_url: merchant.licensing_url.clone(),
        web_url: merchant.web_url.clone(),
    })
}

async fn albums(State(merchant): State<Arc<Merchant>>) -> Result<Json<StoreFront>, ApiFailure> {
    Ok(Json(merchant.shelves().await?.front()))
}

async fn album(
    State(merchant): State<Arc<Merchant>>,
    Path(id): Path<String>,
) -> Result<Json<AlbumPage>, ApiFailure> {
    let shelves = merchant.shelves().await?;
    shelves
        .album(&id)
        .cloned()
        .map(Json)
        .ok_or_else(|| ApiFailure::not_found("this album is not in the store"))
}

#[derive(Debug, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn tracks(
    State(merchant): State<Arc<Merchant>>,
    Query(Search { q }): Query<Search>,
) -> Result<Json<TrackList>, ApiFailure> {
    Ok(Json(merchant.shelves().await?.search(&q)))
}

async fn track(
    State(merchant): State<Arc<Merchant>>,
    PathId(media_id): PathId<MediaId>,
) -> Result<Json<TrackOffer>, ApiFailure> {
    let shelves = merchant.shelves_with(&media_id).await?;
    shelves
        .track(&media_id)
        .cloned()
        .map(Json)
        .ok_or_else(|| ApiFailure::not_found("this track is not in the store"))
}

async fn waveform(
    State(merchant): State<Arc<Merchant>>,
    PathId(media_id): PathId<MediaId>,
) -> Result<Vec<u8>, ApiFailure> {
    let shelves = merchant.shelves_with(&media_id).await?;
    Ok(shelves.track(&media_id).map(|track| track.waveform.clone()).unwrap_or_default())
}

/// The cover's edge that a client asks for, pixels.
#[derive(Debug, Deserialize)]
pub(crate) struct ArtSize {
    size: Option<u32>,
}

async fn art(
    State(merchant): State<Arc<Merchant>>,
    PathId(media_id): PathId<MediaId>,
    Query(size): Query<ArtSize>,
) -> Result<Response, ApiFailure> {
    art_response(&merchant, &media_id, size).await
}

/// A cover, which a client may keep for a day.
pub(crate) async fn art_response(
    merchant: &Merchant,
    media_id: &MediaId,
    size: ArtSize,
) -> Result<Response, ApiFailure> {
    let jpeg = merchant.art(media_id, size.size.unwrap_or(ART_SIZE)).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "max-age=86400")], jpeg)
        .into_response())
}

async fn preview(
    State(merchant): State<Arc<Merchant>>,
    charge: Charge,
    JsonBody(wish): JsonBody<PreviewRequest>,
) -> Result<Response, ApiFailure> {
    charge.more(wish.media_ids.len().saturating_sub(1))?;
    Ok(voucher_response(&merchant.preview(wish.media_ids, wish.kind).await?, "preview"))
}

async fn order(
    State(merchant): State<Arc<Merchant>>,
    JsonBody(request): JsonBody<OrderRequest>,
) -> Result<(StatusCode, Json<OrderAnswer>), ApiFailure> {
    // on a task of its own: a player that hangs up does not stop a payment half-way
    let work = tokio::spawn(async move { merchant.order(request).await });
    let answer = work.await.map_err(ApiFailure::internal)??;
    let status = match answer {
        OrderAnswer::Paid(_) => StatusCode::OK,
        OrderAnswer::PaymentNeeded(_) => StatusCode::ACCEPTED,
    };
    Ok((status, Json(answer)))
}

async fn find(
    State(merchant): State<Arc<Merchant>>,
    JsonBody(wish): JsonBody<FindOrder>,
) -> Result<Json<Order>, ApiFailure> {
    // it may have to be settled, which must not stop half-way
    let work = tokio::spawn(async move { merchant.find_order(&wish.idempotency_key).await });
    work.await.map_err(ApiFailure::internal)?.map(Json)
}

async fn paid(
    State(merchant): State<Arc<Merchant>>,
    Path(order_id): Path<String>,
) -> Result<Json<Order>, ApiFailure> {
    merchant.paid_order(&order_id).await.map(Json)
}

async fn voucher(
    State(merchant): State<Arc<Merchant>>,
    Path(order_id): Path<String>,
) -> Result<Response, ApiFailure> {
    Ok(voucher_response(&merchant.order_voucher(&order_id).await?, "music"))
}

/// A voucher by its media type, so that a browser hands it to the player (B4).
pub(crate) fn voucher_response(voucher: &VoucherFile, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.cadvoucher\"")),
    ];
    (headers, voucher.to_json()).into_response()
}
