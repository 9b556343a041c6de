//! Amounts of money (requirement B10): hundredths of a currency, from 0.00 to 9,999.99, never more, and every sum checked. And how an
//! amount is shared to the cent.
//!
//! An amount from anywhere (a media file, an inventory, a store, a form) goes through [`within`] before it counts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The largest amount, in cents: of one price, one order, one payment.
pub const MAX_CENTS: u64 = 999_999;

/// An amount that is none, or a sum that is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an amount is between 0.00 and 9,999.99")]
pub struct OutOfBounds;

/// The amount, if it is one.
pub const fn within(cents: u64) -> Result<u64, OutOfBounds> {
    if cents <= MAX_CENTS { Ok(cents) } else { Err(OutOfBounds) }
}

/// All of them together.
pub fn sum(cents: impl IntoIterator<Item = u64>) -> Result<u64, OutOfBounds> {
    cents
        .into_iter()
        .try_fold(0, |sum: u64, cents| within(sum.checked_add(within(cents)?).ok_or(OutOfBounds)?))
}

/// An amount with so many per cent more, rounded up to the cent.
pub fn marked_up(cents: u64, percent: u32) -> Result<u64, OutOfBounds> {
    within((within(cents)? * (100 + u64::from(percent))).div_ceil(100))
}

/// An amount in shares as large in proportion as the weights, to the cent: each gets its whole cents, those with the largest remainders
/// one more, the first of equals first. Where nothing has weight, all have the same.
pub fn shares(cents: u64, weights: &[u64]) -> Vec<u64> {
    let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let weight = |place: usize| if all == 0 { 1 } else { u128::from(weights[place]) };
    let all = if all == 0 { weights.len() as u128 } else { all };
    let exact = |place: usize| u128::from(cents) * weight(place);
    // a share is at most the amount, which is 64 bits
    let mut shares: Vec<u64> = (0..weights.len()).map(|place| (exact(place) / all) as u64).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|place| std::cmp::Reverse(exact(*place) % all));
    let rest = cents.saturating_sub(shares.iter().sum());
    for place in by_remainder.into_iter().take(usize::try_from(rest).unwrap_or(usize::MAX)) {
        shares[place] += 1;
    }
    shares
}

/// A currency by its three letters, ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A text that names no currency.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a currency is three capital letters such as USD (ISO 4217)")]
pub struct NoCurrency;

impl Currency {
    /// What a shop counts in unless it says otherwise.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("capital letters only")
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::USD
    }
}

impl FromStr for Currency {
    type Err = NoCurrency;

    fn from_str(text: &str) -> Result<Self, NoCurrency> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| NoCurrency)?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters)).ok_or(NoCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = NoCurrency;

    fn try_from(text: String) -> Result<Self, NoCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // B10
    #[test]
    fn no_amount_is_over_the_bound_and_no_sum_wraps() {
        assert_eq!(within(MAX_CENTS), Ok(999_999));
        assert_eq!(within(MAX_CENTS + 1), Err(OutOfBounds));
        assert_eq!(sum([999_998, 1]), Ok(999_999));
        for too_much in [vec![999_999, 1], vec![u64::MAX], vec![u64::MAX, 1], vec![1 << 63, 1 << 63]] {
            assert_eq!(sum(too_much), Err(OutOfBounds));
        }
        assert_eq!(marked_up(u64::MAX, 1), Err(OutOfBounds));
        assert_eq!(marked_up(999_999, u32::MAX), Err(OutOfBounds));
        assert_eq!((marked_up(129, 0), marked_up(129, 10), marked_up(0, 50)), (Ok(129), Ok(142), Ok(0)));
    }

    // B10
    #[test]
    fn shares_add_up_to_the_cent_and_the_largest_remainders_get_what_is_left() {
        assert_eq!(shares(790, &[129; 10]), [79; 10]);
        assert_eq!(shares(948, &[155; 10]), [95, 95, 95, 95, 95, 95, 95, 95, 94, 94]);
        assert_eq!(shares(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(10, &[1, 2, 3]), [2, 3, 5]); // 1.67, 3.33, 5.00
        assert_eq!(shares(5, &[0, 0]), [3, 2]);
        assert_eq!(shares(0, &[7, 7]), [0, 0]);
        assert_eq!(shares(7, &[0, 9]), [0, 7]);
        assert_eq!(
            shares(u64::MAX, &[u64::MAX, u64::MAX]).iter().map(|c| u128::from(*c)).sum::<u128>(),
            u128::from(u64::MAX)
        );
        for amount in 0..500 {
            assert_eq!(shares(amount, &[129, 99, 1, 0, 250]).iter().sum::<u64>(), amount);
        }
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("EUR".parse::<Currency>().unwrap().to_string(), "EUR");
        for text in ["", "eur", "EURO", "E R", "€"] {
            assert_eq!(text.parse::<Currency>(), Err(NoCurrency));
        }
    }
}
