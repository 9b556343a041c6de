//! Orders (B2, B3, B7): reserve, pay, authorize, exactly once for each idempotency key.
//!
//! ```text
//! open ── reserve each item ── payment authorized ── authorize each item ── captured ──▶ paid
//!   └─ refused card, or a step that fails ──▶ reservations expired, payment voided ──▶ refused
//! ```
//! Every step is written down before the next and can be repeated: an order that a crash or a lost reply left open goes on
//! where it stopped, when its key comes again or at the next start ([`Merchant::settle_open_orders`]).

use axum::http::StatusCode;
use cadenza_protocol::card::TypedCard;
use cadenza_protocol::id::hex;
use cadenza_protocol::reserve::{AuthorizeReply, DeliverItem, DeliverRequest, ReserveRequest, VoucherPacket};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::shop::price::price;
use cadenza_protocol::shop::{Order, OrderItem, OrderState, OrderedTrack};
use cadenza_protocol::voucher::{MAX_TRACKS, VoucherFile};

use super::messages::OrderRequest;
use super::order_rows::ItemRow;
use super::{Merchant, away};
use crate::api::ApiFailure;
use crate::currency::CURRENCY;
use crate::payment::messages::{Instrument, PaymentRequest};

impl Merchant {
    /// Takes an order to `paid`, or says why not. The same key gives the same order.
    pub async fn order(&self, request: OrderRequest) -> Result<Order, ApiFailure> {
        let key = order_key(&request.idempotency_key)?;
        let instrument = self.instrument(&request)?;
        let items = distinct(request.items)?;
        let _turn = self.orders.of(&key).await;
        let order_id = match self.order_by_key(&key).await? {
            Some(row) if row.wanted != wanted(&items)? => {
                return Err(ApiFailure::new(
                    StatusCode::CONFLICT,
                    "key-reused",
                    "this order key was used for another order; draw a new one",
                ));
            }
            Some(row) => match row.state {
                OrderState::Paid => return self.paid_order(&row.order_id).await,
                OrderState::Refused => return Err(refused(row.refusal.as_deref())),
                OrderState::Open => row.order_id,
            },
            None => self.open_order(&key, &items).await?,
        };
        self.carry_out(&order_id, instrument).await
    }

    /// A paid order.
    pub async fn paid_order(&self, order_id: &str) -> Result<Order, ApiFailure> {
        let row = self.order_row(order_id).await?;
        match row.state {
            OrderState::Paid => {}
            OrderState::Open | OrderState::Refused => {
                return Err(ApiFailure::new(
                    StatusCode::PAYMENT_REQUIRED,
                    "not-paid",
                    "this order is not paid; finish it in the store",
                ));
            }
        }
        let items: Result<Vec<OrderItem>, ApiFailure> =
            self.item_rows(order_id).await?.into_iter().map(ItemRow::bought).collect();
        Ok(Order {
            order_id: row.order_id,
            state: row.state,
            total_cents: row.total_cents.unsigned_abs(),
            currency: row.currency,
            paid_with: row.paid_with.unwrap_or_default(),
            items: items?,
        })
    }

    /// The voucher for everything in a paid order (B4, B9: again and again).
    pub async fn order_voucher(&self, order_id: &str) -> Result<VoucherFile, ApiFailure> {
        self.paid_order(order_id).await?;
        let items: Result<Vec<DeliverItem>, ApiFailure> = self
            .item_rows(order_id)
            .await?
            .into_iter()
            .map(|item| item.deliverable(&self.database))
            .collect();
        self.content.post("/v1/commerce/deliver", &DeliverRequest { items: items? }).await.map_err(away)
    }

    /// Finishes what was paid, and gives up what was not, after a crash.
    pub async fn settle_open_orders(&self) -> Result<(), ApiFailure> {
        let open: Vec<(String,)> = sqlx::query_as("SELECT order_id FROM orders WHERE state = $1")
            .bind(OrderState::Open.word())
            .fetch_all(self.database.pool())
            .await?;
        for (order_id,) in open {
            if self.payment.capture(&order_id).await {
                self.complete(&order_id, None).await?;
            } else {
                self.give_up(&order_id, "interrupted").await?;
            }
        }
        Ok(())
    }

    fn instrument(&self, request: &OrderRequest) -> Result<Instrument, ApiFailure> {
        match (&request.card, &request.wallet) {
            (Some(card), None) => self.card(card, &request.idempotency_key),
            (None, Some(wallet)) => {
                Ok(Instrument::Wallet { token: wallet.token.chars().take(200).collect() })
            }
            _ => Err(invalid("card", "pay with a card or with a wallet")),
        }
    }

    fn card(&self, typed: &TypedCard, key: &str) -> Result<Instrument, ApiFailure> {
        let card = typed
            .check(self.clock.now())
            .map_err(|e| invalid(&format!("card.{}", e.field()), &e.to_string()))?;
        if card.number.is_in(key) {
            return Err(invalid(
                "idempotency_key",
                "an order's key is kept: draw one that holds no card number",
            ));
        }
        Ok(Instrument::Card(card))
    }

    async fn open_order(&self, key: &str, items: &[OrderedTrack]) -> Result<String, ApiFailure> {
        let order_id = hex(Secret::<16>::random().expose());
        let shelves = self.shelves_with_all(items).await?;
        let mut tracks = Vec::with_capacity(items.len());
        let mut lines = Vec::with_capacity(items.len());
        for item in items {
            let gone = || ApiFailure::not_found("this track is not in the store");
            tracks.push(shelves.track(&item.media_id).ok_or_else(gone)?);
            lines.push(shelves.line(item).ok_or_else(|| {
                ApiFailure::new(
                    StatusCode::NOT_FOUND,
                    "not-for-sale",
                    "this track is not sold in that quality; choose another",
                )
            })?);
        }
        let price = price(&lines).map_err(ApiFailure::internal)?;
        let cents = |cents: u64| i64::try_from(cents).map_err(ApiFailure::internal);
        let mut tx = self.database.begin_write().await?;
        sqlx::query("INSERT INTO orders (order_id, idempotency_key, wanted, state, total_cents, currency, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(&order_id)
            .bind(key)
            .bind(wanted(items)?)
            .bind(OrderState::Open.word())
            .bind(cents(price.total_cents)?)
            .bind(CURRENCY)
            .bind(self.clock.now().0)
            .execute(&mut *tx)
            .await?;
        for (position, ((item, track), each)) in (0_i64..).zip(items.iter().zip(tracks).zip(price.each)) {
            sqlx::query("INSERT INTO order_items (order_id, position, media_id, title, artist, quality, price_cents) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(&order_id)
                .bind(position)
                .bind(item.media_id.to_string())
                .bind(&track.title)
                .bind(&track.artist)
                .bind(&item.quality)
                .bind(cents(each)?)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(order_id)
    }

    async fn carry_out(&self, order_id: &str, instrument: Instrument) -> Result<Order, ApiFailure> {
        for item in self.item_rows(order_id).await?.into_iter().filter(|item| item.voucher_id.is_none()) {
            if let Err(failure) = self.reserve(order_id, &item).await {
                self.give_up(order_id, &failure.error.code).await?;
                return Err(failure);
            }
        }
        let row = self.order_row(order_id).await?;
        let request = PaymentRequest {
            idempotency_key: order_id.to_owned(),
            amount_cents: row.total_cents.unsigned_abs(),
            currency: row.currency,
            instrument,
        };
        let payment = match self.payment.authorize(&request).await {
            Ok(payment) => payment,
            Err(refusal) => {
                self.give_up(order_id, refusal.code()).await?;
                return Err(refusal.into());
            }
        };
        let paid_with = format!("{} •••• {}", payment.mark.brand, payment.mark.last4);
        self.complete(order_id, Some(&paid_with)).await
    }

    /// From a payment that stands to a paid order.
    async fn complete(&self, order_id: &str, paid_with: Option<&str>) -> Result<Order, ApiFailure> {
        for item in self.item_rows(order_id).await? {
            match self.authorize(order_id, &item).await {
                Ok(()) => {}
                Err(failure) if failure.status.is_client_error() => {
                    self.give_up(order_id, &failure.error.code).await?;
                    return Err(failure);
                }
                // the content manager is away: the order stays open, and the same key finishes it
                Err(failure) => return Err(failure),
            }
        }
        if !self.payment.capture(order_id).await {
            return Err(ApiFailure::new(
                StatusCode::BAD_GATEWAY,
                "payment-unconfirmed",
                "the payment is not confirmed yet; send the same order again, it is charged once",
            ));
        }
        sqlx::query("UPDATE orders SET state = $1, paid_with = COALESCE($2, paid_with) WHERE order_id = $3 AND state = $4")
            .bind(OrderState::Paid.word())
            .bind(paid_with)
            .bind(order_id)
            .bind(OrderState::Open.word())
            .execute(self.database.pool())
            .await?;
        self.log(order_id, "paid", paid_with.unwrap_or_default()).await?;
        self.paid_order(order_id).await
    }

    async fn reserve(&self, order_id: &str, item: &ItemRow) -> Result<(), ApiFailure> {
        let media_id = item.media_id()?;
        let shelves = self.shelves_with(&media_id).await?;
        let channels = shelves
            .track(&media_id)
            .and_then(|t| t.qualities.iter().find(|q| q.name == item.quality))
            .map_or(2, |q| q.channels);
        let wish = ReserveRequest { media_id, quality: item.quality.clone(), channels };
        let packet: VoucherPacket = self.content.post("/v1/commerce/reserve", &wish).await.map_err(away)?;
        let receipt = self.database.seal(&packet.voucher_id.to_string(), hex(packet.receipt.expose()));
        let receipt = receipt.map_err(ApiFailure::internal)?;
        sqlx::query("UPDATE order_items SET voucher_id = $1, \"authorization\" = $2, receipt = $3 WHERE order_id = $4 AND position = $5")
            .bind(packet.voucher_id.to_string())
            .bind(hex(packet.authorization.expose()))
            .bind(receipt)
            .bind(order_id)
            .bind(item.position)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    async fn authorize(&self, order_id: &str, item: &ItemRow) -> Result<(), ApiFailure> {
        let reply: AuthorizeReply =
            self.content.post("/v1/commerce/authorize", &item.step()?).await.map_err(away)?;
        // the first token stays: with it the step can be repeated
        self.log(order_id, "authorized", &reply.voucher_id.to_string()).await
    }

    /// Gives reservations and money back.
    async fn give_up(&self, order_id: &str, code: &str) -> Result<(), ApiFailure> {
        for item in self.item_rows(order_id).await?.into_iter().filter(|item| item.voucher_id.is_some()) {
            if let Err(error) = self.content.send("/v1/commerce/expire", &item.step()?).await {
                tracing::warn!(%error, "a reservation was not taken back; it lapses by itself");
            }
        }
        self.payment.void(order_id).await;
        sqlx::query("UPDATE orders SET state = $1, refusal = $2 WHERE order_id = $3 AND state = $4")
            .bind(OrderState::Refused.word())
            .bind(code)
            .bind(order_id)
            .bind(OrderState::Open.word())
            .execute(self.database.pool())
            .await?;
        self.log(order_id, "refused", code).await
    }

    async fn log(&self, order_id: &str, event: &str, detail: &str) -> Result<(), ApiFailure> {
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
        tracing::info!(event, "an order went on"); // its id opens its voucher: not for logs
        Ok(())
    }
}

fn order_key(key: &str) -> Result<String, ApiFailure> {
    let fits = (8..=100).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
    fits.then(|| key.to_owned())
        .ok_or_else(|| invalid("idempotency_key", "an order needs a key of 8 to 100 characters, drawn once"))
}

/// The items as ordered, each track once.
fn distinct(items: Vec<OrderedTrack>) -> Result<Vec<OrderedTrack>, ApiFailure> {
    let mut once: Vec<OrderedTrack> = Vec::with_capacity(items.len().min(MAX_TRACKS));
    for item in items {
        if once.iter().all(|known| known.media_id != item.media_id) {
            once.push(item);
        }
        if once.len() > MAX_TRACKS {
            break;
        }
    }
    let fits = (1..=MAX_TRACKS).contains(&once.len());
    fits.then_some(once).ok_or_else(|| invalid("items", "order 1 to 100 tracks at a time"))
}

/// What was ordered, whatever the order: to notice a key that is used for something else.
fn wanted(items: &[OrderedTrack]) -> Result<String, ApiFailure> {
    let mut sorted: Vec<&OrderedTrack> = items.iter().collect();
    sorted.sort();
    serde_json::to_string(&sorted).map_err(ApiFailure::internal)
}

fn invalid(field: &str, message: &str) -> ApiFailure {
    ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-form", message).in_field(field)
}

/// A refused order stays refused under its key: what happened, and what to do.
fn refused(code: Option<&str>) -> ApiFailure {
    let (code, message) = match code {
        Some("card-declined") => ("card-declined", "the bank declined this card; try another one"),
        Some("card-expired") => ("card-expired", "the bank says this card has expired; use another one"),
        Some("payment-timeout") => (
            "payment-timeout",
            "the bank did not answer in time; nothing was charged, try again or use another card",
        ),
        _ => ("order-refused", "this order was given up and nothing was charged; order again"),
    };
    ApiFailure::new(StatusCode::PAYMENT_REQUIRED, code, message)
}
