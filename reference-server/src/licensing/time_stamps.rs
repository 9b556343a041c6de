//! Time stamps (C2): the licensing center's word for when something was there.
//!
//! A content manager shows what it is about to sell, without the song: who signed it, and what for. Everyone who did is looked up in the
//! tables; one who was withdrawn gets no stamp, so a stolen key dates nothing back. How far a log has come is stamped with each upload.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use cadenza_protocol::cert::RevocationLists;
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::media::StampRequest;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::time_stamp::{Imprint, Stamped, TimeStampToken};

use super::LicensingCenter;
use crate::api::{ApiFailure, JsonBody};

/// Longest request: an author's block, four agency blocks and a content manager's word in base64.
const REQUEST_LIMIT: usize = 1 << 20;

/// The licensing center's route for what is about to be sold.
pub(super) fn routes() -> Router<Arc<LicensingCenter>> {
    Router::new()
        .route("/v1/time-stamps/publication", post(publication))
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
}

async fn publication(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(request): JsonBody<StampRequest>,
) -> Result<Json<Stamped>, ApiFailure> {
    let list = center.revocation_list(false).await?;
    let revoked = RevocationLists::from_ders([list.as_slice()]).map_err(ApiFailure::internal)?;
    let now = center.clock.now();
    let imprint = request.judge(center.authority.root(), now, &revoked).map_err(|error| {
        ApiFailure::new(
            StatusCode::FORBIDDEN,
            "not-stamped",
            format!("the licensing center does not stamp this: {error}"),
        )
    })?;
    Ok(Json(Stamped { token: center.stamp(&imprint, now)?.to_bytes() }))
}

impl LicensingCenter {
    /// Stamps what was judged at this time.
    pub(super) fn stamp(&self, imprint: &Imprint, now: UnixTime) -> Result<TimeStampToken, ApiFailure> {
        let identity = self.tls.identity();
        let key = SigningKey::from_pkcs8_der(identity.key_pkcs8()).map_err(ApiFailure::internal)?;
        Ok(TimeStampToken::issue(imprint, now, &key, identity.chain().clone()))
    }
}
