//! The store: what is for sale, the cart, buying.

use std::collections::BTreeMap;

use cadenza_protocol::card::Card;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::shop::{
    About, AlbumCard, AlbumPage, Order, OrderState, OrderedTrack, StoreFront, TrackList, TrackOffer,
};
use cadenza_protocol::voucher::MediaVoucher;

use super::Player;
use crate::error::{Code, Failure};
use crate::event::News;
use crate::library::{Origin, TrackId};
use crate::passport::VaultError;
use crate::passport::vault::Phase;
use crate::store::basket::{Basket, BasketLine, Counted};
use crate::store::cart::CartItem;
use crate::store::orders::{OrderStanding, PastOrder};
use crate::store::payment::TypedCard;
use crate::store::purchase::Agreed;
use crate::store::standing::StoreWatch;
use crate::store::{StoreAddress, StoreClient, purchase};

/// How a track on sale stands with this listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// It can be bought.
    None,
    /// It is in the cart.
    InCart,
    /// Bought, on its way.
    Arriving,
    /// In the library.
    Owned,
}

/// What a search of the store found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// ISO 4217.
    pub currency: String,
    /// Albums whose title or artist hold all the words.
    pub albums: Vec<AlbumCard>,
    /// Tracks that hold them.
    pub tracks: Vec<TrackOffer>,
}

impl Player {
    /// Whether the store answers, and news of it.
    pub fn store_watch(&self) -> &StoreWatch {
        &self.0.watch
    }

    /// Turns to a store, e.g. the bundled one once it answers.
    pub fn set_store(&self, store: StoreAddress) {
        let mut root = super::locked(&self.0.root);
        if root.is_none() {
            *root = Some(store.root.clone());
        }
        self.0.vault.offer_root(&store.root);
        *super::locked(&self.0.client) = Some(self.0.watched_client(store));
    }

    /// The store's client.
    pub fn store(&self) -> Result<StoreClient, Failure> {
        super::locked(&self.0.client).clone().ok_or_else(|| {
            Failure::new(
                Code::NoStore,
                "no store is named: add --store with a ready file or an https address",
            )
        })
    }

    /// The same, once a store that is being started has started.
    pub(super) async fn started_store(&self) -> Result<StoreClient, Failure> {
        self.0.watch.started().await;
        self.store()
    }

    /// Who sells here.
    pub async fn about_store(&self) -> Result<About, Failure> {
        Ok(self.started_store().await?.about().await?)
    }

    /// Albums on sale.
    pub async fn store_front(&self) -> Result<StoreFront, Failure> {
        Ok(self.started_store().await?.store_front().await?)
    }

    /// One album with its tracks.
    pub async fn store_album(&self, id: &str) -> Result<AlbumPage, Failure> {
        Ok(self.started_store().await?.album(id).await?)
    }

    /// How many tracks of an album on sale are in the library, as far as the album was looked at.
    pub fn owned_of_album(&self, id: &str) -> usize {
        let page = self.store().ok().and_then(|client| client.known_album(id));
        page.map_or(0, |page| page.tracks.iter().filter(|offer| self.owns(offer.media_id, None)).count())
    }

    /// What is left to buy of an album, as it was last seen.
    pub async fn album_rest(&self, id: &str) -> Result<Basket, Failure> {
        let client = self.started_store().await?;
        let page = client.album_seen(id).await?;
        self.rest_of_album(&page, &client.merchant_key().await?)
    }

    /// What is left to buy of an album, each track in its best quality: neither owned, nor on its way, nor in the cart. What was bought
    /// of it from this merchant counts.
    pub fn rest_of_album(&self, page: &AlbumPage, merchant: &str) -> Result<Basket, Failure> {
        let left = page.tracks.iter().filter(|offer| self.ownership(offer.media_id) == Ownership::None);
        let lines = left.filter_map(|offer| {
            let best = CartItem { media_id: offer.media_id, quality: None };
            BasketLine::new(&best, offer.clone(), page.card.clone())
        });
        added_up(lines.collect(), &self.counted(page, merchant), Some(page.currency.clone()))
    }

    /// Tracks on sale that hold these words; all for none.
    pub async fn catalogue(&self, words: &str) -> Result<TrackList, Failure> {
        Ok(self.started_store().await?.tracks(words).await?)
    }

    /// Albums and tracks on sale that hold all these words.
    pub async fn search_store(&self, query: &str) -> Result<Found, Failure> {
        let client = self.started_store().await?;
        let (front, list) = tokio::try_join!(client.store_front(), client.tracks(query))?;
        let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let holds_all = |card: &AlbumCard| {
            let text = format!("{} {}", card.title, card.artist).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let albums = front.albums.into_iter().filter(holds_all).collect();
        Ok(Found { currency: front.currency, albums, tracks: list.tracks })
    }

    /// One track on sale, as last seen or asked now.
    pub async fn store_track(&self, id: MediaId) -> Result<TrackOffer, Failure> {
        Ok(self.started_store().await?.track_seen(id).await?)
    }

    /// One track on sale as it was last seen; nothing is asked.
    pub fn known_offer(&self, id: MediaId) -> Option<TrackOffer> {
        self.store().ok()?.known_track(id)
    }

    /// The cover of a track on sale: media type and bytes.
    pub async fn store_art(&self, id: MediaId, size: u32) -> Result<(String, Vec<u8>), Failure> {
        Ok(self.started_store().await?.art(id, size).await?)
    }

    /// A voucher to hear tracks before buying them (V1); the stream itself is opened with [`crate::playback`].
    pub async fn preview_voucher(&self, ids: &[MediaId], kind: PreviewKind) -> Result<MediaVoucher, Failure> {
        Ok(self.started_store().await?.preview(ids, kind).await?)
    }

    /// What is in the cart.
    pub fn cart(&self) -> Vec<CartItem> {
        self.0.cart.items()
    }

    /// Puts tracks into the cart. One that is there, owned or on its way is left as it is.
    pub fn cart_add(&self, items: Vec<CartItem>) -> Result<(), Failure> {
        let new = items.into_iter().filter(|item| self.ownership(item.media_id) == Ownership::None);
        self.0.cart.add(new.collect())?;
        self.tell(News::Cart);
        Ok(())
    }

    /// Chooses another quality of a track in the cart.
    pub fn cart_set_quality(&self, media_id: MediaId, quality: String) -> Result<(), Failure> {
        self.0.cart.add(vec![CartItem { media_id, quality: Some(quality) }])?;
        self.tell(News::Cart);
        Ok(())
    }

    /// Takes tracks out of the cart.
    pub fn cart_remove(&self, ids: &[MediaId]) -> Result<(), Failure> {
        self.0.cart.remove(ids)?;
        self.tell(News::Cart);
        Ok(())
    }

    /// Empties the cart.
    pub fn cart_clear(&self) -> Result<(), Failure> {
        self.0.cart.clear()?;
        self.tell(News::Cart);
        Ok(())
    }

    /// The cart with what the store says about its tracks. Worked out once for everyone who asks after a change.
    pub async fn basket(&self) -> Result<Basket, Failure> {
        let mut kept = self.0.basket.lock().await;
        let (chosen, owned) = (self.cart(), self.0.library.len());
        if let Some((of, then, basket)) = &*kept
            && (of, *then) == (&chosen, owned)
        {
            return Ok(basket.clone());
        }
        let basket = self.priced(&chosen).await?;
        *kept = Some((chosen, owned, basket.clone()));
        Ok(basket)
    }

    async fn priced(&self, chosen: &[CartItem]) -> Result<Basket, Failure> {
        let (mut lines, mut currency, mut gone) = (Vec::new(), None, Vec::new());
        let mut counted = BTreeMap::new();
        if !chosen.is_empty() {
            let client = self.started_store().await?;
            for item in chosen {
                let offer = match client.track_seen(item.media_id).await {
                    Ok(offer) => offer,
                    // No longer on sale: it cannot be bought, so it does not stand in the cart.
                    Err(e) if e.is_unknown_track() => {
                        gone.push(item.media_id);
                        continue;
                    }
                    Err(e) => return Err(e.into()),
                };
                let page = client.album_seen(&offer.album_id).await?;
                if !counted.contains_key(&page.card.id) {
                    let before = self.counted(&page, &client.merchant_key().await?);
                    counted.insert(page.card.id.clone(), before);
                }
                currency = Some(page.currency);
                lines.extend(BasketLine::new(item, offer, page.card));
            }
        }
        if !gone.is_empty() {
            self.cart_remove(&gone)?;
        }
        let counted: Vec<Counted> = counted.into_values().flatten().collect();
        added_up(lines, &counted, currency)
    }

    /// Whether a track was bought before, in this quality or (with none named) in any.
    pub fn owns(&self, media_id: MediaId, quality: Option<&str>) -> bool {
        self.0.library.track(TrackId::from(media_id)).is_some_and(|track| match &track.origin {
            Origin::Purchase { quality: owned, .. } => quality.is_none_or(|q| q == owned),
            Origin::Own => false,
        })
    }

    /// How a track on sale stands with this listener.
    pub fn ownership(&self, id: MediaId) -> Ownership {
        if self.0.board.is_arriving(id) {
            Ownership::Arriving
        } else if self.owns(id, None) {
            Ownership::Owned
        } else if self.cart().iter().any(|chosen| chosen.media_id == id) {
            Ownership::InCart
        } else {
            Ownership::None
        }
    }

    /// Pays for tracks (B1 to B3). Their vouchers are kept for [`Player::deliver_all`], the order in the list of orders; bought
    /// tracks leave the cart.
    ///
    /// The passport has to be open, so that what is paid for can be delivered. When no answer comes the same call again is the
    /// same order: it is paid once.
    pub async fn buy(&self, items: &[CartItem], card: &TypedCard) -> Result<PastOrder, Failure> {
        let client = self.started_store().await?;
        let now = self.now();
        self.0.vault.may_buy(now)?;
        if self.passport_phase() == Phase::Locked {
            return Err(VaultError::Locked.into());
        }
        self.check_licensing_center(&client)?;
        let card = card.check(now)?;
        let seen = self.as_shown(items).await?;
        let mut wanted = Vec::new();
        for item in items {
            // Asked now: what is paid for must be on sale today.
            wanted.push(self.ordered(item, client.track(item.media_id).await?)?);
        }
        let past = match self.bought_before(&client, &mut wanted).await? {
            Some(past) if wanted.is_empty() => past,
            _ => self.pay(&client, items, seen, wanted, &card).await?,
        };
        let bought: Vec<MediaId> = items.iter().map(|i| i.media_id).collect();
        self.cart_remove(&bought)?;
        self.await_deliveries();
        Ok(past)
    }

    async fn pay(
        &self,
        client: &StoreClient,
        items: &[CartItem],
        seen: Basket,
        mut wanted: Vec<OrderedTrack>,
        card: &Card,
    ) -> Result<PastOrder, Failure> {
        let shown = seen.only(|line| wanted.iter().any(|item| item.media_id == line.offer.media_id));
        let shown = shown.map_err(|e| Failure::new(Code::StoreGarbled, e.to_string()))?;
        wanted.sort(); // as it is sent: a cent that is left over in sharing goes to the first
        let wish = self.wish(client, &wanted).await?;
        let agreed = Agreed {
            total_cents: shown.price.total_cents,
            currency: &shown.currency,
            sign: &|key| self.sign_order(&wish, key),
        };
        let (journal, now) = (&self.0.journal, self.now());
        let bought = purchase::buy(client, journal, &self.0.orders, wanted, &agreed, card, now).await;
        let past = match bought.map_err(Failure::from) {
            Ok(past) => past,
            Err(failure) => {
                match failure.code {
                    Code::PriceChanged | Code::OrderOtherPrices => self.look_again(client, items).await,
                    Code::PurchasesNotCounted => {
                        *self.0.basket.lock().await = None;
                        self.look_at_orders_again(client, &wish.shown).await;
                    }
                    _ => {}
                }
                return Err(failure);
            }
        };
        // It is paid: a voucher that cannot be fetched now is fetched with the next delivery.
        if let Err(error) = purchase::resume(client, journal, &self.0.orders, now).await {
            tracing::warn!(%error, "the order is paid, and its tracks cannot be fetched yet");
        }
        Ok(past)
    }

    /// What the listener was shown for these tracks: the cart as it stands, or what the store said of them last.
    async fn as_shown(&self, items: &[CartItem]) -> Result<Basket, Failure> {
        if let Some((of, _, basket)) = &*self.0.basket.lock().await
            && of == items
        {
            return Ok(basket.clone());
        }
        self.priced(items).await
    }

    /// Prices changed: the next look at the cart shows the new ones.
    async fn look_again(&self, client: &StoreClient, items: &[CartItem]) {
        for item in items {
            if let Ok(offer) = client.track(item.media_id).await {
                // one that cannot be asked now is asked when the cart is shown
                let _ = client.album(&offer.album_id).await;
            }
        }
        *self.0.basket.lock().await = None;
        self.tell(News::Cart);
    }

    /// The quality that is meant, checked against what is for sale and what is owned already.
    fn ordered(&self, item: &CartItem, offer: TrackOffer) -> Result<OrderedTrack, Failure> {
        let quality = match &item.quality {
            None => offer.qualities.first().map(|q| q.name.clone()),
            Some(wanted) => offer.qualities.iter().find(|q| q.name == *wanted).map(|q| q.name.clone()),
        };
        let quality = quality.ok_or_else(|| {
            let names: Vec<&str> = offer.qualities.iter().map(|q| q.name.as_str()).collect();
            let wanted = item.quality.as_deref().unwrap_or("any");
            let message =
                format!("'{}' is not for sale as {wanted}: choose one of: {}", offer.title, names.join(", "));
            Failure::new(Code::NotForSale, message).with("title", &offer.title)
        })?;
        if self.owns(item.media_id, Some(&quality)) {
            let message = format!(
                "'{}' ({quality}) is in your library already: play it, or choose another",
                offer.title
            );
            return Err(Failure::new(Code::AlreadyOwned, message).with("title", &offer.title));
        }
        Ok(OrderedTrack { media_id: item.media_id, quality })
    }

    /// Past orders, newest first.
    pub fn orders(&self) -> Vec<PastOrder> {
        self.0.orders.all()
    }

    /// Why past orders are missing from the list, if they are.
    pub fn orders_trouble(&self) -> Option<Failure> {
        self.0.orders.trouble().map(Failure::of)
    }

    /// How far an order is.
    pub fn order_standing(&self, order: &Order) -> OrderStanding {
        if order.state == OrderState::Refunded {
            OrderStanding::Refunded
        } else if order.state == OrderState::Refunding {
            OrderStanding::Refunding
        } else if order.items.iter().all(|item| self.owns(item.media_id, None)) {
            OrderStanding::Delivered
        } else if order.items.iter().any(|item| self.0.board.is_arriving(item.media_id)) {
            OrderStanding::Arriving
        } else {
            OrderStanding::Incomplete
        }
    }

    /// A passport is good for stores of its own licensing center.
    fn check_licensing_center(&self, client: &StoreClient) -> Result<(), Failure> {
        match self.0.vault.root() {
            Some(root) if root != client.address().root => Err(Failure::new(
                Code::OtherLicensingCenter,
                "this store belongs to another licensing center than your passport: use your own store, or another home folder for this one",
            )),
            _ => Ok(()),
        }
    }
}

pub(super) fn added_up(
    lines: Vec<BasketLine>,
    before: &[Counted],
    currency: Option<String>,
) -> Result<Basket, Failure> {
    Basket::of(lines, before, currency).map_err(|e| Failure::new(Code::StoreGarbled, e.to_string()))
}
