//! Commerce with merchants (B2): inventory, reserve, authorize, expire, deliver, refund.
//!
//! Every step is an update that names the state it comes from, so a step repeated after a lost reply does nothing twice.
//! The authorization token changes with each step; the token before the last one is still understood for repeating that step.

mod refund;
mod reserve;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use cadenza_protocol::id::{VoucherId, hex, unhex};
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::reserve::{
    AuthorizationToken, AuthorizeReply, AuthorizeRequest, DeliverItem, DeliverRequest,
};
use cadenza_protocol::voucher::{DeliveryAddress, MAX_TRACKS, VoucherFile, VoucherKind, VoucherTrack};
use zeroize::Zeroizing;

use super::catalogue::Inventory;
use super::vouchers::{VoucherRow, VoucherState, lapsed, refunded};
use super::{ContentManager, art};
use crate::api::{ApiFailure, JsonBody, reach};
use crate::tls::Caller;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/commerce/inventory", get(inventory))
        .route("/v1/commerce/art/{name}/{size}", get(picture))
        .route("/v1/commerce/reserve", post(reserve::reserve))
        .route("/v1/commerce/authorize", post(authorize))
        .route("/v1/commerce/deliver", post(deliver))
}

/// What gives back: open to a merchant that was withdrawn, for what is its own.
pub(super) fn ways_back() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/commerce/expire", post(expire))
        .route("/v1/commerce/refund", post(refund::refund))
}

async fn inventory(State(manager): State<Arc<ContentManager>>) -> Result<Json<Inventory>, ApiFailure> {
    Ok(Json(Inventory {
        currency: manager.currency,
        content_manager_key: manager.key(),
        tracks: manager.catalogue().await?,
    }))
}

async fn picture(
    State(manager): State<Arc<ContentManager>>,
    Path((name, size)): Path<(String, u32)>,
) -> Result<Response, ApiFailure> {
    let none = || ApiFailure::not_found("there is no such cover");
    if name.len() != 64 || unhex(&name).is_none() {
        return Err(none());
    }
    let object = art::object(&name, art::fitting_size(size));
    let jpeg = manager.files.read_bytes(&object).await.map_err(ApiFailure::internal)?.ok_or_else(none)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

async fn authorize(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<AuthorizeRequest>,
) -> Result<Json<AuthorizeReply>, ApiFailure> {
    let row = manager.merchants_voucher(&request.voucher_id, &caller).await?;
    let token = request.authorization.expose();
    match row.state(manager.now()) {
        VoucherState::Pending => check_token(row.authorization.as_deref(), token)?,
        // a repeated request: the reply was lost
        VoucherState::Purchased | VoucherState::Delivered => {
            check_token(row.authorized_with.as_deref(), token)?;
            return reply(&row.voucher_id, row.authorization.as_deref());
        }
        VoucherState::Expired | VoucherState::Open => return Err(lapsed()),
        VoucherState::Refunded => return Err(refunded()),
    }
    let next = AuthorizationToken::random();
    sqlx::query(
        "UPDATE vouchers SET state = 'purchased', authorized_with = \"authorization\", \"authorization\" = $1, expires_at = $2
         WHERE voucher_id = $3 AND state = 'pending'",
    )
    .bind(hex(next.expose()))
    .bind(manager.now().plus_days(i64::from(manager.settings.retrieve_days)).0)
    .bind(&row.voucher_id)
    .execute(manager.database.pool())
    .await?;
    reach("authorize.kept")?;
    // if another request was faster, its token is the one that counts
    let row = manager.merchants_voucher(&request.voucher_id, &caller).await?;
    check_token(row.authorized_with.as_deref(), token)?;
    reply(&row.voucher_id, row.authorization.as_deref())
}

async fn expire(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<AuthorizeRequest>,
) -> Result<StatusCode, ApiFailure> {
    let row = manager.merchants_voucher(&request.voucher_id, &caller).await?;
    check_either_token(&row, request.authorization.expose())?;
    // what a buyer has redeemed is the buyer's
    let done = sqlx::query("UPDATE vouchers SET state = 'expired' WHERE voucher_id = $1 AND state IN ('pending', 'purchased', 'expired') AND redeemed_by IS NULL")
        .bind(&row.voucher_id)
        .execute(manager.database.pool())
        .await?;
    if done.rows_affected() == 0 {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "already-redeemed",
            "this purchase was redeemed and cannot be taken back",
        ));
    }
    reach("expire.kept")?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliver(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<DeliverRequest>,
) -> Result<Json<VoucherFile>, ApiFailure> {
    if request.items.is_empty() || request.items.len() > MAX_TRACKS {
        return Err(ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-request",
            "ask for 1 to 100 tracks at a time",
        ));
    }
    let delivery = manager.server_for_download().await?;
    let issued = manager.now();
    let expires = issued.plus_days(i64::from(manager.settings.retrieve_days));
    let mut tracks = Vec::with_capacity(request.items.len());
    for item in request.items {
        let row = manager.merchants_voucher(&item.voucher_id, &caller).await?;
        check_token(Some(&hex(manager.receipt(&row)?.expose())), item.receipt.expose())?;
        match row.state(manager.now()) {
            VoucherState::Purchased | VoucherState::Delivered => {}
            VoucherState::Pending => {
                return Err(ApiFailure::new(
                    StatusCode::CONFLICT,
                    "not-authorized",
                    "this purchase is not paid yet",
                ));
            }
            VoucherState::Expired | VoucherState::Open => return Err(lapsed()),
            VoucherState::Refunded => return Err(refunded()),
        }
        sqlx::query("UPDATE vouchers SET expires_at = $1 WHERE voucher_id = $2")
            .bind(expires.0)
            .bind(&row.voucher_id)
            .execute(manager.database.pool())
            .await?;
        tracks.push(manager.voucher_track(row, item, delivery.clone()).await?);
    }
    reach("voucher.kept")?;
    manager.issue_voucher(VoucherKind::Purchase, tracks, issued, expires, &caller.certificate).map(Json)
}

impl ContentManager {
    async fn merchants_voucher(
        &self,
        voucher_id: &VoucherId,
        caller: &Caller,
    ) -> Result<VoucherRow, ApiFailure> {
        let row = self.voucher(voucher_id).await?;
        if row.merchant != caller.key() {
            return Err(ApiFailure::new(
                StatusCode::FORBIDDEN,
                "not-your-voucher",
                "another merchant made this reservation",
            ));
        }
        Ok(row)
    }

    async fn voucher_track(
        &self,
        row: VoucherRow,
        item: DeliverItem,
        delivery: DeliveryAddress,
    ) -> Result<VoucherTrack, ApiFailure> {
        let media_id = row.media_id()?;
        let title = Some(self.sold_track(&row).await?.entry.title);
        Ok(VoucherTrack {
            voucher_id: item.voucher_id,
            media_id,
            part: PreviewKind::Song,
            receipt: Some(item.receipt),
            delivery,
            quality: row.quality,
            title,
        })
    }
}

/// Compares a secret with the stored one, in constant time.
fn check_token(stored: Option<&str>, shown: &[u8; 32]) -> Result<(), ApiFailure> {
    let shown = Zeroizing::new(hex(shown));
    let same = stored.is_some_and(|stored| {
        aws_lc_rs::constant_time::verify_slices_are_equal(stored.as_bytes(), shown.as_bytes()).is_ok()
    });
    same.then_some(()).ok_or_else(|| {
        ApiFailure::new(StatusCode::FORBIDDEN, "wrong-token", "the token does not belong to this reservation")
    })
}

/// The same for a purchase that may have been authorized meanwhile: either of its tokens is good.
fn check_either_token(row: &VoucherRow, shown: &[u8; 32]) -> Result<(), ApiFailure> {
    check_token(row.authorization.as_deref(), shown)
        .or_else(|_| check_token(row.authorized_with.as_deref(), shown))
}

fn reply(voucher_id: &str, token: Option<&str>) -> Result<Json<AuthorizeReply>, ApiFailure> {
    let bytes = token.and_then(unhex).and_then(|bytes| bytes.try_into().ok());
    let authorization = bytes
        .map(AuthorizationToken::from_bytes)
        .ok_or_else(|| ApiFailure::internal("a stored token is damaged"))?;
    Ok(Json(AuthorizeReply { voucher_id: voucher_id.parse().map_err(ApiFailure::internal)?, authorization }))
}
