//! Is it the same card? What recovery rests on (G7, C8): the processor keeps a fingerprint of a registered card, and nobody else can make one.
//!
//! The fingerprint is an HMAC-SHA-256 over the licensing center's root and the number, under a key that never leaves the processor; it is kept under a
//! reference that the licensing center draws. Asked with a card and references, the processor says which of these were kept for the same card.

use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::card::Card;
use cadenza_protocol::cert::Role;
use cadenza_protocol::id::hex;
use ring::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::service::PaymentProcess;
use crate::api::{ApiFailure, JsonBody};
use crate::tls::{Caller, Peer};

/// References that one question may name.
pub const MOST_REFERENCES: usize = 1_000;

/// `POST /v1/cards/keep`.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeepCard {
    /// The card.
    pub card: Card,
    /// What it is found again by.
    pub reference: String,
}

/// `POST /v1/cards/same`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SameCard {
    /// The card.
    pub card: Card,
    /// At most [`MOST_REFERENCES`].
    pub references: Vec<String>,
}

/// Which of the references are of the same card.
#[derive(Debug, Serialize, Deserialize)]
pub struct Same {
    /// Some of those that were asked about.
    pub references: Vec<String>,
}

pub(super) fn routes() -> Router<Arc<PaymentProcess>> {
    Router::new().route("/v1/cards/keep", post(keep)).route("/v1/cards/same", post(same))
}

async fn keep(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(KeepCard { card, reference }): JsonBody<KeepCard>,
) -> Result<StatusCode, ApiFailure> {
    centers_only(&caller)?;
    sqlx::query("INSERT INTO card_fingerprints (reference, fingerprint) VALUES ($1, $2) ON CONFLICT (reference) DO NOTHING")
        .bind(reference)
        .bind(fingerprint(&process, &card)?)
        .execute(process.database.pool())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn same(
    State(process): State<Arc<PaymentProcess>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Extension(caller): Extension<Caller>,
    JsonBody(SameCard { card, references }): JsonBody<SameCard>,
) -> Result<Json<Same>, ApiFailure> {
    centers_only(&caller)?;
    process.comparisons.take(peer.address.ip()).map_err(|wait| {
        let why = "too many cards were compared; try again in a moment";
        ApiFailure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", why).retry_after(wait.0)
    })?;
    let kept: Vec<(String,)> =
        sqlx::query_as("SELECT reference FROM card_fingerprints WHERE fingerprint = $1")
            .bind(fingerprint(&process, &card)?)
            .fetch_all(process.database.pool())
            .await?;
    let asked = |(reference,): &(String,)| references.iter().take(MOST_REFERENCES).any(|r| r == reference);
    let references = kept.into_iter().filter(asked).map(|(reference,)| reference).collect();
    Ok(Json(Same { references }))
}

fn centers_only(caller: &Caller) -> Result<(), ApiFailure> {
    let center = caller.role == Role::LicensingCenter;
    center.then_some(()).ok_or_else(|| {
        ApiFailure::new(StatusCode::FORBIDDEN, "wrong-role", "only a licensing center may compare cards")
    })
}

fn fingerprint(process: &PaymentProcess, card: &Card) -> Result<String, ApiFailure> {
    let number = Zeroizing::new(serde_json::to_vec(&card.number).map_err(ApiFailure::internal)?);
    let key = hmac::Key::new(hmac::HMAC_SHA256, process.card_key.expose());
    let mut mac = hmac::Context::with_key(&key);
    mac.update(&process.center);
    mac.update(&number);
    Ok(hex(mac.sign().as_ref()))
}
