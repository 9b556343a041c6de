//! How often one address may do one thing: so many in a period, and then as fast as the period lets them come back.
//!
//! The generic cell rate algorithm, one number an address (when it will owe nothing any more). Not `governor`: a card that was not
//! declined has to be [given back](Allowance::give_back), which it does not offer (decision 17).

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;

use super::visitors::counted;
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
    owing_until: Mutex<HashMap<IpAddr, i64>>,
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
        let now = self.clock.now().0.saturating_mul(MICROS);
        let mut owing = self.owing_until.lock();
        if owing.len() >= ADDRESSES {
            owing.retain(|_, until| *until > now);
            if owing.len() >= ADDRESSES {
                owing.clear();
            }
        }
        let address = counted(address);
        let until = owing.get(&address).copied().unwrap_or(now).max(now).saturating_add(self.each);
        let over = until.saturating_sub(now).saturating_sub(self.period);
        if over > 0 {
            return Err(Wait(u32::try_from(over / MICROS + 1).unwrap_or(u32::MAX)));
        }
        owing.insert(address, until);
        Ok(())
    }

    /// The last one did not count.
    pub fn give_back(&self, address: IpAddr) {
        if let Some(until) = self.owing_until.lock().get_mut(&counted(address)) {
            *until = until.saturating_sub(self.each);
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
}
