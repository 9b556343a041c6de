//! What an order says (requirements B1, B2): its tracks at the prices of this moment, signed by the passport, and the purchases it shows
//! so that they count towards their albums.
//!
//! What was paid for a track stands in the list of orders of this home folder. A purchase that is not in it, or was made at another
//! merchant, does not count: the order then costs what its tracks cost.

use cadenza_protocol::id::{VoucherId, unhex};
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::shop::signed_order::{SignedItem, SignedOrder};
use cadenza_protocol::shop::{AlbumPage, OrderedTrack};
use cadenza_protocol::signed::SignedMessage;

use super::Player;
use super::shop::added_up;
use crate::error::{Code, Failure};
use crate::library::{Origin, TrackId};
use crate::passport::VaultError;
use crate::store::basket::{BasketLine, Counted};
use crate::store::cart::CartItem;
use crate::store::client::StoreClient;
use crate::store::purchase;

impl Player {
    /// Tracks of an album that were bought from this merchant and are in the library, with what was paid.
    pub(super) fn counted(&self, page: &AlbumPage, merchant: &str) -> Vec<Counted> {
        let counted = page.tracks.iter().filter_map(|offer| {
            let track = self.0.library.track(TrackId::from(offer.media_id))?;
            let Origin::Purchase { voucher_id, quality, .. } = &track.origin else { return None };
            let paid_cents = self.0.orders.paid(merchant, *voucher_id)?;
            let (album, quality) = (page.card.id.clone(), quality.clone());
            Some(Counted { voucher_id: *voucher_id, album, quality, paid_cents })
        });
        counted.collect()
    }

    /// What will be signed for these tracks, all but the order's key: prices as the store says them now.
    pub(super) async fn wish(
        &self,
        client: &StoreClient,
        wanted: &[OrderedTrack],
    ) -> Result<SignedOrder, Failure> {
        let garbled =
            || Failure::new(Code::StoreGarbled, "the store says what this player does not understand");
        let merchant = client.merchant_key().await?;
        let (mut pages, mut lines): (Vec<AlbumPage>, Vec<BasketLine>) = (Vec::new(), Vec::new());
        let mut items: Vec<&OrderedTrack> = Vec::with_capacity(wanted.len());
        for item in wanted {
            if items.iter().any(|known| known.media_id == item.media_id) {
                continue;
            }
            let offer = client.track_seen(item.media_id).await?;
            if pages.iter().all(|page| page.card.id != offer.album_id) {
                pages.push(client.album(&offer.album_id).await?);
            }
            let page = pages.iter().find(|page| page.card.id == offer.album_id).ok_or_else(garbled)?;
            let chosen = CartItem { media_id: item.media_id, quality: Some(item.quality.clone()) };
            lines.push(BasketLine::new(&chosen, offer, page.card.clone()).ok_or_else(garbled)?);
            items.push(item);
        }
        let first = pages.first().ok_or_else(|| Failure::new(Code::CartEmpty, "there is nothing to buy"))?;
        let currency: Currency = first.currency.parse().map_err(|_| garbled())?;
        let content_manager_key = first.content_manager_key;
        let before: Vec<Counted> = pages.iter().flat_map(|page| self.counted(page, &merchant)).collect();
        let basket = added_up(lines, &before, None)?;
        let signed = |(item, cents): (&&OrderedTrack, &u64)| SignedItem {
            media_id: item.media_id,
            quality: item.quality.clone(),
            price_cents: *cents,
        };
        Ok(SignedOrder {
            at: self.now(),
            root: client.address().root.fingerprint(),
            merchant_key: unhex(&merchant).and_then(|key| key.try_into().ok()).ok_or_else(garbled)?,
            content_manager_key,
            order_key: String::new(),
            items: items.iter().zip(&basket.price.each).map(signed).collect(),
            currency,
            gift: false,
            shown: basket.shown,
        })
    }

    /// Signs it under the order's key.
    pub(super) fn sign_order(&self, wish: &SignedOrder, key: &str) -> Result<SignedMessage, VaultError> {
        let order = SignedOrder { order_key: key.to_owned(), ..wish.clone() };
        self.0.vault.with_open(|open| {
            open.with(|passport| {
                order.sign(passport.chain(), |domain, message| passport.sign(domain, message))
            })
        })?
    }

    /// Asks what became of the orders of these purchases, which the store does not count: paid back, they count no more here either.
    pub(super) async fn look_at_orders_again(&self, client: &StoreClient, shown: &[VoucherId]) {
        for order_id in self.0.orders.orders_with(shown) {
            let updated = match purchase::order_of(client, &order_id).await {
                Ok(order) => self.0.orders.note(&order.order_id, order.state).map_err(Failure::from),
                Err(error) => Err(error.into()),
            };
            if let Err(failure) = updated {
                tracing::warn!(%failure, "what became of an earlier order is not known");
            }
        }
    }
}
