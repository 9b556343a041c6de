//! Past orders, in `orders.json` of the home folder: what was bought when, for how much. No card is in it.

use std::path::PathBuf;

use cadenza_protocol::id::MediaId;
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
    /// The key of the merchant that it was placed at, hexadecimal: whoever knows an order's id may fetch what was bought, so no other
    /// is asked about it.
    #[serde(default)]
    pub merchant: Option<String>,
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
    /// Its money is on its way back. What was delivered plays, nothing more can be fetched.
    Refunding,
    /// Its money was given back. What was delivered plays, nothing more can be fetched.
    Refunded,
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

    /// The latest order that a track was bought in and that stands, with the track's line; else one that was refunded.
    pub fn line_of(&self, id: MediaId) -> Option<(PastOrder, OrderItem)> {
        let orders = self.locked();
        let (stand, refunded): (Vec<_>, Vec<_>) =
            orders.iter().rev().partition(|past| !past.order.state.is_refunded());
        stand.into_iter().chain(refunded).find_map(|past| {
            let line = past.order.items.iter().find(|item| item.media_id == id)?;
            Some((past.clone(), line.clone()))
        })
    }

    /// Adds an order; the same one again changes nothing.
    pub fn add(&self, past: PastOrder) -> Result<(), FileError> {
        let mut orders = self.locked();
        if orders.iter().any(|known| known.order.order_id == past.order.order_id) {
            return Ok(());
        }
        orders.push(past);
        self.write(&orders)
    }

    /// Notes what became of an order since; says whether that is news.
    pub fn note(&self, order_id: &str, state: OrderState) -> Result<bool, FileError> {
        let mut orders = self.locked();
        let known = orders.iter_mut().find(|past| past.order.order_id == order_id);
        let Some(past) = known.filter(|past| past.order.state != state) else { return Ok(false) };
        past.order.state = state;
        self.write(&orders)?;
        Ok(true)
    }

    fn write(&self, orders: &[PastOrder]) -> Result<(), FileError> {
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

    fn order(id: &str) -> PastOrder {
        let order = Order {
            order_id: id.into(),
            state: OrderState::Paid,
            total_cents: 99,
            currency: "USD".into(),
            paid_with: String::new(),
            items: Vec::new(),
        };
        PastOrder { placed_at: UnixTime(7), merchant: Some("00ff".into()), order }
    }

    // B7
    #[test]
    fn an_order_is_listed_once_and_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.json");
        let book = OrderBook::open(path.clone());
        for id in ["a", "b", "a"] {
            book.add(order(id)).unwrap();
        }
        let ids: Vec<String> =
            OrderBook::open(path).all().into_iter().map(|past| past.order.order_id).collect();
        assert_eq!(ids, ["b", "a"]);
    }

    // B7
    #[test]
    fn what_became_of_an_order_is_news_once_and_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.json");
        let book = OrderBook::open(path.clone());
        book.add(order("a")).unwrap();
        assert!(book.note("a", OrderState::Refunded).unwrap());
        assert!(!book.note("a", OrderState::Refunded).unwrap());
        assert!(!book.note("b", OrderState::Refunded).unwrap());
        assert_eq!(OrderBook::open(path).all()[0].order.state, OrderState::Refunded);
    }
}
