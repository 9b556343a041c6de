//! The redeem API (requirements B5, B6): a nonce, the proof, the download, the report.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/redeem/challenge` `ChallengeRequest` | `RedeemChallenge` |
//! | `POST /v1/redeem` `RedeemRequest` | `RedeemApproval`, or the content manager's refusal as it is |
//! | `GET /v1/media/{voucher_id}`, bearer token, `Range` | the author-signed bytes ([`super::download`]) |
//! | `POST /v1/redeem/done` `DeliveryReport`, bearer token | 204 |
//!
//! The proof is only checked for its nonce here; whether receipt, passport and voucher fit is for the content manager, which
//! alone knows the receipt.

use std::sync::Arc;

use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use cadenza_protocol::api::code;
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::redeem::{
    ChallengeRequest, DeliveryReport, RedeemApproval, RedeemChallenge, RedeemRequest,
};

use super::DeliveryServer;
use super::download;
use super::tickets::{Ticket, Unfit};
use crate::api::{ApiFailure, JsonBody, PathId, reach, told};
use crate::call::CallError;
use crate::tls::Peer;

/// A proof with its certificate chain is a few kilobytes.
const LONGEST_BODY: usize = 64 << 10;

pub(super) fn router(server: Arc<DeliveryServer>) -> Router {
    let routes = Router::new()
        .route("/v1/redeem/challenge", post(challenge))
        .route("/v1/redeem", post(redeem))
        .route("/v1/redeem/done", post(done))
        .route("/v1/media/{voucher_id}", get(media));
    told(routes).layer(DefaultBodyLimit::max(LONGEST_BODY)).with_state(server)
}

async fn challenge(
    State(server): State<Arc<DeliveryServer>>,
    JsonBody(request): JsonBody<ChallengeRequest>,
) -> Result<Json<RedeemChallenge>, ApiFailure> {
    let nonce = server.nonces.give(request.voucher_id);
    Ok(Json(RedeemChallenge { nonce, delivery_server: server.id.clone() }))
}

fn unfit(why: Unfit) -> ApiFailure {
    match why {
        Unfit::Stale => ApiFailure::new(
            StatusCode::CONFLICT,
            code::STALE_CHALLENGE,
            "the server's challenge has lapsed or was used already; ask for a new one and try again",
        ),
        Unfit::Busy => {
            let why = "too many deliveries are beginning at once; try again in a minute";
            ApiFailure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", why).retry_after(60)
        }
    }
}

async fn redeem(
    State(server): State<Arc<DeliveryServer>>,
    JsonBody(request): JsonBody<RedeemRequest>,
) -> Result<Json<RedeemApproval>, ApiFailure> {
    server.nonces.take(&request.nonce, request.voucher_id).map_err(unfit)?;
    let verified = server.content.redeem(&request).await.map_err(|error| {
        server.nonces.give_back(&request.nonce);
        hand_on(error)
    })?;
    reach("redeem.verified")?;
    let download_token = server.tickets.issue(Ticket {
        voucher_id: request.voucher_id,
        object: verified.media.object,
        length: verified.grant.length,
        sha256: verified.media.sha256,
    });
    tracing::info!(voucher = %request.voucher_id, media = %request.media_id, "a voucher was redeemed");
    Ok(Json(RedeemApproval {
        grant: verified.grant,
        grant_signature: verified.grant_signature,
        wrapped_keys: verified.wrapped_keys,
        content_manager_chain: verified.content_manager_chain,
        promotional_item: None,
        download: format!("/v1/media/{}", request.voucher_id),
        download_token,
    }))
}

async fn media(
    State(server): State<Arc<DeliveryServer>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    PathId(voucher_id): PathId<VoucherId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let ticket = bearer(&server, &headers, voucher_id)?;
    let place = server.downloads.begin(voucher_id, server.keeper.visitor(peer.address.ip(), &headers))?;
    server.content.may_fetch(voucher_id).await.map_err(hand_on)?;
    let path = server.files.local_path(&ticket.object).await.map_err(ApiFailure::internal)?;
    download::answer(&path, &ticket, &headers, server.configuration().download_rate, place).await
}

async fn done(
    State(server): State<Arc<DeliveryServer>>,
    headers: HeaderMap,
    JsonBody(report): JsonBody<DeliveryReport>,
) -> Result<StatusCode, ApiFailure> {
    bearer(&server, &headers, report.voucher_id)?;
    server.content.done(&report).await.map_err(hand_on)?;
    reach("delivered.told")?;
    Ok(StatusCode::NO_CONTENT)
}

/// The ticket in the request, if it is for this voucher.
fn bearer(server: &DeliveryServer, headers: &HeaderMap, voucher_id: VoucherId) -> Result<Ticket, ApiFailure> {
    let token =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let ticket =
        token.and_then(|token| server.tickets.read(token)).filter(|ticket| ticket.voucher_id == voucher_id);
    ticket.ok_or_else(|| {
        ApiFailure::new(
            StatusCode::UNAUTHORIZED,
            "ticket-expired",
            "this download has to be approved again; redeem the voucher once more",
        )
    })
}

/// The content manager's own words go to the player.
fn hand_on(error: CallError) -> ApiFailure {
    error.handed_on(
        "content-manager-unreachable",
        "the store behind this delivery server does not answer; your purchase is safe, try again in a moment",
    )
}
