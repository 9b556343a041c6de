//! Whether a sale that a copy names stands in its content manager's log, and by when it did.

use cadenza_protocol::audit_log::{EntryKind, EntryPlace, SaleRecord, StampRecord, log_name};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::time::UnixTime;
use serde::Serialize;

use super::audit::AuditError;
use super::compare::entries;
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
    /// There is no such log, or that entry is something else: the record of purchase was made up.
    Missing,
}

/// Looks a sale up.
pub async fn find_sale(
    archive: &Archive,
    sale: EntryPlace,
    voucher_id: VoucherId,
) -> Result<Entered, AuditError> {
    let log = log_name(&sale.log);
    let row: Option<(String,)> = sqlx::query_as("SELECT sealed_secret FROM logs WHERE log_id = $1")
        .bind(&log)
        .fetch_optional(archive.database.pool())
        .await?;
    let Some((secret,)) = row else { return Ok(Entered::Missing) };
    let all = entries(archive, &log, &secret).await?;
    let Some(entry) = usize::try_from(sale.number).ok().and_then(|number| all.get(number)) else {
        return Ok(Entered::NotBroughtYet);
    };
    let is_it = entry.kind == EntryKind::Sale
        && SaleRecord::from_bytes(&entry.content).is_ok_and(|record| record.voucher_id == voucher_id);
    if !is_it {
        return Ok(Entered::Missing);
    }
    let stamped_at = all.iter().filter(|entry| entry.kind == EntryKind::Stamped).find_map(|entry| {
        let record = StampRecord::from_bytes(&entry.content).ok()?;
        let covers = record.entries > sale.number && record.verify(sale.log, &archive.root).is_ok();
        covers.then_some(record.stamp.at)
    });
    Ok(Entered::Here { stamped_at })
}
