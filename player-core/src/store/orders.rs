//! Past orders, in `orders.json` of the home folder: what was bought when, for how much. No card is in it.

use std::path::PathBuf;

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::shop::{Order, OrderItem, OrderState};
use cadenza_protocol::time::UnixTime;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

use crate::atomic::{self, FileError};

/// Largest file that is read.
const BOUND: u64 = 32 << 20;

/// An order and when it was placed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PastOrder {
    /// When.
    pub placed_at: UnixTime,
    /// The merchant's key, hexadecimal; empty where it was not noted.
    #[serde(default)]
    pub merchant: String,
    /// As the merchant told it.
    pub order: Order,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStanding {
    /// Paid, tracks on their way.
    Arriving,
    /// Everything is in the library.
    Delivered,
    /// Paid, but something did not arrive: it can be fetched again, nothing is lost (B7).
    Incomplete,
}

/// The orders of one home folder.
#[derive(Debug)]
pub struct OrderBook {
    path: PathBuf,
    orders: Mutex<Vec<PastOrder>>,
}

impl OrderBook {
    /// Reads the file; a broken one is left aside, purchases do not depend on it.
    pub fn open(path: PathBuf) -> Self {
        let orders = match atomic::read_bounded(&path, BOUND) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), %error, "the list of past orders cannot be read");
                Vec::new()
            }),
            Err(_) => Vec::new(),
        };
        Self { path, orders: Mutex::new(orders) }
    }

    /// All, newest first.
    pub fn all(&self) -> Vec<PastOrder> {
        let mut all = self.locked().clone();
        all.reverse();
        all
    }

    /// One order.
    pub fn order(&self, order_id: &str) -> Option<PastOrder> {
        self.locked().iter().find(|past| past.order.order_id == order_id).cloned()
    }

    /// The latest order that a track was bought in, with the track's line.
    pub fn line_of(&self, id: MediaId) -> Option<(PastOrder, OrderItem)> {
        self.locked().iter().rev().find_map(|past| {
            let line = past.order.items.iter().find(|item| item.media_id == id)?;
            Some((past.clone(), line.clone()))
        })
    }

    /// Adds an order; the same one again changes nothing.
    pub fn add(&self, new: PastOrder) -> Result<(), FileError> {
        let mut orders = self.locked();
        if orders.iter().any(|past| past.order.order_id == new.order.order_id) {
            return Ok(());
        }
        orders.push(new);
        self.keep(&orders)
    }

    /// What was paid to this merchant in a transaction, as far as it was not paid back.
    pub fn paid(&self, merchant: &str, voucher: VoucherId) -> Option<u64> {
        let orders = self.locked();
        let paid = |past: &&PastOrder| past.merchant == merchant && past.order.state == OrderState::Paid;
        orders
            .iter()
            .filter(paid)
            .flat_map(|past| &past.order.items)
            .find_map(|item| (item.voucher_id == voucher).then_some(item.price_cents))
    }

    /// The orders in which these transactions were made.
    pub fn orders_with(&self, vouchers: &[VoucherId]) -> Vec<String> {
        let has = |past: &&PastOrder| past.order.items.iter().any(|item| vouchers.contains(&item.voucher_id));
        self.locked().iter().filter(has).map(|past| past.order.order_id.clone()).collect()
    }

    /// Takes over what the merchant says of an order now: it may have been paid back.
    pub fn update(&self, order: Order) -> Result<(), FileError> {
        let mut orders = self.locked();
        match orders.iter_mut().find(|past| past.order.order_id == order.order_id) {
            Some(past) => past.order = order,
            None => return Ok(()),
        }
        self.keep(&orders)
    }

    fn keep(&self, orders: &[PastOrder]) -> Result<(), FileError> {
        let json = serde_json::to_vec(orders).expect("an order is plain data");
        atomic::replace_file(&self.path, &json)
    }

    fn locked(&self) -> MutexGuard<'_, Vec<PastOrder>> {
        self.orders.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str) -> Order {
        Order {
            order_id: id.into(),
            state: OrderState::Paid,
            total_cents: 99,
            currency: "USD".into(),
            paid_with: String::new(),
            items: Vec::new(),
        }
    }

    // B7
    #[test]
    fn an_order_is_listed_once_and_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.json");
        let book = OrderBook::open(path.clone());
        for id in ["a", "b", "a"] {
            book.add(PastOrder { placed_at: UnixTime(7), merchant: "m".into(), order: order(id) }).unwrap();
        }
        let ids: Vec<String> =
            OrderBook::open(path).all().into_iter().map(|past| past.order.order_id).collect();
        assert_eq!(ids, ["b", "a"]);
    }
}
