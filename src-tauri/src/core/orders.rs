//! Past orders, in `orders.json` of the home folder: what was bought when, for how much. No card is in it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cadenza_player::Failure;
use cadenza_player::atomic;
use cadenza_protocol::shop::Order;
use serde::{Deserialize, Serialize};

/// Largest file that is read.
const BOUND: u64 = 32 << 20;

/// An order and when it was placed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PastOrder {
    /// Seconds since 1970.
    pub placed_at: u32,
    /// As the merchant told it.
    pub order: Order,
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
        let mut all = self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.reverse();
        all
    }

    /// Adds an order; the same one again changes nothing.
    pub fn add(&self, order: Order, placed_at: u32) -> Result<(), Failure> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.iter().any(|past| past.order.order_id == order.order_id) {
            return Ok(());
        }
        orders.push(PastOrder { placed_at, order });
        let json = serde_json::to_vec(&*orders).map_err(Failure::internal)?;
        Ok(atomic::replace_file(&self.path, &json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str) -> Order {
        Order {
            order_id: id.into(),
            state: cadenza_protocol::shop::OrderState::Paid,
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
            book.add(order(id), 7).unwrap();
        }
        let ids: Vec<String> =
            OrderBook::open(path).all().into_iter().map(|past| past.order.order_id).collect();
        assert_eq!(ids, ["b", "a"]);
    }
}
