//! From a form to a passport (G2, G3): check every field, have the card authorized, make keys and certificate, seal and sign.
//!
//! The card number goes to the payment processor and nowhere else. What is kept is in [`passports`](super::passports).

use std::time::Duration;

use axum::http::StatusCode;
use cadenza_protocol::card::{Card, CardError, CardExpiry, CardNumber, TypedNumber};
use cadenza_protocol::id::hex;
use cadenza_protocol::passport::PersonalFacts;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::time::UnixTime;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::LicensingCenter;
use super::passports::{Handing, Person};
use crate::api::ApiFailure;
use crate::payment::client::PaymentError;
use crate::payment::messages::{Instrument, PaymentRequest};

/// Longest text of one field, characters.
const MAX_FIELD: usize = 300;
/// Patience for a key pair when none waits ready.
const KEY_PATIENCE: Duration = Duration::from_secs(30);

/// The form as it was filled in.
#[derive(Debug, Deserialize)]
pub struct RegistrationForm {
    /// Full name.
    pub name: String,
    /// Billing address.
    pub address: String,
    /// Telephone.
    pub telephone: String,
    /// E-mail.
    pub email: String,
    /// Card number.
    pub card_number: TypedNumber,
    /// `MM/YY`.
    pub card_expiry: String,
    /// The confidential line.
    pub confidential: String,
    /// Region, may be empty.
    #[serde(default)]
    pub region: String,
    /// Interests, may be empty.
    #[serde(default)]
    pub interests: Vec<String>,
}

/// Why there is no passport.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// A field has to be filled in differently.
    #[error("{message}")]
    Field {
        /// Which.
        field: &'static str,
        /// How.
        message: String,
    },
    /// The card was refused.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// Something failed here.
    #[error("the passport could not be made; try again in a moment")]
    Internal(String),
}

impl From<RegistrationError> for ApiFailure {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Field { field, message } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-form", message).in_field(field)
            }
            RegistrationError::Payment(refusal) => refusal.into(),
            RegistrationError::Internal(detail) => Self::internal(detail),
        }
    }
}

fn internal(error: impl std::fmt::Display) -> RegistrationError {
    RegistrationError::Internal(error.to_string())
}

/// A form whose fields are all usable.
pub(super) struct Registrant {
    pub facts: PersonalFacts,
    pub card: CardNumber,
    pub expiry: CardExpiry,
}

impl RegistrationForm {
    fn check(self, now: UnixTime) -> Result<Registrant, RegistrationError> {
        let name = filled("name", self.name, "your full name")?;
        let address = filled("address", self.address, "your billing address")?;
        let telephone = filled("telephone", self.telephone, "a telephone number")?;
        if telephone.chars().filter(char::is_ascii_digit).count() < 3 {
            return Err(field("telephone", "write a telephone number with its digits"));
        }
        let email = check_email(filled("email", self.email, "your e-mail address")?)?;
        let (card, expiry) = check_card_fields(&self.card_number, &self.card_expiry, now)?;
        let confidential =
            filled("confidential", self.confidential, "a line that you would not like to see passed around")?;
        let (card_brand, card_last4) = (card.brand().name.to_owned(), card.last4().to_owned());
        let region = short("region", self.region)?;
        let interests = self
            .interests
            .into_iter()
            .take(32)
            .map(|interest| short("interests", interest))
            .collect::<Result<_, _>>()?;
        let card_expiry = expiry.to_string();
        let facts = PersonalFacts {
            name,
            address,
            telephone,
            email,
            card_brand,
            card_last4,
            card_expiry,
            confidential,
            region,
            interests,
        };
        refuse_numbers(&facts, &card)?;
        Ok(Registrant { facts, card, expiry })
    }
}

/// Something on both sides of an `@`, a dot behind it.
pub(super) fn check_email(email: String) -> Result<String, RegistrationError> {
    let parts = email.split_once('@');
    if parts.is_none_or(|(user, host)| {
        user.is_empty() || !host.contains('.') || host.starts_with('.') || email.contains(' ')
    }) {
        return Err(field("email", "write an e-mail address like ada@example.org"));
    }
    Ok(email)
}

/// A card as it was typed: right digits, a date to come.
pub(super) fn check_card_fields(
    number: &TypedNumber,
    expiry: &str,
    now: UnixTime,
) -> Result<(CardNumber, CardExpiry), RegistrationError> {
    let card_field = |e: CardError| {
        field(if e.field() == "number" { "card_number" } else { "card_expiry" }, &e.to_string())
    };
    let card = number.check().map_err(card_field)?;
    let expiry = CardExpiry::not_over(expiry, now).map_err(card_field)?;
    Ok((card, expiry))
}

/// A card number in another field would be kept: it is refused there (C8).
fn refuse_numbers(facts: &PersonalFacts, card: &CardNumber) -> Result<(), RegistrationError> {
    let fields = [
        ("name", &facts.name),
        ("address", &facts.address),
        ("telephone", &facts.telephone),
        ("email", &facts.email),
        ("confidential", &facts.confidential),
        ("region", &facts.region),
    ];
    let all = fields.into_iter().chain(facts.interests.iter().map(|interest| ("interests", interest)));
    for (name, text) in all {
        if card.is_in(text) {
            return Err(field(
                name,
                "this field holds your card number, which is never kept; write something else",
            ));
        }
    }
    Ok(())
}

fn field(field: &'static str, message: &str) -> RegistrationError {
    RegistrationError::Field { field, message: message.to_owned() }
}

fn short(name: &'static str, text: String) -> Result<String, RegistrationError> {
    let text = text.trim().to_owned();
    if text.chars().count() > MAX_FIELD || text.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
        return Err(field(name, "this is too long; 300 characters are enough"));
    }
    Ok(text)
}

pub(super) fn filled(name: &'static str, text: String, what: &str) -> Result<String, RegistrationError> {
    let text = short(name, text)?;
    if text.is_empty() { Err(field(name, &format!("write {what}"))) } else { Ok(text) }
}

impl LicensingCenter {
    /// Registers a person: gives the registration file's bytes, registration key in the clear, for TLS only.
    pub async fn register(&self, form: RegistrationForm) -> Result<Zeroizing<Vec<u8>>, RegistrationError> {
        let registrant = form.check(self.clock.now())?;
        self.check_card(&registrant).await?;
        let key = tokio::time::timeout(KEY_PATIENCE, self.keys.take())
            .await
            .map_err(internal)?
            .map_err(internal)?;
        let person = Person::new(registrant.facts, &key);
        self.issue_passport(&person, Handing::Whole).await.map_err(internal)
    }

    /// Is the card good? An authorization of nothing, given back at once.
    pub(super) async fn check_card(&self, registrant: &Registrant) -> Result<(), PaymentError> {
        let idempotency_key = hex(Secret::<16>::random().expose());
        let request = PaymentRequest {
            idempotency_key: idempotency_key.clone(),
            amount_cents: 0,
            currency: crate::content::catalogue::CURRENCY.to_owned(),
            instrument: Instrument::Card(Card {
                number: registrant.card.clone(),
                expiry: registrant.expiry,
                name: registrant.facts.name.clone(),
            }),
        };
        self.payment.authorize(&request).await?;
        self.payment.void(&idempotency_key).await;
        Ok(())
    }
}
