//! How often purchases with a limit were used (O3, D3), kept by voucher for whoever redeemed it: `POST /v1/counts`, which merchants hand
//! on. They only rise, so a report may come twice, late, or from a home folder of last week; the answer is what stands here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use cadenza_protocol::cert::Role;
use cadenza_protocol::counts::{Counts, CountsReport, MAX_COUNTS};
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::hex;
use cadenza_protocol::signed::{SignedError, SignedMessage};

use super::ContentManager;
use crate::api::{ApiFailure, JsonBody};
use crate::tls::gate;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new().route("/v1/counts", post(counts))
}

async fn counts(
    State(manager): State<Arc<ContentManager>>,
    JsonBody(message): JsonBody<SignedMessage>,
) -> Result<Json<SignedMessage>, ApiFailure> {
    let revoked = manager.revocations.lists().await?;
    let holder = message.chain().leaf();
    // One that has expired plays and records what it bought (G8).
    let valid = holder.not_before();
    let report: CountsReport = message
        .open(CountsReport::DOMAIN, manager.tls.root(), Role::Consumer, valid, &revoked)
        .map_err(refuse)?;
    if !(1..=MAX_COUNTS).contains(&report.counts.len()) {
        return Err(ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-request",
            "report 1 to 100 purchases at a time",
        ));
    }
    let owner = hex(&holder.key_fingerprint());
    let mut kept = Vec::with_capacity(report.counts.len());
    for counts in report.counts {
        kept.extend(manager.raise_counts(&owner, counts).await?);
    }
    manager.sign_counts(kept).map(Json)
}

fn refuse(error: SignedError) -> ApiFailure {
    let code = match &error {
        SignedError::Certificate(certificate) => gate::code(certificate),
        SignedError::Signature | SignedError::Malformed => "wrong-proof",
    };
    ApiFailure::new(StatusCode::FORBIDDEN, code, error.to_string())
}

impl ContentManager {
    /// What stands for this voucher now; nothing when somebody else's key redeemed it, or nobody's.
    async fn raise_counts(&self, owner: &str, told: Counts) -> Result<Option<Counts>, ApiFailure> {
        let row: Option<(i64, i64)> = sqlx::query_as(
            "INSERT INTO use_counts (voucher_id, played, recorded, changed_at)
             SELECT voucher_id, $1, $2, $3 FROM vouchers WHERE voucher_id = $4 AND redeemed_by = $5
             ON CONFLICT (voucher_id) DO UPDATE SET
                played = CASE WHEN excluded.played > use_counts.played THEN excluded.played ELSE use_counts.played END,
                recorded = CASE WHEN excluded.recorded > use_counts.recorded THEN excluded.recorded ELSE use_counts.recorded END,
                changed_at = excluded.changed_at
             RETURNING played, recorded",
        )
        .bind(i64::from(told.played))
        .bind(i64::from(told.recorded))
        .bind(self.now().0)
        .bind(told.voucher_id.to_string())
        .bind(owner)
        .fetch_optional(self.database.pool())
        .await?;
        let count = |stored: i64| u32::try_from(stored).unwrap_or(u32::MAX);
        Ok(row.map(|(played, recorded)| Counts { played: count(played), recorded: count(recorded), ..told }))
    }

    fn sign_counts(&self, counts: Vec<Counts>) -> Result<SignedMessage, ApiFailure> {
        let identity = self.tls.identity();
        let key = SigningKey::from_pkcs8_der(identity.key_pkcs8()).map_err(ApiFailure::internal)?;
        let report = CountsReport { at: self.now(), counts };
        let sign = |domain: &str, message: &[u8]| key.sign(domain, message);
        Ok(SignedMessage::new(CountsReport::KEPT_DOMAIN, &report, identity.chain(), sign))
    }
}
