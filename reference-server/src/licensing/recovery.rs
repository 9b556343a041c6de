//! Recovery of a lost passphrase or passport (G7): a person proves who they are, and gets a passport for the key pair that was
//! theirs, so that what they bought plays. They choose a new passphrase; every older certificate of the key is withdrawn.
//!
//! The proof: name, e-mail, telephone and the very card that was registered, which the payment processor knows again by a fingerprint
//! ([`crate::payment::fingerprints`]) and must still approve; it was shown there, and its token is all that comes here. Whatever does not fit, the answer is the same. An address has five tries an hour for one
//! e-mail address, so that a stranger's wrong ones are not the owner's; and since the card finds the registration, a stranger's registrations with the same
//! e-mail address hide nothing.

use std::net::IpAddr;

use axum::http::StatusCode;
use cadenza_protocol::form::{FormError, RecoveryClaim};
use cadenza_protocol::passport::PersonalFacts;
use zeroize::Zeroizing;

use super::LicensingCenter;
use super::passports::{Handing, PassportError, Person};
use crate::api::ApiFailure;
use crate::door::visitors::counted;
use crate::payment::client::PaymentError;
use crate::payment::fingerprints::MOST_REFERENCES;

/// Tries of one network address for one e-mail address in [`PERIOD_SECONDS`].
const TRIES: i64 = 5;
const PERIOD_SECONDS: i64 = 3600;

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
    #[error("there were too many tries for this e-mail address from here; try again in an hour")]
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
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", said).retry_after(3_600)
            }
            RecoveryError::Payment(refusal) => refusal.into(),
            RecoveryError::Internal(detail) => Self::internal(detail),
        }
    }
}

impl LicensingCenter {
    /// Recovers a person's passport: gives a registration file, registration key in the clear, for TLS only. `visitor` is who asks.
    pub async fn recover(
        &self,
        claim: RecoveryClaim,
        visitor: Option<IpAddr>,
    ) -> Result<Zeroizing<Vec<u8>>, RecoveryError> {
        let claim = claim.check()?;
        self.count_try(&claim.email, visitor).await?;
        let person = self.find(claim).await?.with_new_registration_key();
        Ok(self.issue_passport(&person, Handing::Whole).await?)
    }

    /// One statement, so that many tries at once are as many.
    async fn count_try(&self, email: &str, visitor: Option<IpAddr>) -> Result<(), RecoveryError> {
        let visitor = visitor.map(|address| counted(address).to_string()).unwrap_or_default();
        let (who, now) = (self.master.email_tag(&format!("{email} {visitor}")), self.clock.now().0);
        let (tries,): (i64,) = sqlx::query_as(
            "INSERT INTO recovery_attempts (who, tries, since) VALUES ($1, 1, $2)
             ON CONFLICT (who) DO UPDATE SET
                tries = CASE WHEN recovery_attempts.since <= $3 THEN 1 ELSE recovery_attempts.tries + 1 END,
                since = CASE WHEN recovery_attempts.since <= $3 THEN $2 ELSE recovery_attempts.since END
             RETURNING tries",
        )
        .bind(who)
        .bind(now)
        .bind(now - PERIOD_SECONDS)
        .fetch_one(self.database.pool())
        .await?;
        if tries > TRIES { Err(RecoveryError::TooManyTries) } else { Ok(()) }
    }

    /// The registration of this card with these details, if the bank still approves the card.
    async fn find(&self, claim: RecoveryClaim) -> Result<Person, RecoveryError> {
        let rows: Vec<Registered> = sqlx::query_as(
            "SELECT p.certificate_serial, p.sealed_recovery, p.card_reference FROM consumers p
             WHERE p.email_tag = $1 AND p.key_fingerprint NOT IN
                (SELECT w.key_fingerprint FROM consumers w JOIN certificates x ON x.serial = w.certificate_serial
                 WHERE x.revoked_at IS NOT NULL AND x.revoked_for <> 'superseded')
             ORDER BY p.registered_at DESC LIMIT $2",
        )
        .bind(self.master.email_tag(&claim.email))
        .bind(i64::try_from(MOST_REFERENCES).unwrap_or(i64::MAX))
        .fetch_all(self.database.pool())
        .await?;
        let references = rows.iter().map(|row| row.card_reference.clone()).collect();
        let claimed = Claimed { name: claim.name, email: claim.email, telephone: claim.telephone };
        let same = self.payment.same_card(claim.card, references).await?;
        for row in rows.into_iter().filter(|row| same.references.contains(&row.card_reference)) {
            let person = self.open_person(&row.certificate_serial, &row.sealed_recovery)?;
            if fits(&claimed, person.facts()) {
                // what the bank says of the card is told to its holder only
                return same.refusal.map_or(Ok(person), |no| Err(PaymentError::Refused(no).into()));
            }
        }
        Err(RecoveryError::NotRecognised)
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Registered {
    certificate_serial: String,
    sealed_recovery: String,
    card_reference: String,
}

/// Who someone says they are.
struct Claimed {
    name: String,
    email: String,
    telephone: String,
}

/// Everything must fit; all of it is compared before the answer is known.
fn fits(claim: &Claimed, facts: &PersonalFacts) -> bool {
    let words = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let agreements = [
        words(&claim.name) == words(&facts.name),
        words(&claim.email) == words(&facts.email),
        digits(&claim.telephone) == digits(&facts.telephone),
    ];
    agreements.iter().fold(true, |all, fits| all & fits)
}
