//! The store: what is for sale, the cart, buying.

use cadenza_protocol::id::MediaId;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::shop::{About, AlbumPage, Order, OrderedTrack, StoreFront, TrackList, TrackOffer};
use cadenza_protocol::voucher::MediaVoucher;

use super::Player;
use crate::error::{Code, Failure};
use crate::event::News;
use crate::library::{Origin, TrackId};
use crate::store::cart::CartItem;
use crate::store::payment::TypedCard;
use crate::store::purchase;

impl Player {
    /// Who sells here.
    pub async fn about_store(&self) -> Result<About, Failure> {
        Ok(self.store()?.about().await?)
    }

    /// Albums on sale.
    pub async fn store_front(&self) -> Result<StoreFront, Failure> {
        Ok(self.store()?.store_front().await?)
    }

    /// One album with its tracks.
    pub async fn store_album(&self, id: &str) -> Result<AlbumPage, Failure> {
        Ok(self.store()?.album(id).await?)
    }

    /// Tracks on sale that hold these words; all for none.
    pub async fn catalogue(&self, words: &str) -> Result<TrackList, Failure> {
        Ok(self.store()?.tracks(words).await?)
    }

    /// One track on sale.
    pub async fn store_track(&self, id: MediaId) -> Result<TrackOffer, Failure> {
        Ok(self.store()?.track(id).await?)
    }

    /// The cover of a track on sale: media type and bytes.
    pub async fn store_art(&self, id: MediaId, size: u32) -> Result<(String, Vec<u8>), Failure> {
        Ok(self.store()?.art(id, size).await?)
    }

    /// A voucher to hear tracks before buying them (V1); the stream itself is opened with [`crate::playback`].
    pub async fn preview_voucher(&self, ids: &[MediaId], kind: PreviewKind) -> Result<MediaVoucher, Failure> {
        Ok(self.store()?.preview(ids, kind).await?)
    }

    /// What is in the cart.
    pub fn cart(&self) -> Vec<CartItem> {
        self.0.cart.items()
    }

    /// Puts a track into the cart, or changes its quality there.
    pub fn cart_add(&self, item: CartItem) -> Result<(), Failure> {
        self.0.cart.add(item)?;
        self.tell(News::Cart);
        Ok(())
    }

    /// Takes tracks out of the cart.
    pub fn cart_remove(&self, ids: &[MediaId]) -> Result<(), Failure> {
        self.0.cart.remove(ids)?;
        self.tell(News::Cart);
        Ok(())
    }

    /// Whether a track was bought before, in this quality or (with none named) in any.
    pub fn owns(&self, media_id: MediaId, quality: Option<&str>) -> bool {
        self.0.library.track(TrackId::from(media_id)).is_some_and(|track| match &track.origin {
            Origin::Purchase { quality: owned, .. } => quality.is_none_or(|q| q == owned),
            Origin::Own => false,
        })
    }

    /// Pays for tracks (B1 to B3). Their vouchers are kept for [`Player::deliver_all`]; bought tracks leave the cart.
    ///
    /// The passport has to be open, so that what is paid for can be delivered. When no answer comes the same call again is the
    /// same order: it is paid once.
    pub async fn buy(&self, items: &[CartItem], card: &TypedCard) -> Result<Order, Failure> {
        let client = self.store()?;
        let now = self.now();
        self.0.vault.may_buy(now)?;
        if self.passport_phase() == crate::passport::vault::Phase::Locked {
            return Err(crate::passport::VaultError::Locked.into());
        }
        self.check_licensing_center(&client)?;
        let card = card.check(now)?;
        let mut wanted = Vec::new();
        for item in items {
            wanted.push(self.priced(item).await?);
        }
        let order = purchase::buy(&client, &self.0.journal, wanted, &card, now).await?;
        let bought: Vec<MediaId> = items.iter().map(|i| i.media_id).collect();
        self.cart_remove(&bought)?;
        Ok(order)
    }

    /// The quality that is meant, checked against what is for sale and what is owned already.
    async fn priced(&self, item: &CartItem) -> Result<OrderedTrack, Failure> {
        let offer = self.store_track(item.media_id).await?;
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

    /// A passport is good for stores of its own licensing center.
    fn check_licensing_center(&self, client: &crate::store::StoreClient) -> Result<(), Failure> {
        match self.0.vault.root() {
            Some(root) if root != client.address().root => Err(Failure::new(
                Code::OtherLicensingCenter,
                "this store belongs to another licensing center than your passport: use your own store, or another home folder for this one",
            )),
            _ => Ok(()),
        }
    }
}
