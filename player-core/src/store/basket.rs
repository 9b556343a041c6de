//! What the cart costs (requirement B1): its tracks as the store offers them, and what was bought before and counts towards their albums,
//! added up by the rule that the merchant charges by.

use cadenza_protocol::id::VoucherId;
use cadenza_protocol::shop::money::OutOfBounds;
use cadenza_protocol::shop::price::{self, Bought, Line, Price};
use cadenza_protocol::shop::{AlbumCard, Quality, TrackOffer};

use super::cart::CartItem;

/// What the merchant counts in when nothing was asked of it yet.
const CURRENCY: &str = "USD";

/// A cart with prices, in hundredths of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// ISO 4217.
    pub currency: String,
    /// In the order of adding.
    pub lines: Vec<BasketLine>,
    /// What it costs.
    pub price: Price,
    /// Purchases that make it cheaper: an order has to show them.
    pub shown: Vec<VoucherId>,
    /// Purchases that may count.
    before: Vec<Counted>,
}

/// A track of an album that was bought before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub voucher_id: VoucherId,
    pub album: String,
    pub quality: String,
    pub paid_cents: u64,
}

/// One track of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// The track as it is sold.
    pub offer: TrackOffer,
    /// The quality that was chosen, or the best.
    pub quality: Quality,
    /// Its album.
    album: AlbumCard,
}

impl BasketLine {
    /// A choice with what the store says of it; none when the track is not for sale in any quality.
    pub(crate) fn new(chosen: &CartItem, offer: TrackOffer, album: AlbumCard) -> Option<Self> {
        let named =
            chosen.quality.as_deref().and_then(|name| offer.qualities.iter().find(|q| q.name == name));
        let quality = named.or(offer.qualities.first())?.clone();
        Some(Self { offer, quality, album })
    }
}

impl Basket {
    /// Adds the prices up.
    pub(crate) fn of(
        lines: Vec<BasketLine>,
        before: &[Counted],
        currency: Option<String>,
    ) -> Result<Self, OutOfBounds> {
        let priced: Vec<Line<'_>> =
            lines.iter().map(|line| Line { album: &line.album, quality: &line.quality }).collect();
        let bought: Vec<Bought<'_>> = before
            .iter()
            .map(|b| Bought { album: &b.album, quality: &b.quality, paid_cents: b.paid_cents })
            .collect();
        let price = price::price(&priced, &bought)?;
        let shown = price.together.iter().flat_map(|together| &together.bought);
        let shown = shown.map(|place| before[*place].voucher_id).collect();
        let (currency, before) = (currency.unwrap_or_else(|| CURRENCY.to_owned()), before.to_vec());
        Ok(Self { currency, lines, price, shown, before })
    }

    /// A part of it, each track once, with what that part costs.
    pub(crate) fn only(self, wanted: impl Fn(&BasketLine) -> bool) -> Result<Self, OutOfBounds> {
        let mut lines: Vec<BasketLine> = self.lines.into_iter().filter(wanted).collect();
        lines.sort_by_key(|line| line.offer.media_id);
        lines.dedup_by_key(|line| line.offer.media_id);
        Self::of(lines, &self.before, Some(self.currency))
    }
}
