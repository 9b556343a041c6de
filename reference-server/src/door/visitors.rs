//! Who holds connections: one address at most so many at one door, one door at most half of all, and the doors for everybody never
//! all of them: some room is kept for services among themselves, and some for whoever runs the server.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

/// An address as limits count it: IPv6 by its first 64 bits, which is what one customer of a provider has.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(first_bits(six, 64)),
        four => four,
    }
}

fn first_bits(six: Ipv6Addr, count: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(six.to_bits() >> (128 - count) << (128 - count))
}

/// What is counted together: an address by itself, or the first bits of one.
pub type Network = (IpAddr, u32);

/// The networks that an address is counted in, and how many shares each has: whoever gets 65,536 of the smaller ones from a
/// provider has four shares.
pub fn networks(address: IpAddr) -> impl Iterator<Item = (Network, usize)> {
    let six = match address.to_canonical() {
        IpAddr::V6(six) => Some(six),
        IpAddr::V4(_) => None,
    };
    let site = six.map(|six| ((IpAddr::V6(first_bits(six, 48)), 48), 4));
    std::iter::once(((counted(address), 64), 1)).chain(site)
}

/// For whom a door is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// Everybody.
    Public,
    /// Services with certificates.
    Services,
    /// Whoever runs the server.
    Own,
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
    networks: HashMap<(&'static str, Network), usize>,
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
    pub fn enter(
        self: &Arc<Self>,
        door: &'static str,
        rank: Rank,
        address: IpAddr,
        limited: bool,
    ) -> Option<Visit> {
        let mut open = self.open.lock();
        let at_door = open.doors.get(door).copied().unwrap_or_default();
        let is_full = open.all >= self.room(rank) || at_door >= self.most.div_ceil(2);
        let has_enough = |(network, shares): (Network, usize)| {
            open.networks.get(&(door, network)).is_some_and(|here| *here >= self.most_of_one * shares)
        };
        if is_full || (limited && networks(address).any(has_enough)) {
            return None;
        }
        open.all += 1;
        *open.doors.entry(door).or_default() += 1;
        for (network, _) in networks(address) {
            *open.networks.entry((door, network)).or_default() += 1;
        }
        Some(Visit { visitors: self.clone(), door, address })
    }

    /// How many connections there may be in all when another comes to such a door.
    fn room(&self, rank: Rank) -> usize {
        let kept = match rank {
            Rank::Public => self.most / 8,
            Rank::Services => self.most / 16,
            Rank::Own => 0,
        };
        self.most - kept
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut open = self.visitors.open.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.doors.get_mut(self.door) {
            *count = count.saturating_sub(1);
        }
        for (network, _) in networks(self.address) {
            let key = (self.door, network);
            if let Some(count) = open.networks.get_mut(&key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    open.networks.remove(&key);
                }
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
        let enter = |door, address| visitors.enter(door, Rank::Public, at(address), true);
        let held: Vec<_> = (0..2).map(|_| enter("store", "192.0.2.1").unwrap()).collect();
        assert!(enter("store", "192.0.2.1").is_none());
        assert!(enter("store", "::ffff:192.0.2.1").is_none(), "the same address in other words");
        let others = [enter("store", "192.0.2.2").unwrap(), enter("store", "192.0.2.3").unwrap()];
        assert!(enter("store", "192.0.2.4").is_none(), "a door has half of all");
        assert!(enter("licensing", "192.0.2.1").is_some());
        drop((held, others));
        assert!(enter("store", "192.0.2.1").is_some());
        assert!(visitors.open.lock().networks.is_empty());
    }

    // F12
    #[test]
    fn a_crowd_at_the_doors_for_everybody_leaves_room_for_services_and_for_whoever_runs_the_server() {
        let visitors = Arc::new(Visitors::new(32, 2));
        let mut held = Vec::new();
        for n in 0..40 {
            let door = if n % 2 == 0 { "store" } else { "delivery" };
            held.extend(visitors.enter(door, Rank::Public, IpAddr::from([192, 0, 2, n]), true));
        }
        assert_eq!(held.len(), 28);
        let mut enter = |door, rank| {
            let visit = visitors.enter(door, rank, at("127.0.0.1"), false);
            held.extend(visit);
            held.len()
        };
        assert_eq!([(); 4].map(|()| enter("content", Rank::Services)), [29, 30, 30, 30]);
        assert_eq!([(); 3].map(|()| enter("admin", Rank::Own)), [31, 32, 32]);
    }

    // F12
    #[test]
    fn a_customer_with_many_networks_has_a_few_shares_and_not_one_for_each() {
        let visitors = Arc::new(Visitors::new(1_000, 2));
        let mut held = Vec::new();
        for n in 0..100 {
            held.extend(visitors.enter("store", Rank::Public, at(&format!("2001:db8:1:{n:x}::1")), true));
        }
        assert_eq!(held.len(), 8);
        assert!(visitors.enter("store", Rank::Public, at("2001:db8:2::1"), true).is_some());
        held.clear();
        assert!(visitors.open.lock().networks.is_empty());
    }

    #[test]
    fn a_provider_s_customer_is_one_address() {
        assert_eq!(counted(at("2001:db8:1:2:3::4")), counted(at("2001:db8:1:2::")));
        assert_ne!(counted(at("2001:db8:1:2::")), counted(at("2001:db8:1:3::")));
    }
}
