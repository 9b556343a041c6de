//! Reserving (B2, B10): what a merchant says it sells, and for how much, is held against our own shelves before anything is promised.
//!
//! One message reserves one thing that is sold: a track, a whole album, or the rest of one. What is owed for an album is shared over its
//! tracks in the same way as what is taken for it, so that every later record of one track is right to the cent. What is owed for the
//! rest of an album follows the same rule as its price, so over all its purchases a merchant owes for an album what it costs, once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use cadenza_protocol::id::{MediaId, VoucherId, hex};
use cadenza_protocol::reserve::{AuthorizationToken, Reservation, ReserveRequest, VoucherPacket};
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::shop::list::ListPrice;
use cadenza_protocol::shop::money::{self, OutOfBounds};
use cadenza_protocol::shop::price;
use cadenza_protocol::shop::signed_order::Opened;
use cadenza_protocol::shop::sold::Sold;
use cadenza_protocol::voucher::MAX_TRACKS;
use sqlx::{Any, Transaction};

use crate::api::{ApiFailure, JsonBody, reach};
use crate::content::ContentManager;
use crate::content::catalogue::album_price;
use crate::content::signed_order::{Counted, order_ref};
use crate::content::tracks::PublishedTrack;
use crate::tls::Caller;

/// `POST /v1/commerce/reserve`.
pub(super) async fn reserve(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<ReserveRequest>,
) -> Result<Json<Reservation>, ApiFailure> {
    let signed = manager.signed_order(&request, &caller).await?;
    let goods = manager.goods(&request, signed.as_ref(), &caller).await?;
    let bound = Bound::of(&request, signed.as_ref());
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
        if let Some(order) = &bound.order_ref {
            manager.once(&mut tx, order, &track.facts.media_id).await?;
        }
        let receipt = manager.database.seal(&packet.voucher_id.to_string(), hex(packet.receipt.expose()));
        let receipt = receipt.map_err(ApiFailure::internal)?;
        let row =
            NewVoucher { packet: &packet, receipt, request: &request, place, track: &track, bound: &bound };
        row.insert(&mut tx, &caller.key()).await?;
        packets.push(packet);
    }
    reach("reserve.written")?;
    tx.commit().await?;
    reach("reserve.kept")?;
    packets.iter().for_each(|_| manager.count_voucher());
    Ok(Json(Reservation { packets }))
}

impl ContentManager {
    /// What is reserved, each with what is owed for it; or why not.
    async fn goods(
        &self,
        request: &ReserveRequest,
        signed: Option<&Opened>,
        caller: &Caller,
    ) -> Result<Vec<(PublishedTrack, u64)>, ApiFailure> {
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
            Sold::Completion => {
                let counted = self.counted(request, signed, caller).await?;
                self.rest_of_album(request, &tracks, &prices, &counted).await?
            }
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
        let price = self.album_of(tracks, &[]).await?.filter(|price| price.allows(request.retail_cents));
        let price = price.ok_or_else(wrong_price)?;
        let costs: Vec<u64> = prices.iter().map(ListPrice::cost_cents).collect();
        let owed =
            money::sum(costs.iter().copied()).map_or(price.cost_cents(), |sum| sum.min(price.cost_cents()));
        Ok(money::shares(owed, &costs))
    }

    /// What is owed for each track of the rest of an album. Its price is the album's less what was paid for the others; which album price
    /// the merchant went by follows from that, unless it is fixed.
    async fn rest_of_album(
        &self,
        request: &ReserveRequest,
        tracks: &[PublishedTrack],
        prices: &[ListPrice],
        counted: &[Counted],
    ) -> Result<Vec<u64>, ApiFailure> {
        let price = self.album_of(tracks, counted).await?.ok_or_else(wrong_price)?;
        let paid: Vec<u64> = counted.iter().map(|before| u64::from(before.terms.retail_cents)).collect();
        let owed: Vec<u64> = counted.iter().map(|before| u64::from(before.terms.cost_cents)).collect();
        let alone: Vec<u64> = request.tracks.iter().map(|wanted| wanted.alone_cents).collect();
        let went_by = request.retail_cents.saturating_add(paid.iter().sum());
        let album_cents = price.fixed_retail_cents().unwrap_or(went_by);
        let rest = price::rest(album_cents, &paid, &alone).map_err(out_of_bounds)?;
        if counted.is_empty() || !price.allows(album_cents) || rest != request.retail_cents {
            return Err(wrong_price());
        }
        let costs: Vec<u64> = prices.iter().map(ListPrice::cost_cents).collect();
        let still_owed = price::rest(price.cost_cents(), &owed, &costs).map_err(out_of_bounds)?;
        Ok(money::shares(still_owed, &costs))
    }

    /// The price of the album that these tracks and the counted ones make, if they are all of it.
    async fn album_of(
        &self,
        tracks: &[PublishedTrack],
        counted: &[Counted],
    ) -> Result<Option<ListPrice>, ApiFailure> {
        let album = self.album(&tracks[0].entry.album_id).await?;
        let is_here = |id: &MediaId| {
            tracks.iter().any(|track| track.entry.media_id == *id)
                || counted.iter().any(|before| before.media_id == *id)
        };
        let is_whole =
            album.len() == tracks.len() + counted.len() && album.iter().all(|on_it| is_here(&on_it.media_id));
        Ok(album_price(&album).filter(|_| is_whole))
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

/// What a signed order binds its vouchers to.
struct Bound {
    order_ref: Option<String>,
    counted: String,
    only_for: Option<String>,
}

impl Bound {
    fn of(request: &ReserveRequest, signed: Option<&Opened>) -> Self {
        let is_rest = request.sold == Sold::Completion;
        let counted: Vec<String> = request.counted.iter().map(VoucherId::to_string).collect();
        Self {
            order_ref: signed.map(order_ref),
            counted: if is_rest { counted.join(" ") } else { String::new() },
            // sold for less because of what this key bought: nobody else redeems it
            only_for: signed.filter(|_| is_rest).map(|signed| hex(&signed.buyer)),
        }
    }
}

/// A row of the voucher table.
struct NewVoucher<'a> {
    packet: &'a VoucherPacket,
    receipt: String,
    request: &'a ReserveRequest,
    place: usize,
    track: &'a PublishedTrack,
    bound: &'a Bound,
}

impl NewVoucher<'_> {
    async fn insert(self, tx: &mut Transaction<'static, Any>, merchant: &str) -> Result<(), ApiFailure> {
        let Self { packet, receipt, request, place, track, bound } = self;
        let cents = |cents: u64| i64::try_from(cents).map_err(ApiFailure::internal);
        let expires = packet.timestamp.plus_seconds(i64::from(packet.lifetime_seconds));
        sqlx::query(
        "INSERT INTO vouchers (voucher_id, kind, state, media_id, sha256, quality, sold, cost_cents, retail_cents, currency, merchant, order_ref, counted, only_for, issued_at, expires_at, \"authorization\", receipt)
         VALUES ($1, 'purchase', 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
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
    .bind(&bound.order_ref)
    .bind(&bound.counted)
    .bind(&bound.only_for)
    .bind(packet.timestamp.0)
    .bind(expires.0)
    .bind(hex(packet.authorization.expose()))
    .bind(receipt)
    .execute(&mut **tx)
    .await?;
        Ok(())
    }
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
