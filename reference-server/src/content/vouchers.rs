//! Rows of the `vouchers` table: every transaction and the state it is in (B2).
//!
//! A preview is `open` until it runs out. A purchase goes pending, purchased, delivered; a reservation that was not authorized
//! in time, or that the merchant gives up, is expired; one whose money went back is refunded. Lapsing is decided by the clock when someone looks, and swept now and then.

use axum::http::StatusCode;
use cadenza_protocol::api::code;
use cadenza_protocol::audit_log::{EntryPlace, parse_log_name};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::{MediaId, VoucherId, unhex};
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::shop::sold::Sold;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile, VoucherKind, VoucherTrack};

use super::ContentManager;
use crate::api::ApiFailure;
use crate::db::UnknownWord;

/// Where a voucher is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VoucherState {
    /// A preview: to listen by, never a purchase.
    Open,
    /// Reserved, not authorized: (i) of the source.
    Pending,
    /// Authorized, not delivered: (ii).
    Purchased,
    /// Delivered and confirmed: (iii).
    Delivered,
    /// Lapsed or given up.
    Expired,
    /// The money went back; keys that were handed out stay with the buyer.
    Refunded,
}

impl TryFrom<String> for VoucherState {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        match word.as_str() {
            "open" => Ok(Self::Open),
            "pending" => Ok(Self::Pending),
            "purchased" => Ok(Self::Purchased),
            "delivered" => Ok(Self::Delivered),
            "expired" => Ok(Self::Expired),
            "refunded" => Ok(Self::Refunded),
            _ => Err(UnknownWord(word)),
        }
    }
}

/// A voucher as the table has it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct VoucherRow {
    pub voucher_id: String,
    pub kind: String,
    #[sqlx(try_from = "String")]
    state: VoucherState,
    pub media_id: String,
    pub sha256: Option<String>,
    pub quality: Option<String>,
    pub sold: Option<String>,
    pub cost_cents: Option<i64>,
    pub retail_cents: Option<i64>,
    pub currency: Option<String>,
    pub merchant: String,
    pub expires_at: i64,
    pub authorization: Option<String>,
    pub authorized_with: Option<String>,
    pub receipt: Option<String>,
    /// The buyer's key, where nobody else may redeem it.
    pub only_for: Option<String>,
    pub redeemed_by: Option<String>,
    pub redeemed_serial: Option<String>,
    pub redeemed_at: Option<i64>,
    log_id: Option<String>,
    log_entry: Option<i64>,
}

/// What a track was sold as, what the merchant owes and what it took; cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub sold: Sold,
    pub cost_cents: u32,
    pub retail_cents: u32,
    pub currency: String,
}

impl VoucherRow {
    /// The state at `now`: a reservation past its time counts as expired although no sweep has seen it.
    pub fn state(&self, now: UnixTime) -> VoucherState {
        match self.state {
            VoucherState::Pending if now.0 > self.expires_at => VoucherState::Expired,
            kept => kept,
        }
    }

    /// What it was sold as, and for how much.
    pub fn terms(&self) -> Result<Terms, ApiFailure> {
        let cents = |cents: Option<i64>| u32::try_from(cents.unwrap_or(-1)).map_err(ApiFailure::internal);
        Ok(Terms {
            sold: self.sold.as_deref().unwrap_or_default().parse().map_err(ApiFailure::internal)?,
            cost_cents: cents(self.cost_cents)?,
            retail_cents: cents(self.retail_cents)?,
            currency: self.currency.clone().unwrap_or_default(),
        })
    }

    /// Where its sale was entered; nowhere before it is redeemed.
    pub fn sale(&self) -> Option<EntryPlace> {
        let log = parse_log_name(self.log_id.as_deref()?)?;
        Some(EntryPlace { log, number: u64::try_from(self.log_entry?).ok()? })
    }

    /// The track it is for.
    pub fn media_id(&self) -> Result<MediaId, ApiFailure> {
        self.media_id.parse().map_err(ApiFailure::internal)
    }
}

impl ContentManager {
    /// Signs a voucher for whoever will hold it (O6), in the name of the merchant who asked for it.
    pub(super) fn issue_voucher(
        &self,
        kind: VoucherKind,
        tracks: Vec<VoucherTrack>,
        issued: UnixTime,
        expires: UnixTime,
        merchant: &Certificate,
    ) -> Result<VoucherFile, ApiFailure> {
        let (root, merchant_key) = (self.tls.root().fingerprint(), merchant.key_fingerprint());
        let voucher = MediaVoucher { kind, tracks, issued, expires, root, merchant_key, gift: false };
        let identity = self.tls.identity();
        let key = SigningKey::from_pkcs8_der(identity.key_pkcs8()).map_err(ApiFailure::internal)?;
        Ok(voucher.sign(&key, identity.chain().clone()))
    }

    /// Finds a voucher.
    pub(super) async fn voucher(&self, voucher_id: &VoucherId) -> Result<VoucherRow, ApiFailure> {
        sqlx::query_as(
            "SELECT voucher_id, kind, state, media_id, sha256, quality, sold, cost_cents, retail_cents, currency, merchant,
                    expires_at, \"authorization\", authorized_with, receipt, only_for, redeemed_by, redeemed_serial, redeemed_at, log_id, log_entry
             FROM vouchers WHERE voucher_id = $1",
        )
        .bind(voucher_id.to_string())
        .fetch_optional(self.database.pool())
        .await?
        .ok_or_else(|| ApiFailure::new(StatusCode::NOT_FOUND, "unknown-voucher", "this voucher is not known here; get a new one from the store"))
    }

    /// The secret between content manager and buyer.
    pub(super) fn receipt(&self, row: &VoucherRow) -> Result<ReceiptToken, ApiFailure> {
        let sealed = row.receipt.as_deref().unwrap_or_default();
        let text = self.database.unseal(&row.voucher_id, sealed).map_err(ApiFailure::internal)?;
        let bytes = unhex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(ReceiptToken::from_bytes).ok_or_else(|| ApiFailure::internal("a stored receipt is damaged"))
    }

    /// Marks what has lapsed, and forgets previews that nobody plays and uploads that nobody goes on with.
    pub async fn sweep(&self) -> Result<(), ApiFailure> {
        self.sweep_uploads().await?;
        let now = self.now();
        sqlx::query("UPDATE vouchers SET state = 'expired' WHERE state = 'pending' AND expires_at < $1")
            .bind(now.0)
            .execute(self.database.pool())
            .await?;
        sqlx::query("DELETE FROM vouchers WHERE state = 'open' AND expires_at < $1")
            .bind(now.plus_days(-1).0)
            .execute(self.database.pool())
            .await?;
        sqlx::query("DELETE FROM streams WHERE allocated_at < $1")
            .bind(now.plus_days(-1).0)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }
}

/// The refusal for a voucher that has run out.
pub(super) fn lapsed() -> ApiFailure {
    ApiFailure::new(
        StatusCode::GONE,
        code::VOUCHER_EXPIRED,
        "this voucher has expired; get a new one from the store",
    )
}

/// The refusal for a voucher whose money went back.
pub(super) fn refunded() -> ApiFailure {
    ApiFailure::new(
        StatusCode::GONE,
        "voucher-refunded",
        "this purchase was refunded: what was delivered before stays playable, nothing more is delivered; buy the track again to download it",
    )
}
