//! From an order to a paid one, step by step: reserve, set money aside, authorize, take the money. Each step is written down before
//! the next and can be repeated.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use cadenza_protocol::id::hex;
use cadenza_protocol::reserve::{AuthorizeReply, Reservation, ReserveRequest, ReservedTrack};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::shop::OrderState;

use super::rows::{ItemRow, OrderRow};
use super::signed::unlisted;
use crate::api::{ApiFailure, reach};
use crate::merchant::{Merchant, away};
use crate::payment::client::Capture;
use crate::payment::messages::{Instrument, PaymentRequest};

impl Merchant {
    /// Reserves what is not reserved, sets the money aside, and completes.
    pub(super) async fn carry_out(&self, order: &OrderRow, instrument: Instrument) -> Result<(), ApiFailure> {
        let mut open: Vec<ItemRow> = self.item_rows(&order.order_id).await?;
        open.retain(|item| item.voucher_id.is_none());
        for sold_together in bundles(&open).values() {
            if let Err(failure) = self.reserve(order, sold_together).await {
                self.give_up(order, &failure.error.code).await?;
                return Err(failure);
            }
        }
        let request = PaymentRequest {
            idempotency_key: order.payment_key(),
            amount_cents: order.total_cents.unsigned_abs(),
            currency: order.currency.clone(),
            instrument,
        };
        if let Err(refusal) = self.payment.authorize(&request).await {
            self.give_up(order, refusal.code()).await?;
            return Err(refusal.into());
        }
        reach("order.set-aside")?;
        self.complete(order).await
    }

    /// From money that is set aside to a paid order: nothing is taken for what the content manager does not hand over.
    pub(super) async fn complete(&self, order: &OrderRow) -> Result<(), ApiFailure> {
        for item in self.item_rows(&order.order_id).await? {
            match self.authorize(&order.order_id, &item).await {
                Ok(()) => {}
                Err(failure) if is_final(failure.status) => {
                    self.give_up(order, &failure.error.code).await?;
                    return Err(failure);
                }
                // the content manager is away: the order stays open, and its key or the next settling finishes it
                Err(failure) => return Err(still_open(&failure)),
            }
        }
        reach("order.authorized")?;
        self.can_enter().await.map_err(|failure| still_open(&failure))?;
        let payment = match self.payment.capture(&order.payment_key()).await {
            Capture::Taken(payment) => payment,
            Capture::NotAuthorized => {
                self.give_up(order, INTERRUPTED).await?;
                return Err(super::refused(Some(INTERRUPTED)));
            }
            Capture::Unconfirmed => return Err(not_confirmed()),
        };
        reach("order.captured")?;
        let paid_with = format!("{} •••• {}", payment.mark.brand, payment.mark.last4);
        if self.enter_paid(order, &paid_with).await? {
            self.log(&order.order_id, OrderState::Paid.word(), &paid_with).await?;
        }
        reach("order.paid")
    }

    /// Reserves what is sold together: a track, all of an album, or the rest of one.
    async fn reserve(&self, order: &OrderRow, items: &[&ItemRow]) -> Result<(), ApiFailure> {
        let Some(first) = items.first() else { return Ok(()) };
        let mut tracks = Vec::with_capacity(items.len());
        for item in items {
            let media_id = item.media_id()?;
            let shelves = self.shelves_with(&media_id).await?;
            let quality =
                shelves.track(&media_id).and_then(|t| t.qualities.iter().find(|q| q.name == item.quality));
            tracks.push(ReservedTrack {
                media_id,
                channels: quality.map_or(2, |q| q.channels),
                alone_cents: item.alone_cents.unsigned_abs(),
                share_cents: item.price_cents.unsigned_abs(),
            });
        }
        let wish = ReserveRequest {
            sold: first.sold.parse().map_err(ApiFailure::internal)?,
            quality: first.quality.clone(),
            currency: self.currency,
            retail_cents: tracks.iter().map(|track| track.share_cents).sum(),
            tracks,
            order: order.signed(&self.database)?,
            counted: unlisted(&first.counted)?,
        };
        let reserved: Reservation = self.content.post("/v1/commerce/reserve", &wish).await.map_err(away)?;
        if reserved.packets.len() != items.len() {
            return Err(ApiFailure::internal("the content manager reserved something else"));
        }
        let mut tx = self.database.begin_write().await?;
        for (packet, item) in reserved.packets.iter().zip(items) {
            let receipt = self.database.seal(&packet.voucher_id.to_string(), hex(packet.receipt.expose()));
            sqlx::query("UPDATE order_items SET voucher_id = $1, \"authorization\" = $2, receipt = $3, cost_cents = $4 WHERE order_id = $5 AND position = $6")
                .bind(packet.voucher_id.to_string())
                .bind(hex(packet.authorization.expose()))
                .bind(receipt.map_err(ApiFailure::internal)?)
                .bind(i64::try_from(packet.cost_cents).map_err(ApiFailure::internal)?)
                .bind(&order.order_id)
                .bind(item.position)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        reach("order.reserved")
    }

    async fn authorize(&self, order_id: &str, item: &ItemRow) -> Result<(), ApiFailure> {
        let reply: AuthorizeReply =
            self.content.post("/v1/commerce/authorize", &item.step()?).await.map_err(away)?;
        // the first token stays: with it the step can be repeated
        self.log(order_id, "authorized", &reply.voucher_id.to_string()).await
    }

    pub(super) async fn log(&self, order_id: &str, event: &str, detail: &str) -> Result<(), ApiFailure> {
        sqlx::query(
            "INSERT INTO merchant_log (entry, at, order_id, event, detail) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(hex(Secret::<16>::random().expose()))
        .bind(self.clock.now().0)
        .bind(order_id)
        .bind(event)
        .bind(detail)
        .execute(self.database.pool())
        .await?;
        tracing::info!(event, "an order went on");
        Ok(())
    }
}

/// Items by what they are sold together with.
fn bundles(items: &[ItemRow]) -> BTreeMap<i64, Vec<&ItemRow>> {
    let mut bundles: BTreeMap<i64, Vec<&ItemRow>> = BTreeMap::new();
    for item in items {
        bundles.entry(item.bundle).or_default().push(item);
    }
    bundles
}

/// Whether a refusal stays one; a content manager that is too busy is asked again.
fn is_final(status: StatusCode) -> bool {
    let is_put_off = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    status.is_client_error() && !is_put_off
}

/// Money is set aside and something behind the merchant did not answer: the order goes on later, so nobody is told that nothing was charged.
fn still_open(failure: &ApiFailure) -> ApiFailure {
    tracing::warn!(code = %failure.error.code, "an order stays open with its money set aside");
    not_confirmed()
}

fn not_confirmed() -> ApiFailure {
    let why = "the payment is not confirmed yet; send the same order again, it is charged once";
    ApiFailure::new(StatusCode::BAD_GATEWAY, "payment-unconfirmed", why)
}

/// Why an order was given up that stopped half-way, before its money was set aside.
pub(super) const INTERRUPTED: &str = "interrupted";
