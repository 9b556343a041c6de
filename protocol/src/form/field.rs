//! One field by itself, as someone fills it in.

use super::{FormError, email, line, telephone};
use crate::card::{self, CardExpiry, CardNumber};
use crate::time::UnixTime;

/// What a person fills in for a passport or at the till.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Full name.
    Name,
    /// Billing address.
    Address,
    /// Telephone.
    Telephone,
    /// E-mail.
    Email,
    /// A card's number.
    CardNumber,
    /// A card's last month.
    CardExpiry,
    /// The name on a card.
    CardName,
    /// The line that its owner would not want to hand to strangers.
    Confidential,
}

impl Field {
    /// Everything that can be known to be wrong with this field without those beside it, and without asking anyone.
    pub fn check(self, typed: &str, now: UnixTime) -> Result<(), FormError> {
        match self {
            Self::Name => line("name", typed).map(drop),
            Self::Address => line::address(typed).map(drop),
            Self::Telephone => telephone(typed).map(drop),
            Self::Email => email(typed).map(drop),
            Self::Confidential => line("confidential", typed).map(drop),
            Self::CardNumber => Ok(line("card_number", typed)?.parse::<CardNumber>().map(drop)?),
            Self::CardExpiry => Ok(CardExpiry::not_over(&line("card_expiry", typed)?, now).map(drop)?),
            Self::CardName => Ok(card::holder(&line("card_name", typed)?).map(drop)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::CardError;

    const NOVEMBER_2026: UnixTime = UnixTime(1_795_000_000);

    // G2, B2
    #[test]
    fn each_field_says_what_is_wrong_with_it_before_the_form_is_sent() {
        let refused = |field: Field, typed| field.check(typed, NOVEMBER_2026).unwrap_err();
        for field in [Field::Name, Field::Address, Field::CardNumber, Field::CardExpiry, Field::CardName] {
            assert!(matches!(refused(field, "  "), FormError::Missing { .. }), "{field:?}");
        }
        assert!(matches!(refused(Field::Email, "ada"), FormError::Email { .. }));
        assert!(matches!(refused(Field::Telephone, "call me"), FormError::Telephone { .. }));
        assert_eq!(refused(Field::CardNumber, "4242 4242 4242 424"), CardError::Digits.into());
        assert_eq!(refused(Field::CardNumber, "4242 4242 4242 4241"), CardError::CheckDigit.into());
        assert_eq!(refused(Field::CardExpiry, "13/29"), CardError::Expiry.into());
        assert_eq!(refused(Field::CardExpiry, "10/26"), CardError::Expired.into());
        assert_eq!(refused(Field::CardName, &"x".repeat(card::LONGEST_NAME + 1)), CardError::Name.into());
    }

    #[test]
    fn what_is_right_passes() {
        let right = [
            (Field::Name, "Ada Example"),
            (Field::Address, "12 Analytical Row\nLondon"),
            (Field::Telephone, "+44 20 7946 0000"),
            (Field::Email, "ada@example.org"),
            (Field::Confidential, "My first piano was green"),
            (Field::CardNumber, "4242 4242 4242 4242"),
            (Field::CardExpiry, "11/26"),
            (Field::CardName, "Ada Example"),
        ];
        for (field, typed) in right {
            assert_eq!(field.check(typed, NOVEMBER_2026), Ok(()), "{field:?}");
        }
    }
}
