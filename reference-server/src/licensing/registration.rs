//! From an application to a passport (G2, G3): check every field, have the card asked about, make keys and certificate, seal and sign.
//!
//! The card number is not here: whoever registers shows the card to the payment processor, which asks the bank when we bring its token, and keeps a fingerprint, by
//! which recovery knows the card again. What is kept is in [`passports`](super::passports).

use std::time::Duration;

use axum::http::StatusCode;
use cadenza_protocol::form::{Application, FormError};
use cadenza_protocol::id::hex;
use cadenza_protocol::secret::Secret;
use zeroize::Zeroizing;

use super::LicensingCenter;
use super::passports::{Handing, Person};
use crate::api::ApiFailure;
use crate::payment::client::PaymentError;

/// Patience for key pairs when none wait ready: less than a player has for our answer.
const KEY_PATIENCE: Duration = Duration::from_secs(6);

/// Why there is no passport.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// A field has to be filled in differently.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The card was refused.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// Too many register at once.
    #[error("too many people register at once; nothing was charged, try again in a minute")]
    Busy,
    /// Something failed here.
    #[error("the passport could not be made; try again in a moment")]
    Internal(String),
}

impl From<FormError> for ApiFailure {
    fn from(error: FormError) -> Self {
        let said = error.to_string();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-form", said).in_field(error.field())
    }
}

impl From<RegistrationError> for ApiFailure {
    fn from(error: RegistrationError) -> Self {
        let said = error.to_string();
        match error {
            RegistrationError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", said).retry_after(60)
            }
            RegistrationError::Form(error) => error.into(),
            RegistrationError::Payment(refusal) => refusal.into(),
            RegistrationError::Internal(detail) => Self::internal(detail),
        }
    }
}

fn internal(error: impl std::fmt::Display) -> RegistrationError {
    RegistrationError::Internal(error.to_string())
}

impl LicensingCenter {
    /// Registers a person: gives the registration file's bytes, registration key in the clear, for TLS only.
    pub async fn register(&self, application: Application) -> Result<Zeroizing<Vec<u8>>, RegistrationError> {
        let details = application.details.check()?;
        // before the card is asked about: whoever has to come back later bothers no bank
        let _place = self.keys.place().ok_or(RegistrationError::Busy)?;
        // the card before the keys: they are dear, and a made-up token costs nothing
        let card_reference = hex(Secret::<16>::random().expose());
        let mark = self.payment.keep_card(application.card, &card_reference).await?;
        let (signing, decryption) = match tokio::time::timeout(KEY_PATIENCE, self.keys.take_two()).await {
            Ok(keys) => keys.map_err(internal)?,
            Err(_) => return Err(RegistrationError::Busy),
        };
        let person = Person::new(details.facts(mark), &signing, &decryption, card_reference);
        self.issue_passport(&person, Handing::Whole).await.map_err(internal)
    }
}
