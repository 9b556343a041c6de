//! How orders end that are not simply paid: given up, refunded, or left open by a crash and settled later.
//!
//! What is about to happen is written down first, so that a crash in between is carried on by the next settling: an open order with a
//! refusal is being given up, one that is `refunding` is being paid back.

use axum::http::StatusCode;
use cadenza_protocol::shop::{Order, OrderState};

use super::KEY_REUSED;
use super::names;
use super::rows::OrderRow;
use super::steps::INTERRUPTED;
use crate::api::{ApiFailure, reach};
use crate::merchant::{Merchant, away};
use crate::payment::client::GivenBack;

impl Merchant {
    /// Gives reservations and money back. Until the processor has confirmed, the order stays open and is settled later.
    pub(super) async fn give_up(&self, order: &OrderRow, code: &str) -> Result<(), ApiFailure> {
        sqlx::query("UPDATE orders SET refusal = $1 WHERE order_id = $2 AND state = $3")
            .bind(code)
            .bind(&order.order_id)
            .bind(OrderState::Open.word())
            .execute(self.database.pool())
            .await?;
        reach("give-up.noted")?;
        for item in
            self.item_rows(&order.order_id).await?.into_iter().filter(|item| item.voucher_id.is_some())
        {
            if let Err(error) = self.content.send("/v1/commerce/expire", &item.step()?).await {
                tracing::warn!(%error, "a reservation was not taken back; it lapses by itself");
            }
        }
        reach("give-up.expired")?;
        let given_back = match code {
            // an order that these tables have lost was paid under this name, and delivered: that money is not this order's
            KEY_REUSED => GivenBack::NeverTaken,
            _ => self.payment.give_back(&order.payment_key()).await,
        };
        let state = match given_back {
            GivenBack::NeverTaken => OrderState::Refused,
            GivenBack::Refunded => OrderState::Refunded,
            GivenBack::Unconfirmed => {
                tracing::warn!("whether money was set aside is not known yet; asking again later");
                return Ok(());
            }
        };
        reach("give-up.given-back")?;
        sqlx::query("UPDATE orders SET state = $1 WHERE order_id = $2 AND state = $3")
            .bind(state.word())
            .bind(&order.order_id)
            .bind(OrderState::Open.word())
            .execute(self.database.pool())
            .await?;
        self.log(&order.order_id, state.word(), code).await
    }

    /// The row that an operator means: by what the buyer calls the order, by what stands in the merchant's log, or by one of its vouchers.
    async fn row_meant(&self, told: &str) -> Result<String, ApiFailure> {
        let of_buyer = names::row_of(told);
        let found: Option<(String,)> = sqlx::query_as(
            "SELECT order_id FROM orders WHERE order_id IN ($1, $2)
             UNION SELECT order_id FROM order_items WHERE voucher_id = $2",
        )
        .bind(&of_buyer)
        .bind(told)
        .fetch_optional(self.database.pool())
        .await?;
        Ok(found.map_or(of_buyer, |(row,)| row))
    }

    /// Pays a paid order back, for the operator, once, however often it is asked for. Keys that were handed out are not recalled; nothing is handed
    /// out any more.
    pub async fn refund(&self, order_id: &str) -> Result<Order, ApiFailure> {
        let row_id = self.row_meant(order_id).await?;
        let found = self.order_row(&row_id).await?;
        let _turn = self.orders.of(&found.idempotency_key).await;
        let row = self.order_row(&row_id).await?;
        match row.state {
            OrderState::Open | OrderState::Refused => Err(ApiFailure::new(
                StatusCode::CONFLICT,
                "not-paid",
                "this order is not paid, so there is nothing to give back",
            )),
            OrderState::Refunded => return self.shown(row, order_id.to_owned()).await,
            OrderState::Refunding => self.pay_back(&row).await,
            OrderState::Paid if self.counts_for_another(&row_id).await? => Err(ApiFailure::new(
                StatusCode::CONFLICT,
                "counts-for-album",
                "the rest of an album was sold for less because of this order; refund that order first",
            )),
            OrderState::Paid => {
                sqlx::query("UPDATE orders SET state = $1 WHERE order_id = $2 AND state = $3")
                    .bind(OrderState::Refunding.word())
                    .bind(&row_id)
                    .bind(OrderState::Paid.word())
                    .execute(self.database.pool())
                    .await?;
                reach("refund.begun")?;
                self.pay_back(&row).await
            }
        }?;
        self.shown(self.order_row(&row_id).await?, order_id.to_owned()).await
    }

    /// Ends the vouchers first, so that nothing is handed out for money that is on its way back.
    async fn pay_back(&self, order: &OrderRow) -> Result<(), ApiFailure> {
        for item in self.item_rows(&order.order_id).await? {
            self.content.send("/v1/commerce/refund", &item.step()?).await.map_err(away)?;
        }
        reach("refund.vouchers-ended")?;
        if !self.payment.refund(&order.payment_key()).await {
            return Err(ApiFailure::new(
                StatusCode::BAD_GATEWAY,
                "refund-unconfirmed",
                "the payment processor has not confirmed the refund yet; it is asked again every minute",
            ));
        }
        reach("refund.paid-back")?;
        if self.enter_refunded(order).await? {
            self.log(&order.order_id, OrderState::Refunded.word(), "").await?;
        }
        Ok(())
    }

    /// Finishes what was paid, and gives up what was not: after a crash, and once a minute. An order that cannot be settled now stops
    /// no other; the last failure is returned.
    pub async fn settle_open_orders(&self) -> Result<(), ApiFailure> {
        let mut outcome = Ok(());
        for row in self.unsettled_orders().await? {
            let _turn = self.orders.of(&row.idempotency_key).await; // whoever is at it comes first
            if let Err(failure) = self.settle(&row.order_id).await {
                tracing::warn!(code = %failure.error.code, "an order could not be settled yet");
                outcome = Err(failure);
            }
        }
        outcome
    }

    /// Takes one order to its end, as far as that is possible now; its turn is held.
    pub(super) async fn settle(&self, order_id: &str) -> Result<(), ApiFailure> {
        let order = self.order_row(order_id).await?;
        match order.state {
            OrderState::Paid | OrderState::Refused | OrderState::Refunded => return Ok(()),
            OrderState::Refunding => return self.pay_back(&order).await,
            OrderState::Open => {}
        }
        if let Some(refusal) = &order.refusal {
            return self.give_up(&order, refusal).await;
        }
        // money is set aside only once everything is reserved
        if self.item_rows(order_id).await?.iter().any(|item| item.voucher_id.is_none()) {
            return self.give_up(&order, INTERRUPTED).await;
        }
        match self.complete(&order).await {
            Err(failure) if failure.status.is_server_error() => Err(failure),
            Ok(_) | Err(_) => Ok(()), // paid, or given up
        }
    }
}
