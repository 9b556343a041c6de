//! From the cart to the library: what it costs, paying, and bringing home what was paid for (B1 to B9).

use std::collections::HashMap;

use cadenza_player::event::{Delivery, Stage};
use cadenza_player::store::cart::CartItem as Chosen;
use cadenza_player::store::payment::TypedCard;
use cadenza_player::{Code, Failure};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::{self, AlbumPage, Order as Paid, TrackOffer};

use super::orders::PastOrder;
use super::{Core, Desk};
use crate::convert;
use crate::ipc::{
    self, AlbumId, AppError, Cart, CartItem, Download, DownloadState, Order, OrderItem, OrderState, Ownership,
};
use crate::sleeve;

/// What the merchant counts in when nothing was asked of it yet.
const CURRENCY: &str = "USD";

impl Core {
    /// The cart with what the store says about its tracks today.
    pub async fn cart(&self) -> Result<Cart, AppError> {
        let mut items = Vec::new();
        let mut currency = CURRENCY.to_owned();
        for chosen in self.player.cart() {
            let offer = match self.offer(chosen.media_id).await {
                Ok(offer) => offer,
                // No longer on sale: it cannot be bought, so it does not stand in the cart.
                Err(failure) if failure.code == Code::NotFound => {
                    self.player.cart_remove(&[chosen.media_id])?;
                    continue;
                }
                Err(failure) => return Err(failure.into()),
            };
            let page = self.album(&offer.album_id).await?;
            currency.clone_from(&page.currency);
            items.push((cart_item(&offer, &chosen), page));
        }
        let saving_cents = saving(&items);
        let items: Vec<CartItem> = items.into_iter().map(|(item, _)| item).collect();
        let items_cents = items.iter().map(|item| item.price_cents).sum();
        Ok(Cart { currency, items, items_cents, saving_cents, total_cents: items_cents - saving_cents })
    }

    /// Pays for the cart. Deliveries begin once this has returned.
    pub async fn checkout(&self, card: TypedCard) -> Result<Order, AppError> {
        let paid = self.player.buy(&self.player.cart(), &card).await;
        self.store.learn(&paid);
        let paid = paid?;
        let placed_at = now_seconds();
        if let Err(failure) = self.orders.add(paid.clone(), placed_at) {
            tracing::warn!(%failure, "the order is paid and will be delivered, but is missing from the list of orders");
        }
        for delivery in self.player.open_deliveries() {
            self.board.note(delivery);
        }
        Ok(self.order(&PastOrder { placed_at, order: paid }))
    }

    /// Past orders, newest first.
    pub fn orders(&self) -> Vec<Order> {
        self.orders.all().iter().map(|past| self.order(past)).collect()
    }

    /// Deliveries, newest first.
    pub fn downloads(&self) -> Vec<Download> {
        self.board.all().iter().map(|delivery| self.download(delivery)).collect()
    }

    /// How many tracks are on their way.
    pub fn arriving(&self) -> u32 {
        self.board.arriving()
    }

    /// Notes news of a delivery and gives it as the page shows it.
    pub fn note_delivery(&self, delivery: Delivery) -> Download {
        let download = self.download(&delivery);
        self.board.note(delivery);
        download
    }

    /// Asks the merchant once more for a track that was bought here (B9).
    pub async fn fetch_again(&self, id: MediaId) -> Result<Download, AppError> {
        let failed = self.board.of(id).filter(|d| !matches!(d.stage, Stage::Ready));
        if let Some(delivery) = failed {
            return Ok(self.note_delivery(Delivery { stage: Stage::Waiting, ..delivery }));
        }
        let order = self
            .orders
            .all()
            .into_iter()
            .find(|past| past.order.items.iter().any(|item| item.media_id == id));
        let order = order.ok_or_else(|| {
            AppError::new(
                Code::NotFound,
                "this track was not bought on this computer: import its file from where it was bought",
            )
        })?;
        let path = format!("v1/orders/{}/voucher", order.order.order_id);
        let voucher = self.player.store()?.get_voucher(&path).await.map_err(Failure::from);
        self.store.learn(&voucher);
        let mut voucher = voucher?;
        voucher.tracks.retain(|track| track.media_id == id);
        self.player.take_voucher(voucher)?;
        let delivery = self.player.open_deliveries().into_iter().find(|d| d.media_id == id);
        let delivery = delivery.ok_or_else(|| {
            AppError::new(Code::NotFound, "the store has no delivery for this track: ask its operator")
        })?;
        Ok(self.note_delivery(delivery))
    }

    /// How a track on sale stands with this listener.
    pub fn ownership(&self, id: MediaId) -> Ownership {
        if self.board.is_arriving(id) {
            Ownership::Arriving
        } else if self.player.owns(id, None) {
            Ownership::Owned
        } else if self.player.cart().iter().any(|chosen| chosen.media_id == id) {
            Ownership::InCart
        } else {
            Ownership::None
        }
    }

    /// A track on sale, as last seen or asked now.
    pub async fn offer(&self, id: MediaId) -> Result<TrackOffer, Failure> {
        if let Some(offer) = self.offers.track(id) {
            return Ok(offer);
        }
        self.store.known().await;
        let offer = self.player.store_track(id).await;
        self.store.learn(&offer);
        offer.inspect(|offer| self.offers.see([offer]))
    }

    /// An album on sale, as last seen or asked now.
    pub async fn album(&self, id: &str) -> Result<AlbumPage, Failure> {
        match self.offers.album(id) {
            Some(page) => Ok(page),
            None => self.fresh_album(id).await,
        }
    }

    /// An album on sale, asked now.
    pub async fn fresh_album(&self, id: &str) -> Result<AlbumPage, Failure> {
        self.store.known().await;
        let page = self.player.store_album(id).await;
        self.store.learn(&page);
        page.inspect(|page| self.offers.see_album(page))
    }

    fn order(&self, past: &PastOrder) -> Order {
        let paid: &Paid = &past.order;
        let is_here = |id: MediaId| self.player.owns(id, None);
        let is_coming = paid.items.iter().any(|item| self.board.is_arriving(item.media_id));
        let state = match paid.items.iter().all(|item| is_here(item.media_id)) {
            true => OrderState::Delivered,
            false if is_coming => OrderState::Arriving,
            false => OrderState::Incomplete,
        };
        Order {
            order_id: ipc::OrderId(paid.order_id.clone()),
            placed_at: past.placed_at,
            currency: paid.currency.clone(),
            total_cents: convert::small(paid.total_cents),
            state,
            items: paid.items.iter().map(|item| self.order_item(item)).collect(),
        }
    }

    fn order_item(&self, item: &shop::OrderItem) -> OrderItem {
        OrderItem {
            media_id: ipc::MediaId(item.media_id.to_string()),
            title: item.title.clone(),
            artist: item.artist.clone(),
            quality: item.quality.clone(),
            price_cents: convert::small(item.price_cents),
            sleeve: self.sleeve_on_sale(item.media_id),
        }
    }

    fn download(&self, delivery: &Delivery) -> Download {
        let offer = self.offers.track(delivery.media_id);
        let orders = self.orders.all();
        let bought =
            orders.iter().flat_map(|past| &past.order.items).find(|item| item.media_id == delivery.media_id);
        let (state, received_bytes, total_bytes) = match &delivery.stage {
            Stage::Waiting => (DownloadState::Waiting, 0, 0),
            Stage::Redeeming => (DownloadState::Redeeming, 0, 0),
            Stage::Receiving { received, total } => {
                (DownloadState::Receiving, convert::small(*received), convert::small(*total))
            }
            Stage::Checking => (DownloadState::Checking, 0, 0),
            Stage::Ready => (DownloadState::Ready, 0, 0),
            Stage::Failed(_) => (DownloadState::Failed, 0, 0),
        };
        let error = match &delivery.stage {
            Stage::Failed(failure) => Some(failure.clone().into()),
            _ => None,
        };
        let title = delivery.title.clone().or_else(|| bought.map(|item| item.title.clone()));
        let artist = offer
            .as_ref()
            .map(|offer| offer.artist.clone())
            .or_else(|| bought.map(|item| item.artist.clone()));
        Download {
            media_id: ipc::MediaId(delivery.media_id.to_string()),
            order_id: delivery.order_id.clone().map(ipc::OrderId),
            title: title.or_else(|| offer.as_ref().map(|offer| offer.title.clone())).unwrap_or_default(),
            artist: artist.unwrap_or_default(),
            album: offer.map(|offer| offer.album).unwrap_or_default(),
            sleeve: self.sleeve_on_sale(delivery.media_id),
            quality: bought.map(|item| item.quality.clone()).unwrap_or_default(),
            state,
            received_bytes,
            total_bytes,
            error,
        }
    }

    fn sleeve_on_sale(&self, id: MediaId) -> ipc::Sleeve {
        let (hue, chroma) =
            self.offers.track(id).map_or((sleeve::SleeveColour::NONE.hue, 0), |o| (o.hue, o.chroma_milli));
        sleeve::of_store(Some(&id.to_string()), hue, chroma)
    }
}

impl Desk {
    /// Brings home everything that is paid for, in the background. What happens comes as news.
    pub fn deliver(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            if !core.player.has_open_deliveries() {
                return;
            }
            for waiting in core.player.open_deliveries() {
                if !core.board.is_arriving(waiting.media_id) {
                    core.tell(crate::events::DownloadChanged(core.note_delivery(waiting)));
                }
            }
            core.store.known().await;
            let delivered = core.player.deliver_all().await;
            core.store.learn(&delivered);
            if let Err(failure) = delivered {
                core.nothing_arrives(&failure);
            }
        });
    }
}

impl Core {
    /// No delivery could even begin: each that waits says why.
    fn nothing_arrives(&self, failure: &Failure) {
        for waiting in self.player.open_deliveries() {
            let failed = Delivery { stage: Stage::Failed(failure.clone()), ..waiting };
            self.tell(crate::events::DownloadChanged(self.note_delivery(failed)));
        }
    }
}

fn cart_item(offer: &TrackOffer, chosen: &Chosen) -> CartItem {
    let quality = chosen.quality.as_deref().and_then(|name| offer.qualities.iter().find(|q| q.name == name));
    let quality = quality.or(offer.qualities.first());
    let id = offer.media_id.to_string();
    CartItem {
        album_id: AlbumId(offer.album_id.clone()),
        title: offer.title.clone(),
        artist: offer.artist.clone(),
        album: offer.album.clone(),
        sleeve: sleeve::of_store(Some(&id), offer.hue, offer.chroma_milli),
        duration_ms: convert::small(offer.duration_ms),
        quality: quality.map(|q| q.name.clone()).unwrap_or_default(),
        price_cents: quality.map_or(0, |q| convert::small(q.price_cents)),
        qualities: offer.qualities.iter().map(convert::quality).collect(),
        media_id: ipc::MediaId(id),
    }
}

/// What is saved where all tracks of an album are in the cart in one quality.
fn saving(items: &[(CartItem, AlbumPage)]) -> u32 {
    let mut groups: HashMap<(&str, &str), (u32, usize, &AlbumPage)> = HashMap::new();
    for (item, page) in items {
        let group = groups.entry((&page.card.id, &item.quality)).or_insert((0, 0, page));
        group.0 += item.price_cents;
        group.1 += 1;
    }
    let saved = groups.into_iter().map(|((_, quality), (cents, count, page))| {
        let price = page.card.prices.iter().find(|price| price.quality == quality);
        let whole = price.filter(|_| count == usize::from(page.card.track_count));
        whole.map_or(0, |price| cents.saturating_sub(convert::small(price.price_cents)))
    });
    saved.sum()
}

/// Now, as the page takes it.
pub fn now_seconds() -> u32 {
    convert::seconds(cadenza_protocol::time::UnixTime::from(std::time::SystemTime::now()))
}
