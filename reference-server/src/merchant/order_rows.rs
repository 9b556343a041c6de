//! Rows of the `orders` and `order_items` tables, and what stands in them as messages.

use cadenza_protocol::id::{MediaId, VoucherId, unhex};
use cadenza_protocol::reserve::{AuthorizationToken, AuthorizeRequest, DeliverItem};
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::shop::{OrderItem, OrderState};

use super::Merchant;
use crate::api::ApiFailure;
use crate::db::Database;

/// An order.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct OrderRow {
    pub order_id: String,
    pub wanted: String,
    #[sqlx(try_from = "String")]
    pub state: OrderState,
    pub refusal: Option<String>,
    pub total_cents: i64,
    pub currency: String,
    pub paid_with: Option<String>,
}

/// One line of an order.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ItemRow {
    pub position: i64,
    pub media_id: String,
    pub title: String,
    pub artist: String,
    pub quality: String,
    pub price_cents: i64,
    pub voucher_id: Option<String>,
    pub authorization: Option<String>,
    pub receipt: Option<String>,
}

impl ItemRow {
    /// The track.
    pub fn media_id(&self) -> Result<MediaId, ApiFailure> {
        self.media_id.parse().map_err(ApiFailure::internal)
    }

    fn voucher_id(&self) -> Result<VoucherId, ApiFailure> {
        self.voucher_id.as_deref().unwrap_or_default().parse().map_err(ApiFailure::internal)
    }

    /// The next step with its reservation.
    pub fn step(&self) -> Result<AuthorizeRequest, ApiFailure> {
        let token = self.authorization.as_deref().and_then(unhex).and_then(|bytes| bytes.try_into().ok());
        let authorization = token
            .map(AuthorizationToken::from_bytes)
            .ok_or_else(|| ApiFailure::internal("an order line has no token"))?;
        Ok(AuthorizeRequest { voucher_id: self.voucher_id()?, authorization })
    }

    /// It, with its receipt.
    pub fn deliverable(self, database: &Database) -> Result<DeliverItem, ApiFailure> {
        let voucher = self.voucher_id.as_deref().unwrap_or_default();
        let receipt = database.unseal(voucher, self.receipt.as_deref().unwrap_or_default());
        let token = unhex(&receipt.map_err(ApiFailure::internal)?).and_then(|bytes| bytes.try_into().ok());
        let receipt = token
            .map(ReceiptToken::from_bytes)
            .ok_or_else(|| ApiFailure::internal("an order line has no receipt"))?;
        Ok(DeliverItem { voucher_id: self.voucher_id()?, receipt })
    }

    /// It, for the buyer.
    pub fn bought(self) -> Result<OrderItem, ApiFailure> {
        let (media_id, voucher_id) = (self.media_id()?, self.voucher_id()?);
        let price_cents = self.price_cents.unsigned_abs();
        Ok(OrderItem {
            media_id,
            voucher_id,
            title: self.title,
            artist: self.artist,
            quality: self.quality,
            price_cents,
        })
    }
}

impl Merchant {
    pub(super) async fn order_by_key(&self, key: &str) -> Result<Option<OrderRow>, sqlx::Error> {
        sqlx::query_as("SELECT order_id, wanted, state, refusal, total_cents, currency, paid_with FROM orders WHERE idempotency_key = $1")
            .bind(key)
            .fetch_optional(self.database.pool())
            .await
    }

    pub(super) async fn order_row(&self, order_id: &str) -> Result<OrderRow, ApiFailure> {
        let row: Option<OrderRow> = sqlx::query_as("SELECT order_id, wanted, state, refusal, total_cents, currency, paid_with FROM orders WHERE order_id = $1")
            .bind(order_id)
            .fetch_optional(self.database.pool())
            .await?;
        row.ok_or_else(|| ApiFailure::not_found("there is no such order"))
    }

    pub(super) async fn item_rows(&self, order_id: &str) -> Result<Vec<ItemRow>, sqlx::Error> {
        sqlx::query_as(
            "SELECT position, media_id, title, artist, quality, price_cents, voucher_id, \"authorization\", receipt
             FROM order_items WHERE order_id = $1 ORDER BY position",
        )
        .bind(order_id)
        .fetch_all(self.database.pool())
        .await
    }
}
