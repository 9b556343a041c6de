//! How a card's refusal reaches a person. The rules are [`cadenza_protocol::card`]'s; a card is typed, checked, sent, wiped: never
//! stored, never shown, never in an error (requirement C8).

pub use cadenza_protocol::card::{CardError, TypedCard};

use crate::error::{Code, Explain};

impl Explain for CardError {
    fn code(&self) -> Code {
        match self {
            Self::Digits | Self::CheckDigit | Self::Expiry | Self::Name => Code::CardInvalid,
            Self::Expired => Code::CardExpired,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("field", format!("card_{}", self.field()))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_card_names_its_field() {
        assert_eq!(CardError::CheckDigit.fields(), [("field", "card_number".to_owned())]);
        assert_eq!(
            (CardError::Expired.code(), CardError::Name.code()),
            (Code::CardExpired, Code::CardInvalid)
        );
    }
}
