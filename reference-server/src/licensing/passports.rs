//! Passports as the licensing center makes them: new, again for the same person, for another year (G3, G7, G8).
//!
//! What is kept of a person lies sealed under the master key ([`MasterKey`](super::master_key::MasterKey)), one record a certificate:
//! registration key, private keys, personal facts. From it every later passport of the same key pairs is made, which is
//! why purchases stay playable.

use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::hex;
use cadenza_protocol::passport::{Issue, PersonalFacts, RegistrationFile};
use cadenza_protocol::secret::{RegistrationKey, Secret};
use cadenza_protocol::wire::{base64_array, base64_bytes};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::authority::{AuthorityError, Subject, key_pair};
use super::master_key::MasterKeyError;
use super::{LicensingCenter, insert_certificate};
use crate::text::{from_base64, to_base64};

/// Everything that makes a passport somebody's. Wiped when dropped.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Person {
    #[serde(with = "base64_array")]
    registration_key: [u8; 32],
    /// PKCS #8, DER.
    #[serde(with = "base64_bytes")]
    signing_key: Vec<u8>,
    /// PKCS #8, DER.
    #[serde(with = "base64_bytes")]
    decryption_key: Vec<u8>,
    facts: PersonalFacts,
    /// By this the payment processor finds the fingerprint of the registered card.
    card_reference: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(hidden)")
    }
}

/// How a passport is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handing {
    /// To someone who has nothing yet, or nothing any more: with the registration key. Older certificates of the key are withdrawn.
    Whole,
    /// To someone who has the registration key.
    Renewed,
    /// The same, with other facts: they take the place of the old ones in every record of this key, so recovery goes by them alone.
    Changed,
}

/// Why no passport was made.
#[derive(Debug, thiserror::Error)]
pub enum PassportError {
    /// The authority.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The sealed record.
    #[error(transparent)]
    Record(#[from] MasterKeyError),
    /// The tables.
    #[error("the licensing center's tables failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Anything that cannot be.
    #[error("the passport could not be put together: {0}")]
    Assembly(String),
}

/// What a passport's certificate says in the place of a name: it stands in the clear in every file that is bought with it, so it tells
/// nothing. Only the tables here lead from a certificate to a person.
fn pseudonym() -> String {
    format!("passport-{}", hex(Secret::<8>::random().expose()))
}

fn assembly(error: impl std::fmt::Display) -> PassportError {
    PassportError::Assembly(error.to_string())
}

impl Person {
    /// A person who registers now: a registration key is drawn for them.
    pub fn new(
        facts: PersonalFacts,
        signing_key: &[u8],
        decryption_key: &[u8],
        card_reference: String,
    ) -> Self {
        Self {
            registration_key: *Secret::<32>::random().expose(),
            signing_key: signing_key.to_vec(),
            decryption_key: decryption_key.to_vec(),
            facts,
            card_reference,
        }
    }

    /// The same person under another registration key.
    pub fn with_new_registration_key(mut self) -> Self {
        self.registration_key = *Secret::<32>::random().expose();
        self
    }

    /// The same person, of whom something has changed.
    pub fn with_facts(mut self, facts: PersonalFacts) -> Self {
        self.facts = facts;
        self
    }

    pub fn facts(&self) -> &PersonalFacts {
        &self.facts
    }
}

impl LicensingCenter {
    /// Issues a certificate for each of a person's keys, puts the passport together, and keeps what is needed to do so again; all of it or
    /// nothing. Gives the registration file's bytes.
    pub(super) async fn issue_passport(
        &self,
        person: &Person,
        handing: Handing,
    ) -> Result<Zeroizing<Vec<u8>>, PassportError> {
        let now = self.clock.now();
        let subject = Subject { name: pseudonym(), role: Role::Consumer, hosts: vec![] };
        let pair = |key: &[u8]| key_pair(key).map_err(AuthorityError::from);
        let chain = self.authority.issue(&subject, &pair(&person.signing_key)?, now)?;
        let encryption = self.authority.issue_encryption(&subject, &pair(&person.decryption_key)?, now)?;
        let registration_key = RegistrationKey::from_bytes(person.registration_key);
        let issue = Issue {
            chain: chain.clone(),
            encryption: encryption.leaf().clone(),
            signing_key: &person.signing_key,
            decryption_key: &person.decryption_key,
            personal: &person.facts,
            registration_key: &registration_key,
            issued_at: now,
        };
        let signer = self.tls.identity();
        let key = SigningKey::from_pkcs8_der(signer.key_pkcs8()).map_err(assembly)?;
        let file = match handing {
            Handing::Whole => RegistrationFile::issue(&issue, &key, signer.chain()),
            Handing::Renewed | Handing::Changed => RegistrationFile::renew(&issue, &key, signer.chain()),
        };

        let leaf = chain.leaf();
        let (serial, key_fingerprint) = (leaf.serial(), hex(&leaf.key_fingerprint()));
        let record = Zeroizing::new(serde_json::to_vec(person).map_err(assembly)?);
        let sealed = |serial: &str| self.master.seal(serial, &record).map(|sealed| to_base64(&sealed));
        let email_tag = self.master.email_tag(&person.facts.email);
        let mut tx = self.database.begin_write().await?;
        if handing == Handing::Whole {
            sqlx::query(
                "UPDATE certificates SET revoked_at = $1, revoked_for = 'superseded' WHERE revoked_at IS NULL
                 AND (serial IN (SELECT certificate_serial FROM consumers WHERE key_fingerprint = $2)
                   OR serial IN (SELECT encryption_serial FROM consumers WHERE key_fingerprint = $2))",
            )
            .bind(now.0)
            .bind(&key_fingerprint)
            .execute(&mut *tx)
            .await?;
        }
        if handing == Handing::Changed {
            let older: Vec<(String,)> =
                sqlx::query_as("SELECT certificate_serial FROM consumers WHERE key_fingerprint = $1")
                    .bind(&key_fingerprint)
                    .fetch_all(&mut *tx)
                    .await?;
            for (older,) in older {
                sqlx::query(
                    "UPDATE consumers SET sealed_recovery = $1, email_tag = $2 WHERE certificate_serial = $3",
                )
                .bind(sealed(&older)?)
                .bind(&email_tag)
                .bind(&older)
                .execute(&mut *tx)
                .await?;
            }
        }
        insert_certificate(&chain, Role::Consumer).execute(&mut *tx).await?;
        insert_certificate(&encryption, Role::Consumer).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO consumers (certificate_serial, registered_at, email_tag, sealed_recovery, key_fingerprint, encryption_serial, card_reference)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&serial)
        .bind(now.0)
        .bind(email_tag)
        .bind(sealed(&serial)?)
        .bind(key_fingerprint)
        .bind(encryption.leaf().serial())
        .bind(&person.card_reference)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        tracing::info!(%serial, ?handing, "passport issued");
        Ok(file.to_json())
    }

    /// Opens what was kept of the holder of a certificate.
    pub(super) fn open_person(&self, serial: &str, sealed: &str) -> Result<Person, PassportError> {
        let sealed = from_base64(sealed).ok_or_else(|| assembly("a kept record is not base64"))?;
        let record = self.master.open_record(serial, &sealed)?;
        serde_json::from_slice(&record).map_err(|_| assembly("a kept record lacks what recovery needs"))
    }
}
