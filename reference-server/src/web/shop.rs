//! Shelves for browsers: front, album, search, covers, and previews as vouchers by their media type (V1).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use cadenza_protocol::id::MediaId;
use serde::Deserialize;

use super::view::{CardView, TrackView, format_of};
use super::{Notice, Pages, render};
use crate::api::{ApiFailure, PathId};
use crate::content::messages::PreviewKind;
use crate::door::guard::Charge;
use crate::merchant::service::{ArtSize, art_response, voucher_response};

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/", get(front))
        .route("/album/{id}", get(album))
        .route("/search", get(search))
        .route("/art/{media_id}", get(art))
        .route("/preview/{media_id}", get(preview))
        .route("/preview/album/{id}", get(preview_album))
}

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage<'a> {
    shop: &'a str,
    albums: Vec<CardView>,
}

async fn front(State(pages): State<Arc<Pages>>) -> Result<Response, Notice> {
    let merchant = &pages.front.merchant;
    let front = merchant.shelves().await?.front();
    Ok(render(&FrontPage {
        shop: &merchant.settings.name,
        albums: front.albums.iter().map(|card| CardView::new(card, &front.currency)).collect(),
    }))
}

#[derive(Template)]
#[template(path = "album.html")]
struct AlbumView<'a> {
    shop: &'a str,
    card: CardView,
    formats: String,
    tracks: Vec<TrackView>,
    liner_notes: Option<&'a str>,
    credits: Option<&'a str>,
    biography: Option<&'a str>,
    copyright: Option<&'a str>,
}

async fn album(State(pages): State<Arc<Pages>>, Path(id): Path<String>) -> Result<Response, Notice> {
    let merchant = &pages.front.merchant;
    let shelves = merchant.shelves().await?;
    let album = shelves.album(&id).ok_or_else(|| ApiFailure::not_found("this album is not in the store"))?;
    let formats: Vec<String> =
        album.tracks.first().map(|t| t.qualities.iter().map(format_of).collect()).unwrap_or_default();
    Ok(render(&AlbumView {
        shop: &merchant.settings.name,
        card: CardView::new(&album.card, &album.currency),
        formats: formats.join(" or "),
        tracks: album.tracks.iter().map(|track| TrackView::new(track, &album.currency)).collect(),
        liner_notes: album.liner_notes.as_deref(),
        credits: album.credits.as_deref(),
        biography: album.biography.as_deref(),
        copyright: album.copyright.as_deref(),
    }))
}

#[derive(Debug, Deserialize)]
struct Words {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    shop: &'a str,
    query: &'a str,
    tracks: Vec<TrackView>,
}

async fn search(
    State(pages): State<Arc<Pages>>,
    Query(Words { q }): Query<Words>,
) -> Result<Response, Notice> {
    let merchant = &pages.front.merchant;
    let found = merchant.shelves().await?.search(&q);
    Ok(render(&SearchPage {
        shop: &merchant.settings.name,
        query: &q,
        tracks: found.tracks.iter().map(|track| TrackView::new(track, &found.currency)).collect(),
    }))
}

async fn art(
    State(pages): State<Arc<Pages>>,
    PathId(media_id): PathId<MediaId>,
    Query(size): Query<ArtSize>,
) -> Result<Response, ApiFailure> {
    art_response(&pages.front.merchant, &media_id, size).await
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<PreviewKind>,
}

async fn preview(
    State(pages): State<Arc<Pages>>,
    PathId(media_id): PathId<MediaId>,
    Query(Kind { kind }): Query<Kind>,
) -> Result<Response, Notice> {
    let voucher = pages.front.merchant.preview(vec![media_id], kind.unwrap_or(PreviewKind::Clip)).await?;
    Ok(voucher_response(&voucher, "preview"))
}

async fn preview_album(
    State(pages): State<Arc<Pages>>,
    charge: Charge,
    Path(id): Path<String>,
) -> Result<Response, Notice> {
    let merchant = &pages.front.merchant;
    let shelves = merchant.shelves().await?;
    let album = shelves.album(&id).ok_or_else(|| ApiFailure::not_found("this album is not in the store"))?;
    charge.more(album.tracks.len().saturating_sub(1))?;
    let voucher =
        merchant.preview(album.tracks.iter().map(|t| t.media_id).collect(), PreviewKind::Clip).await?;
    Ok(voucher_response(&voucher, "preview"))
}
