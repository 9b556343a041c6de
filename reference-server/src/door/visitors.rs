//! Who holds connections: one address at most so many at one door, one door at most half of all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

/// An address as limits count it: IPv6 by its first 64 bits, which is what one customer of a provider has.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

/// Open connections of all doors.
#[derive(Debug)]
pub struct Visitors {
    most: usize,
    most_of_one: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    doors: HashMap<&'static str, usize>,
    addresses: HashMap<(&'static str, IpAddr), usize>,
}

/// A place that is held until this is dropped.
#[derive(Debug)]
pub struct Visit {
    visitors: Arc<Visitors>,
    door: &'static str,
    address: IpAddr,
}

impl Visitors {
    /// Room for `most` connections, `most_of_one` of them from one address at one door.
    pub fn new(most: usize, most_of_one: usize) -> Self {
        Self { most, most_of_one, open: Mutex::default() }
    }

    /// A place, or none. Whoever is not `limited` by address still needs room.
    pub fn enter(self: &Arc<Self>, door: &'static str, address: IpAddr, limited: bool) -> Option<Visit> {
        let address = counted(address);
        let mut open = self.open.lock();
        let here = open.addresses.get(&(door, address)).copied().unwrap_or_default();
        let at_door = open.doors.get(door).copied().unwrap_or_default();
        let full = open.all >= self.most || at_door >= self.most.div_ceil(2);
        if full || (limited && here >= self.most_of_one) {
            return None;
        }
        open.all += 1;
        *open.doors.entry(door).or_default() += 1;
        *open.addresses.entry((door, address)).or_default() += 1;
        Some(Visit { visitors: self.clone(), door, address })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut open = self.visitors.open.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.doors.get_mut(self.door) {
            *count = count.saturating_sub(1);
        }
        let key = (self.door, self.address);
        if let Some(count) = open.addresses.get_mut(&key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.addresses.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    // F12
    #[test]
    fn one_address_fills_neither_a_door_nor_the_house() {
        let visitors = Arc::new(Visitors::new(8, 2));
        let enter = |door, address| visitors.enter(door, at(address), true);
        let held: Vec<_> = (0..2).map(|_| enter("store", "192.0.2.1").unwrap()).collect();
        assert!(enter("store", "192.0.2.1").is_none());
        assert!(enter("store", "::ffff:192.0.2.1").is_none(), "the same address in other words");
        let others = [enter("store", "192.0.2.2").unwrap(), enter("store", "192.0.2.3").unwrap()];
        assert!(enter("store", "192.0.2.4").is_none(), "a door has half of all");
        assert!(enter("licensing", "192.0.2.1").is_some());
        drop((held, others));
        assert!(enter("store", "192.0.2.1").is_some());
        assert!(visitors.open.lock().addresses.is_empty());
    }

    #[test]
    fn a_provider_s_customer_is_one_address() {
        assert_eq!(counted(at("2001:db8:1:2:3::4")), counted(at("2001:db8:1:2::")));
        assert_ne!(counted(at("2001:db8:1:2::")), counted(at("2001:db8:1:3::")));
    }
}
