//! A purchase that is paid back: nothing more is handed out. A sale that was entered in the secure log, since its keys were handed out, is
//! taken back by an entry of its own, once. Those keys are not recalled. What made the rest of an album cheaper stays until that is paid back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use cadenza_protocol::audit_log::{EntryKind, RefundRecord};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::reserve::AuthorizeRequest;
use cadenza_protocol::shop::sold::Sold;

use super::check_either_token;
use crate::api::{ApiFailure, JsonBody, reach};
use crate::content::ContentManager;
use crate::content::vouchers::{Terms, VoucherState};
use crate::tls::Caller;

/// `POST /v1/commerce/refund`; again and again, but once.
pub(super) async fn refund(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<AuthorizeRequest>,
) -> Result<StatusCode, ApiFailure> {
    let row = manager.merchants_voucher(&request.voucher_id, &caller).await?;
    check_either_token(&row, request.authorization.expose())?;
    match row.state(manager.now()) {
        VoucherState::Refunded => {}
        VoucherState::Purchased | VoucherState::Delivered => {
            if manager.counts_for_another(&request.voucher_id, &caller).await? {
                return Err(ApiFailure::new(
                    StatusCode::CONFLICT,
                    "counts-for-album",
                    "the rest of an album was sold for less because of this purchase; take that back first",
                ));
            }
            manager.take_back(&request.voucher_id, row.terms()?).await?;
        }
        VoucherState::Pending | VoucherState::Expired | VoucherState::Open => {
            return Err(ApiFailure::new(
                StatusCode::CONFLICT,
                "not-authorized",
                "this purchase was never paid, so there is nothing to take back",
            ));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

impl ContentManager {
    /// Whether it made the rest of an album cheaper that was not paid back.
    async fn counts_for_another(&self, voucher_id: &VoucherId, caller: &Caller) -> Result<bool, ApiFailure> {
        let (count,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM vouchers WHERE merchant = $1 AND sold = $2 AND state IN ('purchased', 'delivered') AND counted LIKE $3",
        )
        .bind(caller.key())
        .bind(Sold::Completion.word())
        .bind(format!("%{voucher_id}%"))
        .fetch_one(self.database.pool())
        .await?;
        Ok(count > 0)
    }

    async fn take_back(&self, voucher_id: &VoucherId, terms: Terms) -> Result<(), ApiFailure> {
        let now = self.now();
        let mut pen = self.log.pen().await?;
        let mut tx = self.database.begin_write().await?;
        // holds the row: a delivery may have been entered meanwhile, or is about to be
        let held: Option<(Option<i64>,)> = sqlx::query_as(
            "UPDATE vouchers SET refunded_at = $1 WHERE voucher_id = $2 AND state IN ('purchased', 'delivered') RETURNING redeemed_at",
        )
        .bind(now.0)
        .bind(voucher_id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some((redeemed_at,)) = held else { return Ok(()) }; // another request was faster
        sqlx::query("UPDATE vouchers SET state = 'refunded' WHERE voucher_id = $1")
            .bind(voucher_id.to_string())
            .execute(&mut *tx)
            .await?;
        if redeemed_at.is_some() {
            let Terms { cost_cents, retail_cents, currency, .. } = terms;
            let taken_back =
                RefundRecord { at: now, voucher_id: *voucher_id, cost_cents, retail_cents, currency };
            pen.enter(&mut tx, EntryKind::Refund, &taken_back.to_bytes()).await?;
        }
        reach("take-back.entered")?;
        tx.commit().await?;
        reach("take-back.kept")?;
        pen.keep().await;
        tracing::info!(voucher = %voucher_id, "refunded");
        Ok(())
    }
}
