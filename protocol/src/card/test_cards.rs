//! The cards of the test processor, as one types them: with them every answer of a bank can be met without one.

use serde::Serialize;

use super::CardNumber;

/// Pays.
pub const GOOD: &str = "4242 4242 4242 4242";
/// The bank says no.
pub const DECLINED: &str = "4000 0000 0000 0002";
/// The bank says that it has expired.
pub const EXPIRED: &str = "4000 0000 0000 0069";
/// The bank never answers.
pub const SILENT: &str = "4000 0000 0000 0119";

/// What the test processor does with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It pays.
    Approved,
    /// It is declined.
    Declined,
    /// It has expired, whatever date stands on it.
    Expired,
    /// No answer comes.
    NoAnswer,
}

/// The list of them.
pub const TEST_CARDS: [(&str, Fate); 4] =
    [(GOOD, Fate::Approved), (DECLINED, Fate::Declined), (EXPIRED, Fate::Expired), (SILENT, Fate::NoAnswer)];

impl Fate {
    /// The fate of a card; one that is not on the list pays.
    pub fn of(number: &CardNumber) -> Self {
        let known = TEST_CARDS.iter().find(|(typed, _)| number.is_in(typed));
        known.map_or(Self::Approved, |(_, fate)| *fate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_card_could_be_a_card_and_has_its_fate() {
        for (number, fate) in TEST_CARDS {
            assert_eq!(number.parse().as_ref().map(Fate::of), Ok(fate), "{number}");
        }
        assert_eq!(Fate::of(&"5555 5555 5555 4444".parse().unwrap()), Fate::Approved);
    }
}
