//! A payment card on its way to the payment processor (requirement C8): typed, checked, sent, wiped. Never stored, never
//! shown, never in an error.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::error::Explain;
use cadenza_protocol::time::UnixTime;

/// Why a card is refused before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardError {
    /// Too few or too many digits, or the check digit is wrong.
    #[error("this is not a card number: check the digits and type them again; nothing was sent")]
    Number,
    /// Not `MM/YY`.
    #[error("the card's expiry date is not a month and year: write it like 09/29")]
    Expiry,
    /// In the past.
    #[error("this card has expired: use another card; nothing was sent")]
    Expired,
    /// No holder.
    #[error("the card holder's name is missing: write it as it stands on the card")]
    Name,
}

impl Explain for CardError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Number | Self::Expiry | Self::Name => "card-invalid",
            Self::Expired => "card-expired",
        }
        .into()
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let field = match self {
            Self::Number => "card_number",
            Self::Expiry | Self::Expired => "card_expiry",
            Self::Name => "card_name",
        };
        vec![("field", field.into())]
    }
}

/// A number that can be a card's: 12 to 19 digits whose check digit is right.
pub struct CardNumber(Zeroizing<String>);

impl CardNumber {
    /// Digits, with spaces or hyphens between them.
    pub fn parse(typed: &str) -> Result<Self, CardError> {
        let mut digits = Zeroizing::new(String::with_capacity(32));
        for c in typed.chars().filter(|c| !matches!(c, ' ' | '-')) {
            if !c.is_ascii_digit() || digits.len() == 19 {
                return Err(CardError::Number);
            }
            digits.push(c);
        }
        if digits.len() < 12 || !passes_luhn(&digits) {
            return Err(CardError::Number);
        }
        Ok(Self(digits))
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(hidden)")
    }
}

impl Serialize for CardNumber {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

/// Month and year in which a card ends. Written `MM/YY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardExpiry {
    month: u8,
    year: u16,
}

impl CardExpiry {
    /// `MM/YY` or `MM/YYYY`.
    pub fn parse(typed: &str) -> Result<Self, CardError> {
        let (month, year) = typed.trim().split_once('/').ok_or(CardError::Expiry)?;
        let number = |text: &str| text.trim().parse::<u16>().map_err(|_| CardError::Expiry);
        let year = match year.trim().len() {
            2 => 2000 + number(year)?,
            4 => number(year)?,
            _ => return Err(CardError::Expiry),
        };
        match u8::try_from(number(month)?) {
            Ok(month @ 1..=12) if (2000..2100).contains(&year) => Ok(Self { month, year }),
            _ => Err(CardError::Expiry),
        }
    }

    /// Whether its last month is over.
    pub fn is_past(self, now: UnixTime) -> bool {
        let Ok(today) = time::OffsetDateTime::from_unix_timestamp(now.0) else { return false };
        (i32::from(self.year), self.month) < (today.year(), u8::from(today.month()))
    }
}

impl fmt::Display for CardExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}", self.month, self.year % 100)
    }
}

impl Serialize for CardExpiry {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// A card to pay with.
#[derive(Debug, Serialize)]
pub struct PaymentCard {
    number: CardNumber,
    expiry: CardExpiry,
    name: String,
}

/// A card number as typed, before anything is known about it. Wiped when dropped.
pub struct TypedNumber(Zeroizing<String>);

impl From<String> for TypedNumber {
    fn from(typed: String) -> Self {
        Self(typed.into())
    }
}

impl std::ops::Deref for TypedNumber {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TypedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedNumber(hidden)")
    }
}

impl<'de> Deserialize<'de> for TypedNumber {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(Self::from)
    }
}

/// A card as typed, in a file or a form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedCard {
    /// Digits, spaces allowed.
    pub number: TypedNumber,
    /// `MM/YY`.
    pub expiry: String,
    /// The holder.
    pub name: String,
}

impl fmt::Debug for TypedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCard(hidden)")
    }
}

impl PaymentCard {
    /// Checks what was typed.
    pub fn check(typed: &TypedCard, now: UnixTime) -> Result<Self, CardError> {
        let number = CardNumber::parse(&typed.number)?;
        let expiry = CardExpiry::parse(&typed.expiry)?;
        if expiry.is_past(now) {
            return Err(CardError::Expired);
        }
        let name = typed.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(CardError::Name);
        }
        Ok(Self { number, expiry, name: name.to_owned() })
    }
}

/// The check digit of ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|b| u32::from(b - b'0'))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVEMBER_2026: UnixTime = UnixTime(1_795_000_000);

    // G2, C8
    #[test]
    fn a_mistyped_number_is_refused_before_it_is_sent() {
        for typed in ["4242 4242 4242 4241", "4242", "", "4242x4242", "42424242424242424242"] {
            assert_eq!(CardNumber::parse(typed).unwrap_err(), CardError::Number, "{typed}");
        }
        for typed in ["4242 4242 4242 4242", "4000-0000-0000-0002", "378282246310005"] {
            assert!(CardNumber::parse(typed).is_ok(), "{typed}");
        }
    }

    #[test]
    fn a_card_is_good_until_the_end_of_its_month() {
        let expiry = |typed| CardExpiry::parse(typed).unwrap();
        assert!(expiry("10/26").is_past(NOVEMBER_2026));
        assert!(!expiry("11/26").is_past(NOVEMBER_2026));
        assert!(!expiry("1/2030").is_past(NOVEMBER_2026));
        for typed in ["13/26", "00/26", "1126", "11/6", "soon"] {
            assert_eq!(CardExpiry::parse(typed), Err(CardError::Expiry), "{typed}");
        }
    }

    // C8
    #[test]
    fn neither_debug_nor_an_error_shows_the_number() {
        let typed = TypedCard {
            number: "4242 4242 4242 4242".to_owned().into(),
            expiry: "09/29".into(),
            name: "Ann".into(),
        };
        let card = PaymentCard::check(&typed, NOVEMBER_2026).unwrap();
        let shown = format!("{typed:?} {card:?} {}", CardNumber::parse("4242 4242 4242 4241").unwrap_err());
        assert!(!shown.contains("4242"), "{shown}");
        assert!(serde_json::to_string(&card).unwrap().contains("\"4242424242424242\""));
    }
}
