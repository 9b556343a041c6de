//! How a form's refusal reaches a person. The rules of registration and recovery (requirements G2, G7) are
//! [`cadenza_protocol::form`]'s; here they are kept before a byte of a form is sent.

pub use cadenza_protocol::form::{CheckedForm, CheckedRecovery, FormError, RecoveryForm, RegistrationForm};

use crate::error::{Code, Explain};

impl Explain for FormError {
    fn code(&self) -> Code {
        match self {
            Self::Card(e) => e.code(),
            _ => Code::InvalidForm,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("field", self.field().to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::card::CardError;

    use super::*;

    // G2
    #[test]
    fn a_refused_form_names_its_field_and_a_card_has_codes_of_its_own() {
        let missing = FormError::Missing { field: "name" };
        assert_eq!((missing.code(), missing.fields()), (Code::InvalidForm, vec![("field", "name".into())]));
        let card = FormError::from(CardError::Expired);
        assert_eq!((card.code(), card.fields()), (Code::CardExpired, vec![("field", "card_expiry".into())]));
    }
}
