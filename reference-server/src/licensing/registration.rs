//! From a form to a passport (G2, G3): check every field, have the card authorized, make keys and certificate, seal and sign.
//!
//! The card number goes to the payment processor and nowhere else; it keeps a fingerprint, by which recovery knows the card again. What is kept is in [`passports`](super::passports).

use std::time::Duration;

use axum::http::StatusCode;
use cadenza_failpoint::reach;
use cadenza_protocol::card::Card;
use cadenza_protocol::form::{FormError, RegistrationForm};
use cadenza_protocol::id::hex;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::shop::money::Currency;
use zeroize::Zeroizing;

use super::LicensingCenter;
use super::passports::{Handing, Person};
use crate::api::ApiFailure;
use crate::payment::client::PaymentError;
use crate::payment::messages::{Instrument, PaymentRequest};

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
    pub async fn register(&self, form: RegistrationForm) -> Result<Zeroizing<Vec<u8>>, RegistrationError> {
        let form = form.check(self.clock.now())?;
        // before the card is asked about: whoever has to come back later bothers no bank
        let _place = self.keys.place().ok_or(RegistrationError::Busy)?;
        self.check_card(form.card()).await?;
        reach("register.card-checked").map_err(internal)?;
        let (signing, decryption) = match tokio::time::timeout(KEY_PATIENCE, self.keys.take_two()).await {
            Ok(keys) => keys.map_err(internal)?,
            Err(_) => return Err(RegistrationError::Busy),
        };
        let card_reference = hex(Secret::<16>::random().expose());
        self.payment.keep_card(form.card(), &card_reference).await?;
        reach("register.card-kept").map_err(internal)?;
        let person = Person::new(form.facts(), &signing, &decryption, card_reference);
        let file = self.issue_passport(&person, Handing::Whole).await.map_err(internal)?;
        reach("register.issued").map_err(internal)?;
        Ok(file)
    }

    /// Is the card good? An authorization of nothing, given back at once.
    pub(super) async fn check_card(&self, card: Card) -> Result<(), PaymentError> {
        let idempotency_key = hex(Secret::<16>::random().expose());
        let request = PaymentRequest {
            idempotency_key: idempotency_key.clone(),
            amount_cents: 0,
            currency: Currency::default().to_string(),
            instrument: Instrument::Card(card),
        };
        self.payment.authorize(&request).await?;
        self.payment.void(&idempotency_key).await;
        Ok(())
    }
}
