//! How a card's refusal reaches a person. The rules are [`cadenza_protocol::card`]'s; a card is typed, checked, sent, wiped: never
//! stored, never shown, never in an error (requirement C8).

use std::borrow::Cow;

pub use cadenza_protocol::card::{CardError, TypedCard};

use crate::error::Explain;

impl Explain for CardError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Digits | Self::CheckDigit | Self::Expiry | Self::Name => "card-invalid",
            Self::Expired => "card-expired",
        }
        .into()
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
            ("card-expired".into(), "card-invalid".into())
        );
    }
}
