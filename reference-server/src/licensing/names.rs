//! Names in certificates (C9): they tell people who someone is and decide nothing, but two that are the same would deceive people. So a name
//! is certified for one key at a time in each role.

use axum::http::StatusCode;
use cadenza_protocol::cert::{CertificateChain, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::time::UnixTime;

use crate::api::ApiFailure;
use crate::db::Database;

/// The name belongs to another key.
#[derive(Debug, thiserror::Error)]
pub enum NameRefusal {
    /// Certified and neither run out nor withdrawn.
    #[error(
        "the name '{name}' is certified for another key (certificate {serial}); choose another name, or withdraw that certificate first: cadenza-server admin --data DIR revoke {serial}"
    )]
    Taken {
        /// The name.
        name: String,
        /// Whose it is.
        serial: String,
    },
    /// The tables cannot be read.
    #[error("the licensing center's certificates cannot be read; check the database: {0}")]
    Database(#[from] sqlx::Error),
}

impl From<NameRefusal> for ApiFailure {
    fn from(refusal: NameRefusal) -> Self {
        match refusal {
            NameRefusal::Taken { .. } => Self::new(StatusCode::CONFLICT, "name-taken", refusal.to_string()),
            NameRefusal::Database(error) => Self::internal(error),
        }
    }
}

/// May this certificate bear its name? People may be called the same.
pub(super) async fn check(
    database: &Database,
    wanted: &CertificateChain,
    role: Role,
    now: UnixTime,
) -> Result<(), NameRefusal> {
    if role == Role::Consumer {
        return Ok(());
    }
    let name = wanted.leaf().subject();
    let other: Option<(String,)> = sqlx::query_as(
        "SELECT serial FROM certificates WHERE role = $1 AND subject = $2 AND key_fingerprint <> $3 AND revoked_at IS NULL AND not_after >= $4",
    )
    .bind(role.name())
    .bind(&name)
    .bind(hex(&wanted.leaf().key_fingerprint()))
    .bind(now.0)
    .fetch_optional(database.pool())
    .await?;
    other.map_or(Ok(()), |(serial,)| Err(NameRefusal::Taken { name, serial }))
}

/// The name goes to this key: the owner of the data folder has lost the one before.
pub(super) async fn take_over(
    database: &Database,
    wanted: &CertificateChain,
    role: Role,
    now: UnixTime,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query(
        "UPDATE certificates SET revoked_at = $1, revoked_for = 'superseded' WHERE role = $2 AND subject = $3 AND key_fingerprint <> $4
           AND revoked_at IS NULL AND not_after >= $1",
    )
    .bind(now.0)
    .bind(role.name())
    .bind(wanted.leaf().subject())
    .bind(hex(&wanted.leaf().key_fingerprint()))
    .execute(database.pool())
    .await?;
    if done.rows_affected() > 0 {
        tracing::warn!(name = %wanted.leaf().subject(), "the certificates of this service's lost key were withdrawn");
    }
    Ok(())
}
