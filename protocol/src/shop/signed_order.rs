//! An order signed by the buyer's passport (requirements B1, B2): to whom it goes, what it is for, at which prices, when.
//!
//! ```text
//! player -> merchant -> content manager   SignedMessage of a SignedOrder, in the domain cadenza/v1/order, role consumer
//! ```
//! It is good for ten minutes and for one order. An order needs none, but with one the buyer is charged exactly what was signed or nothing
//! is sold; and only with one does the [rest of an album](super::price::rest) have its price: the purchases that count are those of the
//! key that signed. Both sides check it for themselves, each against what it knows; the content manager turns a withdrawn passport away.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::OrderedTrack;
use super::money::Currency;
use crate::cert::{Certificate, CertificateChain, CertificateError, RevocationLists, Role};
use crate::id::{MediaId, VoucherId};
use crate::signed::{SignedError, SignedMessage};
use crate::time::UnixTime;
use crate::voucher::MAX_TRACKS;
use crate::wire::base64_array;

/// How far the order's time and the receiver's may be apart, seconds.
pub const GOOD_SECONDS: u64 = 600;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOrder {
    /// When.
    pub at: UnixTime,
    /// SHA-256 of the licensing center's root certificate.
    #[serde(with = "base64_array")]
    pub root: [u8; 32],
    /// Fingerprint of the merchant's key.
    #[serde(with = "base64_array")]
    pub merchant_key: [u8; 32],
    /// Fingerprint of the content manager's key.
    #[serde(with = "base64_array")]
    pub content_manager_key: [u8; 32],
    /// The order's key, which the buyer drew for it.
    pub order_key: String,
    /// 1 to 100 tracks, each once.
    pub items: Vec<SignedItem>,
    /// Of all prices.
    pub currency: Currency,
    /// Bought to be given away.
    pub gift: bool,
    /// Purchases of the same passport that are to count towards their albums; at most 100.
    #[serde(default)]
    pub shown: Vec<VoucherId>,
}

/// One track at its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedItem {
    /// What.
    pub media_id: MediaId,
    /// In which quality.
    pub quality: String,
    /// Its share of what is paid, cents.
    pub price_cents: u64,
}

/// An order whose signature holds, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What was signed.
    pub order: SignedOrder,
    /// Fingerprint of the key that signed: the buyer, across renewals.
    pub buyer: [u8; 32],
}

/// Where an order arrives.
#[derive(Debug, Clone, Copy)]
pub struct Counter<'a> {
    /// The licensing center here.
    pub root: &'a Certificate,
    /// Who sells.
    pub merchant_key: [u8; 32],
    /// Whose music it is.
    pub content_manager_key: [u8; 32],
    /// What is counted in.
    pub currency: Currency,
    /// Now.
    pub at: UnixTime,
}

/// Why a signed order is refused. Nothing was charged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderError {
    /// The passport is not good here.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Altered, or signed by someone else.
    #[error("the order's signature does not hold; nothing was charged, order again")]
    Signature,
    /// No order at all, or beyond its bounds.
    #[error("the signed order cannot be read; nothing was charged, update Cadenza and order again")]
    Malformed,
    /// Another root.
    #[error(
        "this order was signed for another licensing center; nothing was charged, order at a store of your passport's center"
    )]
    OtherCenter,
    /// Another merchant.
    #[error("this order was signed for another store; nothing was charged, order there")]
    OtherMerchant,
    /// Another content manager.
    #[error(
        "this order was signed for music of another content manager; nothing was charged, look at the album again and order anew"
    )]
    OtherContentManager,
    /// Another order.
    #[error("this signature belongs to another order; nothing was charged, order again")]
    OtherOrder,
    /// Other tracks, or another quality.
    #[error("what was ordered is not what was signed; nothing was charged, order again")]
    OtherItems,
    /// Not what is asked now.
    #[error(
        "the prices have changed since you looked; nothing was charged, look at the album again and order anew"
    )]
    OtherPrices,
    /// Another currency.
    #[error(
        "this order was signed in {0} and this store sells in {1}; nothing was charged, look at the store again and order anew"
    )]
    OtherCurrency(Currency, Currency),
    /// More than ten minutes apart.
    #[error(
        "this order was signed more than ten minutes ago, or the clocks differ; nothing was charged, set your computer's clock and order again"
    )]
    OtherTime,
    /// A present.
    #[error("this store sells no presents yet; nothing was charged, order without the gift mark")]
    Gift,
    /// Tracks were reserved by it before.
    #[error("this order was carried out before; look at your orders, or order again")]
    Used,
    /// Purchases were shown that do not count.
    #[error(
        "earlier purchases that were to count towards an album do not: they were paid back, or bought with another passport or store; nothing was charged, look at the price again and order anew"
    )]
    NotCounted,
}

impl OrderError {
    /// The stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Certificate(_) | Self::Signature => "order-signature",
            Self::Malformed => "order-malformed",
            Self::OtherCenter => "order-other-center",
            Self::OtherMerchant => "order-other-merchant",
            Self::OtherContentManager => "order-other-content-manager",
            Self::OtherOrder => "order-other-key",
            Self::OtherItems => "order-other-items",
            Self::OtherPrices => "order-other-prices",
            Self::OtherCurrency(..) => "order-other-currency",
            Self::OtherTime => "order-other-time",
            Self::Gift => "order-gift",
            Self::Used => "order-used",
            Self::NotCounted => "purchases-not-counted",
        }
    }
}

impl From<SignedError> for OrderError {
    fn from(error: SignedError) -> Self {
        match error {
            SignedError::Certificate(error) => Self::Certificate(error),
            SignedError::Signature => Self::Signature,
            SignedError::Malformed => Self::Malformed,
        }
    }
}

impl SignedOrder {
    /// What the passport signs.
    pub const DOMAIN: &'static str = "cadenza/v1/order";

    /// Signs; `sign` is the passport's, given domain and message.
    pub fn sign(&self, chain: &CertificateChain, sign: impl FnOnce(&str, &[u8]) -> Vec<u8>) -> SignedMessage {
        SignedMessage::new(Self::DOMAIN, self, chain, sign)
    }

    /// Opens an order that arrived here and checks all but its items: signature, passport, center, merchant, content manager, currency, time.
    pub fn open(
        message: &SignedMessage,
        here: Counter<'_>,
        revoked: &RevocationLists,
    ) -> Result<Opened, OrderError> {
        let order: Self = message.open(Self::DOMAIN, here.root, Role::Consumer, here.at, revoked)?;
        order.check(here)?;
        Ok(Opened { order, buyer: message.chain().leaf().key_fingerprint() })
    }

    fn check(&self, here: Counter<'_>) -> Result<(), OrderError> {
        let is = |same: bool, otherwise: OrderError| if same { Ok(()) } else { Err(otherwise) };
        let items = &self.items;
        let is_twice =
            |place: usize| items[..place].iter().any(|item| item.media_id == items[place].media_id);
        let fits = (1..=MAX_TRACKS).contains(&items.len()) && self.shown.len() <= MAX_TRACKS;
        is(fits && !(0..items.len()).any(is_twice), OrderError::Malformed)?;
        is(self.root == here.root.fingerprint(), OrderError::OtherCenter)?;
        is(self.merchant_key == here.merchant_key, OrderError::OtherMerchant)?;
        is(self.content_manager_key == here.content_manager_key, OrderError::OtherContentManager)?;
        is(self.currency == here.currency, OrderError::OtherCurrency(self.currency, here.currency))?;
        is(self.at.0.abs_diff(here.at.0) <= GOOD_SECONDS, OrderError::OtherTime)?;
        is(!self.gift, OrderError::Gift)
    }

    /// The merchant's half: it is this order, and of these tracks.
    pub fn check_order(&self, order_key: &str, items: &[OrderedTrack]) -> Result<(), OrderError> {
        if self.order_key != order_key {
            return Err(OrderError::OtherOrder);
        }
        let is_signed = |item: &OrderedTrack| self.price_of(&item.media_id, &item.quality).is_some();
        let same = items.len() == self.items.len() && items.iter().all(is_signed);
        same.then_some(()).ok_or(OrderError::OtherItems)
    }

    /// A track is sold at the price that was signed.
    pub fn check_price(&self, track: &MediaId, quality: &str, cents: u64) -> Result<(), OrderError> {
        match self.price_of(track, quality) {
            None => Err(OrderError::OtherItems),
            Some(signed) if signed != cents => Err(OrderError::OtherPrices),
            Some(_) => Ok(()),
        }
    }

    fn price_of(&self, track: &MediaId, quality: &str) -> Option<u64> {
        let item = self.items.iter().find(|item| item.media_id == *track && item.quality == quality)?;
        Some(item.price_cents)
    }
}
