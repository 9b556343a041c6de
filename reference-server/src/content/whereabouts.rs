//! Where a purchase is fetched from (B6, B7). Players ask at every try, through their merchant: a delivery server has other ports after
//! each start, so what a voucher says about it is a hint.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::voucher::DeliveryAddress;

use super::ContentManager;
use crate::api::{ApiFailure, PathId};

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new().route("/v1/commerce/delivery/{voucher_id}", get(delivery))
}

async fn delivery(
    State(manager): State<Arc<ContentManager>>,
    PathId(voucher_id): PathId<VoucherId>,
) -> Result<Json<DeliveryAddress>, ApiFailure> {
    manager.voucher(&voucher_id).await?;
    manager.server_for_download().await.map(Json)
}
