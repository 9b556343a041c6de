//! Past orders, in `orders.json` of the home folder: what was bought when, for how much. No card is in it.
//!
//! Purchases do not depend on it, but it is the buyer's only list: one that is damaged is set aside and said to be, and one that cannot be
//! read now is not written over.

use std::path::{Path, PathBuf};
use std::{fs, io};

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::shop::{Order, OrderItem, OrderState};
use cadenza_protocol::time::UnixTime;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::atomic::{self, FileError};
use crate::error::{Code, Explain};
use crate::path;

/// Damaged lists that are kept.
const MOST_ASIDE: u32 = 1_000;
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

/// Why past orders are missing from the list.
#[derive(Debug, Error)]
pub enum OrdersTrouble {
    /// The file was damaged; a new one was begun.
    #[error(
        "the list of past orders was damaged and is kept as {}: a new list was begun. What you bought is in your library and with the store",
        aside.display()
    )]
    Damaged {
        /// Where it is kept.
        aside: PathBuf,
    },
    /// It cannot be read now, and stays as it is.
    #[error("the list of past orders cannot be read, and nothing is added to it until it can: {0}")]
    Unreadable(#[source] FileError),
}

impl Explain for OrdersTrouble {
    fn code(&self) -> Code {
        match self {
            Self::Damaged { .. } => Code::OrdersDamaged,
            Self::Unreadable(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Damaged { aside } => vec![("path", path::shown(aside))],
            Self::Unreadable(error) => error.fields(),
        }
    }
}

/// The orders of one home folder.
#[derive(Debug)]
pub struct OrderBook {
    path: PathBuf,
    orders: Mutex<Vec<PastOrder>>,
    trouble: Option<OrdersTrouble>,
}

impl OrderBook {
    /// Reads the file.
    pub fn open(path: PathBuf) -> Self {
        let (orders, trouble) = match read(&path) {
            Ok(orders) => (orders, None),
            Err(trouble) => {
                tracing::warn!(%trouble, "past orders are missing");
                (Vec::new(), Some(trouble))
            }
        };
        Self { path, orders: Mutex::new(orders), trouble }
    }

    /// Why past orders are missing, if they are.
    pub const fn trouble(&self) -> Option<&OrdersTrouble> {
        self.trouble.as_ref()
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

    /// What was paid to this merchant in a transaction, as far as it was not paid back.
    pub fn paid(&self, merchant: &str, voucher: VoucherId) -> Option<u64> {
        let orders = self.locked();
        let paid = |past: &&PastOrder| {
            past.merchant.as_deref() == Some(merchant) && past.order.state == OrderState::Paid
        };
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

    fn write(&self, orders: &[PastOrder]) -> Result<(), FileError> {
        if matches!(self.trouble, Some(OrdersTrouble::Unreadable(_))) {
            return Err(FileError::writing(&self.path, io::Error::other("it could not be read before")));
        }
        let json = serde_json::to_vec(orders).expect("an order is plain data");
        atomic::replace_file(&self.path, &json)
    }

    fn locked(&self) -> MutexGuard<'_, Vec<PastOrder>> {
        self.orders.lock()
    }
}

fn read(path: &Path) -> Result<Vec<PastOrder>, OrdersTrouble> {
    let bytes = match atomic::read_bounded(path, BOUND) {
        Ok(bytes) => bytes,
        Err(FileError::Missing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(OrdersTrouble::Unreadable(error)),
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        tracing::warn!(path = %path.display(), %error, "the list of past orders is damaged");
        match set_aside(path) {
            Ok(aside) => OrdersTrouble::Damaged { aside },
            Err(error) => OrdersTrouble::Unreadable(FileError::reading(path, error)),
        }
    })
}

/// Renames a damaged list to a name that is free: `orders-damaged-1.json`.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let names = (1_u32..=MOST_ASIDE).map(|n| path.with_file_name(format!("orders-damaged-{n}.json")));
    let mut free = names.filter(|name| !name.exists());
    let aside = free.next().ok_or_else(|| io::Error::other("too many damaged lists are kept already"))?;
    fs::rename(path, &aside)?;
    Ok(aside)
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
    fn a_damaged_list_is_set_aside_and_said_to_be_and_nothing_of_it_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.json");
        for (n, damaged) in [(1, "[{\"placed_at\": 7, \"or"), (2, "nonsense")] {
            fs::write(&path, damaged).unwrap();
            let book = OrderBook::open(path.clone());
            let trouble = book.trouble().expect("it is said");
            let name = format!("orders-damaged-{n}.json");
            assert!(
                trouble.code() == Code::OrdersDamaged && trouble.to_string().contains(&name),
                "{trouble}"
            );
            book.add(order("a")).unwrap();
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), damaged);
            let next = OrderBook::open(path.clone());
            assert!(next.trouble().is_none() && next.all().len() == 1);
        }
    }

    // B7
    #[test]
    fn a_list_that_cannot_be_read_now_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.json");
        fs::create_dir(&path).unwrap();
        let book = OrderBook::open(path.clone());
        assert_eq!(book.trouble().map(Explain::code), Some(Code::FileUnreadable));
        assert!(book.add(order("a")).is_err());
        assert!(path.is_dir() && book.order("a").is_some(), "known until the program ends");
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
