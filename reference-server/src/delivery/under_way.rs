//! Which downloads are under way, and for whom: a ticket may be in use so often at one time, an address so often (F12).
//!
//! A ticket is good for a day and says the same to everyone who has it. What it costs us is memory and an open file for each
//! download, not the asking; a place is given back when its answer ends, whole or broken off.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::StatusCode;
use cadenza_protocol::id::VoucherId;
use parking_lot::Mutex;

use crate::api::ApiFailure;
use crate::door::visitors::counted;

/// Downloads of one ticket: one, and those whose connections broke without our knowing yet.
const MOST_OF_A_TICKET: usize = 4;
/// When somebody who has too many may look again, seconds.
const AGAIN: u32 = 10;

#[derive(Debug)]
pub(super) struct Downloads {
    most_of_one: usize,
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    tickets: HashMap<VoucherId, usize>,
    addresses: HashMap<IpAddr, usize>,
}

/// A download's place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    downloads: Arc<Downloads>,
    ticket: VoucherId,
    address: IpAddr,
}

impl Downloads {
    pub fn new(most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { most_of_one, under_way: Mutex::default() })
    }

    /// A place, or when to come back.
    pub fn begin(self: &Arc<Self>, ticket: VoucherId, visitor: IpAddr) -> Result<Place, ApiFailure> {
        let address = counted(visitor);
        let mut under_way = self.under_way.lock();
        let of_ticket = under_way.tickets.get(&ticket).copied().unwrap_or_default();
        let of_address = under_way.addresses.get(&address).copied().unwrap_or_default();
        if of_ticket >= MOST_OF_A_TICKET || of_address >= self.most_of_one {
            let why = "too many downloads of this purchase or network address are under way; wait for one to end, then go on";
            return Err(
                ApiFailure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", why).retry_after(AGAIN)
            );
        }
        under_way.tickets.insert(ticket, of_ticket + 1);
        under_way.addresses.insert(address, of_address + 1);
        Ok(Place { downloads: self.clone(), ticket, address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.downloads.under_way.lock();
        let UnderWay { tickets, addresses } = &mut *under_way;
        one_less(tickets, self.ticket);
        one_less(addresses, self.address);
    }
}

fn one_less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F12, B6
    #[test]
    fn a_ticket_and_an_address_have_their_number_of_downloads_and_get_them_back() {
        let downloads = Downloads::new(6);
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let ticket = VoucherId::random();
        let held: Vec<Place> = (0..4).map(|_| downloads.begin(ticket, here).unwrap()).collect();
        let refused = downloads.begin(ticket, there).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.retry_after), (429, Some(AGAIN)));
        let others = [0, 1].map(|_| downloads.begin(VoucherId::random(), here).unwrap());
        assert!(downloads.begin(VoucherId::random(), here).is_err(), "an address has its number");
        assert!(downloads.begin(VoucherId::random(), there).is_ok());
        drop((held, others));
        assert!(downloads.begin(ticket, here).is_ok());
        let under_way = downloads.under_way.lock();
        assert!(under_way.tickets.is_empty() && under_way.addresses.is_empty());
    }
}
