//! The forms of registration and recovery (requirements G2, G7), checked here before a byte of them is sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::Explain;
use cadenza_protocol::card::{CardError, CardExpiry, CardNumber, TypedNumber};
use cadenza_protocol::time::UnixTime;

/// Longest field, in characters.
const LONGEST: usize = 200;
/// Most interests.
const MOST_INTERESTS: usize = 20;

/// What is wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormError {
    /// A field is empty.
    #[error("the field '{field}' is empty: fill it in and send the form again; nothing was sent")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field is too long, or has characters that do not belong in a line.
    #[error(
        "the field '{field}' is longer than {LONGEST} characters or has line breaks: shorten it; nothing was sent"
    )]
    Unfit {
        /// Its name.
        field: &'static str,
    },
    /// Not an address for e-mail.
    #[error("'{typed}' is not an e-mail address: write it like ann@example.org; nothing was sent")]
    Email {
        /// As typed.
        typed: String,
    },
    /// Not a telephone number.
    #[error(
        "'{typed}' is not a telephone number: use digits, spaces, '+', '-' and brackets; nothing was sent"
    )]
    Telephone {
        /// As typed.
        typed: String,
    },
    /// More interests than fit.
    #[error(
        "there are more than {MOST_INTERESTS} interests: keep the ones that matter most; nothing was sent"
    )]
    TooManyInterests,
    /// The card.
    #[error(transparent)]
    Card(#[from] CardError),
}

impl Explain for FormError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Card(e) => e.code(),
            _ => "invalid-form".into(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let field = match self {
            Self::Missing { field } | Self::Unfit { field } => field,
            Self::Email { .. } => "email",
            Self::Telephone { .. } => "telephone",
            Self::TooManyInterests => "interests",
            Self::Card(e) => return e.fields(),
        };
        vec![("field", field.to_owned())]
    }
}

/// The form as typed, in a window or in `FORM.toml`.
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
    #[serde(rename = "card")]
    pub card_number: TypedNumber,
    /// `MM/YY`.
    #[serde(rename = "expiry")]
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

impl std::fmt::Debug for RegistrationForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegistrationForm(hidden)")
    }
}

/// A form that was checked; goes to the licensing center as it is.
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

impl std::fmt::Debug for CheckedForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckedForm(hidden)")
    }
}

impl RegistrationForm {
    /// Everything that can be known to be wrong without asking anyone.
    pub fn check(&self, now: UnixTime) -> Result<CheckedForm, FormError> {
        let card_expiry: CardExpiry = self.card_expiry.parse()?;
        if self.interests.len() > MOST_INTERESTS {
            return Err(FormError::TooManyInterests);
        }
        let interests = self.interests.iter().map(|i| line("interests", i)).collect::<Result<_, _>>()?;
        let form = CheckedForm {
            name: line("name", &self.name)?,
            // An address has several lines on paper; here they become one.
            address: line("address", &self.address.lines().map(str::trim).collect::<Vec<_>>().join(", "))?,
            telephone: telephone(&self.telephone)?,
            email: email(&self.email)?,
            card_number: self.card_number.check()?,
            card_expiry,
            confidential: line("confidential", &self.confidential)?,
            region: if self.region.trim().is_empty() { String::new() } else { line("region", &self.region)? },
            interests,
        };
        if card_expiry.is_past(now) {
            return Err(CardError::Expired.into());
        }
        Ok(form)
    }
}

/// What a person says to have a lost passport back, in a window or in `FORM.toml`: the registration's form serves, too.
#[derive(Deserialize)]
pub struct RecoveryForm {
    /// Full name, as registered.
    pub name: String,
    /// E-mail, as registered.
    pub email: String,
    /// Telephone, as registered.
    pub telephone: String,
    /// Number of the card that was registered; goes to the payment processor only.
    #[serde(rename = "card")]
    pub card_number: TypedNumber,
    /// `MM/YY`.
    #[serde(rename = "expiry")]
    pub card_expiry: String,
}

impl std::fmt::Debug for RecoveryForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryForm(hidden)")
    }
}

/// A recovery form that was checked; goes to the licensing center as it is.
#[derive(Serialize)]
pub struct CheckedRecovery {
    name: String,
    email: String,
    telephone: String,
    card_number: CardNumber,
    card_expiry: CardExpiry,
}

impl std::fmt::Debug for CheckedRecovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckedRecovery(hidden)")
    }
}

impl RecoveryForm {
    /// Everything that can be known to be wrong without asking anyone.
    pub fn check(&self, now: UnixTime) -> Result<CheckedRecovery, FormError> {
        let form = CheckedRecovery {
            name: line("name", &self.name)?,
            email: email(&self.email)?,
            telephone: telephone(&self.telephone)?,
            card_number: self.card_number.check()?,
            card_expiry: self.card_expiry.parse()?,
        };
        if form.card_expiry.is_past(now) {
            return Err(CardError::Expired.into());
        }
        Ok(form)
    }
}

fn line(field: &'static str, typed: &str) -> Result<String, FormError> {
    let text = typed.trim();
    if text.is_empty() {
        return Err(FormError::Missing { field });
    }
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(FormError::Unfit { field });
    }
    Ok(text.to_owned())
}

/// Exactly one `@`, something before it, a dotted name behind it. Whether mail arrives only mail can tell.
fn email(typed: &str) -> Result<String, FormError> {
    let text = line("email", typed)?;
    let refuse = || FormError::Email { typed: text.clone() };
    let (person, host) = text.split_once('@').ok_or_else(refuse)?;
    let labels_fit = host.split('.').all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
    let host_fits = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        && host.contains('.')
        && labels_fit;
    let person_fits =
        !person.is_empty() && !person.chars().any(|c| c.is_whitespace() || c == '@' || c == ',');
    if host_fits && person_fits { Ok(text) } else { Err(refuse()) }
}

fn telephone(typed: &str) -> Result<String, FormError> {
    let text = line("telephone", typed)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let fits =
        text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '/' | '.'));
    if fits && (5..=20).contains(&digits) { Ok(text) } else { Err(FormError::Telephone { typed: text }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_795_000_000);

    fn form() -> RegistrationForm {
        toml::from_str(
            r#"
            name = "Ann Lee"
            address = "1 Harbour Street\n12345 Port"
            telephone = "+44 20 7946 0000"
            email = "ann@example.org"
            card = "4242 4242 4242 4242"
            expiry = "09/29"
            confidential = "my first pet was a heron"
            "#,
        )
        .unwrap()
    }

    fn field_of(form: &RegistrationForm) -> String {
        let error = form.check(NOW).unwrap_err();
        error.fields()[0].1.clone()
    }

    // G2
    #[test]
    fn a_whole_form_passes_and_an_empty_field_is_named() {
        assert!(form().check(NOW).is_ok());
        assert_eq!(field_of(&RegistrationForm { name: "  ".into(), ..form() }), "name");
        assert_eq!(field_of(&RegistrationForm { confidential: String::new(), ..form() }), "confidential");
        assert_eq!(field_of(&RegistrationForm { telephone: "call me".into(), ..form() }), "telephone");
        assert_eq!(
            field_of(&RegistrationForm { card_number: "4242".to_owned().into(), ..form() }),
            "card_number"
        );
        assert_eq!(field_of(&RegistrationForm { card_expiry: "01/20".into(), ..form() }), "card_expiry");
    }

    #[test]
    fn what_is_no_e_mail_address_is_refused() {
        for typed in
            ["ann", "ann@", "@example.org", "ann@host", "a b@example.org", "ann@ex..org", "a@b@c.org"]
        {
            assert_eq!(field_of(&RegistrationForm { email: typed.into(), ..form() }), "email", "{typed}");
        }
    }

    // G7
    #[test]
    fn a_recovery_form_may_be_the_registration_s_and_names_what_is_empty() {
        let typed = r#"
            name = "Ann Lee"
            address = "not needed"
            telephone = "+44 20 7946 0000"
            email = "ann@example.org"
            card = "4242 4242 4242 4242"
            expiry = "09/29"
            confidential = "not needed"
        "#;
        let form: RecoveryForm = toml::from_str(typed).unwrap();
        assert!(form.check(NOW).is_ok());
        let without = RecoveryForm { email: String::new(), ..form };
        assert_eq!(without.check(NOW).unwrap_err().fields()[0].1, "email");
    }

    // C8
    #[test]
    fn a_form_never_shows_itself() {
        assert!(!format!("{:?} {:?}", form(), form().check(NOW).unwrap()).contains("42"));
    }
}
