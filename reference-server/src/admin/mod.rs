//! Administration (S4, S1): statistics, certificates and their revocation, configuration and shutdown, over HTTP on loopback with the token in `admin.token` of the data folder.

pub mod client;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::api::{ApiFailure, JsonBody};
use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::content::log::SecureLogError;
use crate::content::{ContentManager, ContentStatistics};
use crate::identity::write_private;
use crate::licensing::LicensingCenter;
use crate::licensing::renewal::CertificateCount;
use crate::serve::StartError;

/// Name of the token file in the data folder.
pub const TOKEN_FILE: &str = "admin.token";

/// The administration's desk.
#[derive(Debug)]
pub struct Desk {
    token: Secret<32>,
    manager: Option<Arc<ContentManager>>,
    licensing: Option<Arc<LicensingCenter>>,
    config: ServerConfig,
    config_file: PathBuf,
    stop: watch::Sender<bool>,
    clock: Clock,
    started: UnixTime,
}

/// What `admin stats` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Seconds since the start.
    pub uptime_seconds: i64,
    /// The content manager's, when it runs here.
    pub content: Option<ContentStatistics>,
}

#[derive(Debug, Deserialize)]
struct LogWish {
    log: Option<String>,
}

impl Desk {
    /// A desk whose token is drawn anew at every start.
    pub fn open(
        data: &Path,
        manager: Option<Arc<ContentManager>>,
        licensing: Option<Arc<LicensingCenter>>,
        config: ServerConfig,
        stop: watch::Sender<bool>,
        clock: Clock,
    ) -> Result<Arc<Self>, StartError> {
        let token = Secret::random();
        let file = data.join(TOKEN_FILE);
        write_private(&file, hex(token.expose()).as_bytes()).map_err(|e| StartError::Data(file, e))?;
        let started = clock.now();
        Ok(Arc::new(Self {
            token,
            manager,
            licensing,
            config,
            config_file: data.join("server.toml"),
            stop,
            clock,
            started,
        }))
    }
}

impl Desk {
    fn licensing(&self) -> Result<&LicensingCenter, ApiFailure> {
        self.licensing.as_deref().ok_or_else(|| {
            ApiFailure::new(
                StatusCode::CONFLICT,
                "no-licensing-center",
                "this server runs no licensing center; ask the one that does",
            )
        })
    }
}

/// The desk's routes.
pub fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v1/stats", get(stats))
        .route("/v1/config", get(config).put(set_config))
        .route("/v1/log", get(log))
        .route("/v1/certificates", get(certificates))
        .route("/v1/revoke", post(revoke))
        .route("/v1/shutdown", post(shutdown))
        .layer(from_fn_with_state(desk.clone(), token_gate))
        .with_state(desk)
}

async fn token_gate(
    State(desk): State<Arc<Desk>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiFailure> {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let shown = shown.and_then(unhex).unwrap_or_default();
    if aws_lc_rs::constant_time::verify_slices_are_equal(&shown, desk.token.expose()).is_err() {
        return Err(ApiFailure::new(
            StatusCode::UNAUTHORIZED,
            "token-needed",
            "show the token in admin.token of the server's data folder",
        ));
    }
    Ok(next.run(request).await)
}

async fn stats(State(desk): State<Arc<Desk>>) -> Result<Json<Statistics>, ApiFailure> {
    let content = match &desk.manager {
        Some(manager) => Some(manager.statistics().await?),
        None => None,
    };
    Ok(Json(Statistics { uptime_seconds: desk.clock.now().0 - desk.started.0, content }))
}

/// Withdraws a certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Revoke {
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Why, for the licensing center's own table.
    pub reason: String,
}

async fn certificates(State(desk): State<Arc<Desk>>) -> Result<Json<Vec<CertificateCount>>, ApiFailure> {
    Ok(Json(desk.licensing()?.certificates().await?))
}

async fn revoke(
    State(desk): State<Arc<Desk>>,
    JsonBody(wish): JsonBody<Revoke>,
) -> Result<StatusCode, ApiFailure> {
    desk.licensing()?.revoke(&wish.serial, &wish.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn config(State(desk): State<Arc<Desk>>) -> Result<String, ApiFailure> {
    toml::to_string_pretty(&desk.config).map_err(ApiFailure::internal)
}

/// Keeps a configuration for the next start with `--config DATA/server.toml`.
async fn set_config(State(desk): State<Arc<Desk>>, text: String) -> Result<StatusCode, ApiFailure> {
    let wrong = |e: toml::de::Error| {
        ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-config", e.to_string())
    };
    toml::from_str::<ServerConfig>(&text).map_err(wrong)?;
    write_private(&desk.config_file, text.as_bytes()).map_err(ApiFailure::internal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A secure log, the present one unless another is named, as it lies in the content manager's table.
async fn log(State(desk): State<Arc<Desk>>, Query(wish): Query<LogWish>) -> Result<Vec<u8>, ApiFailure> {
    let manager = desk
        .manager
        .as_ref()
        .ok_or_else(|| ApiFailure::not_found("this server runs no content manager; ask the one that does"))?;
    match manager.log().export(wish.log.as_deref()).await {
        Ok(file) => Ok(file.to_bytes()),
        Err(unknown @ SecureLogError::Unknown(_)) => Err(ApiFailure::not_found(unknown.to_string())),
        Err(error) => Err(error.into()),
    }
}

async fn shutdown(State(desk): State<Arc<Desk>>) -> StatusCode {
    tracing::info!("shutdown asked for by the administration");
    let _ = desk.stop.send(true);
    StatusCode::NO_CONTENT
}
