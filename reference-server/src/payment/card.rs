//! Card numbers and expiry dates: read once, checked once, shown never.

use std::fmt;
use std::str::FromStr;

use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, Month, OffsetDateTime};
use zeroize::Zeroizing;

/// Why a card cannot be used, found before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Not 12 to 19 digits.
    #[error("a card number has 12 to 19 digits; check what you typed")]
    NotDigits,
    /// The check digit does not fit.
    #[error("this card number has a wrong digit; check what you typed")]
    CheckDigit,
    /// Not MM/YY.
    #[error("write the expiry date as MM/YY, as on the card")]
    Expiry,
    /// The date has passed.
    #[error("this card has expired; use another one")]
    Expired,
}

impl CardError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotDigits | Self::CheckDigit => "card-number",
            Self::Expiry => "card-expiry",
            Self::Expired => "card-expired",
        }
    }
}

/// A card number that passes the Luhn check (ISO/IEC 7812-1). Wiped on drop; serialised only towards the payment processor.
#[derive(Clone)]
pub struct CardNumber(Zeroizing<String>);

impl FromStr for CardNumber {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        let digits =
            Zeroizing::new(text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect::<String>());
        if !(12..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CardError::NotDigits);
        }
        if !luhn_sum(&digits).is_multiple_of(10) {
            return Err(CardError::CheckDigit);
        }
        Ok(Self(digits))
    }
}

fn luhn_sum(digits: &str) -> u32 {
    let digit = |b: u8| u32::from(b - b'0');
    let doubled = |d: u32| if d > 4 { d * 2 - 9 } else { d * 2 };
    digits.bytes().rev().enumerate().map(|(i, b)| if i % 2 == 1 { doubled(digit(b)) } else { digit(b) }).sum()
}

impl CardNumber {
    /// The whole number, for the processor's eyes.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this number stands in a text, however it is grouped.
    pub fn is_in(&self, text: &str) -> bool {
        let digits: Zeroizing<String> = Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect());
        digits.contains(self.0.as_str())
    }

    /// The last four digits: all that may be kept.
    pub fn last4(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// The brand, from the first digits.
    pub fn brand(&self) -> &'static str {
        let prefix = |n: usize| self.0[..n].parse::<u32>().unwrap_or_default();
        match (prefix(1), prefix(2), prefix(4)) {
            (4, ..) => "Visa",
            (_, 51..=55, _) | (_, _, 2221..=2720) => "Mastercard",
            (_, 34 | 37, _) => "American Express",
            (_, 65, _) | (_, _, 6011) => "Discover",
            (_, 36 | 38, _) => "Diners Club",
            (_, 35, _) => "JCB",
            _ => "Card",
        }
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber({} •••• {})", self.brand(), self.last4())
    }
}

impl Serialize for CardNumber {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        // the message must not repeat the input
        text.parse().map_err(|_| serde::de::Error::custom("not a card number"))
    }
}

/// A card number as someone typed it, not looked at yet: wiped on drop, hidden from `Debug`.
#[derive(Clone)]
pub struct TypedNumber(Zeroizing<String>);

impl TypedNumber {
    /// Checks what was typed.
    pub fn check(&self) -> Result<CardNumber, CardError> {
        self.0.parse()
    }
}

impl fmt::Debug for TypedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedNumber(hidden)")
    }
}

impl<'de> Deserialize<'de> for TypedNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

/// The last month in which a card is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardExpiry {
    year: i32,
    month: u8,
}

impl FromStr for CardExpiry {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        let (month, year) = text.trim().split_once(['/', '-']).ok_or(CardError::Expiry)?;
        let (month, year) = (month.trim(), year.trim());
        let number: i32 = year.parse().map_err(|_| CardError::Expiry)?;
        let year = match year.len() {
            2 => 2000 + number,
            4 => number,
            _ => return Err(CardError::Expiry),
        };
        let month: u8 = month.parse().map_err(|_| CardError::Expiry)?;
        let fits = (1..=12).contains(&month) && (2000..=2099).contains(&year);
        fits.then_some(Self { year, month }).ok_or(CardError::Expiry)
    }
}

impl CardExpiry {
    /// Refuses a card whose last month is over.
    pub fn check(self, now: UnixTime) -> Result<(), CardError> {
        let today = OffsetDateTime::from_unix_timestamp(now.0).map_err(|_| CardError::Expiry)?.date();
        let month = Month::try_from(self.month).map_err(|_| CardError::Expiry)?;
        let last = Date::from_calendar_date(self.year, month, month.length(self.year))
            .map_err(|_| CardError::Expiry)?;
        if today > last { Err(CardError::Expired) } else { Ok(()) }
    }
}

impl fmt::Display for CardExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}", self.month, self.year % 100)
    }
}

impl TryFrom<String> for CardExpiry {
    type Error = CardError;

    fn try_from(text: String) -> Result<Self, CardError> {
        text.parse()
    }
}

impl From<CardExpiry> for String {
    fn from(expiry: CardExpiry) -> String {
        expiry.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_digit_is_noticed_before_anything_is_sent() {
        assert_eq!("4242 4242 4242 4241".parse::<CardNumber>().unwrap_err(), CardError::CheckDigit);
        assert_eq!("4242".parse::<CardNumber>().unwrap_err(), CardError::NotDigits);
    }

    // C8
    #[test]
    fn only_brand_and_last_four_are_shown() {
        let card: CardNumber = "4242-4242 4242 4242".parse().unwrap();
        assert_eq!(format!("{card:?}"), "CardNumber(Visa •••• 4242)");
    }

    #[test]
    fn a_card_is_good_until_the_end_of_its_month() {
        let expiry: CardExpiry = "02/28".parse().unwrap();
        assert_eq!(expiry.check(UnixTime(1_835_481_599)), Ok(())); // 2028-02-29T23:59:59Z
        assert_eq!(expiry.check(UnixTime(1_835_481_600)), Err(CardError::Expired));
        assert!("13/28".parse::<CardExpiry>().is_err());
    }
}
