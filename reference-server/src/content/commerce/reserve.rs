//! Reserving (B2, B10): what a merchant says it sells, and for how much, is held against our own shelves before anything is promised.
//!
//! One message reserves one thing that is sold: a track, or a whole album. What is owed for an album is shared over its tracks in the
//! same way as what is taken for it, so that every later record of one track is right to the cent.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use cadenza_protocol::id::{VoucherId, hex};
use cadenza_protocol::reserve::{AuthorizationToken, Reservation, ReserveRequest, Sold, VoucherPacket};
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::shop::list::ListPrice;
use cadenza_protocol::shop::money::{self, OutOfBounds};
use cadenza_protocol::voucher::MAX_TRACKS;
use sqlx::{Any, Transaction};

use crate::api::{ApiFailure, JsonBody};
use crate::content::ContentManager;
use crate::content::catalogue::album_price;
use crate::content::tracks::PublishedTrack;
use crate::tls::Caller;

/// `POST /v1/commerce/reserve`.
pub(super) async fn reserve(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<ReserveRequest>,
) -> Result<Json<Reservation>, ApiFailure> {
    let goods = manager.goods(&request).await?;
    let mut packets = Vec::with_capacity(goods.len());
    let mut tx = manager.database.begin_write().await?;
    for (track, cost_cents) in goods {
        let packet = VoucherPacket {
            voucher_id: VoucherId::random(),
            timestamp: manager.now(),
            lifetime_seconds: manager.settings.reservation_seconds,
            cost_cents,
            authorization: AuthorizationToken::random(),
            receipt: ReceiptToken::random(),
        };
        let place = packets.len();
        hold(&mut tx, &track).await?;
        let receipt = manager.database.seal(&packet.voucher_id.to_string(), hex(packet.receipt.expose()));
        let receipt = receipt.map_err(ApiFailure::internal)?;
        insert(&mut tx, &packet, receipt, &request, place, &track, &caller.key()).await?;
        packets.push(packet);
    }
    tx.commit().await?;
    packets.iter().for_each(|_| manager.count_voucher());
    Ok(Json(Reservation { packets }))
}

impl ContentManager {
    /// What is reserved, each with what is owed for it; or why not.
    async fn goods(&self, request: &ReserveRequest) -> Result<Vec<(PublishedTrack, u64)>, ApiFailure> {
        if request.currency != self.currency {
            let why = format!(
                "this content manager sells in {} and the merchant in {}; set one currency in both configurations",
                self.currency, request.currency
            );
            return Err(ApiFailure::new(StatusCode::CONFLICT, "other-currency", why));
        }
        if request.tracks.is_empty() || request.tracks.len() > MAX_TRACKS {
            let why = "reserve 1 to 100 tracks at a time";
            return Err(ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", why));
        }
        money::within(request.retail_cents).map_err(out_of_bounds)?;
        let (mut tracks, mut prices) = (Vec::new(), Vec::new());
        for wanted in &request.tracks {
            let track = self.track(&wanted.media_id).await?;
            if track.entry.currency != self.currency {
                return Err(not_for_sale());
            }
            let offers = &track.entry.offers;
            let offer = offers.iter().find(|o| o.quality == request.quality && o.channels == wanted.channels);
            let price = offer.ok_or_else(not_for_sale)?.price;
            let alone = money::within(wanted.alone_cents).map_err(out_of_bounds)?;
            if !price.allows(alone) {
                return Err(wrong_price());
            }
            tracks.push(track);
            prices.push(price);
        }
        let alone: Vec<u64> = request.tracks.iter().map(|wanted| wanted.alone_cents).collect();
        let shares: Vec<u64> = request.tracks.iter().map(|wanted| wanted.share_cents).collect();
        if shares != money::shares(request.retail_cents, &alone) {
            return Err(wrong_price());
        }
        let owed = match request.sold {
            Sold::Track => single(request, &alone, &prices)?,
            Sold::Album => self.whole_album(request, &tracks, &prices).await?,
        };
        Ok(tracks.into_iter().zip(owed).collect())
    }

    /// What is owed for each track of an album, all of whose tracks these are.
    async fn whole_album(
        &self,
        request: &ReserveRequest,
        tracks: &[PublishedTrack],
        prices: &[ListPrice],
    ) -> Result<Vec<u64>, ApiFailure> {
        let album = self.album(&tracks[0].entry.album_id).await?;
        let is_whole = album.len() == tracks.len()
            && album.iter().all(|on_it| tracks.iter().any(|track| track.entry.media_id == on_it.media_id));
        let price = album_price(&album).filter(|price| is_whole && price.allows(request.retail_cents));
        let price = price.ok_or_else(wrong_price)?;
        let costs: Vec<u64> = prices.iter().map(ListPrice::cost_cents).collect();
        let owed =
            money::sum(costs.iter().copied()).map_or(price.cost_cents(), |sum| sum.min(price.cost_cents()));
        Ok(money::shares(owed, &costs))
    }
}

fn single(request: &ReserveRequest, alone: &[u64], prices: &[ListPrice]) -> Result<Vec<u64>, ApiFailure> {
    match (alone, prices) {
        ([alone], [price]) if *alone == request.retail_cents => Ok(vec![price.cost_cents()]),
        _ => Err(wrong_price()),
    }
}

/// Keeps the track on the shelf until it is reserved: what is sold must not be swept away in between.
async fn hold(tx: &mut Transaction<'static, Any>, track: &PublishedTrack) -> Result<(), ApiFailure> {
    let held = sqlx::query(
        "UPDATE media SET for_sale = for_sale WHERE media_id = $1 AND sha256 = $2 AND for_sale = 1",
    )
    .bind(track.facts.media_id.to_string())
    .bind(&track.facts.sha256)
    .execute(&mut **tx)
    .await?;
    if held.rows_affected() == 1 { Ok(()) } else { Err(not_for_sale()) }
}

async fn insert(
    tx: &mut Transaction<'static, Any>,
    packet: &VoucherPacket,
    receipt: String,
    request: &ReserveRequest,
    place: usize,
    track: &PublishedTrack,
    merchant: &str,
) -> Result<(), ApiFailure> {
    let cents = |cents: u64| i64::try_from(cents).map_err(ApiFailure::internal);
    let expires = packet.timestamp.plus_seconds(i64::from(packet.lifetime_seconds));
    sqlx::query(
        "INSERT INTO vouchers (voucher_id, kind, state, media_id, sha256, quality, sold, cost_cents, retail_cents, currency, merchant, issued_at, expires_at, \"authorization\", receipt)
         VALUES ($1, 'purchase', 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(packet.voucher_id.to_string())
    .bind(track.facts.media_id.to_string())
    .bind(&track.facts.sha256)
    .bind(&request.quality)
    .bind(request.sold.word())
    .bind(cents(packet.cost_cents)?)
    .bind(cents(request.tracks[place].share_cents)?)
    .bind(request.currency.as_str())
    .bind(merchant)
    .bind(packet.timestamp.0)
    .bind(expires.0)
    .bind(hex(packet.authorization.expose()))
    .bind(receipt)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn not_for_sale() -> ApiFailure {
    let why = "this track is not sold in that quality; choose another";
    ApiFailure::new(StatusCode::NOT_FOUND, "not-for-sale", why)
}

fn wrong_price() -> ApiFailure {
    let why = "these are not the prices of today, or not all tracks of the album; look at the store again and order anew";
    ApiFailure::new(StatusCode::CONFLICT, "wrong-price", why)
}

fn out_of_bounds(error: OutOfBounds) -> ApiFailure {
    ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", error.to_string())
}
