//! Delivery servers: they register, take and give back streams, and ask where a track's bytes are (V2, V3).
//!
//! A delivery server's id is the common name in its certificate, and belongs to the key that registered it first (C9). The messages are in [`messages`](super::messages).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::audit_log::{EntryKind, PreviewTransport};
use cadenza_protocol::id::DeliveryServerId;
use cadenza_protocol::voucher::DeliveryAddress;

use super::log::records::Preview;
use super::messages::{
    AllocateStream, DeliveryConfiguration, MediaFacts, MediaQuestion, RegisterDelivery, ReleaseStream,
    StreamStatus, Transport,
};
use super::vouchers::lapsed;
use super::{ContentManager, DELIVERY_REFRESH};
use crate::api::{ApiFailure, IN_A_MINUTE, JsonBody};
use crate::tls::Caller;

/// Longer than a delivery server's certificate lives.
const FORGOTTEN_DAYS: i64 = 100;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/delivery/register", post(register))
        .route("/v1/delivery/allocate", post(allocate))
        .route("/v1/delivery/release", post(release))
        .route("/v1/delivery/media", post(media))
}

/// The id in a delivery server's certificate.
fn server_id(caller: &Caller) -> Result<DeliveryServerId, ApiFailure> {
    DeliveryServerId::new(&caller.certificate.subject())
        .map_err(|e| ApiFailure::new(StatusCode::FORBIDDEN, "bad-server-name", e.to_string()))
}

fn name_taken() -> ApiFailure {
    ApiFailure::new(
        StatusCode::CONFLICT,
        "name-taken",
        "another delivery server has this name; give this one a delivery_id of its own",
    )
}

/// A name or an address that a player can reach: no port, no path, nothing else.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let inside = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        inside && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && host.split('.').all(label))
}

async fn register(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(place): JsonBody<RegisterDelivery>,
) -> Result<Json<DeliveryConfiguration>, ApiFailure> {
    let id = server_id(&caller)?;
    if !is_host(&place.host) {
        let why = "the host of a delivery server is a name or an address without a port; correct public_host";
        return Err(ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-host", why));
    }
    let now = manager.now();
    // a name whose key was not heard of for as long as a certificate lives is free again
    let registered = sqlx::query(
        "INSERT INTO delivery_servers (id, host, https, rtsps, rtsp, streams, seen_at, owner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET host = excluded.host, https = excluded.https, rtsps = excluded.rtsps,
            rtsp = excluded.rtsp, streams = excluded.streams, seen_at = excluded.seen_at, owner = excluded.owner
         WHERE delivery_servers.owner = excluded.owner OR delivery_servers.seen_at < $9",
    )
    .bind(id.as_str())
    .bind(place.host)
    .bind(i64::from(place.https))
    .bind(i64::from(place.rtsps))
    .bind(place.rtsp.map(i64::from))
    .bind(i64::from(manager.settings.streams))
    .bind(now.0)
    .bind(caller.key())
    .bind(now.plus_days(-FORGOTTEN_DAYS).0)
    .execute(manager.database.pool())
    .await?;
    if registered.rows_affected() == 0 {
        return Err(name_taken());
    }
    if place.starting {
        tracing::info!(server = %id, "a delivery server registered");
        sqlx::query("DELETE FROM streams WHERE server = $1")
            .bind(id.as_str())
            .execute(manager.database.pool())
            .await?;
    }
    Ok(Json(DeliveryConfiguration {
        streams: manager.settings.streams,
        udp_base_port: manager.settings.udp_base_port,
        download_rate: manager.settings.download_rate,
        refresh_seconds: DELIVERY_REFRESH,
    }))
}

async fn allocate(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(stream): JsonBody<AllocateStream>,
) -> Result<Json<MediaFacts>, ApiFailure> {
    let id = manager.delivery_server(&caller).await?;
    let voucher = manager.voucher(&stream.voucher_id).await?;
    if voucher.kind != stream.kind.as_str() || voucher.media_id()? != stream.media_id {
        return Err(ApiFailure::new(
            StatusCode::FORBIDDEN,
            "voucher-mismatch",
            "this voucher is for something else; ask the store for a preview of this track",
        ));
    }
    if manager.now().0 > voucher.expires_at {
        return Err(lapsed());
    }
    let track = manager.track(&stream.media_id).await?;
    let mut tx = manager.database.begin_write().await?;
    // holds the server's row, so that two requests cannot both take its last stream
    let total: Option<(i64,)> =
        sqlx::query_as("UPDATE delivery_servers SET seen_at = seen_at WHERE id = $1 RETURNING streams")
            .bind(id.as_str())
            .fetch_optional(&mut *tx)
            .await?;
    let (total,) = total.ok_or_else(|| {
        ApiFailure::new(StatusCode::CONFLICT, "not-registered", "register this delivery server first")
    })?;
    let (used,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM streams WHERE server = $1 AND NOT (voucher_id = $2 AND media_id = $3)",
    )
    .bind(id.as_str())
    .bind(&voucher.voucher_id)
    .bind(&voucher.media_id)
    .fetch_one(&mut *tx)
    .await?;
    if used >= total {
        return Err(no_stream());
    }
    sqlx::query(
        "INSERT INTO streams (voucher_id, media_id, server, player, allocated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (voucher_id, media_id) DO UPDATE SET server = excluded.server, player = excluded.player, allocated_at = excluded.allocated_at",
    )
    .bind(&voucher.voucher_id)
    .bind(&voucher.media_id)
    .bind(id.as_str())
    .bind(stream.player)
    .bind(manager.now().0)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Json(track.facts))
}

async fn release(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(stream): JsonBody<ReleaseStream>,
) -> Result<StatusCode, ApiFailure> {
    let id = manager.delivery_server(&caller).await?;
    let track = manager.track(&stream.media_id).await.ok(); // withdrawn since: what was played still counts
    let now = manager.now();
    // the stream is given back even if its preview cannot be entered: nobody asks for that a second time
    let mut pen = manager.log.pen().await.map_err(ApiFailure::from).ok();
    let mut tx = manager.database.begin_write().await?;
    let freed = sqlx::query("DELETE FROM streams WHERE voucher_id = $1 AND media_id = $2 AND server = $3")
        .bind(stream.voucher_id.to_string())
        .bind(stream.media_id.to_string())
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    if freed.rows_affected() == 1 {
        let status = match stream.status {
            StreamStatus::Completed => "completed",
            StreamStatus::Disconnected => "disconnected",
            StreamStatus::Failed => "failed",
        };
        sqlx::query("INSERT INTO preview_log (voucher_id, media_id, released_at, status, played_ms, image) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(stream.voucher_id.to_string())
            .bind(stream.media_id.to_string())
            .bind(now.0)
            .bind(status)
            .bind(i64::try_from(stream.played_ms).unwrap_or(i64::MAX))
            .bind(&stream.image)
            .execute(&mut *tx)
            .await?;
        let preview = Preview {
            at: now,
            media_id: stream.media_id,
            track: track.as_ref().map(|track| &track.entry),
            kind: stream.kind,
            transport: match stream.transport {
                Transport::Interleaved => PreviewTransport::Interleaved,
                Transport::Udp => PreviewTransport::Udp,
            },
            played_ms: stream.played_ms,
            quality: stream.image.as_deref().unwrap_or_default(),
            kept: stream.kept.as_deref().unwrap_or_default(),
        };
        if let Some(pen) = &mut pen {
            pen.enter(&mut tx, EntryKind::Preview, &preview.to_bytes()).await?;
        }
    }
    tx.commit().await?;
    if let Some(pen) = pen {
        pen.keep().await;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn media(
    State(manager): State<Arc<ContentManager>>,
    JsonBody(question): JsonBody<MediaQuestion>,
) -> Result<Json<MediaFacts>, ApiFailure> {
    Ok(Json(manager.track(&question.media_id).await?.facts))
}

#[derive(Debug, sqlx::FromRow)]
struct ServerRow {
    id: String,
    host: String,
    https: i64,
    rtsps: i64,
    rtsp: Option<i64>,
}

impl ContentManager {
    /// Which delivery server speaks: its id, if that is its own.
    pub(super) async fn delivery_server(&self, caller: &Caller) -> Result<DeliveryServerId, ApiFailure> {
        let id = server_id(caller)?;
        let owner: Option<(String,)> = sqlx::query_as("SELECT owner FROM delivery_servers WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.database.pool())
            .await?;
        match owner {
            Some((owner,)) if owner == caller.key() => Ok(id),
            Some(_) => Err(name_taken()),
            None => Err(ApiFailure::new(
                StatusCode::CONFLICT,
                "not-registered",
                "register this delivery server first",
            )),
        }
    }

    /// A delivery server with a free stream: one heard of lately before others, the least busy first (V2). One that has been
    /// silent is better than none: the machine may only have slept.
    pub(super) async fn server_with_free_stream(&self) -> Result<DeliveryAddress, ApiFailure> {
        let row: Option<ServerRow> = sqlx::query_as(
            "SELECT id, host, https, rtsps, rtsp FROM
               (SELECT d.*, (SELECT COUNT(*) FROM streams s WHERE s.server = d.id) AS used FROM delivery_servers d) AS load
             WHERE used < streams ORDER BY CASE WHEN seen_at >= $1 THEN 0 ELSE 1 END, used, id LIMIT 1",
        )
        .bind(self.heard_of_since())
        .fetch_optional(self.database.pool())
        .await?;
        row.ok_or_else(no_stream)?.address()
    }

    /// A delivery server for downloads, chosen alike; streams in use do not matter.
    pub(super) async fn server_for_download(&self) -> Result<DeliveryAddress, ApiFailure> {
        let row: Option<ServerRow> = sqlx::query_as(
            "SELECT d.id, d.host, d.https, d.rtsps, d.rtsp FROM delivery_servers d
             ORDER BY CASE WHEN d.seen_at >= $1 THEN 0 ELSE 1 END, (SELECT COUNT(*) FROM streams s WHERE s.server = d.id), d.id
             LIMIT 1",
        )
        .bind(self.heard_of_since())
        .fetch_optional(self.database.pool())
        .await?;
        let why = "no delivery server answers now; your purchase is safe, retrieve it later";
        let none = || {
            ApiFailure::new(StatusCode::SERVICE_UNAVAILABLE, "no-delivery-server", why)
                .retry_after(IN_A_MINUTE)
        };
        row.ok_or_else(none)?.address()
    }

    fn heard_of_since(&self) -> i64 {
        self.now().plus_seconds(-3 * i64::from(DELIVERY_REFRESH)).0
    }

    /// Counts a voucher that goes out.
    pub(super) fn count_voucher(&self) {
        self.counters.vouchers.fetch_add(1, Ordering::Relaxed);
    }
}

impl ServerRow {
    fn address(self) -> Result<DeliveryAddress, ApiFailure> {
        let port = |n: i64| u16::try_from(n).map_err(ApiFailure::internal);
        Ok(DeliveryAddress {
            id: DeliveryServerId::new(&self.id).map_err(ApiFailure::internal)?,
            host: self.host,
            https: port(self.https)?,
            rtsps: port(self.rtsps)?,
            rtsp: self.rtsp.map(port).transpose()?,
        })
    }
}

fn no_stream() -> ApiFailure {
    ApiFailure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no-stream",
        "the preview cannot be played right now, all streams are in use; try again in a minute",
    )
    .retry_after(IN_A_MINUTE)
}
