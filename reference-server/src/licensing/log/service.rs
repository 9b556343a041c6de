//! The two requests that content managers and merchants have about their logs: begin one, and bring entries.
//!
//! A log belongs to its writer's key, which a content manager keeps across renewals. A content manager whose certificate has run
//! out may still bring its log (it needs that for a new one), so its chain is judged at its last good moment; a revoked one may not.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use cadenza_protocol::audit_log::{
    LogId, LogOpened, LogOpening, LogReader, LogStanding, LogUpload, log_name,
};
use cadenza_protocol::cert::{Certificate, RevocationLists, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::signed::{SignedError, SignedMessage};
use cadenza_protocol::time::UnixTime;
use serde::de::DeserializeOwned;

use super::rows::{LogState, Sealed, writer_of};
use crate::api::{ApiFailure, JsonBody};
use crate::licensing::LicensingCenter;
use crate::text::to_base64;
use crate::tls::gate;

/// Longest request: a full upload twice in base64, and the sender's certificates.
const REQUEST_LIMIT: usize = 1 << 20;
/// Seconds that a signed request may be old, or ahead of the licensing center's clock.
const FRESH_SECONDS: i64 = 300;

/// The licensing center's routes for logs.
pub fn routes() -> Router<Arc<LicensingCenter>> {
    Router::new()
        .route("/v1/logs", post(open))
        .route("/v1/logs/entries", post(receive))
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
}

async fn open(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(message): JsonBody<SignedMessage>,
) -> Result<Response, ApiFailure> {
    let (request, sender, role) = center.open_signed::<LogOpening>(&message, LogOpening::DOMAIN).await?;
    center.check_fresh(request.at)?;
    let log: LogId = *Secret::random().expose();
    let secret = Secret::<32>::random();
    center.agree_on_log(log, &secret, &request, &sender, role).await?;
    tracing::info!(log = %log_name(&log), writer = %sender.subject(), "a secure log was agreed on");
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(LogOpened::new(log, &secret))).into_response())
}

async fn receive(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(message): JsonBody<SignedMessage>,
) -> Result<Json<LogStanding>, ApiFailure> {
    let (upload, sender, _) = center.open_signed::<LogUpload>(&message, LogUpload::DOMAIN).await?;
    center.check_fresh(upload.at)?;
    if upload.entries.len() > LogUpload::MAX_ENTRIES {
        let why = "an upload holds at most 256 entries; send them in pieces";
        return Err(ApiFailure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-entries", why));
    }
    center.take_in(&upload, &sender, &message).await.map(Json)
}

impl LicensingCenter {
    /// The body and the sender of a content manager's or merchant's signed request.
    async fn open_signed<T: DeserializeOwned>(
        &self,
        message: &SignedMessage,
        domain: &str,
    ) -> Result<(T, Certificate, Role), ApiFailure> {
        let sender = message.chain().leaf();
        let at = UnixTime(self.clock.now().0.min(sender.not_after().0));
        let root = self.authority.root();
        let open =
            |role| message.open(domain, root, role, at, &RevocationLists::none()).map(|body| (body, role));
        let (body, role) = open(Role::ContentManager)
            .or_else(|no| if is_wrong_role(&no) { open(Role::Merchant) } else { Err(no) })
            .map_err(refuse_sender)?;
        let known: Option<(Option<i64>,)> =
            sqlx::query_as("SELECT revoked_at FROM certificates WHERE serial = $1")
                .bind(sender.serial())
                .fetch_optional(self.database.pool())
                .await?;
        match known {
            // one that is missing here was issued before this database was restored
            Some((None,)) | None => Ok((body, sender.clone(), role)),
            Some((Some(_),)) => Err(ApiFailure::new(
                StatusCode::FORBIDDEN,
                "certificate-revoked",
                "this certificate was revoked; ask the licensing center",
            )),
        }
    }

    fn check_fresh(&self, at: UnixTime) -> Result<(), ApiFailure> {
        let fresh = (self.clock.now().0 - at.0).abs() <= FRESH_SECONDS;
        fresh.then_some(()).ok_or_else(|| {
            let why = "the request is too old, or the clocks differ; set both clocks and send it again";
            ApiFailure::new(StatusCode::FORBIDDEN, "request-not-fresh", why)
        })
    }

    /// Writes a new log down in the place of its writer's current one. Secret and reader lie under the master key.
    async fn agree_on_log(
        &self,
        log: LogId,
        secret: &Secret<32>,
        request: &LogOpening,
        sender: &Certificate,
        role: Role,
    ) -> Result<(), ApiFailure> {
        let reader = LogReader::new(log, secret.duplicate());
        let (name, writer, now) = (log_name(&log), writer_of(sender), self.clock.now());
        let seal =
            |part: Sealed, bytes: &[u8]| part.seal(&self.master, &name, bytes).map_err(ApiFailure::internal);
        let mut tx = self.database.begin_write().await?;
        sqlx::query("UPDATE logs SET state = $1, ended_at = $2 WHERE writer = $3 AND state = $4")
            .bind(LogState::Superseded.word())
            .bind(now.0)
            .bind(&writer)
            .bind(LogState::Open.word())
            .execute(&mut *tx)
            .await?;
        let opened = sqlx::query(
            "INSERT INTO logs (log_id, writer, name, role, opening, opened_at, state, sealed_secret, sealed_reader, entries, running, promised, promised_running)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, $10) ON CONFLICT (opening) DO NOTHING",
        )
        .bind(&name)
        .bind(&writer)
        .bind(sender.subject())
        .bind(role.name())
        .bind(hex(&request.nonce))
        .bind(now.0)
        .bind(LogState::Open.word())
        .bind(seal(Sealed::Secret, secret.expose())?)
        .bind(seal(Sealed::Reader, &reader.state())?)
        .bind(to_base64(&reader.checkpoint().running))
        .execute(&mut *tx)
        .await?;
        if opened.rows_affected() == 0 {
            return Err(ApiFailure::new(
                StatusCode::CONFLICT,
                "log-opened-before",
                "this request for a log came before; ask again with a new one",
            ));
        }
        Ok(tx.commit().await?)
    }
}

fn is_wrong_role(error: &SignedError) -> bool {
    matches!(error, SignedError::Certificate(certificate) if gate::code(certificate) == "wrong-role")
}

fn refuse_sender(error: SignedError) -> ApiFailure {
    let code = match &error {
        SignedError::Certificate(certificate) => gate::code(certificate),
        SignedError::Signature => "wrong-signature",
        SignedError::Malformed => "invalid-request",
    };
    ApiFailure::new(StatusCode::FORBIDDEN, code, error.to_string())
}
