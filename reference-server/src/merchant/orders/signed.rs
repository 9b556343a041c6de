//! Orders that the buyer's passport signed: held against what this merchant knows, and handed on to the content manager, which does the
//! same and alone knows who redeemed what. What counts towards an album is what was paid for here and not paid back.

use cadenza_protocol::cert::RevocationLists;
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::shop::price::Bought;
use cadenza_protocol::shop::signed_order::{Counter, OrderError, SignedOrder};
use cadenza_protocol::shop::{OrderState, OrderedTrack};
use cadenza_protocol::signed::SignedMessage;

use super::rows::OrderRow;
use crate::api::ApiFailure;
use crate::content::signed_order::refuse;
use crate::merchant::Merchant;
use crate::merchant::inventory::Shelves;

/// An earlier purchase that counts.
#[derive(Debug)]
pub(super) struct Counted {
    pub voucher_id: VoucherId,
    media_id: MediaId,
    album: String,
    quality: String,
    paid_cents: u64,
}

impl Counted {
    /// As the price rule takes it.
    pub fn towards(&self) -> Bought<'_> {
        Bought { album: &self.album, quality: &self.quality, paid_cents: self.paid_cents }
    }
}

impl Merchant {
    /// What was signed, once it is found to be this order, for us. Whether the passport was withdrawn the content manager knows.
    pub(super) fn opened(
        &self,
        message: &SignedMessage,
        key: &str,
        items: &[OrderedTrack],
        shelves: &Shelves,
    ) -> Result<SignedOrder, ApiFailure> {
        let here = Counter {
            root: self.tls.root(),
            merchant_key: self.tls.identity().chain().leaf().key_fingerprint(),
            content_manager_key: shelves.content_manager_key(),
            currency: self.currency,
            at: self.clock.now(),
        };
        let opened = SignedOrder::open(message, here, &RevocationLists::none()).map_err(refuse)?;
        opened.order.check_order(key, items).map_err(refuse)?;
        Ok(opened.order)
    }

    /// What was paid for the purchases that an order shows.
    pub(super) async fn bought_before(
        &self,
        shown: &[VoucherId],
        items: &[OrderedTrack],
        shelves: &Shelves,
    ) -> Result<Vec<Counted>, ApiFailure> {
        let mut all: Vec<Counted> = Vec::with_capacity(shown.len());
        for voucher_id in shown {
            let row: Option<(String, String, i64)> = sqlx::query_as(
                "SELECT i.media_id, i.quality, i.price_cents FROM order_items i JOIN orders o ON o.order_id = i.order_id
                 WHERE i.voucher_id = $1 AND o.state = $2",
            )
            .bind(voucher_id.to_string())
            .bind(OrderState::Paid.word())
            .fetch_optional(self.database.pool())
            .await?;
            let (media_id, quality, paid_cents) = row.ok_or_else(|| refuse(OrderError::NotCounted))?;
            let media_id: MediaId = media_id.parse().map_err(ApiFailure::internal)?;
            let track = shelves.track(&media_id).ok_or_else(|| refuse(OrderError::NotCounted))?;
            let is_twice = all.iter().any(|known| known.media_id == media_id)
                || items.iter().any(|item| item.media_id == media_id);
            if is_twice {
                return Err(refuse(OrderError::NotCounted));
            }
            let (album, paid_cents) = (track.album_id.clone(), paid_cents.unsigned_abs());
            all.push(Counted { voucher_id: *voucher_id, media_id, album, quality, paid_cents });
        }
        Ok(all)
    }

    /// An order that was left open is asked for again: the new signature takes the place of the old, whose minutes may be over.
    pub(super) async fn signed_again(
        &self,
        row: OrderRow,
        key: &str,
        items: &[OrderedTrack],
        signed: Option<SignedMessage>,
    ) -> Result<String, ApiFailure> {
        let Some(message) = signed else { return Ok(row.order_id) };
        let shelves = self.shelves_with_all(items).await?;
        let order = self.opened(&message, key, items, &shelves)?;
        for item in self.item_rows(&row.order_id).await? {
            let cents = item.price_cents.unsigned_abs();
            order.check_price(&item.media_id()?, &item.quality, cents).map_err(refuse)?;
        }
        sqlx::query("UPDATE orders SET signed = $1 WHERE order_id = $2")
            .bind(self.kept(&row.order_id, Some(&message))?)
            .bind(&row.order_id)
            .execute(self.database.pool())
            .await?;
        Ok(row.order_id)
    }

    /// As the table keeps it: it names the order's key, so it is sealed like a receipt.
    pub(super) fn kept(
        &self,
        row: &str,
        signed: Option<&SignedMessage>,
    ) -> Result<Option<String>, ApiFailure> {
        let seal = |message| {
            let json = serde_json::to_string(message).map_err(ApiFailure::internal)?;
            self.database.seal(row, json).map_err(ApiFailure::internal)
        };
        signed.map(seal).transpose()
    }

    /// Whether one of an order's purchases made the rest of an album cheaper, in an order that was not paid back.
    pub(super) async fn counts_for_another(&self, order_id: &str) -> Result<bool, ApiFailure> {
        let mine = self.item_rows(order_id).await?;
        let counted: Vec<(String,)> = sqlx::query_as(
            "SELECT i.counted FROM order_items i JOIN orders o ON o.order_id = i.order_id
             WHERE i.counted <> '' AND o.order_id <> $1 AND o.state IN ($2, $3)",
        )
        .bind(order_id)
        .bind(OrderState::Open.word())
        .bind(OrderState::Paid.word())
        .fetch_all(self.database.pool())
        .await?;
        let is_mine = |id: &str| mine.iter().any(|item| item.voucher_id.as_deref() == Some(id));
        Ok(counted.iter().any(|(counted,)| counted.split(' ').any(is_mine)))
    }
}

/// Vouchers as the table keeps them.
pub(super) fn listed(ids: impl Iterator<Item = VoucherId>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
}

/// The same read back.
pub(super) fn unlisted(text: &str) -> Result<Vec<VoucherId>, ApiFailure> {
    text.split_whitespace().map(|id| id.parse().map_err(ApiFailure::internal)).collect()
}
