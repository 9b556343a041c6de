//! What a buyer's player asks about a purchase later on. The merchant only hands it to the content manager that it bought from, and
//! hands back what that says: players know their store's address, and no content manager's.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::DeliveryAddress;

use super::{Merchant, away};
use crate::api::{ApiFailure, JsonBody, PathId};

pub(super) fn routes() -> Router<Arc<Merchant>> {
    Router::new().route("/v1/vouchers/{voucher_id}/delivery", get(delivery)).route("/v1/counts", post(counts))
}

/// Where a purchase is fetched from now.
async fn delivery(
    State(merchant): State<Arc<Merchant>>,
    PathId(voucher_id): PathId<VoucherId>,
) -> Result<Json<DeliveryAddress>, ApiFailure> {
    let answer = merchant.content.get(&format!("/v1/commerce/delivery/{voucher_id}")).await.map_err(away)?;
    answer.json().await.map(Json).map_err(|e| away(e.into()))
}

/// How often purchases were used: signed by the passport, answered by the content manager.
async fn counts(
    State(merchant): State<Arc<Merchant>>,
    JsonBody(report): JsonBody<SignedMessage>,
) -> Result<Json<SignedMessage>, ApiFailure> {
    merchant.content.post("/v1/counts", &report).await.map(Json).map_err(away)
}
