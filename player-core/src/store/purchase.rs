//! Paying (requirements B1 to B3, B7): one order, sent as often as it takes, paid once.
//!
//! The idempotency key is drawn and on disk before the order leaves. If the answer is lost the same order may be sent again
//! with the same key, now or after a crash, and the merchant answers with the order that it already has. Each time it is signed anew by
//! the passport. What the order costs the merchant says first; then the card is shown to the payment processor, and the order goes out
//! again with its token: the merchant never gets the card. What comes out is vouchers in the [`journal`](super::journal), from where
//! [`deliver`](super::deliver) takes over.

use std::fmt;

use cadenza_protocol::card::Card;
use cadenza_protocol::id::{VoucherId, hex};
use cadenza_protocol::pay::{CardToken, OrderAnswer};
use cadenza_protocol::secret::random_bytes;
use cadenza_protocol::shop::{Order, OrderedTrack};
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::voucher::{MediaVoucher, VoucherKind};
use serde::Serialize;
use thiserror::Error;

use super::client::{ExchangeError, StoreClient};
use super::journal::{Journal, OpenOrder, OpenVoucher};
use super::orders::{OrderBook, PastOrder};
use crate::atomic::FileError;
use crate::error::{Code, Explain};
use crate::passport::VaultError;

/// Why nothing was bought, or it is not known whether something was.
#[derive(Debug, Error)]
pub enum PurchaseError {
    /// An empty order.
    #[error("there is nothing to buy: choose at least one track")]
    Nothing,
    /// The merchant refuses, or cannot be reached before anything was sent.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The order left, and no answer came.
    #[error(
        "{host} did not say whether the order was taken: buy the same again when the store answers; it is the same order \
         and is paid once"
    )]
    Uncertain {
        /// Host and port.
        host: String,
    },
    /// The passport cannot sign it; nothing was sent.
    #[error(transparent)]
    Passport(#[from] VaultError),
    /// The journal cannot be written; nothing was sent.
    #[error(transparent)]
    File(#[from] FileError),
    /// The merchant's voucher does not fit the order.
    #[error(
        "the store's voucher does not fit order {order_id}: nothing is lost; try again, or tell the store's operator"
    )]
    WrongVoucher {
        /// The order.
        order_id: String,
    },
}

impl Explain for PurchaseError {
    fn code(&self) -> Code {
        match self {
            Self::Nothing => Code::CartEmpty,
            Self::Exchange(e) => e.code(),
            Self::Uncertain { .. } => Code::OrderUncertain,
            Self::File(e) => e.code(),
            Self::Passport(e) => e.code(),
            Self::WrongVoucher { .. } => Code::VoucherBroken,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Exchange(e) => e.fields(),
            Self::File(e) => e.fields(),
            Self::Passport(e) => e.fields(),
            Self::Uncertain { host } => vec![("host", host.clone())],
            Self::WrongVoucher { order_id } => vec![("order", order_id.clone())],
            Self::Nothing => Vec::new(),
        }
    }
}

/// What the listener agreed to.
pub struct Agreed<'a> {
    /// What was shown for all of it, hundredths: the merchant charges that, or refuses.
    pub total_cents: u64,
    /// ISO 4217.
    pub currency: &'a str,
    /// The passport's signature on this order, under the key that it is given.
    pub sign: &'a (dyn Fn(&str) -> Result<SignedMessage, VaultError> + Sync),
}

impl fmt::Debug for Agreed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total_cents, currency, .. } = self;
        write!(f, "Agreed({total_cents} {currency})")
    }
}

/// Buys tracks. On success the order is in the list of orders, and [`resume`] brings its vouchers into the journal.
pub async fn buy(
    client: &StoreClient,
    journal: &Journal,
    orders: &OrderBook,
    mut items: Vec<OrderedTrack>,
    agreed: &Agreed<'_>,
    card: &Card,
    now: UnixTime,
) -> Result<PastOrder, PurchaseError> {
    items.sort();
    items.dedup();
    if items.is_empty() {
        return Err(PurchaseError::Nothing);
    }
    let merchant = client.merchant_key().await?;
    let before = same_order(journal, &merchant, &items);
    let is_new = before.is_none();
    let mut open = before.unwrap_or_else(|| new_order(merchant, items, now));
    let signed = (agreed.sign)(&open.idempotency_key)?;
    journal.keep_order(&open)?;
    journal.reach("buy.noted")?;
    let order = match send(client, &open, agreed, &signed, card).await {
        Ok(order) => order,
        Err(Unpaid { why, was_paying }) if why.leaves_doubt() && (was_paying || !is_new) => {
            tracing::warn!(error = %why, "no answer to an order");
            return Err(PurchaseError::Uncertain { host: client.address().name() });
        }
        Err(Unpaid { why: e, .. }) => {
            // Of an order that was sent before, only the merchant's word on that order is an answer.
            if is_new || e.ends_order() {
                journal.close_order(&open)?;
            }
            return Err(e.into());
        }
    };
    journal.reach("buy.answered")?;
    open.order_id = Some(order.order_id.clone());
    let past = PastOrder { placed_at: open.placed_at, merchant: Some(open.merchant.clone()), order };
    list(orders, &past);
    journal.keep_order(&open)?;
    journal.reach("buy.paid")?;
    Ok(past)
}

/// Puts an order into the list, before the journal calls it answered: whatever comes after, it is seen there.
pub fn list(orders: &OrderBook, past: &PastOrder) {
    if let Err(error) = orders.add(past.clone()) {
        tracing::warn!(%error, "the order is paid and will be delivered, but is missing from the list of orders");
    }
}

/// Brings the vouchers of orders that are paid and were interrupted before their vouchers were here, and the orders into the list if they
/// were interrupted before that.
pub async fn resume(
    client: &StoreClient,
    journal: &Journal,
    orders: &OrderBook,
    now: UnixTime,
) -> Result<(), PurchaseError> {
    let interrupted: Vec<OpenOrder> = journal.orders().into_iter().filter(|o| o.order_id.is_some()).collect();
    if interrupted.is_empty() {
        return Ok(());
    }
    let here = client.merchant_key().await?;
    let mut outcome = Ok(());
    // One that cannot be had now holds up no other.
    for open in interrupted.iter().filter(|o| o.merchant == here) {
        list_missing(client, orders, open).await;
        let fetched = match fetch_vouchers(client, journal, open, now).await {
            // Paid back meanwhile: there is nothing to bring.
            Err(PurchaseError::Exchange(e)) if e.is_refunded() => Ok(journal.close_order(open)?),
            other => other,
        };
        outcome = outcome.and(fetched);
    }
    outcome
}

async fn list_missing(client: &StoreClient, orders: &OrderBook, open: &OpenOrder) {
    let Some(order_id) = open.order_id.as_ref().filter(|order_id| orders.order(order_id).is_none()) else {
        return;
    };
    match order_of(client, order_id).await {
        Ok(order) => {
            let merchant = Some(open.merchant.clone());
            list(orders, &PastOrder { placed_at: open.placed_at, merchant, order });
        }
        Err(error) => tracing::warn!(%error, "a paid order is missing from the list of orders"),
    }
}

/// A fresh copy of a voucher that was bought here, for one that has run out.
pub async fn voucher_again(
    client: &StoreClient,
    order_id: &str,
    voucher_id: VoucherId,
) -> Result<Option<(cadenza_protocol::voucher::VoucherTrack, UnixTime)>, ExchangeError> {
    let voucher = voucher_of(client, order_id).await?;
    let expires = voucher.expires;
    Ok(voucher.tracks.into_iter().find(|t| t.voucher_id == voucher_id).map(|t| (t, expires)))
}

/// The same wish as before, whose answer never came: it keeps its key.
fn same_order(journal: &Journal, merchant: &str, items: &[OrderedTrack]) -> Option<OpenOrder> {
    journal.orders().into_iter().find(|o| o.merchant == merchant && o.items == items)
}

fn new_order(merchant: String, items: Vec<OrderedTrack>, now: UnixTime) -> OpenOrder {
    let idempotency_key = hex(&random_bytes::<16>());
    OpenOrder { idempotency_key, merchant, items, placed_at: now, order_id: None }
}

/// Why an order is not paid, and whether its payment was sent: before that nothing can have been taken for it.
struct Unpaid {
    why: ExchangeError,
    was_paying: bool,
}

async fn send(
    client: &StoreClient,
    open: &OpenOrder,
    agreed: &Agreed<'_>,
    signed: &SignedMessage,
    card: &Card,
) -> Result<Order, Unpaid> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        items: &'a [OrderedTrack],
        total_cents: u64,
        currency: &'a str,
        token: Option<&'a CardToken>,
        idempotency_key: &'a str,
        signed: &'a SignedMessage,
    }
    let &Agreed { total_cents, currency, .. } = agreed;
    let ask = async |token: Option<&CardToken>| {
        let (items, key) = (&open.items, &open.idempotency_key);
        let wanted = Wanted { items, total_cents, currency, token, idempotency_key: key, signed };
        match client.post_paid("v1/orders", &wanted).await {
            // The connection broke; the key makes a second try harmless. Silence is not tried again: ten seconds are over.
            Err(broken @ ExchangeError::Unreachable { .. }) => {
                match client.post_paid("v1/orders", &wanted).await {
                    // Whether the first try arrived, only the order's own answer tells.
                    Err(e) if !e.ends_order() => Err(broken),
                    answer => answer,
                }
            }
            other => other,
        }
    };
    let not_yet = |why| Unpaid { why, was_paying: false };
    let needed = match ask(None).await.map_err(not_yet)? {
        OrderAnswer::Paid(order) => return Ok(order), // before, and the answer was lost
        OrderAnswer::PaymentNeeded(needed) => needed,
    };
    // a merchant that is honest has said so itself
    if needed.total_cents != total_cents || needed.currency.as_str() != currency {
        return Err(not_yet(price_changed()));
    }
    let token = client.show_card(card, &open.idempotency_key, &needed).await.map_err(not_yet)?;
    let paid = match ask(Some(&token)).await {
        Ok(OrderAnswer::Paid(order)) => return Ok(order),
        Ok(OrderAnswer::PaymentNeeded(_)) => ExchangeError::Garbled { host: client.address().name() },
        Err(why) => why,
    };
    Err(Unpaid { why: paid, was_paying: true })
}

fn price_changed() -> ExchangeError {
    ExchangeError::Refused {
        status: 409,
        code: Code::PriceChanged,
        unknown: None,
        message: "the price has changed since it was shown: nothing was charged, look at it and buy again"
            .into(),
        field: None,
    }
}

async fn fetch_vouchers(
    client: &StoreClient,
    journal: &Journal,
    open: &OpenOrder,
    now: UnixTime,
) -> Result<(), PurchaseError> {
    let Some(order_id) = &open.order_id else { return Ok(()) };
    let voucher = voucher_of(client, order_id).await?;
    let fits = voucher.kind == VoucherKind::Purchase
        && open
            .items
            .iter()
            .all(|i| voucher.tracks.iter().any(|t| t.media_id == i.media_id && t.receipt.is_some()));
    if !fits {
        return Err(PurchaseError::WrongVoucher { order_id: order_id.clone() });
    }
    journal.reach("buy.voucher")?;
    keep_vouchers(journal, voucher, Some(order_id), now)?;
    journal.reach("buy.vouchers-kept")?;
    Ok(journal.close_order(open)?)
}

/// A paid order as it stands now, paid back or not. Its id opens what was bought: only the merchant that it was placed at is asked.
pub async fn order_of(client: &StoreClient, order_id: &str) -> Result<Order, ExchangeError> {
    let escaped: String = url::form_urlencoded::byte_serialize(order_id.as_bytes()).collect();
    client.get(&format!("v1/orders/{escaped}")).await
}

/// The voucher of an order that was paid.
pub async fn voucher_of(client: &StoreClient, order_id: &str) -> Result<MediaVoucher, ExchangeError> {
    let escaped: String = url::form_urlencoded::byte_serialize(order_id.as_bytes()).collect();
    client.get_voucher(&format!("v1/orders/{escaped}/voucher")).await
}

/// Puts a voucher's tracks into the journal.
pub fn keep_vouchers(
    journal: &Journal,
    voucher: MediaVoucher,
    order_id: Option<&str>,
    now: UnixTime,
) -> Result<Vec<VoucherId>, FileError> {
    let expires = voucher.expires;
    let mut kept = Vec::new();
    for track in voucher.tracks {
        let id = track.voucher_id;
        let before = journal.voucher(id);
        // The newer voucher counts, except for a track that is whole on disk already.
        if before.as_ref().is_none_or(|b| b.arrived.is_none()) {
            let order_id = order_id.map(str::to_owned).or(before.and_then(|b| b.order_id));
            journal.keep_voucher(&OpenVoucher { track, expires, order_id, taken_at: now, arrived: None })?;
        }
        kept.push(id);
    }
    Ok(kept)
}
