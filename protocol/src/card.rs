//! A payment card (requirements B2, G2, C8): typed, checked, on its way to the payment processor, wiped. What may be kept of it is
//! its brand and its last four digits.
//!
//! The player checks a card before anything is sent, every server that takes one in checks it again, by the same rules.

mod brand;
mod expiry;
pub mod test_cards;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroizing;

pub use brand::{BRANDS, Brand, OTHER_BRAND};
pub use expiry::CardExpiry;

use crate::time::UnixTime;

/// Most digits of a card number (ISO/IEC 7812-1).
pub const MOST_DIGITS: usize = 19;
/// Longest holder's name, characters.
pub const LONGEST_NAME: usize = 100;

/// Why a card is refused before anything is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardError {
    /// Too few or too many digits for its brand, or something else than digits.
    #[error("this is not a whole card number: check the digits and type them again; nothing was charged")]
    Digits,
    /// The check digit does not fit.
    #[error("this card number has a wrong digit: check the digits and type them again; nothing was charged")]
    CheckDigit,
    /// Not `MM/YY`.
    #[error("the card's expiry date is not a month and year: write it like 09/29, as on the card")]
    Expiry,
    /// Its last month is over.
    #[error("this card has expired: use another card; nothing was charged")]
    Expired,
    /// No holder, or a longer name than [`LONGEST_NAME`], or one with the number in it.
    #[error("the card holder's name is missing or does not fit: write it as it stands on the card")]
    Name,
}

impl CardError {
    /// Which field of the card is meant: `number`, `expiry`, `name`.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Digits | Self::CheckDigit => "number",
            Self::Expiry | Self::Expired => "expiry",
            Self::Name => "name",
        }
    }
}

/// A number that can be a card's: as many digits as its brand has, the check digit right. Wiped on drop, hidden from `Debug`; it is
/// serialised only on its way to the payment processor.
#[derive(Clone)]
pub struct CardNumber(Zeroizing<String>);

impl FromStr for CardNumber {
    type Err = CardError;

    /// Digits, with spaces or hyphens between them.
    fn from_str(typed: &str) -> Result<Self, CardError> {
        // Room enough from the start: a text that grows leaves copies behind that nobody wipes.
        let mut digits = Zeroizing::new(String::with_capacity(MOST_DIGITS));
        for c in typed.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')) {
            if !c.is_ascii_digit() || digits.len() == MOST_DIGITS {
                return Err(CardError::Digits);
            }
            digits.push(c);
        }
        if !Brand::of(&digits).lengths.contains(&digits.len()) {
            return Err(CardError::Digits);
        }
        if passes_luhn(&digits) { Ok(Self(digits)) } else { Err(CardError::CheckDigit) }
    }
}

impl CardNumber {
    /// Whose card it is.
    pub fn brand(&self) -> &'static Brand {
        Brand::of(&self.0)
    }

    /// The last four digits: all that may be kept.
    pub fn last4(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// Whether the number of some card stands in a text, as people write one: digits of a brand that is known by name, with spaces or
    /// hyphens between them. For whoever keeps texts and does not know the card.
    pub fn stands_in(text: &str) -> bool {
        let belongs = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '\u{a0}');
        text.split(|c| !belongs(c))
            .filter_map(|run| run.parse::<Self>().ok())
            .any(|number| number.brand().name != OTHER_BRAND.name)
    }

    /// Whether this number stands in a text, however it is grouped there.
    pub fn is_in(&self, text: &str) -> bool {
        let digits: Zeroizing<String> = Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect());
        digits.contains(self.0.as_str())
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(hidden)")
    }
}

impl Serialize for CardNumber {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The message must not repeat the input.
        TypedNumber::deserialize(from)?.check().map_err(|_| serde::de::Error::custom("not a card number"))
    }
}

/// A card number as someone typed it, not looked at yet: wiped on drop, hidden from `Debug`.
#[derive(Clone, Default)]
pub struct TypedNumber(Zeroizing<String>);

impl TypedNumber {
    /// Checks what was typed.
    pub fn check(&self) -> Result<CardNumber, CardError> {
        self.0.parse()
    }
}

impl From<String> for TypedNumber {
    fn from(typed: String) -> Self {
        Self(typed.into())
    }
}

impl fmt::Debug for TypedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedNumber(hidden)")
    }
}

impl<'de> Deserialize<'de> for TypedNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

/// A card as typed, in a file or a form. A field that is none of its own is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedCard {
    /// Digits, spaces and hyphens allowed.
    pub number: TypedNumber,
    /// `MM/YY`.
    pub expiry: String,
    /// The holder.
    pub name: String,
}

/// A card that was checked, as it goes to the payment processor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Card {
    /// Its number.
    pub number: CardNumber,
    /// Its last month.
    pub expiry: CardExpiry,
    /// The name on it.
    pub name: String,
}

impl TypedCard {
    /// Everything that can be known to be wrong without asking the bank.
    pub fn check(&self, now: UnixTime) -> Result<Card, CardError> {
        let number = self.number.check()?;
        let expiry = CardExpiry::not_over(&self.expiry, now)?;
        let name = holder(&self.name)?;
        if number.is_in(name) {
            return Err(CardError::Name);
        }
        Ok(Card { number, expiry, name: name.to_owned() })
    }
}

/// The name on a card, without the spaces around it.
pub(crate) fn holder(typed: &str) -> Result<&str, CardError> {
    let name = typed.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME { Err(CardError::Name) } else { Ok(name) }
}

/// The check digit of ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &str) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let places = digits.bytes().rev().map(|b| u32::from(b - b'0')).enumerate();
    let sum: u32 = places.map(|(place, digit)| if place % 2 == 1 { doubled(digit) } else { digit }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_field_of_a_card_is_refused() {
        let typed = r#"{"number":"4242 4242 4242 4242","expiry":"09/29","name":"Ada","nmae":"Ada"}"#;
        let refused = serde_json::from_str::<TypedCard>(typed).unwrap_err().to_string();
        assert!(refused.contains("unknown field `nmae`"), "{refused}");
    }

    const NOVEMBER_2026: UnixTime = UnixTime(1_795_000_000);

    fn number(typed: &str) -> Result<CardNumber, CardError> {
        typed.parse()
    }

    fn typed(number: &str, name: &str) -> TypedCard {
        TypedCard { number: number.to_owned().into(), expiry: "09/29".into(), name: name.into() }
    }

    // G2, C8
    #[test]
    fn a_mistyped_number_is_refused_before_it_is_sent() {
        assert_eq!(number("4242 4242 4242 4241").unwrap_err(), CardError::CheckDigit);
        for typed in ["4242", "", "4242x4242", "42424242424242424242", "4242 4242 4242 424", "３７"] {
            assert_eq!(number(typed).unwrap_err(), CardError::Digits, "{typed}");
        }
        for typed in ["4242 4242 4242 4242", "4000-0000-0000-0002", "3782\u{a0}822463 10005"] {
            assert!(number(typed).is_ok(), "{typed}");
        }
    }

    // C8
    #[test]
    fn only_brand_and_last_four_can_be_kept() {
        let card = number("5555 5555-5555 4444").unwrap();
        assert_eq!((card.brand().name, card.last4()), ("Mastercard", "4444"));
        assert!(card.is_in("mine is 5555-5555-5555-4444, hers is not"));
        assert!(!card.is_in("5555 4444"));
        assert!(CardNumber::stands_in("my card: 5555-5555 5555-4444."));
        for text in ["5555 5555 5555 4445", "+44 20 7946 0000", "12 Harbour Street, 12345", ""] {
            assert!(!CardNumber::stands_in(text), "{text}");
        }
    }

    // C8
    #[test]
    fn neither_debug_nor_an_error_shows_the_number() {
        let typed = typed("4242 4242 4242 4242", "Ann");
        let card = typed.check(NOVEMBER_2026).unwrap();
        let refused = serde_json::from_str::<CardNumber>("\"4242 4242 4242 4241\"").unwrap_err();
        let shown = format!("{typed:?} {card:?} {refused} {}", number("4242 4242 4242 4241").unwrap_err());
        assert!(!shown.contains("4242"), "{shown}");
        assert!(serde_json::to_string(&card).unwrap().contains("\"4242424242424242\""));
    }

    // C8
    #[test]
    fn a_name_is_a_name() {
        let long = "x".repeat(LONGEST_NAME + 1);
        for name in ["  ", long.as_str(), "4242 4242 4242 4242"] {
            let refused = typed("4242 4242 4242 4242", name).check(NOVEMBER_2026).unwrap_err();
            assert_eq!((refused, refused.field()), (CardError::Name, "name"));
        }
    }
}
