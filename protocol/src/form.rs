//! The forms that a person fills in for the licensing center (requirements G2, G7): to get a passport, and to have a lost one back.
//!
//! The player and the storefront check what was typed before a byte of it is sent, the licensing center checks it again, by the same
//! rules. A checked form is sent as JSON under the names of its fields.

mod changed;
mod field;
mod line;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::card::{Card, CardError, CardExpiry, CardNumber, TypedNumber};
use crate::passport::PersonalFacts;
use crate::time::UnixTime;

pub use changed::changed;
pub use field::Field;
pub use line::{email, line, telephone};

/// Longest field, characters.
pub const LONGEST_FIELD: usize = 300;
/// Most interests.
pub const MOST_INTERESTS: usize = 20;
/// Fewest and most digits of a telephone number.
pub const TELEPHONE_DIGITS: (usize, usize) = (5, 20);

/// What is wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormError {
    /// A field is empty.
    #[error("the field '{field}' is empty: fill it in and send the form again")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field is too long, or has characters that do not belong in a line.
    #[error("the field '{field}' is longer than {LONGEST_FIELD} characters or has line breaks: shorten it")]
    Unfit {
        /// Its name.
        field: &'static str,
    },
    /// Not an address for e-mail.
    #[error("'{typed}' is not an e-mail address: write it like ann@example.org")]
    Email {
        /// As typed.
        typed: String,
    },
    /// Not a telephone number.
    #[error("'{typed}' is not a telephone number: use digits, spaces, '+', '-' and brackets")]
    Telephone {
        /// As typed.
        typed: String,
    },
    /// More interests than [`MOST_INTERESTS`].
    #[error("there are more than {MOST_INTERESTS} interests: keep the ones that matter most")]
    TooManyInterests,
    /// The card's number in a field that is kept (C8).
    #[error("the field '{field}' holds your card number, which is never kept: write something else")]
    HoldsCardNumber {
        /// Its name.
        field: &'static str,
    },
    /// The card.
    #[error(transparent)]
    Card(#[from] CardError),
}

impl FormError {
    /// The field that is meant.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Missing { field } | Self::Unfit { field } | Self::HoldsCardNumber { field } => field,
            Self::Email { .. } => "email",
            Self::Telephone { .. } => "telephone",
            Self::TooManyInterests => "interests",
            Self::Card(CardError::Digits | CardError::CheckDigit) => "card_number",
            Self::Card(CardError::Expiry | CardError::Expired) => "card_expiry",
            Self::Card(CardError::Name) => "name",
        }
    }
}

/// The form as typed, in a window, in a browser or in `FORM.toml`. A field that is none of its own is refused: it may be a misspelt one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationForm {
    /// Full name.
    pub name: String,
    /// Billing address.
    pub address: String,
    /// Telephone.
    pub telephone: String,
    /// E-mail.
    pub email: String,
    /// Card number; goes to the payment processor only.
    #[serde(alias = "card")]
    pub card_number: TypedNumber,
    /// `MM/YY`.
    #[serde(alias = "expiry")]
    pub card_expiry: String,
    /// One line that its owner would not want to hand to strangers.
    pub confidential: String,
    /// Optional.
    #[serde(default)]
    pub region: String,
    /// Optional.
    #[serde(default)]
    pub interests: Vec<String>,
}

/// A form that was checked.
#[derive(Serialize)]
pub struct CheckedForm {
    name: String,
    address: String,
    telephone: String,
    email: String,
    card_number: CardNumber,
    card_expiry: CardExpiry,
    confidential: String,
    region: String,
    interests: Vec<String>,
}

impl RegistrationForm {
    /// Everything that can be known to be wrong without asking anyone.
    pub fn check(&self, now: UnixTime) -> Result<CheckedForm, FormError> {
        let form = CheckedForm {
            name: line("name", &self.name)?,
            address: line::address(&self.address)?,
            telephone: telephone(&self.telephone)?,
            email: email(&self.email)?,
            card_number: self.card_number.check()?,
            card_expiry: CardExpiry::not_over(&self.card_expiry, now)?,
            confidential: line("confidential", &self.confidential)?,
            region: line::region(&self.region)?,
            interests: line::interests(&self.interests)?,
        };
        let held = form.kept().find(|(_, text)| form.card_number.is_in(text)).map(|(field, _)| field);
        match held {
            Some(field) => Err(FormError::HoldsCardNumber { field }),
            None => Ok(form),
        }
    }
}

impl CheckedForm {
    /// The card, under the holder's name.
    pub fn card(&self) -> Card {
        Card { number: self.card_number.clone(), expiry: self.card_expiry, name: self.name.clone() }
    }

    /// What of it is kept: of the card, brand and last four digits (C8).
    pub fn facts(self) -> PersonalFacts {
        PersonalFacts {
            card_brand: self.card_number.brand().name.to_owned(),
            card_last4: self.card_number.last4().to_owned(),
            name: self.name,
            address: self.address,
            telephone: self.telephone,
            email: self.email,
            confidential: self.confidential,
            region: self.region,
            interests: self.interests,
        }
    }

    /// The texts that are kept as they are, with their fields.
    fn kept(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let lines = [
            ("name", &self.name),
            ("address", &self.address),
            ("telephone", &self.telephone),
            ("email", &self.email),
            ("confidential", &self.confidential),
            ("region", &self.region),
        ];
        lines.into_iter().chain(self.interests.iter().map(|interest| ("interests", interest)))
    }
}

/// What a person says to have a lost passport back; a registration's `FORM.toml` serves, too.
#[derive(Deserialize)]
pub struct RecoveryForm {
    /// Full name, as registered.
    pub name: String,
    /// E-mail, as registered.
    pub email: String,
    /// Telephone, as registered.
    pub telephone: String,
    /// Number of the card that was registered; goes to the payment processor only.
    #[serde(alias = "card")]
    pub card_number: TypedNumber,
    /// `MM/YY`.
    #[serde(alias = "expiry")]
    pub card_expiry: String,
}

/// A recovery form that was checked.
#[derive(Serialize)]
pub struct CheckedRecovery {
    /// Full name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub telephone: String,
    /// Number of the card.
    pub card_number: CardNumber,
    /// Its last month.
    pub card_expiry: CardExpiry,
}

impl RecoveryForm {
    /// Everything that can be known to be wrong without asking anyone.
    pub fn check(&self, now: UnixTime) -> Result<CheckedRecovery, FormError> {
        Ok(CheckedRecovery {
            name: line("name", &self.name)?,
            email: email(&self.email)?,
            telephone: telephone(&self.telephone)?,
            card_number: self.card_number.check()?,
            card_expiry: CardExpiry::not_over(&self.card_expiry, now)?,
        })
    }
}

/// Who someone is stays out of logs.
macro_rules! hidden {
    ($($form:ident),+) => {$(
        impl fmt::Debug for $form {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($form), "(hidden)"))
            }
        }
    )+};
}
hidden!(RegistrationForm, CheckedForm, RecoveryForm, CheckedRecovery);

#[cfg(test)]
mod tests;
