//! Orders whose answer was lost (B7): the store is asked by the order's key, which was on disk before the order left.
//!
//! Asked at the start, when orders are listed, and before anything is bought: what was paid for comes home, and none of it is bought a
//! second time, alone or together with other tracks. The key is a secret, sent in the body to the merchant that the order went to, at whatever address.

use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::{OrderState, OrderedTrack};
use serde::Serialize;

use super::Player;
use crate::error::{Code, Failure};
use crate::store::client::{ExchangeError, StoreClient};
use crate::store::journal::OpenOrder;
use crate::store::orders::PastOrder;
use crate::store::purchase;

/// An order that the store has never heard of may still be on its way to it for this long, seconds.
const UNDER_WAY: i64 = 600;

/// What the store says of an order.
enum Answer {
    Paid(PastOrder),
    NotPaid,
    Unknown,
}

impl Player {
    /// Asks the store for orders that were never answered. Their vouchers are kept for [`Player::deliver_all`]; what stays unanswered is
    /// asked for again the next time.
    pub async fn find_lost_orders(&self) -> Result<Vec<PastOrder>, Failure> {
        if self.unanswered_orders().is_empty() {
            return Ok(Vec::new());
        }
        let client = self.started_store().await?;
        self.find_lost_at(&client).await
    }

    /// What of these tracks was paid for already, whatever has not arrived of it: then that is what was bought, and only the rest is
    /// left. Refuses tracks of which this cannot be known now.
    pub(super) async fn bought_before(
        &self,
        client: &StoreClient,
        wanted: &mut Vec<OrderedTrack>,
    ) -> Result<Option<PastOrder>, Failure> {
        if let Err(error) = purchase::resume(client, &self.0.journal, &self.0.orders, self.now()).await {
            tracing::warn!(%error, "a paid order's tracks cannot be fetched yet");
        }
        let mut found = self.find_lost_at(client).await?;
        found.extend(self.paid_and_open());
        found.extend(self.on_their_way(client, wanted).await?);
        found.retain(|past| past.order.state == OrderState::Paid);
        let is_in = |past: &PastOrder, item: &OrderedTrack| {
            past.order.items.iter().any(|line| line.media_id == item.media_id && line.quality == item.quality)
        };
        let answer = found.iter().find(|past| wanted.iter().any(|item| is_in(past, item))).cloned();
        wanted.retain(|item| !found.iter().any(|past| is_in(past, item)));
        let mut sorted = wanted.clone();
        sorted.sort();
        let is_listed =
            |open: &OpenOrder| open.order_id.as_ref().is_some_and(|id| self.0.orders.order(id).is_some());
        let doubtful = self.0.journal.orders().into_iter().find(|open| {
            open.items != sorted
                && !is_listed(open)
                && open.items.iter().any(|item| wanted.iter().any(|w| w.media_id == item.media_id))
        });
        match doubtful {
            Some(_) => Err(Failure::new(
                Code::OrderUncertain,
                "an earlier order with some of these tracks was never answered, and the store cannot say yet whether it was taken: try again in a minute",
            )),
            None => Ok(answer),
        }
    }

    /// Orders that are paid and whose vouchers are not here yet.
    fn paid_and_open(&self) -> Vec<PastOrder> {
        let paid = self.0.journal.orders().into_iter().filter_map(|open| open.order_id);
        paid.filter_map(|order_id| self.0.orders.order(&order_id)).collect()
    }

    /// The orders of those tracks that are on their way. Refuses a track that comes from elsewhere, by a voucher that somebody opened
    /// here, and lets go of what was paid back.
    async fn on_their_way(
        &self,
        client: &StoreClient,
        wanted: &[OrderedTrack],
    ) -> Result<Vec<PastOrder>, Failure> {
        let mut found: Vec<PastOrder> = Vec::new();
        let here = client.merchant_key().await?;
        for open in self.0.journal.vouchers() {
            let Some(item) = wanted.iter().find(|item| item.media_id == open.track.media_id) else {
                continue;
            };
            let listed = open.order_id.as_ref().and_then(|order_id| self.0.orders.order(order_id));
            let past = match listed {
                Some(past) if past.merchant.as_ref() == Some(&here) => Some(today(client, past).await),
                other => other,
            };
            match past {
                Some(past) if past.order.state != OrderState::Paid => {
                    self.0.journal.close_voucher(open.id())?;
                }
                Some(past) => found.push(past),
                None if open.track.quality.as_ref().is_none_or(|quality| *quality == item.quality) => {
                    return Err(self.on_its_way(item.media_id));
                }
                None => {}
            }
        }
        Ok(found)
    }

    fn on_its_way(&self, id: MediaId) -> Failure {
        let title = self.known_offer(id).map_or_else(|| id.to_string(), |offer| offer.title);
        let message = format!(
            "'{title}' is on its way to your library already: open Downloads, or `redeem`, to bring it; nothing was charged"
        );
        Failure::new(Code::OnItsWay, message).with("title", &title)
    }

    async fn find_lost_at(&self, client: &StoreClient) -> Result<Vec<PastOrder>, Failure> {
        let (open, mut found) = (self.unanswered_orders(), Vec::new());
        if open.is_empty() {
            return Ok(found);
        }
        let merchant = client.merchant_key().await?;
        for open in open.into_iter().filter(|open| open.merchant == merchant) {
            match ask(client, &open).await {
                Ok(Answer::Paid(past)) => {
                    self.bring_home(client, &open, &past).await?;
                    found.push(past);
                }
                Ok(Answer::NotPaid) => self.0.journal.close_order(&open)?,
                Ok(Answer::Unknown) if self.now().0 - open.placed_at.0 > UNDER_WAY => {
                    self.0.journal.close_order(&open)?;
                }
                Ok(Answer::Unknown) => {}
                Err(error) => tracing::warn!(%error, "the store does not say yet what became of an order"),
            }
        }
        Ok(found)
    }

    async fn bring_home(
        &self,
        client: &StoreClient,
        open: &OpenOrder,
        past: &PastOrder,
    ) -> Result<(), Failure> {
        let order_id = &past.order.order_id;
        purchase::list(&self.0.orders, past);
        // on disk first: from here on the order is answered, and its vouchers are fetched until they are here
        self.0.journal.keep_order(&OpenOrder { order_id: Some(order_id.clone()), ..open.clone() })?;
        let bought: Vec<MediaId> = past.order.items.iter().map(|line| line.media_id).collect();
        self.cart_remove(&bought)?;
        if past.order.state == OrderState::Paid {
            match purchase::voucher_of(client, order_id).await {
                Ok(voucher) => {
                    purchase::keep_vouchers(&self.0.journal, voucher, Some(order_id), self.now())?;
                }
                Err(error) => {
                    tracing::warn!(%error, "a paid order's tracks cannot be fetched yet");
                    return Ok(());
                }
            }
        }
        self.0.journal.close_order(open)?;
        self.await_deliveries();
        Ok(())
    }
}

/// An order as its merchant tells it now; as it was told before when nobody answers.
async fn today(client: &StoreClient, past: PastOrder) -> PastOrder {
    match purchase::order_of(client, &past.order.order_id).await {
        Ok(order) => PastOrder { order, ..past },
        Err(error) => {
            tracing::warn!(%error, "the store does not say how an order stands");
            past
        }
    }
}

async fn ask(client: &StoreClient, open: &OpenOrder) -> Result<Answer, ExchangeError> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        idempotency_key: &'a str,
    }
    match client.post("v1/orders/find", &Wanted { idempotency_key: &open.idempotency_key }).await {
        Ok(order) => {
            let merchant = Some(open.merchant.clone());
            Ok(Answer::Paid(PastOrder { placed_at: open.placed_at, merchant, order }))
        }
        Err(ExchangeError::Refused { status: 402, .. }) => Ok(Answer::NotPaid),
        Err(ExchangeError::Refused { status: 404, .. }) => Ok(Answer::Unknown),
        Err(error) => Err(error),
    }
}
