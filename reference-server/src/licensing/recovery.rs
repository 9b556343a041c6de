//! Recovery of a lost passphrase or passport (G7): a person proves who they are, and gets a passport for the key pair that was
//! theirs, so that what they bought plays. They choose a new passphrase; every older certificate of the key is withdrawn.
//!
//! The proof: name, e-mail, telephone and the card that was registered, which the payment processor must still approve. Whatever does not
//! fit, the answer is the same, and five tries an hour for one e-mail address are enough.

use axum::http::StatusCode;
use cadenza_protocol::card::Card;
use cadenza_protocol::form::{CheckedRecovery, FormError, RecoveryForm};
use cadenza_protocol::passport::PersonalFacts;
use zeroize::Zeroizing;

use super::LicensingCenter;
use super::passports::{Handing, PassportError, Person};
use crate::api::ApiFailure;
use crate::payment::client::PaymentError;

/// Tries for one e-mail address in [`PERIOD_SECONDS`].
const TRIES: i64 = 5;
const PERIOD_SECONDS: i64 = 3600;
/// Most registrations of one e-mail address that are looked at, the newest first.
const MOST_REGISTRATIONS: i64 = 16;

/// Why nothing was recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A field has to be filled in differently.
    #[error(transparent)]
    Form(#[from] FormError),
    /// No registration with all of these details; which of them is not told.
    #[error(
        "these details do not match a registration, or not all of them; write them as they were when you registered, with the card you used then"
    )]
    NotRecognised,
    /// Too many tries.
    #[error("there were too many tries for this e-mail address; try again in an hour")]
    TooManyTries,
    /// The card is refused today.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// Something failed here.
    #[error("the passport could not be recovered; try again in a moment")]
    Internal(#[from] PassportError),
}

impl From<sqlx::Error> for RecoveryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<RecoveryError> for ApiFailure {
    fn from(error: RecoveryError) -> Self {
        let said = error.to_string();
        match error {
            RecoveryError::Form(form) => form.into(),
            RecoveryError::NotRecognised => Self::new(StatusCode::FORBIDDEN, "not-recognised", said),
            RecoveryError::TooManyTries => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", said)
            }
            RecoveryError::Payment(refusal) => refusal.into(),
            RecoveryError::Internal(detail) => Self::internal(detail),
        }
    }
}

impl LicensingCenter {
    /// Recovers a person's passport: gives a registration file, registration key in the clear, for TLS only.
    pub async fn recover(&self, form: RecoveryForm) -> Result<Zeroizing<Vec<u8>>, RecoveryError> {
        let claim = form.check(self.clock.now())?;
        self.count_try(&claim.email).await?;
        let mut person = self.find(&claim).await?.ok_or(RecoveryError::NotRecognised)?;
        let name = person.facts().name.clone();
        self.check_card(Card { number: claim.card_number, expiry: claim.card_expiry, name }).await?;
        person = person.with_new_registration_key();
        Ok(self.issue_passport(&person, Handing::Whole).await?)
    }

    async fn count_try(&self, email: &str) -> Result<(), RecoveryError> {
        let (tag, now) = (self.master.email_tag(email), self.clock.now().0);
        sqlx::query("DELETE FROM recovery_attempts WHERE at <= $1")
            .bind(now - PERIOD_SECONDS)
            .execute(self.database.pool())
            .await?;
        let mut tx = self.database.begin_write().await?;
        let (tries,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM recovery_attempts WHERE email_tag = $1")
            .bind(&tag)
            .fetch_one(&mut *tx)
            .await?;
        if tries >= TRIES {
            return Err(RecoveryError::TooManyTries);
        }
        sqlx::query("INSERT INTO recovery_attempts (email_tag, at) VALUES ($1, $2)")
            .bind(tag)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn find(&self, claim: &CheckedRecovery) -> Result<Option<Person>, RecoveryError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT p.certificate_serial, p.sealed_recovery FROM consumers p
             WHERE p.email_tag = $1 AND p.key_fingerprint NOT IN
                (SELECT w.key_fingerprint FROM consumers w JOIN certificates x ON x.serial = w.certificate_serial
                 WHERE x.revoked_at IS NOT NULL AND x.revoked_for <> 'superseded')
             ORDER BY p.registered_at DESC LIMIT $2",
        )
        .bind(self.master.email_tag(&claim.email))
        .bind(MOST_REGISTRATIONS)
        .fetch_all(self.database.pool())
        .await?;
        let mut found = None;
        for (serial, sealed) in rows {
            let person = self.open_person(&serial, &sealed)?;
            if fits(claim, person.facts()) && found.is_none() {
                found = Some(person);
            }
        }
        Ok(found)
    }
}

/// Everything must fit; all of it is compared before the answer is known.
fn fits(claim: &CheckedRecovery, facts: &PersonalFacts) -> bool {
    let words = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let agreements = [
        words(&claim.name) == words(&facts.name),
        words(&claim.email) == words(&facts.email),
        digits(&claim.telephone) == digits(&facts.telephone),
        claim.card_number.brand().name == facts.card_brand && claim.card_number.last4() == facts.card_last4,
    ];
    agreements.iter().fold(true, |all, fits| all & fits)
}
