//! Is it the same card? What recovery rests on (G7, C8): the processor keeps a fingerprint of a registered card, and nobody else can make one.
//!
//! The fingerprint is an HMAC-SHA-256 over the licensing center's root and the number, under a key that never leaves the processor; it is kept under a
//! reference that the licensing center draws. Asked with a card's token and references, the processor says which of these were kept for the same card, and
//! whether the bank approves it.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::api::ApiError;
use cadenza_protocol::card::Card;
use cadenza_protocol::cert::Role;
use cadenza_protocol::id::hex;
use cadenza_protocol::pay::{CardMark, KeyName, Purpose, ShownCard};
use ring::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::service::PaymentProcess;
use super::{Decision, Means, verdicts};
use crate::api::{ApiFailure, JsonBody};
use crate::tls::{Caller, Peer};

/// References that one question may name.
pub const MOST_REFERENCES: usize = 20_000;
const MESSAGE_LIMIT: usize = 1 << 20;

/// `POST /v1/cards/keep`: is the card good, and if it is, keep its fingerprint.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeepCard {
    /// The card, shown for an amount of 0.
    pub card: ShownCard,
    /// What it is found again by.
    pub reference: String,
}

/// `POST /v1/cards/same`: is it one of these, and if it is, is it good.
#[derive(Debug, Serialize, Deserialize)]
pub struct SameCard {
    /// The card, shown for an amount of 0.
    pub card: ShownCard,
    /// At most [`MOST_REFERENCES`].
    pub references: Vec<String>,
}

/// Which of the references are of the same card, and what the bank says of it. Where there is none the bank is not asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Same {
    /// Some of those that were asked about.
    pub references: Vec<String>,
    /// Why the card is refused.
    pub refusal: Option<ApiError>,
}

pub(super) fn routes() -> Router<Arc<PaymentProcess>> {
    Router::new()
        .route("/v1/cards/keep", post(keep))
        .route("/v1/cards/same", post(same))
        .layer(DefaultBodyLimit::max(MESSAGE_LIMIT))
}

async fn keep(
    State(process): State<Arc<PaymentProcess>>,
    Extension(caller): Extension<Caller>,
    JsonBody(KeepCard { card: shown, reference }): JsonBody<KeepCard>,
) -> Result<Json<CardMark>, ApiFailure> {
    centers_only(&caller)?;
    let (card, trial) = process.seen(&shown, &asked_by(&caller, &shown))?;
    let fingerprint = fingerprint(&process, &card)?;
    let means = Means::Card(card);
    if let Some(refusal) = refused(process.decide(&means, Some(trial)).await?) {
        return Err(refusal);
    }
    sqlx::query("INSERT INTO card_fingerprints (reference, fingerprint) VALUES ($1, $2) ON CONFLICT (reference) DO NOTHING")
        .bind(reference)
        .bind(fingerprint)
        .execute(process.database.pool())
        .await?;
    Ok(Json(process.mark(&means)))
}

async fn same(
    State(process): State<Arc<PaymentProcess>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Extension(caller): Extension<Caller>,
    JsonBody(SameCard { card: shown, references }): JsonBody<SameCard>,
) -> Result<Json<Same>, ApiFailure> {
    centers_only(&caller)?;
    process.comparisons.take(peer.address.ip()).map_err(|wait| {
        let why = "too many cards were compared; try again in a moment";
        ApiFailure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", why).retry_after(wait.0)
    })?;
    let (card, trial) = process.seen(&shown, &asked_by(&caller, &shown))?;
    let kept: Vec<(String,)> =
        sqlx::query_as("SELECT reference FROM card_fingerprints WHERE fingerprint = $1")
            .bind(fingerprint(&process, &card)?)
            .fetch_all(process.database.pool())
            .await?;
    let asked: HashSet<&String> = references.iter().take(MOST_REFERENCES).collect();
    let found = |(reference,): (String,)| asked.contains(&reference).then_some(reference);
    let references: Vec<String> = kept.into_iter().filter_map(found).collect();
    let refusal = match references.is_empty() {
        true => None,
        false => refused(process.decide(&Means::Card(card), Some(trial)).await?).map(|no| no.error),
    };
    Ok(Json(Same { references, refusal }))
}

/// A card that is only asked about.
fn asked_by(caller: &Caller, shown: &ShownCard) -> Purpose {
    Purpose::of_asking(KeyName::of(&caller.certificate), shown.order)
}

fn refused(decision: Decision) -> Option<ApiFailure> {
    match decision {
        Decision::Approved => None,
        Decision::Declined => Some(verdicts::declined()),
        Decision::ExpiredCard => Some(verdicts::expired()),
    }
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
