//! What a delivery server hands out and recognises again: nonces for the proof of a redemption, and tickets for a download.
//!
//! A nonce is remembered for a minute and is good once. A ticket is not remembered at all: it carries what it is good for
//! under this process's own key, so a restart only means that the player redeems again, which it may.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::secret::random_bytes;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// A nonce is good for this many seconds: a person may be typing a passphrase meanwhile.
const NONCE_SECONDS: i64 = 120;
/// Most nonces at one time.
const MOST_NONCES: usize = 100_000;
/// A ticket is good for a day of slow or broken downloading.
const TICKET_SECONDS: i64 = 24 * 3_600;
/// Longest ticket that is read.
const LONGEST_TICKET: usize = 2_048;

#[derive(Debug)]
pub(super) struct Nonces {
    clock: Clock,
    given: Mutex<HashMap<[u8; 32], (VoucherId, i64)>>,
}

impl Nonces {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, given: Mutex::default() }
    }

    /// A fresh nonce; `None` when far too many are out.
    pub(super) fn give(&self, voucher: VoucherId) -> Option<[u8; 32]> {
        let now = self.clock.now().0;
        let mut given = self.given.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if given.len() >= MOST_NONCES {
            given.retain(|_, (_, until)| *until >= now);
        }
        if given.len() >= MOST_NONCES {
            return None;
        }
        let nonce = random_bytes();
        given.insert(nonce, (voucher, now + NONCE_SECONDS));
        Some(nonce)
    }

    /// Whether the nonce was given for this voucher lately; it is not good again.
    pub(super) fn take(&self, nonce: &[u8; 32], voucher: VoucherId) -> bool {
        let now = self.clock.now().0;
        let mut given = self.given.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        given.remove(nonce).is_some_and(|(owner, until)| owner == voucher && now <= until)
    }
}

/// What a download is allowed to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) voucher_id: VoucherId,
    pub(super) object: String,
    pub(super) length: u64,
    pub(super) sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Dated {
    ticket: Ticket,
    until: i64,
}

pub(super) struct Tickets {
    clock: Clock,
    key: hmac::Key,
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets(..)")
    }
}

impl Tickets {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, key: hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>()) }
    }

    /// A bearer token.
    pub(super) fn issue(&self, ticket: Ticket) -> String {
        let dated = Dated { ticket, until: self.clock.now().0 + TICKET_SECONDS };
        let body = serde_json::to_vec(&dated).expect("texts and numbers have a JSON form");
        URL_SAFE_NO_PAD.encode([hmac::sign(&self.key, &body).as_ref(), &body].concat())
    }

    /// What a token is good for; `None` for a forged or an old one.
    pub(super) fn read(&self, token: &str) -> Option<Ticket> {
        if token.len() > LONGEST_TICKET {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, body) = bytes.split_at_checked(32)?;
        hmac::verify(&self.key, body, tag).ok()?;
        let dated: Dated = serde_json::from_slice(body).ok()?;
        (self.clock.now().0 <= dated.until).then_some(dated.ticket)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cadenza_protocol::time::UnixTime;

    use super::*;

    // B5
    #[test]
    fn a_nonce_is_good_once_for_its_voucher_and_not_for_long() {
        let clock = Clock::movable(UnixTime(1_000));
        let nonces = Nonces::new(clock.clone());
        let (mine, other) = (VoucherId::random(), VoucherId::random());
        let nonce = nonces.give(mine).unwrap();
        assert!(nonces.take(&nonce, mine));
        assert!(!nonces.take(&nonce, mine));
        let nonce = nonces.give(mine).unwrap();
        assert!(!nonces.take(&nonce, other));
        let nonce = nonces.give(mine).unwrap();
        clock.advance(Duration::from_secs(121));
        assert!(!nonces.take(&nonce, mine));
    }

    // B6
    #[test]
    fn a_ticket_opens_what_it_was_issued_for_and_cannot_be_altered() {
        let clock = Clock::movable(UnixTime(1_000));
        let tickets = Tickets::new(clock.clone());
        let ticket =
            Ticket { voucher_id: VoucherId::random(), object: "a/b".into(), length: 9, sha256: "00".into() };
        let token = tickets.issue(ticket.clone());
        assert_eq!(tickets.read(&token), Some(ticket));
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tickets.read(std::str::from_utf8(&forged).unwrap()), None, "byte {at}");
        }
        assert_eq!(Tickets::new(clock.clone()).read(&token), None);
        clock.advance(Duration::from_secs(25 * 3_600));
        assert_eq!(tickets.read(&token), None);
    }
}
