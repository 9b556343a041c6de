//! The merchant's secure log (B3, R1): what was taken for each track, what is owed for it, what was paid back. It is brought to the
//! licensing center like a content manager's, and held against that there.

use cadenza_protocol::audit_log::{EntryKind, RefundRecord, TakingRecord};
use cadenza_protocol::shop::OrderState;
use cadenza_protocol::time::UnixTime;

use super::Merchant;
use super::orders::rows::{ItemRow, OrderRow};
use crate::api::{ApiFailure, reach};

/// Longest title or artist in an entry, bytes.
const TEXT: usize = 4096;

impl Merchant {
    /// Whether something can be entered now: asked before money is taken that could then not be accounted for.
    pub(super) async fn can_enter(&self) -> Result<(), ApiFailure> {
        Ok(self.secure_log.pen().await.map(drop)?)
    }

    /// Marks an order paid, with an entry for each of its tracks, at once and once.
    pub(super) async fn enter_paid(&self, order: &OrderRow, paid_with: &str) -> Result<bool, ApiFailure> {
        let (items, now) = (self.item_rows(&order.order_id).await?, self.clock.now());
        let entries: Result<Vec<Vec<u8>>, ApiFailure> =
            items.iter().map(|item| Ok(item.taking(now, &order.currency)?.to_bytes())).collect();
        self.enter(order, (OrderState::Open, OrderState::Paid), Some(paid_with), EntryKind::Taking, &entries?)
            .await
    }

    /// Marks an order refunded, likewise.
    pub(super) async fn enter_refunded(&self, order: &OrderRow) -> Result<bool, ApiFailure> {
        let (items, now) = (self.item_rows(&order.order_id).await?, self.clock.now());
        let entries: Result<Vec<Vec<u8>>, ApiFailure> =
            items.iter().map(|item| Ok(item.refund(now, &order.currency)?.to_bytes())).collect();
        self.enter(order, (OrderState::Refunding, OrderState::Refunded), None, EntryKind::Refund, &entries?)
            .await
    }

    async fn enter(
        &self,
        order: &OrderRow,
        (from, to): (OrderState, OrderState),
        paid_with: Option<&str>,
        kind: EntryKind,
        entries: &[Vec<u8>],
    ) -> Result<bool, ApiFailure> {
        let mut pen = self.secure_log.pen().await?;
        let mut tx = self.database.begin_write().await?;
        let moved = sqlx::query(
            "UPDATE orders SET state = $1, paid_with = COALESCE($2, paid_with) WHERE order_id = $3 AND state = $4",
        )
        .bind(to.word())
        .bind(paid_with)
        .bind(&order.order_id)
        .bind(from.word())
        .execute(&mut *tx)
        .await?;
        let is_first = moved.rows_affected() == 1;
        for entry in entries.iter().filter(|_| is_first) {
            pen.enter(&mut tx, kind, entry).await?;
        }
        reach("books.entered")?;
        tx.commit().await?;
        reach("books.kept")?;
        pen.keep().await;
        Ok(is_first)
    }
}

impl ItemRow {
    fn taking(&self, at: UnixTime, currency: &str) -> Result<TakingRecord, ApiFailure> {
        let (cost_cents, retail_cents) = self.amounts()?;
        let cut = |text: &str| text[..text.floor_char_boundary(TEXT)].to_owned();
        Ok(TakingRecord {
            at,
            voucher_id: self.voucher_id()?,
            media_id: self.media_id()?,
            title: cut(&self.title),
            artist: cut(&self.artist),
            sold: self.sold.parse().map_err(ApiFailure::internal)?,
            cost_cents,
            retail_cents,
            currency: currency.to_owned(),
            quality: self.quality.clone(),
        })
    }

    fn refund(&self, at: UnixTime, currency: &str) -> Result<RefundRecord, ApiFailure> {
        let (cost_cents, retail_cents) = self.amounts()?;
        let voucher_id = self.voucher_id()?;
        Ok(RefundRecord { at, voucher_id, cost_cents, retail_cents, currency: currency.to_owned() })
    }

    fn amounts(&self) -> Result<(u32, u32), ApiFailure> {
        let cents = |cents: i64| u32::try_from(cents).map_err(ApiFailure::internal);
        Ok((cents(self.cost_cents.unwrap_or(-1))?, cents(self.price_cents)?))
    }
}
