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
    /// Certified, or one that looks like it, and neither run out nor withdrawn.
    #[error(
        "the name '{name}', or one that looks the same, is certified for another key (certificate {serial}); choose another name, or withdraw that certificate first: cadenza-server admin --data DIR revoke {serial}"
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
    let others: Vec<(String, String)> = sqlx::query_as(
        "SELECT serial, subject FROM certificates WHERE role = $1 AND key_fingerprint <> $2 AND revoked_at IS NULL AND not_after >= $3",
    )
    .bind(role.name())
    .bind(hex(&wanted.leaf().key_fingerprint()))
    .bind(now.0)
    .fetch_all(database.pool())
    .await?;
    let looks = folded(&name);
    let other = others.into_iter().find(|(_, subject)| folded(subject) == looks);
    other.map_or(Ok(()), |(serial, _)| Err(NameRefusal::Taken { name, serial }))
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

/// A name as people see it: without what has no shape, in small letters, with single blanks.
fn folded(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Controls, joiners, marks of direction, fillers, variation selectors and tags.
fn is_invisible(c: char) -> bool {
    let shapeless = matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{E0000}'..='\u{E0FFF}'
    );
    shapeless || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    // C9
    #[test]
    fn names_that_look_the_same_are_the_same() {
        for name in ["Ada Example ", " ada  EXAMPLE", "Ada\u{200B} Example", "A\u{AD}da\u{A0}Example\u{FEFF}"]
        {
            assert_eq!(folded(name), "ada example", "{name:?}");
        }
        assert_ne!(folded("Ada Example"), folded("Ada Exemple"));
    }
}
