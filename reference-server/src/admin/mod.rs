//! Administration (S4, S1): statistics, certificates and their revocation, configuration and shutdown, over HTTP on loopback with the token in `admin.token` of the data folder.

pub mod client;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::shop::Order;
use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::api::{ApiFailure, JsonBody};
use crate::atomic::write_private;
use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::content::log::SecureLogError;
use crate::content::{ContentManager, ContentStatistics};
use crate::door::Doorkeeper;
use crate::licensing::LicensingCenter;
use crate::licensing::renewal::CertificateCount;
use crate::licensing::tokens::Permit;
use crate::merchant::Merchant;

/// Name of the token file in the data folder.
pub const TOKEN_FILE: &str = "admin.token";
/// Name of the file in the data folder that says where everything answers.
pub const READY_FILE: &str = "ready.json";

/// The roles that this process plays, of those that can be administrated.
#[derive(Debug)]
pub struct Here {
    /// The content manager.
    pub manager: Option<Arc<ContentManager>>,
    /// The licensing center.
    pub licensing: Option<Arc<LicensingCenter>>,
    /// The merchant.
    pub merchant: Option<Arc<Merchant>>,
}

/// The administration of one running server.
#[derive(Debug)]
pub struct Administration {
    token: Secret<32>,
    here: Here,
    config: ServerConfig,
    config_file: PathBuf,
    stop: watch::Sender<bool>,
    clock: Clock,
    started: UnixTime,
    keeper: Arc<Doorkeeper>,
}

/// What `admin stats` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Seconds since the start.
    pub uptime_seconds: i64,
    /// The content manager's, when it runs here.
    pub content: Option<ContentStatistics>,
    /// How many were turned away since the start, by what they had too many of.
    pub turned_away: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
struct LogWish {
    log: Option<String>,
}

/// The administration's token could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "the administration's token {0} cannot be written; check space and permissions of the data folder: {1}"
)]
pub struct TokenError(PathBuf, #[source] std::io::Error);

impl Administration {
    /// An administration whose token is drawn anew at every start.
    pub fn open(
        data: &Path,
        here: Here,
        config: ServerConfig,
        stop: watch::Sender<bool>,
        clock: Clock,
        keeper: Arc<Doorkeeper>,
    ) -> Result<Arc<Self>, TokenError> {
        let token = Secret::random();
        let file = data.join(TOKEN_FILE);
        write_private(&file, hex(token.expose()).as_bytes()).map_err(|e| TokenError(file, e))?;
        let started = clock.now();
        Ok(Arc::new(Self {
            token,
            here,
            config,
            config_file: data.join("server.toml"),
            stop,
            clock,
            started,
            keeper,
        }))
    }

    fn licensing(&self) -> Result<&LicensingCenter, ApiFailure> {
        self.here.licensing.as_deref().ok_or_else(|| {
            ApiFailure::new(
                StatusCode::CONFLICT,
                "no-licensing-center",
                "this server runs no licensing center; ask the one that does",
            )
        })
    }
}

/// Its routes.
pub fn router(admin: Arc<Administration>) -> Router {
    Router::new()
        .route("/v1/stats", get(stats))
        .route("/v1/config", get(config).put(set_config))
        .route("/v1/log", get(log))
        .route("/v1/certificates", get(certificates))
        .route("/v1/revoke", post(revoke))
        .route("/v1/enrol", post(enrol))
        .route("/v1/refund", post(refund))
        .route("/v1/shutdown", post(shutdown))
        .layer(from_fn_with_state(admin.clone(), token_gate))
        .with_state(admin)
}

async fn token_gate(
    State(admin): State<Arc<Administration>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiFailure> {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let shown = shown.and_then(unhex).unwrap_or_default();
    if aws_lc_rs::constant_time::verify_slices_are_equal(&shown, admin.token.expose()).is_err() {
        return Err(ApiFailure::new(
            StatusCode::UNAUTHORIZED,
            "token-needed",
            "show the token in admin.token of the server's data folder",
        ));
    }
    Ok(next.run(request).await)
}

async fn stats(State(admin): State<Arc<Administration>>) -> Result<Json<Statistics>, ApiFailure> {
    let content = match &admin.here.manager {
        Some(manager) => Some(manager.statistics().await?),
        None => None,
    };
    let uptime_seconds = admin.clock.now().0 - admin.started.0;
    Ok(Json(Statistics { uptime_seconds, content, turned_away: admin.keeper.turned_away() }))
}

/// Withdraws a certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Revoke {
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Why, for the licensing center's own table.
    pub reason: String,
}

async fn certificates(
    State(admin): State<Arc<Administration>>,
) -> Result<Json<Vec<CertificateCount>>, ApiFailure> {
    Ok(Json(admin.licensing()?.certificates().await?))
}

async fn revoke(
    State(admin): State<Arc<Administration>>,
    JsonBody(wish): JsonBody<Revoke>,
) -> Result<StatusCode, ApiFailure> {
    admin.licensing()?.revoke(&wish.serial, &wish.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn enrol(
    State(admin): State<Arc<Administration>>,
    JsonBody(permit): JsonBody<Permit>,
) -> Result<Response, ApiFailure> {
    let token = admin.licensing()?.permit(&permit).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], token.as_str().to_owned()).into_response())
}

/// Pays an order back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refund {
    /// Which.
    pub order_id: String,
}

async fn refund(
    State(admin): State<Arc<Administration>>,
    JsonBody(wish): JsonBody<Refund>,
) -> Result<Json<Order>, ApiFailure> {
    let merchant = admin.here.merchant.clone().ok_or_else(|| {
        ApiFailure::new(
            StatusCode::CONFLICT,
            "no-merchant",
            "this server runs no merchant; ask the one that does",
        )
    })?;
    // on a task of its own: an operator who hangs up does not stop a refund half-way
    let work = tokio::spawn(async move { merchant.refund(&wish.order_id).await });
    work.await.map_err(ApiFailure::internal)?.map(Json)
}

async fn config(State(admin): State<Arc<Administration>>) -> Result<String, ApiFailure> {
    toml::to_string_pretty(&admin.config).map_err(ApiFailure::internal)
}

/// Keeps a configuration for the next start with `--config DATA/server.toml`.
async fn set_config(
    State(admin): State<Arc<Administration>>,
    text: String,
) -> Result<StatusCode, ApiFailure> {
    let wrong = |why: String| ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-config", why);
    let wished: ServerConfig = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    wished.check().map_err(|e| wrong(e.to_string()))?;
    write_private(&admin.config_file, text.as_bytes()).map_err(ApiFailure::internal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A secure log, the present one unless another is named, as it lies in the content manager's table.
async fn log(
    State(admin): State<Arc<Administration>>,
    Query(wish): Query<LogWish>,
) -> Result<Vec<u8>, ApiFailure> {
    let manager =
        admin.here.manager.as_ref().ok_or_else(|| {
            ApiFailure::not_found("this server runs no content manager; ask the one that does")
        })?;
    match manager.log().export(wish.log.as_deref()).await {
        Ok(file) => Ok(file.to_bytes()),
        Err(unknown @ SecureLogError::Unknown(_)) => Err(ApiFailure::not_found(unknown.to_string())),
        Err(error) => Err(error.into()),
    }
}

async fn shutdown(State(admin): State<Arc<Administration>>) -> StatusCode {
    tracing::info!("shutdown asked for by the administration");
    let _ = admin.stop.send(true);
    StatusCode::NO_CONTENT
}
