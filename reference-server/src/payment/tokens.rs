//! Cards that were shown and wait to be used, for ten minutes at most (C8): in memory only, each under a name that its token gives and
//! sealed under a key that its token gives. Whoever reads this memory without the token reads no card; a restart forgets them all.
//!
//! A declined card counts for the address that showed it, whichever payee asked the bank. It is counted when it is shown, so that many at
//! once are not all tried, and given back when it was not declined ([`Trial`]).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use cadenza_protocol::card::Card;
use cadenza_protocol::pay::{CardToken, Purpose, TOKEN_SECONDS};
use cadenza_protocol::time::UnixTime;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::door::allowance::{Allowance, Wait};
use crate::rest::seal::{open, seal};

/// Cards that may wait at one time.
const MOST_WAITING: usize = 20_000;
/// What is written of a card: more room than it takes, so that it never moves and leaves a copy behind.
const CARD_ROOM: usize = 1 << 10;
const LABEL: &str = "cadenza/v1/card-token";

/// The cards that wait.
#[derive(Debug)]
pub(super) struct Tokens {
    declined: Arc<Allowance>,
    waiting: Mutex<HashMap<[u8; 32], Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    purpose: Purpose,
    sealed: Vec<u8>,
    until: UnixTime,
    trial: Trial,
}

/// A card of some address on its way to the bank: counted as declined unless it turns out otherwise.
#[derive(Debug)]
pub(super) struct Trial {
    declined: Arc<Allowance>,
    address: IpAddr,
    stays: bool,
}

/// Why no token was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too many cards of this address were declined, or wait.
    TooMany(Wait),
    /// Too many cards wait.
    Full,
}

impl Tokens {
    pub fn new(declined: Allowance) -> Self {
        Self { declined: Arc::new(declined), waiting: Mutex::default() }
    }

    /// What is counted, for the operator.
    pub fn counted(&self) -> &'static str {
        self.declined.name()
    }

    /// A token for this card and this purpose.
    pub fn issue(
        &self,
        card: &Card,
        purpose: Purpose,
        address: IpAddr,
        now: UnixTime,
    ) -> Result<CardToken, Refused> {
        self.sweep(now); // gives back what was shown and never used
        self.declined.take(address).map_err(Refused::TooMany)?;
        let trial = Trial { declined: self.declined.clone(), address, stays: false };
        let token = CardToken::random();
        let mut text = Zeroizing::new(Vec::with_capacity(CARD_ROOM));
        serde_json::to_writer(&mut *text, card).expect("a card is JSON");
        let sealed = seal(&token.key(), LABEL, &text).expect("AES-256-GCM seals a kilobyte");
        let until = now.plus_seconds(TOKEN_SECONDS);
        let mut waiting = self.waiting.lock();
        if waiting.len() >= MOST_WAITING {
            return Err(Refused::Full);
        }
        waiting.insert(token.name(), Waiting { purpose, sealed, until, trial });
        Ok(token)
    }

    /// The card of a token, once, for the very purpose that it was shown for.
    pub fn spend(&self, token: &CardToken, purpose: &Purpose, now: UnixTime) -> Option<(Card, Trial)> {
        let name = token.name();
        let found = {
            let mut waiting = self.waiting.lock();
            let fits = |kept: &Waiting| kept.purpose == *purpose && now < kept.until;
            if !waiting.get(&name).is_some_and(fits) {
                return None;
            }
            waiting.remove(&name)?
        };
        let text = open(&token.key(), LABEL, &found.sealed).ok()?;
        Some((serde_json::from_slice(&text).ok()?, found.trial))
    }

    fn sweep(&self, now: UnixTime) {
        self.waiting.lock().retain(|_, kept| now < kept.until);
    }
}

impl Trial {
    /// The bank said no: it counts.
    pub fn was_declined(mut self) {
        self.stays = true;
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if !self.stays {
            self.declined.give_back(self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use cadenza_protocol::card::{TypedCard, test_cards};
    use cadenza_protocol::pay::{KeyName, OrderName};
    use cadenza_protocol::shop::money::Currency;

    use super::*;
    use crate::clock::Clock;

    const NOW: UnixTime = UnixTime(1_800_000_000);
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn tokens(most: u32) -> Tokens {
        Tokens::new(Allowance::new("declined cards", most, 3_600, Clock::movable(NOW)))
    }

    fn card() -> Card {
        let number = test_cards::GOOD.to_owned().into();
        TypedCard { number, expiry: "12/29".into(), name: "Ada".into() }.check(NOW).unwrap()
    }

    fn purpose() -> Purpose {
        let (payee, order) = (KeyName::from_bytes([7; 32]), OrderName::of_key("order-0001"));
        Purpose { payee, order, amount_cents: 129, currency: Currency::USD }
    }

    // C8, B3
    #[test]
    fn a_token_is_good_once_for_its_own_payee_order_amount_and_ten_minutes() {
        let tokens = tokens(100);
        let token = tokens.issue(&card(), purpose(), HERE, NOW).unwrap();
        let others = [
            Purpose { payee: KeyName::from_bytes([8; 32]), ..purpose() },
            Purpose { order: OrderName::of_key("order-0002"), ..purpose() },
            Purpose { amount_cents: 130, ..purpose() },
            Purpose { currency: "EUR".parse().unwrap(), ..purpose() },
        ];
        for other in &others {
            assert!(tokens.spend(&token, other, NOW).is_none(), "{other:?}");
        }
        assert!(tokens.spend(&CardToken::random(), &purpose(), NOW).is_none());
        assert!(tokens.spend(&token, &purpose(), NOW.plus_seconds(TOKEN_SECONDS)).is_none());
        let (card, _trial) = tokens.spend(&token, &purpose(), NOW.plus_seconds(TOKEN_SECONDS - 1)).unwrap();
        assert_eq!(card.number.last4(), "4242");
        assert!(tokens.spend(&token, &purpose(), NOW).is_none(), "once");
    }

    // C8
    #[test]
    fn what_waits_holds_no_card_that_could_be_read() {
        let tokens = tokens(100);
        let token = tokens.issue(&card(), purpose(), HERE, NOW).unwrap();
        let waiting = tokens.waiting.lock();
        let kept = &waiting[&token.name()];
        assert!(!String::from_utf8_lossy(&kept.sealed).contains("4242"));
        assert!(!format!("{:?}", *waiting).contains("4242"));
        assert!(open(&CardToken::random().key(), LABEL, &kept.sealed).is_err());
    }

    // B8
    #[test]
    fn an_address_has_so_many_declined_cards_and_those_that_were_not_are_given_back() {
        let tokens = tokens(2);
        let shown = || tokens.issue(&card(), purpose(), HERE, NOW);
        let (first, second) = (shown().unwrap(), shown().unwrap());
        assert!(matches!(shown(), Err(Refused::TooMany(_))), "two wait");
        drop(tokens.spend(&first, &purpose(), NOW)); // approved, or the bank said nothing
        let third = shown().unwrap();
        for token in [second, third] {
            let (_, trial) = tokens.spend(&token, &purpose(), NOW).unwrap();
            trial.was_declined();
        }
        assert!(matches!(shown(), Err(Refused::TooMany(_))));
    }
}
