//! Merchants' logs held against content managers', transaction by transaction (R1): what was taken, what is owed, what was paid back.
//!
//! Both are read from the entries that the licensing center verified when they came. A sale stands in a content manager's log once its
//! voucher is redeemed, a taking in a merchant's log once it is paid: in between, a purchase stands in one of them only, and is named.

use std::collections::{BTreeMap, BTreeSet};

use cadenza_protocol::audit_log::{
    EntryKind, LogReader, OpenedEntry, RefundRecord, SaleRecord, TakingRecord, parse_log_name,
};
use cadenza_protocol::cert::Role;
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::shop::sold::Sold;
use serde::Serialize;

use super::audit::AuditError;
use super::rows::Sealed;
use crate::licensing::archive::Archive;
use crate::text::from_base64;

/// Amounts of one log or of all, cents; what was paid back is subtracted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Owed to content managers.
    pub cost_cents: i64,
    /// Taken from buyers.
    pub retail_cents: i64,
}

/// What both sides say, in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sides {
    /// Merchants.
    pub merchants: Totals,
    /// Content managers.
    pub content_managers: Totals,
}

/// One thing that the two sides do not say alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The transaction.
    pub voucher_id: VoucherId,
    /// Stable code.
    pub code: &'static str,
    /// In words, with both values.
    pub what: String,
}

/// What a comparison found.
#[derive(Debug, Default, Serialize)]
pub struct Comparison {
    /// Transactions that both sides tell alike.
    pub agree: usize,
    /// Everything else.
    pub differences: Vec<Difference>,
    /// By currency.
    pub totals: BTreeMap<String, Sides>,
}

/// What one side says of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    sold: Sold,
    quality: String,
    currency: String,
    cost_cents: u32,
    retail_cents: u32,
    times: u32,
}

#[derive(Debug, Default)]
struct Side {
    told: BTreeMap<VoucherId, Told>,
    refunds: BTreeMap<VoucherId, Vec<RefundRecord>>,
}

/// Compares all logs of this licensing center.
pub async fn compare(archive: &Archive) -> Result<Comparison, AuditError> {
    let logs: Vec<(String, String, String)> =
        sqlx::query_as("SELECT log_id, role, sealed_secret FROM logs ORDER BY opened_at, log_id")
            .fetch_all(archive.database.pool())
            .await?;
    let (mut merchants, mut managers) = (Side::default(), Side::default());
    for (log, role, secret) in logs {
        let is_merchant = role == Role::Merchant.name();
        let side = if is_merchant { &mut merchants } else { &mut managers };
        for entry in entries(archive, &log, &secret).await? {
            side.hear(&entry, is_merchant).ok_or_else(|| AuditError::Damaged(log.clone()))?;
        }
    }
    Ok(judge(&merchants, &managers))
}

/// Every entry that the licensing center has of a log.
pub(super) async fn entries(
    archive: &Archive,
    log: &str,
    sealed_secret: &str,
) -> Result<Vec<OpenedEntry>, AuditError> {
    let damaged = || AuditError::Damaged(log.to_owned());
    let secret = Sealed::Secret.open(&archive.master, log, sealed_secret)?;
    let secret = Secret::<32>::from_slice(&secret).ok_or_else(damaged)?;
    let mut reader = LogReader::new(parse_log_name(log).ok_or_else(damaged)?, secret);
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT entry FROM log_entries WHERE log_id = $1 ORDER BY number")
            .bind(log)
            .fetch_all(archive.database.pool())
            .await?;
    let open = |(row,): &(String,)| reader.accept(&from_base64(row)?).ok();
    rows.iter().map(open).collect::<Option<Vec<_>>>().ok_or_else(damaged)
}

impl Side {
    /// Takes an entry in; `None` when it cannot be read.
    fn hear(&mut self, entry: &OpenedEntry, is_merchant: bool) -> Option<()> {
        match entry.kind {
            EntryKind::Taking if is_merchant => {
                let TakingRecord { voucher_id, sold, quality, currency, cost_cents, retail_cents, .. } =
                    TakingRecord::from_bytes(&entry.content).ok()?;
                self.tell(voucher_id, Told { sold, quality, currency, cost_cents, retail_cents, times: 1 });
            }
            EntryKind::Sale if !is_merchant => {
                let SaleRecord { voucher_id, sold, quality, currency, cost_cents, retail_cents, .. } =
                    SaleRecord::from_bytes(&entry.content).ok()?;
                self.tell(voucher_id, Told { sold, quality, currency, cost_cents, retail_cents, times: 1 });
            }
            EntryKind::Refund => {
                let refund = RefundRecord::from_bytes(&entry.content).ok()?;
                self.refunds.entry(refund.voucher_id).or_default().push(refund);
            }
            EntryKind::Opened
            | EntryKind::Closed
            | EntryKind::Preview
            | EntryKind::Stamped
            | EntryKind::Sale
            | EntryKind::Taking => {}
        }
        Some(())
    }

    fn tell(&mut self, voucher_id: VoucherId, told: Told) {
        self.told.entry(voucher_id).and_modify(|known| known.times += 1).or_insert(told);
    }

    /// What was paid back of a transaction: owed and taken, in words.
    fn paid_back(&self, voucher_id: VoucherId) -> Vec<String> {
        let words = |refund: &RefundRecord| {
            let (cost, retail) = (money(refund.cost_cents), money(refund.retail_cents));
            format!("{retail} {} ({cost} of it owed)", refund.currency)
        };
        let mut all: Vec<String> = self.refunds.get(&voucher_id).into_iter().flatten().map(words).collect();
        all.sort();
        all
    }

    /// Adds what this side says up.
    fn total(&self, totals: &mut BTreeMap<String, Sides>, part: fn(&mut Sides) -> &mut Totals) {
        let mut add = |currency: &str, cost: i64, retail: i64| {
            let totals = part(totals.entry(currency.to_owned()).or_default());
            totals.cost_cents += cost;
            totals.retail_cents += retail;
        };
        for told in self.told.values() {
            let times = i64::from(told.times);
            add(&told.currency, times * i64::from(told.cost_cents), times * i64::from(told.retail_cents));
        }
        for refund in self.refunds.values().flatten() {
            add(&refund.currency, -i64::from(refund.cost_cents), -i64::from(refund.retail_cents));
        }
    }
}

fn judge(merchants: &Side, managers: &Side) -> Comparison {
    let mut comparison = Comparison::default();
    merchants.total(&mut comparison.totals, |sides| &mut sides.merchants);
    managers.total(&mut comparison.totals, |sides| &mut sides.content_managers);
    let all: BTreeSet<VoucherId> = [merchants, managers]
        .iter()
        .flat_map(|side| side.told.keys().chain(side.refunds.keys()))
        .copied()
        .collect();
    for voucher_id in all {
        let before = comparison.differences.len();
        let mut name =
            |code, what: String| comparison.differences.push(Difference { voucher_id, code, what });
        one(voucher_id, merchants, managers, &mut name);
        comparison.agree += usize::from(comparison.differences.len() == before);
    }
    comparison
}

fn one(voucher_id: VoucherId, merchants: &Side, managers: &Side, name: &mut dyn FnMut(&'static str, String)) {
    let refunds = |side: &Side| side.refunds.get(&voucher_id).map_or(0, Vec::len);
    let (taken_back, given_back) = (refunds(merchants), refunds(managers));
    match (merchants.told.get(&voucher_id), managers.told.get(&voucher_id)) {
        (Some(taken), Some(owed)) => {
            let mut differs = |code, is_other: bool, at_merchant: String, at_manager: String| {
                if is_other {
                    name(code, format!("the merchant says {at_merchant}, the content manager {at_manager}"));
                }
            };
            differs(
                "cost",
                taken.cost_cents != owed.cost_cents,
                money(taken.cost_cents),
                money(owed.cost_cents),
            );
            differs(
                "retail",
                taken.retail_cents != owed.retail_cents,
                money(taken.retail_cents),
                money(owed.retail_cents),
            );
            differs(
                "currency",
                taken.currency != owed.currency,
                taken.currency.clone(),
                owed.currency.clone(),
            );
            differs("sold-as", taken.sold != owed.sold, taken.sold.word().into(), owed.sold.word().into());
            differs("quality", taken.quality != owed.quality, taken.quality.clone(), owed.quality.clone());
            let times = |told: &Told| format!("{} times", told.times);
            differs("entered-twice", taken.times != 1 || owed.times != 1, times(taken), times(owed));
            let refunded = |count: usize| format!("{count} refunds");
            differs("refund", taken_back != given_back, refunded(taken_back), refunded(given_back));
            let (merchant, manager) = (merchants.paid_back(voucher_id), managers.paid_back(voucher_id));
            let is_other = taken_back == given_back && merchant != manager;
            differs("refund-amount", is_other, merchant.join(", "), manager.join(", "));
        }
        // paid back before it was redeemed: nothing is owed, and nothing was kept
        (Some(_), None) if taken_back > 0 && given_back == 0 => {}
        (Some(taken), None) => {
            let (amount, currency) = (money(taken.retail_cents), &taken.currency);
            name(
                "not-delivered",
                format!("the merchant took {amount} {currency}, no content manager has handed it out yet"),
            );
        }
        (None, Some(owed)) => {
            let (amount, currency) = (money(owed.cost_cents), &owed.currency);
            name(
                "not-taken",
                format!(
                    "a content manager handed it out for {amount} {currency}, no merchant says that it was paid"
                ),
            );
        }
        (None, None) => name("refund", "it was paid back, and nobody says that it was sold".into()),
    }
}

fn money(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
