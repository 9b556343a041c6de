//! What a delivery server hands out and recognises again: nonces for the proof of a redemption, and tickets for a download.
//!
//! Neither is remembered when it is given: it carries what it is good for under this process's own key, so asking for many costs nobody
//! anything, and a restart only means that the player asks again, which it may. A nonce is good once: those that redeemed something
//! are remembered for as long as they would be good.
//!
//! ```text
//! nonce: last second (4 bytes, big endian) ‖ random (12) ‖ HMAC-SHA-256 over voucher id and the 16 bytes before, first half (16)
//! ```

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::secret::random_bytes;
use parking_lot::Mutex;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// A nonce is good for this many seconds: a person may be typing a passphrase meanwhile.
const NONCE_SECONDS: i64 = 120;
/// Used nonces that are remembered; each of them redeemed something.
const MOST_USED: usize = 200_000;
/// Bytes of a nonce that its tag covers.
const STATED: usize = 16;
/// A ticket is good for a day of slow or broken downloading.
const TICKET_SECONDS: i64 = 24 * 3_600;
/// Longest ticket that is read.
const LONGEST_TICKET: usize = 2_048;

pub(super) struct Nonces {
    clock: Clock,
    key: hmac::Key,
    used: Mutex<HashMap<[u8; 32], i64>>,
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonces(..)")
    }
}

/// Why a nonce is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Not ours, of another voucher, too old, or used.
    Stale,
    /// Too much is redeemed at once.
    Busy,
}

impl Nonces {
    pub(super) fn new(clock: Clock) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>());
        Self { clock, key, used: Mutex::default() }
    }

    /// A fresh nonce.
    pub(super) fn give(&self, voucher: VoucherId) -> [u8; 32] {
        let mut nonce: [u8; 32] = random_bytes();
        let until = u32::try_from(self.clock.now().0 + NONCE_SECONDS).unwrap_or(u32::MAX);
        nonce[..4].copy_from_slice(&until.to_be_bytes());
        let tag = hmac::sign(&self.key, &self.covered(&nonce, voucher));
        nonce[STATED..].copy_from_slice(&tag.as_ref()[..32 - STATED]);
        nonce
    }

    /// Takes a nonce that was given for this voucher lately: nobody else can, unless it is given back.
    pub(super) fn take(&self, nonce: &[u8; 32], voucher: VoucherId) -> Result<(), Unfit> {
        let tag = hmac::sign(&self.key, &self.covered(nonce, voucher));
        let (stated, shown) = nonce.split_at(STATED);
        let until = i64::from(u32::from_be_bytes([stated[0], stated[1], stated[2], stated[3]]));
        let now = self.clock.now().0;
        let genuine =
            aws_lc_rs::constant_time::verify_slices_are_equal(shown, &tag.as_ref()[..32 - STATED]).is_ok();
        if !genuine || now > until {
            return Err(Unfit::Stale);
        }
        let mut used = self.used.lock();
        if used.len() >= MOST_USED {
            used.retain(|_, until| *until >= now);
            if used.len() >= MOST_USED {
                return Err(Unfit::Busy);
            }
        }
        match used.insert(*nonce, until) {
            None => Ok(()),
            Some(_) => Err(Unfit::Stale),
        }
    }

    /// Nothing was redeemed by it.
    pub(super) fn give_back(&self, nonce: &[u8; 32]) {
        self.used.lock().remove(nonce);
    }

    fn covered(&self, nonce: &[u8; 32], voucher: VoucherId) -> Vec<u8> {
        [voucher.to_string().as_bytes(), &nonce[..STATED]].concat()
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
        let nonce = nonces.give(mine);
        assert_eq!(nonces.take(&nonce, other), Err(Unfit::Stale));
        assert_eq!(nonces.take(&nonce, mine), Ok(()));
        assert_eq!(nonces.take(&nonce, mine), Err(Unfit::Stale));
        let refused = nonces.give(mine);
        assert_eq!(nonces.take(&refused, mine), Ok(()));
        nonces.give_back(&refused);
        assert_eq!(nonces.take(&refused, mine), Ok(()), "a refusal may be asked about again");
        let old = nonces.give(mine);
        for at in 0..old.len() {
            let mut forged = old;
            forged[at] ^= 1;
            assert_eq!(nonces.take(&forged, mine), Err(Unfit::Stale), "byte {at}");
        }
        clock.advance(Duration::from_secs(121));
        assert_eq!(nonces.take(&old, mine), Err(Unfit::Stale));
        assert_eq!(Nonces::new(clock).take(&nonces.give(mine), mine), Err(Unfit::Stale));
    }

    // B5
    #[test]
    fn nobody_is_kept_from_redeeming_by_those_who_ask_for_nonces() {
        let nonces = Nonces::new(Clock::movable(UnixTime(1_000)));
        let mine = VoucherId::random();
        for _ in 0..150_000 {
            nonces.give(mine);
        }
        assert!(nonces.used.lock().is_empty());
        assert_eq!(nonces.take(&nonces.give(mine), mine), Ok(()));
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
