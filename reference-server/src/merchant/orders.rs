//! Orders (B2, B3, B7): reserve, pay, authorize, exactly once for each idempotency key.
//!
//! An order without means to pay is told what it costs and where the card is shown, and leaves nothing behind; the same order comes again with the
//! payment processor's token. No card number comes here.
//!
//! ```text
//! open ── reserve ── money set aside ── authorize each item ── money taken ──▶ paid ──▶ refunding ──▶ refunded
//!   └─ refused card, or a step that fails ──▶ reservations expired ──▶ refused (or refunded, had the money been taken)
//! ```
//! A refused order has charged nothing, so its key may try again, with another card or another choice. Steps are in [`steps`], other
//! ends and the settling of what a crash or a lost reply left open in [`ends`], orders that a passport signed in [`signed`].

mod ends;
mod names;
pub(super) mod rows;
mod signed;
mod steps;

use axum::http::StatusCode;
use cadenza_protocol::card::CardNumber;
use cadenza_protocol::id::unhex;
use cadenza_protocol::pay::{OrderAnswer, OrderName, PaymentNeeded, ShownCard};
use cadenza_protocol::reserve::{DeliverItem, DeliverRequest};
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::shop::price::{Bought, price};
use cadenza_protocol::shop::sold::Sold;
use cadenza_protocol::shop::{Order, OrderState, OrderedTrack};
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::{MAX_TRACKS, VoucherFile};
use sqlx::{Any, Transaction};

use super::Merchant;
use super::messages::OrderRequest;
use crate::api::{ApiFailure, reach};
use crate::call::CallError;
use crate::content::signed_order::refuse;
use crate::payment::messages::Instrument;
use rows::OrderRow;
use signed::Counted;

/// Refuses an order whose key names another one that is paid, or may be.
pub use crate::payment::messages::KEY_REUSED;
/// Refuses an order that comes to something else than its buyer was shown.
pub const PRICE_CHANGED: &str = "price-changed";

/// Refuses an order that was paid back: its key is used up.
pub const ORDER_REFUNDED: &str = "order-refunded";

impl Merchant {
    /// Takes an order to `paid`, or says why not. The same key gives the same order.
    pub async fn order(&self, request: OrderRequest) -> Result<OrderAnswer, ApiFailure> {
        let key = order_key(&request.idempotency_key)?;
        let instrument = match (request.token, request.wallet) {
            (Some(token), None) => {
                Some(Instrument::Card(ShownCard { order: OrderName::of_key(&key), token }))
            }
            (None, Some(wallet)) => {
                Some(Instrument::Wallet { token: wallet.token.chars().take(200).collect() })
            }
            (None, None) => None,
            (Some(_), Some(_)) => return Err(invalid("wallet", "pay with a card or with a wallet")),
        };
        let shown = Shown { total_cents: request.total_cents, currency: request.currency };
        let items = distinct(request.items)?;
        let _turn = self.orders.of(&names::found_by(&key)).await;
        let mut found = self.order_by_key(&key).await?;
        // one that was left open at another price is decided first: it is not carried on at a price that its buyer does not see
        let is_other =
            |row: &OrderRow| row.state == OrderState::Open && !shown.is(row.total_cents, &row.currency);
        if let Some(row) = found.as_ref().filter(|row| row.is_being_given_up() || is_other(row)) {
            self.settle(&row.order_id).await?;
            found = self.order_by_key(&key).await?;
        }
        let Some(instrument) = instrument else {
            return self.needed(&key, found, &items, shown, request.signed.as_ref()).await;
        };
        let row = match found {
            None => self.open_order(&key, &items, shown, request.signed).await?,
            Some(row) => match row.state {
                // nothing was charged under this key: it is free for another attempt
                OrderState::Refused => self.open_again(&row, &key, &items, shown, request.signed).await?,
                OrderState::Open | OrderState::Paid | OrderState::Refunding | OrderState::Refunded
                    if row.wanted != wanted(&items)? =>
                {
                    return Err(key_reused());
                }
                OrderState::Paid => {
                    return self.shown(row, names::id_of(&key)).await.map(OrderAnswer::Paid);
                }
                OrderState::Refunding | OrderState::Refunded => return Err(refunded()),
                OrderState::Open if row.is_being_given_up() => return Err(unconfirmed()),
                OrderState::Open => self.signed_again(row, &key, &items, request.signed).await?,
            },
        };
        self.carry_out(&self.order_row(&row).await?, instrument).await?;
        self.shown(self.order_row(&row).await?, names::id_of(&key)).await.map(OrderAnswer::Paid)
    }

    /// What an order costs that nobody pays yet, or the order if it is paid.
    async fn needed(
        &self,
        key: &str,
        found: Option<OrderRow>,
        items: &[OrderedTrack],
        shown: Shown,
        signed: Option<&SignedMessage>,
    ) -> Result<OrderAnswer, ApiFailure> {
        let total_cents = match found {
            Some(row) if row.state != OrderState::Refused => {
                if row.wanted != wanted(items)? {
                    return Err(key_reused());
                }
                match row.state {
                    OrderState::Paid => {
                        return self.shown(row, names::id_of(key)).await.map(OrderAnswer::Paid);
                    }
                    OrderState::Refunding | OrderState::Refunded => return Err(refunded()),
                    OrderState::Open if row.is_being_given_up() => return Err(unconfirmed()),
                    OrderState::Open | OrderState::Refused => row.total_cents,
                }
            }
            Some(_) | None => self.priced(key, items, shown, signed).await?.total_cents,
        };
        let till = self.payment.till().await?;
        let total_cents = total_cents.unsigned_abs();
        Ok(OrderAnswer::PaymentNeeded(PaymentNeeded { total_cents, currency: self.currency, till }))
    }

    /// An order that money was taken for; also one that was refunded since.
    pub async fn paid_order(&self, order_id: &str) -> Result<Order, ApiFailure> {
        let row = self.order_row(&names::row_of(order_id)).await?;
        match row.state {
            OrderState::Paid | OrderState::Refunding | OrderState::Refunded => {
                self.shown(row, order_id.to_owned()).await
            }
            OrderState::Open | OrderState::Refused => Err(ApiFailure::new(
                StatusCode::PAYMENT_REQUIRED,
                "not-paid",
                "this order is not paid; finish it in the store",
            )),
        }
    }

    /// The order under a key, if it is paid.
    pub(crate) async fn paid_under(&self, key: &str) -> Result<Option<Order>, ApiFailure> {
        match self.order_by_key(key).await? {
            Some(row) if row.state == OrderState::Paid => self.shown(row, names::id_of(key)).await.map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// The order under a key, for a buyer whose answer was lost: paid or refunded, or why not. One that was left open is decided now.
    pub async fn find_order(&self, key: &str) -> Result<Order, ApiFailure> {
        let key = order_key(key)?;
        let _turn = self.orders.of(&names::found_by(&key)).await;
        let none = || ApiFailure::not_found("there is no order under this key; nothing was charged for it");
        let row = self.order_by_key(&key).await?.ok_or_else(none)?.order_id;
        self.settle(&row).await?;
        let row = self.order_row(&row).await?;
        match row.state {
            OrderState::Paid | OrderState::Refunding | OrderState::Refunded => {
                self.shown(row, names::id_of(&key)).await
            }
            OrderState::Refused => Err(refused(row.refusal.as_deref())),
            OrderState::Open => Err(unconfirmed()),
        }
    }

    /// The voucher for everything in a paid order (B4, B9: again and again).
    pub async fn order_voucher(&self, order_id: &str) -> Result<VoucherFile, ApiFailure> {
        match self.paid_order(order_id).await?.state {
            OrderState::Refunding | OrderState::Refunded => return Err(refunded()),
            OrderState::Open | OrderState::Paid | OrderState::Refused => {}
        }
        let items: Result<Vec<DeliverItem>, ApiFailure> = self
            .item_rows(&names::row_of(order_id))
            .await?
            .into_iter()
            .map(|item| item.deliverable(&self.database))
            .collect();
        self.content.post("/v1/commerce/deliver", &DeliverRequest { items: items? }).await.map_err(kept)
    }

    async fn open_order(
        &self,
        key: &str,
        items: &[OrderedTrack],
        shown: Shown,
        signed: Option<SignedMessage>,
    ) -> Result<String, ApiFailure> {
        let priced = self.priced(key, items, shown, signed.as_ref()).await?;
        let row = names::row_of(&names::id_of(key));
        let signed = self.kept(&row, signed.as_ref())?;
        let mut tx = self.database.begin_write().await?;
        sqlx::query("INSERT INTO orders (order_id, idempotency_key, wanted, state, total_cents, currency, attempt, signed, created_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)")
            .bind(&row)
            .bind(names::found_by(key))
            .bind(wanted(items)?)
            .bind(OrderState::Open.word())
            .bind(priced.total_cents)
            .bind(self.currency.as_str())
            .bind(signed)
            .bind(self.clock.now().0)
            .execute(&mut *tx)
            .await?;
        insert_items(&mut tx, &row, &priced.items).await?;
        tx.commit().await?;
        reach("order.opened")?;
        Ok(row)
    }

    /// Another attempt under the key of an order that was given up: another card, or another choice in the same form.
    async fn open_again(
        &self,
        row: &OrderRow,
        key: &str,
        items: &[OrderedTrack],
        shown: Shown,
        signed: Option<SignedMessage>,
    ) -> Result<String, ApiFailure> {
        let priced = self.priced(key, items, shown, signed.as_ref()).await?;
        let signed = self.kept(&row.order_id, signed.as_ref())?;
        let mut tx = self.database.begin_write().await?;
        sqlx::query("UPDATE orders SET state = $1, refusal = NULL, wanted = $2, total_cents = $3, signed = $4, attempt = attempt + 1 WHERE order_id = $5 AND state = $6")
            .bind(OrderState::Open.word())
            .bind(wanted(items)?)
            .bind(priced.total_cents)
            .bind(signed)
            .bind(&row.order_id)
            .bind(OrderState::Refused.word())
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM order_items WHERE order_id = $1")
            .bind(&row.order_id)
            .execute(&mut *tx)
            .await?;
        insert_items(&mut tx, &row.order_id, &priced.items).await?;
        tx.commit().await?;
        Ok(row.order_id.clone())
    }

    /// The order at today's prices, if they are what the buyer was shown, and what was signed if it was signed.
    async fn priced(
        &self,
        key: &str,
        items: &[OrderedTrack],
        shown: Shown,
        signed: Option<&SignedMessage>,
    ) -> Result<Priced, ApiFailure> {
        let shelves = self.shelves_with_all(items).await?;
        let signed = signed.map(|message| self.opened(message, key, items, &shelves)).transpose()?;
        let before = match &signed {
            Some(order) => self.bought_before(&order.shown, items, &shelves).await?,
            None => Vec::new(),
        };
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
        let bought: Vec<Bought<'_>> = before.iter().map(Counted::towards).collect();
        let price = price(&lines, &bought).map_err(|_| {
            let why = "an order comes to at most 9,999.99; order less at a time";
            ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "order-too-large", why)
        })?;
        let cents = |cents: u64| i64::try_from(cents).map_err(ApiFailure::internal);
        if !shown.is(cents(price.total_cents)?, self.currency.as_str()) {
            return Err(price_changed(price.total_cents, self.currency));
        }
        let mut priced = Vec::with_capacity(items.len());
        for (place, ((item, track), line)) in items.iter().zip(tracks).zip(&lines).enumerate() {
            if let Some(order) = &signed {
                order.check_price(&item.media_id, &item.quality, price.each[place]).map_err(refuse)?;
            }
            let together = price.together.iter().find(|together| together.lines.contains(&place));
            let counted = together.map(|together| together.bought.iter().map(|at| before[*at].voucher_id));
            priced.push(NewItem {
                media_id: item.media_id.to_string(),
                title: track.title.clone(),
                artist: track.artist.clone(),
                quality: item.quality.clone(),
                sold: together.map_or(Sold::Track, |together| together.sold),
                bundle: together.map_or(place, |together| together.lines[0]),
                counted: counted.map(signed::listed).unwrap_or_default(),
                alone_cents: cents(line.quality.price_cents)?,
                price_cents: cents(price.each[place])?,
            });
        }
        Ok(Priced { total_cents: cents(price.total_cents)?, items: priced })
    }
}

/// What the buyer was shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    total_cents: u64,
    currency: Currency,
}

impl Shown {
    fn is(self, total_cents: i64, currency: &str) -> bool {
        u64::try_from(total_cents) == Ok(self.total_cents) && self.currency.as_str() == currency
    }
}

/// An order with today's prices.
struct Priced {
    total_cents: i64,
    items: Vec<NewItem>,
}

/// One line of it.
struct NewItem {
    media_id: String,
    title: String,
    artist: String,
    quality: String,
    sold: Sold,
    /// Place of the first of what is sold together with it.
    bundle: usize,
    /// Vouchers that count towards the album.
    counted: String,
    alone_cents: i64,
    price_cents: i64,
}

async fn insert_items(
    tx: &mut Transaction<'static, Any>,
    order_id: &str,
    items: &[NewItem],
) -> Result<(), sqlx::Error> {
    for (position, item) in (0_i64..).zip(items) {
        sqlx::query("INSERT INTO order_items (order_id, position, media_id, title, artist, quality, sold, bundle, counted, alone_cents, price_cents) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
            .bind(order_id)
            .bind(position)
            .bind(&item.media_id)
            .bind(&item.title)
            .bind(&item.artist)
            .bind(&item.quality)
            .bind(item.sold.word())
            .bind(i64::try_from(item.bundle).unwrap_or_default())
            .bind(&item.counted)
            .bind(item.alone_cents)
            .bind(item.price_cents)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

fn key_reused() -> ApiFailure {
    let why = "this order key was used for another order; draw a new one";
    ApiFailure::new(StatusCode::CONFLICT, KEY_REUSED, why)
}

fn order_key(key: &str) -> Result<String, ApiFailure> {
    // one that was drawn holds digits by chance only
    let is_drawn = key.len() == 32 && unhex(key).is_some();
    if !is_drawn && CardNumber::stands_in(key) {
        let why = "an order's key is kept: draw one that holds no card number";
        return Err(invalid("idempotency_key", why));
    }
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

/// What happened to a refused order, and what to do.
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

fn price_changed(total_cents: u64, currency: Currency) -> ApiFailure {
    let (whole, hundredths) = (total_cents / 100, total_cents % 100);
    let why = format!(
        "the price has changed since it was shown: this comes to {whole}.{hundredths:02} {currency} now; nothing was charged, look at it and buy again"
    );
    let mut failure = ApiFailure::new(StatusCode::CONFLICT, PRICE_CHANGED, why);
    failure.error.total_cents = Some(total_cents);
    failure
}

/// Nobody knows yet whether money was set aside or taken.
fn unconfirmed() -> ApiFailure {
    let why = "the payment processor has not confirmed yet what became of this order; ask again in a minute";
    ApiFailure::new(StatusCode::BAD_GATEWAY, "payment-unconfirmed", why)
}

/// The content manager's refusal as it is; its silence about an order that is paid.
fn kept(error: CallError) -> ApiFailure {
    error.handed_on(
        "store-unavailable",
        "the store cannot reach its music right now; the order is paid and kept, ask for it again in a moment",
    )
}

fn refunded() -> ApiFailure {
    let why = "this order was refunded: what was delivered before stays playable, nothing more is delivered; order again to buy it anew";
    ApiFailure::new(StatusCode::GONE, ORDER_REFUNDED, why)
}
