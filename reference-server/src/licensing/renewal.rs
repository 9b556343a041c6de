//! Renewal and withdrawal of passports (G8): another year for a key that its holder still has, an end for one that must not buy again.

use axum::http::StatusCode;
use cadenza_protocol::cert::{RevocationLists, Role};
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::form::{FormError, changed};
use cadenza_protocol::id::hex;
use cadenza_protocol::passport::RenewalRequest;
use cadenza_protocol::signed::{SignedError, SignedMessage};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::LicensingCenter;
use super::passports::{Handing, PassportError};
use crate::api::ApiFailure;
use crate::tls::gate;

/// How old, or how far ahead, a request may be: clocks differ, and a request is not good for ever.
const FRESH_SECONDS: u64 = 600;

/// Why nothing was renewed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// Not signed by a passport of ours.
    #[error("{0}")]
    Unproven(#[from] SignedError),
    /// Made too long ago, or in the future, or granted before.
    #[error(
        "this request was made at another time, or was granted already; check this computer's date and time, and ask again"
    )]
    Stale,
    /// A changed detail has to be filled in differently.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Withdrawn, or not known here.
    #[error("this passport was withdrawn and is not renewed; recover it, or contact the licensing center")]
    Withdrawn,
    /// No certificate with this serial number.
    #[error(
        "no certificate has the serial number {0}; copy it whole, as `admin certificates` or a passport shows it"
    )]
    UnknownSerial(String),
    /// Something failed here.
    #[error("the licensing center could not do it; try again in a moment")]
    Internal(#[from] PassportError),
}

impl From<sqlx::Error> for RenewalError {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<RenewalError> for ApiFailure {
    fn from(error: RenewalError) -> Self {
        let said = error.to_string();
        let (status, code) = match error {
            RenewalError::Unproven(SignedError::Certificate(refused)) => {
                (StatusCode::FORBIDDEN, gate::code(&refused))
            }
            RenewalError::Unproven(_) | RenewalError::Stale => (StatusCode::FORBIDDEN, "renewal-refused"),
            RenewalError::Form(form) => return form.into(),
            RenewalError::Withdrawn => (StatusCode::FORBIDDEN, "certificate-revoked"),
            RenewalError::UnknownSerial(_) => (StatusCode::NOT_FOUND, "unknown-certificate"),
            RenewalError::Internal(detail) => return Self::internal(detail),
        };
        Self::new(status, code, said)
    }
}

/// How many certificates of one role there are (S1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateCount {
    /// The role, in words.
    pub role: String,
    /// Ever issued.
    pub issued: u64,
    /// In their time and not withdrawn.
    pub valid: u64,
    /// Past their time.
    pub expired: u64,
    /// Withdrawn.
    pub revoked: u64,
}

impl LicensingCenter {
    /// Renews the passport whose holder signed the request, with the details that have changed. An expired one is renewed too: holding the
    /// key is what counts.
    pub async fn renew(&self, request: &SignedMessage) -> Result<Zeroizing<Vec<u8>>, RenewalError> {
        let now = self.clock.now();
        let leaf = request.chain().leaf();
        let at = now.min(leaf.not_after());
        let wish: RenewalRequest = request.open(
            RenewalRequest::DOMAIN,
            self.authority.root(),
            Role::Consumer,
            at,
            &RevocationLists::none(), // the table below is fresher than any list
        )?;
        if now.0.abs_diff(wish.at.0) > FRESH_SECONDS {
            return Err(RenewalError::Stale);
        }
        let serial = leaf.serial();
        let kept: Option<(String,)> = sqlx::query_as(
            "SELECT p.sealed_recovery FROM consumers p JOIN certificates c ON c.serial = p.certificate_serial
             WHERE c.serial = $1 AND c.revoked_at IS NULL",
        )
        .bind(&serial)
        .fetch_optional(self.database.pool())
        .await?;
        let (sealed,) = kept.ok_or(RenewalError::Withdrawn)?;
        let person = self.open_person(&serial, &sealed)?;
        let (person, handing) = match &wish.details {
            None => (person, Handing::Renewed),
            Some(details) => {
                let facts = changed(person.facts(), details)?;
                (person.with_facts(facts), Handing::Changed)
            }
        };
        self.use_once(request).await?;
        Ok(self.issue_passport(&person, handing).await?)
    }

    /// A request that comes again brings no second certificate; whoever lost the answer signs another one.
    async fn use_once(&self, request: &SignedMessage) -> Result<(), RenewalError> {
        let now = self.clock.now().0;
        let text = serde_json::to_vec(request).map_err(|e| PassportError::Assembly(e.to_string()))?;
        let past = now - 2 * FRESH_SECONDS.cast_signed();
        sqlx::query("DELETE FROM renewals WHERE at < $1").bind(past).execute(self.database.pool()).await?;
        let first = sqlx::query(
            "INSERT INTO renewals (request, at) VALUES ($1, $2) ON CONFLICT (request) DO NOTHING",
        )
        .bind(hex(&sha256(&text)))
        .bind(now)
        .execute(self.database.pool())
        .await?;
        if first.rows_affected() == 1 { Ok(()) } else { Err(RenewalError::Stale) }
    }

    /// Withdraws a certificate and all others of its key, with a passport's those of both its keys: from the next revocation list on they are refused
    /// everywhere. Again is the same as once.
    pub async fn revoke(&self, serial: &str, reason: &str) -> Result<(), RenewalError> {
        let serial = serial.trim().to_lowercase();
        let done = sqlx::query(
            "UPDATE certificates SET revoked_at = COALESCE(revoked_at, $1), revoked_for = $2 WHERE serial = $3
               OR key_fingerprint IN (SELECT key_fingerprint FROM certificates WHERE serial = $3)
               OR serial IN (SELECT certificate_serial FROM consumers WHERE key_fingerprint IN
                 (SELECT key_fingerprint FROM consumers WHERE certificate_serial = $3 OR encryption_serial = $3))
               OR serial IN (SELECT encryption_serial FROM consumers WHERE key_fingerprint IN
                 (SELECT key_fingerprint FROM consumers WHERE certificate_serial = $3 OR encryption_serial = $3))",
        )
        .bind(self.clock.now().0)
        .bind(reason)
        .bind(&serial)
        .execute(self.database.pool())
        .await?;
        if done.rows_affected() == 0 {
            return Err(RenewalError::UnknownSerial(serial));
        }
        tracing::info!(%serial, reason, "certificate revoked");
        Ok(())
    }

    /// The revocation list of one issuing authority, DER.
    pub async fn revocation_list(&self, players: bool) -> Result<Vec<u8>, RenewalError> {
        let revoked: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT serial, role, revoked_at FROM certificates WHERE revoked_at IS NOT NULL ORDER BY revoked_at, serial",
        )
        .fetch_all(self.database.pool())
        .await?;
        let of_this_authority = |(serial, role, at): (String, String, i64)| {
            ((role == Role::Consumer.name()) == players).then_some((serial, at))
        };
        let revoked: Vec<(String, i64)> = revoked.into_iter().filter_map(of_this_authority).collect();
        let list = self.authority.revocation_list(players, &revoked, self.clock.now());
        list.map_err(|e| RenewalError::Internal(e.into()))
    }

    /// How many certificates of each role were issued, are valid, have expired, were revoked; a passport's two count as one.
    pub async fn certificates(&self) -> Result<Vec<CertificateCount>, sqlx::Error> {
        let now = self.clock.now().0;
        let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT role, COUNT(*),
                    COUNT(CASE WHEN revoked_at IS NULL AND not_after >= $1 THEN 1 END),
                    COUNT(CASE WHEN revoked_at IS NULL AND not_after < $1 THEN 1 END),
                    COUNT(revoked_at)
             FROM certificates WHERE serial NOT IN (SELECT encryption_serial FROM consumers)
             GROUP BY role ORDER BY role",
        )
        .bind(now)
        .fetch_all(self.database.pool())
        .await?;
        let count = |(role, issued, valid, expired, revoked): (String, i64, i64, i64, i64)| {
            let [issued, valid, expired, revoked] = [issued, valid, expired, revoked].map(i64::unsigned_abs);
            CertificateCount { role, issued, valid, expired, revoked }
        };
        Ok(rows.into_iter().map(count).collect())
    }
}
