//! Rows of the `orders` and `order_items` tables, and what stands in them as messages.

use cadenza_protocol::id::{MediaId, VoucherId, unhex};
use cadenza_protocol::reserve::{AuthorizationToken, AuthorizeRequest, DeliverItem};
use cadenza_protocol::secret::ReceiptToken;
use cadenza_protocol::shop::{Order, OrderItem, OrderState};
use cadenza_protocol::signed::SignedMessage;

use super::names;
use crate::api::ApiFailure;
use crate::db::Database;
use crate::merchant::Merchant;

/// An order.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::merchant) struct OrderRow {
    /// The row's own ([`names`]).
    pub order_id: String,
    /// By which it is found, and whose turn it is.
    pub idempotency_key: String,
    pub wanted: String,
    #[sqlx(try_from = "String")]
    pub state: OrderState,
    pub refusal: Option<String>,
    pub total_cents: i64,
    pub currency: String,
    pub paid_with: Option<String>,
    signed: Option<String>,
    attempt: i64,
}

impl OrderRow {
    /// Whether reservations and money are on their way back.
    pub fn is_being_given_up(&self) -> bool {
        self.state == OrderState::Open && self.refusal.is_some()
    }

    /// What the buyer's passport signed.
    pub fn signed(&self, database: &Database) -> Result<Option<SignedMessage>, ApiFailure> {
        let read = |column: &String| {
            let json = database.unseal(&self.order_id, column).map_err(ApiFailure::internal)?;
            serde_json::from_str(&json).map_err(ApiFailure::internal)
        };
        self.signed.as_ref().map(read).transpose()
    }

    /// Names this attempt's payment to the processor: a declined one stays declined under its name, so the next gets another.
    pub fn payment_key(&self) -> String {
        if self.attempt == 0 { self.order_id.clone() } else { format!("{}.{}", self.order_id, self.attempt) }
    }
}

/// One line of an order.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::merchant) struct ItemRow {
    pub position: i64,
    pub media_id: String,
    pub title: String,
    pub artist: String,
    pub quality: String,
    pub sold: String,
    pub bundle: i64,
    pub counted: String,
    pub alone_cents: i64,
    pub price_cents: i64,
    pub cost_cents: Option<i64>,
    pub voucher_id: Option<String>,
    pub authorization: Option<String>,
    pub receipt: Option<String>,
}

impl ItemRow {
    /// The track.
    pub fn media_id(&self) -> Result<MediaId, ApiFailure> {
        self.media_id.parse().map_err(ApiFailure::internal)
    }

    /// Its transaction.
    pub fn voucher_id(&self) -> Result<VoucherId, ApiFailure> {
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

const ORDER: &str = "SELECT order_id, idempotency_key, wanted, state, refusal, total_cents, currency, paid_with, signed, attempt FROM orders";

impl Merchant {
    pub(super) async fn order_by_key(&self, key: &str) -> Result<Option<OrderRow>, sqlx::Error> {
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{ORDER} WHERE idempotency_key = $1")))
            .bind(names::found_by(key))
            .fetch_optional(self.database.pool())
            .await
    }

    pub(super) async fn order_row(&self, order_id: &str) -> Result<OrderRow, ApiFailure> {
        let row: Option<OrderRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{ORDER} WHERE order_id = $1")))
                .bind(order_id)
                .fetch_optional(self.database.pool())
                .await?;
        row.ok_or_else(|| ApiFailure::not_found("there is no such order"))
    }

    pub(in crate::merchant) async fn item_rows(&self, order_id: &str) -> Result<Vec<ItemRow>, sqlx::Error> {
        sqlx::query_as(
            "SELECT position, media_id, title, artist, quality, sold, bundle, counted, alone_cents, price_cents, cost_cents, voucher_id, \"authorization\", receipt
             FROM order_items WHERE order_id = $1 ORDER BY position",
        )
        .bind(order_id)
        .fetch_all(self.database.pool())
        .await
    }

    /// Orders whose money is neither taken for good nor given back.
    pub(super) async fn unsettled_orders(&self) -> Result<Vec<OrderRow>, sqlx::Error> {
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{ORDER} WHERE state IN ($1, $2) ORDER BY created_at")))
            .bind(OrderState::Open.word())
            .bind(OrderState::Refunding.word())
            .fetch_all(self.database.pool())
            .await
    }

    /// An order that money was taken for, as its buyer sees it, who calls it by this id.
    pub(super) async fn shown(&self, row: OrderRow, order_id: String) -> Result<Order, ApiFailure> {
        let items: Result<Vec<OrderItem>, ApiFailure> =
            self.item_rows(&row.order_id).await?.into_iter().map(ItemRow::bought).collect();
        Ok(Order {
            order_id,
            state: row.state,
            total_cents: row.total_cents.unsigned_abs(),
            currency: row.currency,
            paid_with: row.paid_with.unwrap_or_default(),
            items: items?,
        })
    }
}
