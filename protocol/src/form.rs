//! The forms that a person fills in for the licensing center (requirements G2, G7): to get a passport, and to have a lost one back.
//!
//! The player and the storefront check what was typed before a byte of it is sent, the licensing center checks it again, by the same
//! rules. The card goes to the payment processor alone ([`crate::pay`]): what is sent to the licensing center, an [`Application`] or a
//! [`RecoveryClaim`], has the processor's token in its place.

mod changed;
mod field;
mod line;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::card::{Card, CardError, CardExpiry, CardNumber, TypedNumber};
use crate::passport::PersonalFacts;
use crate::pay::{CardMark, ShownCard};
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
    #[error("the field '{field}' holds a card number, which is never kept: write something else")]
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

/// A form that was checked: who someone is, for the licensing center, and their card, for the payment processor.
pub struct CheckedForm {
    details: CheckedDetails,
    card: Card,
}

/// Who someone is, as typed.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// Full name.
    pub name: String,
    /// Billing address.
    pub address: String,
    /// Telephone.
    pub telephone: String,
    /// E-mail.
    pub email: String,
    /// One line that its owner would not want to hand to strangers.
    pub confidential: String,
    /// Optional.
    #[serde(default)]
    pub region: String,
    /// Optional.
    #[serde(default)]
    pub interests: Vec<String>,
}

/// Details that were checked.
#[derive(Serialize)]
pub struct CheckedDetails(Details);

/// Asks the licensing center for a passport.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application<D = Details> {
    /// Who asks.
    pub details: D,
    /// Their card, as the payment processor has seen it, for an amount of 0.
    pub card: ShownCard,
}

impl RegistrationForm {
    /// Everything that can be known to be wrong without asking anyone.
    pub fn check(&self, now: UnixTime) -> Result<CheckedForm, FormError> {
        let details = Details {
            name: self.name.clone(),
            address: self.address.clone(),
            telephone: self.telephone.clone(),
            email: self.email.clone(),
            confidential: self.confidential.clone(),
            region: self.region.clone(),
            interests: self.interests.clone(),
        };
        let (details, number) = (details.checked()?, self.card_number.check()?);
        let held = details.kept().find(|(_, text)| number.is_in(text)).map(|(field, _)| field);
        if let Some(field) = held {
            return Err(FormError::HoldsCardNumber { field });
        }
        let expiry = CardExpiry::not_over(&self.card_expiry, now)?;
        let name = details.0.name.clone();
        Ok(CheckedForm { details, card: Card { number, expiry, name } })
    }
}

impl CheckedForm {
    /// The card, under the holder's name.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What goes to the licensing center, once the processor has seen the card.
    pub fn with(&self, card: ShownCard) -> Application<&CheckedDetails> {
        Application { details: &self.details, card }
    }
}

impl Details {
    /// Everything that can be known to be wrong with them. Whoever calls has no card, so no text may hold anybody's (C8).
    pub fn check(self) -> Result<CheckedDetails, FormError> {
        let details = self.checked()?;
        // telephone numbers are long, and one in ten would pass
        let mut held = details.kept().filter(|(field, _)| *field != "telephone");
        let field = held.find(|(_, text)| CardNumber::stands_in(text)).map(|(field, _)| field);
        drop(held);
        match field {
            Some(field) => Err(FormError::HoldsCardNumber { field }),
            None => Ok(details),
        }
    }

    fn checked(self) -> Result<CheckedDetails, FormError> {
        Ok(CheckedDetails(Self {
            name: line("name", &self.name)?,
            address: line::address(&self.address)?,
            telephone: telephone(&self.telephone)?,
            email: email(&self.email)?,
            confidential: line("confidential", &self.confidential)?,
            region: line::region(&self.region)?,
            interests: line::interests(&self.interests)?,
        }))
    }
}

impl CheckedDetails {
    /// What is kept: of the card, brand and last four digits (C8).
    pub fn facts(self, card: CardMark) -> PersonalFacts {
        let Self(details) = self;
        PersonalFacts {
            card_brand: card.brand,
            card_last4: card.last4,
            name: details.name,
            address: details.address,
            telephone: details.telephone,
            email: details.email,
            confidential: details.confidential,
            region: details.region,
            interests: details.interests,
        }
    }

    /// All texts, with their fields.
    fn kept(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let Self(details) = self;
        let lines = [
            ("name", &details.name),
            ("address", &details.address),
            ("telephone", &details.telephone),
            ("email", &details.email),
            ("confidential", &details.confidential),
            ("region", &details.region),
        ];
        lines.into_iter().chain(details.interests.iter().map(|interest| ("interests", interest)))
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

/// A recovery form that was checked: who someone was, for the licensing center, and their card, for the payment processor.
pub struct CheckedRecovery {
    name: String,
    email: String,
    telephone: String,
    card: Card,
}

/// Asks the licensing center for a passport that was lost.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryClaim {
    /// Full name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub telephone: String,
    /// The card, as the payment processor has seen it, for an amount of 0.
    pub card: ShownCard,
}

impl RecoveryForm {
    /// Everything that can be known to be wrong without asking anyone.
    pub fn check(&self, now: UnixTime) -> Result<CheckedRecovery, FormError> {
        let name = line("name", &self.name)?;
        let (email, telephone) = (email(&self.email)?, telephone(&self.telephone)?);
        let number = self.card_number.check()?;
        let expiry = CardExpiry::not_over(&self.card_expiry, now)?;
        Ok(CheckedRecovery { card: Card { number, expiry, name: name.clone() }, name, email, telephone })
    }
}

impl CheckedRecovery {
    /// The card, under the person's name.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What goes to the licensing center, once the processor has seen the card.
    pub fn with(self, card: ShownCard) -> RecoveryClaim {
        RecoveryClaim { name: self.name, email: self.email, telephone: self.telephone, card }
    }
}

impl RecoveryClaim {
    /// The same with its fields as they are compared.
    pub fn check(self) -> Result<Self, FormError> {
        Ok(Self {
            name: line("name", &self.name)?,
            email: email(&self.email)?,
            telephone: telephone(&self.telephone)?,
            card: self.card,
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
impl<D> fmt::Debug for Application<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Application(hidden)")
    }
}
hidden!(RegistrationForm, Details, CheckedDetails, CheckedForm, RecoveryForm, CheckedRecovery, RecoveryClaim);

#[cfg(test)]
mod tests;
