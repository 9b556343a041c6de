//! Whether a sale that a copy names stands in its content manager's log, and by when it did.

use cadenza_protocol::audit_log::{EntryKind, EntryPlace, SaleRecord, StampRecord, log_name};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::time_stamp::AHEAD_SECONDS;
use serde::Serialize;

use super::audit::AuditError;
use super::compare::entries;
use super::rows::{LogState, writer_of};
use crate::licensing::archive::Archive;

/// What the log says of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Entered {
    /// It is where the copy says.
    Here {
        /// By when, Unix seconds: the first stamp behind it; none yet.
        stamped_at: Option<UnixTime>,
    },
    /// The log was not brought that far.
    NotBroughtYet,
    /// That content manager has no such log, or the entry is something else: the record of purchase was made up.
    Missing,
}

/// A sale as a record of purchase claims it.
#[derive(Debug)]
pub struct Claim<'a> {
    /// Where it is said to stand.
    pub place: EntryPlace,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// The song.
    pub media_id: MediaId,
    /// Which audio image.
    pub quality: &'a str,
    /// Whose grant it is: only that log counts.
    pub content_manager: &'a Certificate,
    /// When it was granted, by the content manager's own word; the sale is entered before.
    pub granted_at: UnixTime,
}

/// Looks a sale up.
pub async fn find_sale(archive: &Archive, claim: &Claim<'_>) -> Result<Entered, AuditError> {
    let log = log_name(&claim.place.log);
    let row: Option<(String, String, Option<i64>)> =
        sqlx::query_as("SELECT sealed_secret, state, agreed_at FROM logs WHERE log_id = $1 AND writer = $2")
            .bind(&log)
            .bind(writer_of(claim.content_manager))
            .fetch_optional(archive.database.pool())
            .await?;
    let Some((secret, state, agreed_at)) = row else { return Ok(Entered::Missing) };
    let all = entries(archive, &log, &secret).await?;
    let Some(entry) = usize::try_from(claim.place.number).ok().and_then(|number| all.get(number)) else {
        let is_open = state == LogState::Open.word();
        let was_due = agreed_at.is_some_and(|at| at > claim.granted_at.0 + AHEAD_SECONDS);
        return Ok(if is_open && !was_due { Entered::NotBroughtYet } else { Entered::Missing });
    };
    let is_it = entry.kind == EntryKind::Sale
        && SaleRecord::from_bytes(&entry.content).is_ok_and(|sale| {
            let said = (sale.voucher_id, sale.media_id, sale.quality.as_str());
            said == (claim.voucher_id, claim.media_id, claim.quality)
        });
    if !is_it {
        return Ok(Entered::Missing);
    }
    let stamped_at = all.iter().filter(|entry| entry.kind == EntryKind::Stamped).find_map(|entry| {
        let record = StampRecord::from_bytes(&entry.content).ok()?;
        let covers =
            record.entries > claim.place.number && record.verify(claim.place.log, &archive.root).is_ok();
        covers.then_some(record.stamp.at)
    });
    Ok(Entered::Here { stamped_at })
}
