//! From a form to a passport (G2, G3): check every field, have the card authorized, make keys and certificate, seal and sign.
//!
//! The card number goes to the payment processor and nowhere else. What is kept is the certificate, and under the master key the
//! registration key with the personal facts, for recovery (G7).

use std::time::Duration;

use axum::http::StatusCode;
use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::hex;
use cadenza_protocol::passport::{Issue, PersonalFacts, RegistrationFile};
use cadenza_protocol::secret::{RegistrationKey, Secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::authority::Subject;
use super::{LicensingCenter, record};
use crate::api::ApiFailure;
use crate::payment::card::{CardError, CardExpiry, CardNumber, TypedNumber};
use crate::payment::client::PaymentError;
use crate::payment::messages::{Instrument, PaymentRequest};
use crate::text::to_base64;

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
struct Registrant {
    facts: PersonalFacts,
    card: CardNumber,
    expiry: CardExpiry,
}

impl RegistrationForm {
    fn check(self, now: cadenza_protocol::time::UnixTime) -> Result<Registrant, RegistrationError> {
        let name = filled("name", self.name, "your full name")?;
        let address = filled("address", self.address, "your billing address")?;
        let telephone = filled("telephone", self.telephone, "a telephone number")?;
        if telephone.chars().filter(char::is_ascii_digit).count() < 3 {
            return Err(field("telephone", "write a telephone number with its digits"));
        }
        let email = filled("email", self.email, "your e-mail address")?;
        let parts = email.split_once('@');
        if parts.is_none_or(|(user, host)| {
            user.is_empty() || !host.contains('.') || host.starts_with('.') || email.contains(' ')
        }) {
            return Err(field("email", "write an e-mail address like ada@example.org"));
        }
        let card_field = |e: CardError| {
            let name = if matches!(e, CardError::NotDigits | CardError::CheckDigit) {
                "card_number"
            } else {
                "card_expiry"
            };
            field(name, &e.to_string())
        };
        let card = self.card_number.check().map_err(card_field)?;
        let expiry: CardExpiry = self.card_expiry.parse().map_err(card_field)?;
        expiry.check(now).map_err(card_field)?;
        let confidential =
            filled("confidential", self.confidential, "a line that you would not like to see passed around")?;
        let (card_brand, card_last4) = (card.brand().to_owned(), card.last4().to_owned());
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

fn filled(name: &'static str, text: String, what: &str) -> Result<String, RegistrationError> {
    let text = short(name, text)?;
    if text.is_empty() { Err(field(name, &format!("write {what}"))) } else { Ok(text) }
}

/// What is kept for recovery, sealed.
#[derive(Serialize)]
struct RecoveryRecord<'a> {
    registration_key: &'a str,
    facts: &'a PersonalFacts,
}

impl LicensingCenter {
    /// Registers a person: gives the registration file's bytes, registration key in the clear, for TLS only.
    pub async fn register(&self, form: RegistrationForm) -> Result<Zeroizing<Vec<u8>>, RegistrationError> {
        let now = self.clock.now();
        let registrant = form.check(now)?;
        self.check_card(&registrant).await?;
        let key = tokio::time::timeout(KEY_PATIENCE, self.keys.take())
            .await
            .map_err(internal)?
            .map_err(internal)?;
        let subject = Subject {
            name: registrant.facts.name.chars().take(64).collect(),
            role: Role::Consumer,
            hosts: vec![],
        };
        let consumer = self.authority.issue_identity(&subject, key, now).map_err(internal)?;
        let serial = consumer.chain().leaf().serial();
        let registration_key = RegistrationKey::random();
        let signer = self.tls.identity();
        let issue = Issue {
            chain: consumer.chain().clone(),
            private_key: consumer.key_pkcs8(),
            personal: &registrant.facts,
            registration_key: &registration_key,
            issued_at: now,
        };
        let signing_key = SigningKey::from_pkcs8_der(signer.key_pkcs8()).map_err(internal)?;
        let file = RegistrationFile::issue(&issue, &signing_key, signer.chain());
        record(&self.database, consumer.chain(), Role::Consumer).await.map_err(internal)?;
        self.keep_for_recovery(&serial, &registrant.facts, &registration_key).await?;
        tracing::info!(%serial, "passport issued");
        Ok(file.to_json())
    }

    /// Is the card good? An authorization of nothing, given back at once.
    async fn check_card(&self, registrant: &Registrant) -> Result<(), PaymentError> {
        let idempotency_key = hex(Secret::<16>::random().expose());
        let request = PaymentRequest {
            idempotency_key: idempotency_key.clone(),
            amount_cents: 0,
            currency: crate::content::catalogue::CURRENCY.to_owned(),
            instrument: Instrument::Card {
                number: registrant.card.clone(),
                expiry: registrant.expiry,
                name: registrant.facts.name.clone(),
            },
        };
        self.payment.authorize(&request).await?;
        self.payment.void(&idempotency_key).await;
        Ok(())
    }

    async fn keep_for_recovery(
        &self,
        serial: &str,
        facts: &PersonalFacts,
        key: &RegistrationKey,
    ) -> Result<(), RegistrationError> {
        let key_text = Zeroizing::new(hex(key.expose()));
        let record = RecoveryRecord { registration_key: &key_text, facts };
        let record = Zeroizing::new(serde_json::to_vec(&record).map_err(internal)?);
        let sealed = self.master.seal(serial, &record).map_err(internal)?;
        sqlx::query("INSERT INTO consumers (certificate_serial, registered_at, email_tag, sealed_recovery) VALUES ($1, $2, $3, $4)")
            .bind(serial)
            .bind(self.clock.now().0)
            .bind(self.master.email_tag(&facts.email))
            .bind(to_base64(&sealed))
            .execute(self.database.pool())
            .await
            .map_err(internal)?;
        Ok(())
    }
}
