//! Enrolment tokens: one certificate for one service (C9).
//!
//! An operator has a token made for a role, a name and the hosts of a server. It is good once, for a while, for exactly that; never for a
//! licensing center or a person. Only its SHA-256 is kept. The key that it was used with renews without one: a signing request proves that
//! its sender holds the key. A service that asks again while its certificate is fresh gets the same certificate again, so that repeating a
//! request brings nothing.

use axum::http::StatusCode;
use cadenza_protocol::cert::{CertificateChain, Role};
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::line;
use cadenza_protocol::secret::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::authority::{Subject, lifetime_days};
use super::{LicensingCenter, insert_certificate};
use crate::api::ApiFailure;
use crate::config::is_host;

/// A token is good for this many hours unless the operator says otherwise.
pub const HOURS: u32 = 72;
/// Longer than this it never is.
const MOST_HOURS: u32 = 24 * 30;
/// Longest common name, characters (RFC 5280, appendix A.1).
const LONGEST_NAME: usize = 64;
/// Names and addresses of one server.
const MOST_HOSTS: usize = 16;
/// Names of this machine for itself; every service may have them.
const ITSELF: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What a token is made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// Role, in the words of [`Role::name`].
    pub role: String,
    /// Common name.
    pub name: String,
    /// Names and addresses of a server.
    pub hosts: Vec<String>,
    /// Hours from now for which it is good.
    pub hours: u32,
}

/// A role that a service, an author, a hub or a rights agent can be enrolled for.
pub(super) fn enrollable(name: &str) -> Result<Role, ApiFailure> {
    let role = Role::ALL.iter().copied().find(|role| role.name() == name);
    match role {
        Some(Role::LicensingCenter | Role::Consumer) | None => Err(ApiFailure::new(
            StatusCode::FORBIDDEN,
            "role-not-enrolled",
            "no token makes this role; name that of a service, an author, a hub or a rights agent",
        )),
        Some(role) => Ok(role),
    }
}

impl LicensingCenter {
    /// Makes a token; it is told once, and only its hash is kept.
    pub async fn permit(&self, permit: &Permit) -> Result<Zeroizing<String>, ApiFailure> {
        let role = enrollable(&permit.role)?;
        check(permit)?;
        let token = Secret::<32>::random();
        let now = self.clock.now().0;
        sqlx::query(
            "INSERT INTO enrolment_tokens (tag, role, name, hosts, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(tag(token.expose()))
        .bind(role.name())
        .bind(permit.name.trim())
        .bind(hosts_of(&permit.hosts))
        .bind(now)
        .bind(now + i64::from(permit.hours.clamp(1, MOST_HOURS)) * 3_600)
        .execute(self.database.pool())
        .await?;
        tracing::info!(role = role.name(), name = permit.name, "an enrolment token was made");
        Ok(Zeroizing::new(hex(token.expose())))
    }

    /// The certificate that this token, or this key, may have: the one just made, or the one that its key has already.
    pub(super) async fn enrolled(
        &self,
        token: &str,
        subject: &Subject,
        made: CertificateChain,
    ) -> Result<CertificateChain, ApiFailure> {
        let (now, key) = (self.clock.now().0, hex(&made.leaf().key_fingerprint()));
        let shown = Zeroizing::new(unhex(token).unwrap_or_default());
        let (role, hosts) = (subject.role.name(), hosts_of(&subject.hosts));
        let mut tx = self.database.begin_write().await?;
        let first = sqlx::query(
            "UPDATE enrolment_tokens SET used_at = $1, key_fingerprint = $2
             WHERE tag = $3 AND role = $4 AND name = $5 AND hosts = $6 AND expires_at >= $1 AND used_at IS NULL",
        )
        .bind(now)
        .bind(&key)
        .bind(tag(&shown))
        .bind(role)
        .bind(&subject.name)
        .bind(&hosts)
        .execute(&mut *tx)
        .await?;
        if first.rows_affected() == 0 {
            let known: Option<(String,)> = sqlx::query_as(
                "SELECT c.chain_pem FROM certificates c WHERE c.key_fingerprint = $1 AND c.role = $2 AND c.subject = $3
                   AND EXISTS (SELECT 1 FROM enrolment_tokens t WHERE t.key_fingerprint = $1 AND t.role = $2 AND t.name = $3 AND t.hosts = $4)
                   AND NOT EXISTS (SELECT 1 FROM certificates r WHERE r.key_fingerprint = $1 AND r.revoked_at IS NOT NULL)
                 ORDER BY c.not_after DESC LIMIT 1",
            )
            .bind(&key)
            .bind(role)
            .bind(&subject.name)
            .bind(&hosts)
            .fetch_optional(&mut *tx)
            .await?;
            let (pem,) = known.ok_or_else(wrong_token)?;
            let last = CertificateChain::from_pem(&pem).map_err(ApiFailure::internal)?;
            let fresh = lifetime_days(subject.role) * 86_400 * 2 / 3;
            if last.leaf().not_after().0 - now > fresh {
                return Ok(last);
            }
        }
        insert_certificate(&made, subject.role).execute(&mut *tx).await?;
        tx.commit().await?;
        tracing::info!(name = %subject.name, role, "certificate issued by request");
        Ok(made)
    }
}

/// Refuses what no certificate could say.
fn check(permit: &Permit) -> Result<(), ApiFailure> {
    let refused = |why: &str, field: &str| {
        Err(ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-form", why).in_field(field))
    };
    let name = permit.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !line::is_line(name) {
        return refused("a service's name is one line of 1 to 64 characters", "name");
    }
    if permit.hosts.len() > MOST_HOSTS || !permit.hosts.iter().all(|host| is_host(host.trim())) {
        let why = "hosts are at most 16 names or addresses, without https:// and port";
        return refused(why, "hosts");
    }
    Ok(())
}

fn wrong_token() -> ApiFailure {
    ApiFailure::new(
        StatusCode::FORBIDDEN,
        "wrong-token",
        "this enrolment token is not good for that role, name and hosts, or it was used or has run out; have one made at the licensing center: cadenza-server admin --data DIR enrol",
    )
}

fn tag(token: &[u8]) -> String {
    hex(&sha256(token))
}

/// Hosts as the table has them: sorted, without this machine's names for itself.
fn hosts_of(hosts: &[String]) -> String {
    let mut hosts: Vec<String> = hosts.iter().map(|host| host.trim().to_lowercase()).collect();
    hosts.retain(|host| !host.is_empty() && !ITSELF.contains(&host.as_str()));
    hosts.sort();
    hosts.dedup();
    hosts.join("\n")
}
