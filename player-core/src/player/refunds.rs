//! Orders that were refunded since (B7): the merchant that an order was placed at is asked what became of it.
//!
//! An order's id opens what was bought, so only that merchant is asked, known by its key wherever it is now.

use cadenza_protocol::shop::OrderState;

use super::Player;
use crate::error::Failure;
use crate::store::orders::PastOrder;
use crate::store::purchase;

/// The latest orders that are asked about, one after the other.
const MOST_ASKED: usize = 50;

impl Player {
    /// Asks the store what became of the latest orders that were placed at it. Gives all past orders, newest first.
    pub async fn refresh_orders(&self) -> Result<Vec<PastOrder>, Failure> {
        let past = self.orders();
        if past.iter().any(may_change) {
            let client = self.started_store().await?;
            let merchant = client.merchant_key().await?;
            let here = |past: &&PastOrder| past.merchant.as_ref() == Some(&merchant) && may_change(past);
            for known in past.iter().filter(here).take(MOST_ASKED) {
                let id = &known.order.order_id;
                let now = purchase::order_of(&client, id).await?;
                self.0.orders.note(id, now.state)?;
            }
        }
        Ok(self.orders())
    }
}

/// One that was refunded stays so.
fn may_change(past: &PastOrder) -> bool {
    past.order.state != OrderState::Refunded
}
