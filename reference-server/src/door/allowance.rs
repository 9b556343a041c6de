//! How often one address may do one thing: so many in a period, and then as fast as the period lets them come back.
//!
//! The generic cell rate algorithm, one number an address (when it will owe nothing any more). Not `governor`: a card that was not
//! declined has to be [given back](Allowance::give_back), which it does not offer (decision 17).

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;

use super::visitors::{Network, networks};
use crate::clock::Clock;

/// Addresses that are remembered; whoever has that many is not stopped by counting addresses.
const ADDRESSES: usize = 65_536;
const MICROS: i64 = 1_000_000;

/// One thing that is counted.
#[derive(Debug)]
pub struct Allowance {
    name: &'static str,
    clock: Clock,
    /// Microseconds.
    period: i64,
    each: i64,
    owing_until: Mutex<HashMap<Network, i64>>,
}

/// Come back after this many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub u32);

impl Allowance {
    /// `most` in `period_seconds`.
    pub fn new(name: &'static str, most: u32, period_seconds: u32, clock: Clock) -> Self {
        let period = i64::from(period_seconds) * MICROS;
        Self { name, clock, period, each: period / i64::from(most.max(1)), owing_until: Mutex::default() }
    }

    /// What is counted, for the operator.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// One more for this address, or how long it has to wait.
    pub fn take(&self, address: IpAddr) -> Result<(), Wait> {
        self.take_many(address, 1)
    }

    /// So many more for this address, or how long it has to wait for all of them; more than ever fit count as what fits.
    pub fn take_many(&self, address: IpAddr, times: u32) -> Result<(), Wait> {
        let now = self.clock.now().0.saturating_mul(MICROS);
        let most = now.saturating_add(self.period);
        let mut owing = self.owing_until.lock();
        if owing.len() >= ADDRESSES {
            owing.retain(|_, until| *until > now);
            if owing.len() >= ADDRESSES {
                owing.clear();
            }
        }
        let mut taken = Vec::with_capacity(2);
        for (network, shares) in networks(address) {
            let more = self.of_one(shares).saturating_mul(times.into()).min(self.period);
            // never more than a period: a clock that was set back locks nobody out
            let until = owing.get(&network).copied().unwrap_or(now).clamp(now, most).saturating_add(more);
            let over = until.saturating_sub(most);
            if over > 0 {
                return Err(Wait(u32::try_from(over / MICROS + 1).unwrap_or(u32::MAX)));
            }
            taken.push((network, until));
        }
        owing.extend(taken);
        Ok(())
    }

    /// What one of them costs a network of so many shares, microseconds.
    fn of_one(&self, shares: usize) -> i64 {
        self.each / i64::try_from(shares).unwrap_or(1).max(1)
    }

    /// The last one did not count.
    pub fn give_back(&self, address: IpAddr) {
        let mut owing = self.owing_until.lock();
        for (network, shares) in networks(address) {
            if let Some(until) = owing.get_mut(&network) {
                *until = until.saturating_sub(self.of_one(shares));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cadenza_protocol::time::UnixTime;

    use super::*;

    // F12
    #[test]
    fn an_address_has_its_number_in_a_period_and_is_told_when_to_come_back() {
        let clock = Clock::movable(UnixTime(1_000));
        let allowance = Allowance::new("orders", 3, 60, clock.clone());
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(allowance.take(one), Ok(()));
        }
        let Err(Wait(seconds)) = allowance.take(one) else { panic!("a fourth") };
        assert_eq!(seconds, 21);
        assert_eq!(allowance.take(other), Ok(()));
        clock.advance(Duration::from_secs(seconds.into()));
        assert_eq!(allowance.take(one), Ok(()));
        assert!(allowance.take(one).is_err());
        allowance.give_back(one);
        assert_eq!(allowance.take(one), Ok(()));
    }

    // F12
    #[test]
    fn many_at_once_count_as_many_and_a_clock_that_is_set_back_locks_nobody_out() {
        let at = |seconds| Clock::movable(UnixTime(seconds));
        let one = "192.0.2.1".parse().unwrap();
        let allowance = Allowance::new("previews", 10, 60, at(1_000_000));
        assert_eq!(allowance.take_many(one, 9), Ok(()));
        assert!(allowance.take_many(one, 2).is_err());
        assert_eq!(allowance.take(one), Ok(()));
        let Err(Wait(seconds)) = allowance.take_many(one, 100) else { panic!("more than fit") };
        assert_eq!(seconds, 61, "and never longer than until all of it is there again");
        let back = Allowance { clock: at(1_000), ..allowance };
        let Err(Wait(seconds)) = back.take(one) else { panic!("what was taken is taken") };
        assert_eq!(seconds, 7);
    }

    // F12
    #[test]
    fn the_networks_of_one_customer_have_four_shares_together() {
        let allowance = Allowance::new("orders", 3, 60, Clock::movable(UnixTime(1_000)));
        let of = |n: u32| format!("2001:db8:1:{n:x}::1").parse().unwrap();
        let taken = (0..100).filter(|n| allowance.take(of(*n)).is_ok()).count();
        assert_eq!(taken, 12);
        assert!(allowance.take("2001:db8:2::1".parse().unwrap()).is_ok());
    }
}
