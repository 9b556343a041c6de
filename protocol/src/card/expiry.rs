//! The last month in which a card is good.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::CardError;
use crate::time::UnixTime;

/// Month and year in which a card ends. Written `MM/YY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardExpiry {
    year: u16,
    month: u8,
}

impl FromStr for CardExpiry {
    type Err = CardError;

    /// `MM/YY` or `MM/YYYY`, also with a hyphen.
    fn from_str(typed: &str) -> Result<Self, CardError> {
        let (month, year) = typed.trim().split_once(['/', '-']).ok_or(CardError::Expiry)?;
        let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse::<u16>().map_err(|_| CardError::Expiry),
            false => Err(CardError::Expiry),
        };
        let (month, year) = (number(month.trim())?, year.trim());
        let year = match year.len() {
            2 => 2000 + number(year)?,
            4 => number(year)?,
            _ => return Err(CardError::Expiry),
        };
        match u8::try_from(month) {
            Ok(month @ 1..=12) if (2000..2100).contains(&year) => Ok(Self { year, month }),
            _ => Err(CardError::Expiry),
        }
    }
}

impl CardExpiry {
    /// Reads the date of a card that is still good.
    pub fn not_over(typed: &str, now: UnixTime) -> Result<Self, CardError> {
        let expiry: Self = typed.parse()?;
        if expiry.is_past(now) { Err(CardError::Expired) } else { Ok(expiry) }
    }

    /// Whether its last month is over, in UTC.
    pub fn is_past(self, now: UnixTime) -> bool {
        let today = OffsetDateTime::from_unix_timestamp(now.0);
        today.map_or(now.0 > 0, |today| {
            (i32::from(self.year), self.month) < (today.year(), u8::from(today.month()))
        })
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
    fn a_card_is_good_until_the_end_of_its_month() {
        let is_past = |typed: &str, now| typed.parse::<CardExpiry>().unwrap().is_past(UnixTime(now));
        assert!(!is_past("02/28", 1_835_481_599)); // 2028-02-29T23:59:59Z
        assert!(is_past("02/28", 1_835_481_600));
        assert!(!is_past("1/2030", 1_835_481_600));
        assert!(is_past("12/2099", i64::MAX));
        assert_eq!(CardExpiry::not_over("01-28", UnixTime(1_835_481_600)), Err(CardError::Expired));
    }

    #[test]
    fn what_is_no_month_and_year_is_refused() {
        for typed in ["13/26", "00/26", "1126", "11/6", "soon", "+9/29", "09/+9", "/", "", "09/1999"] {
            assert_eq!(typed.parse::<CardExpiry>(), Err(CardError::Expiry), "{typed}");
        }
    }

    #[test]
    fn it_is_written_as_on_the_card() {
        let expiry: CardExpiry = "9/2029".parse().unwrap();
        assert_eq!(serde_json::to_string(&expiry).unwrap(), "\"09/29\"");
        assert_eq!(serde_json::from_str::<CardExpiry>("\"09/29\"").unwrap(), expiry);
    }
}
