//! The merchant (S6, B1 to B4): an inventory with its own prices, orders, payment, and vouchers for what was paid.
//!
//! Everything it sells belongs to a content manager, reached over mutual TLS. [`inventory`] is what is on the shelves, [`orders`] takes
//! a wish to a paid order exactly once, [`books`] enters what was taken in the secure log, [`service`] is the JSON API for players; [`crate::web`] shows the same shop to browsers.

mod after_sale;
mod books;
pub mod inventory;
pub mod messages;
pub mod orders;
pub mod service;

use std::sync::Arc;

use cadenza_protocol::id::MediaId;
use cadenza_protocol::pay::Till;
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::voucher::VoucherFile;
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

use crate::api::ApiFailure;
use crate::call::CallError;
use crate::clock::Clock;
use crate::content::client::ContentClient;
use crate::content::log::{SecureLog, SecureLogError};
use crate::content::messages::PreviewKind;
use crate::db::Database;
use crate::door::turns::Turns;
use crate::payment::client::PaymentClient;
use crate::tls::ServiceTls;
use inventory::{Looks, Shelves};
use messages::PreviewRequest;

/// How the merchant runs; the `[merchant]` table of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MerchantSettings {
    /// Name of the shop.
    pub name: String,
    /// What is added to the content manager's prices, percent.
    pub markup_percent: u32,
}

impl Default for MerchantSettings {
    fn default() -> Self {
        Self { name: "Cadenza Store".into(), markup_percent: 0 }
    }
}

/// The running merchant.
#[derive(Debug)]
pub struct Merchant {
    pub(crate) settings: MerchantSettings,
    pub(crate) currency: Currency,
    content: ContentClient,
    payment: PaymentClient,
    database: Database,
    clock: Clock,
    tls: ServiceTls,
    secure_log: SecureLog,
    shelves: RwLock<Option<Arc<Shelves>>>,
    looks: Looks,
    /// Two orders with one key never run beside each other.
    orders: Turns,
    /// Addresses that `GET /v1/about` tells.
    licensing_url: String,
    web_url: String,
}

/// What a merchant is made of.
#[derive(Debug)]
pub struct MerchantParts {
    /// Its settings.
    pub settings: MerchantSettings,
    /// What it counts in.
    pub currency: Currency,
    /// The way to the content manager.
    pub content: ContentClient,
    /// The way to the payment processor.
    pub payment: PaymentClient,
    /// Its tables.
    pub database: Database,
    /// Its clock.
    pub clock: Clock,
    /// Its identity.
    pub tls: ServiceTls,
    /// Its secure log, ready for entries (B3).
    pub log: SecureLog,
    /// Where passports come from.
    pub licensing_url: String,
    /// Its pages.
    pub web_url: String,
}

impl Merchant {
    /// A merchant with empty shelves; they fill when someone looks.
    pub fn new(parts: MerchantParts) -> Self {
        let MerchantParts {
            settings,
            currency,
            content,
            payment,
            database,
            clock,
            tls,
            log,
            licensing_url,
            web_url,
        } = parts;
        Self {
            settings,
            currency,
            content,
            payment,
            database,
            clock,
            tls,
            secure_log: log,
            shelves: RwLock::new(None),
            looks: Looks::default(),
            orders: Turns::default(),
            licensing_url,
            web_url,
        }
    }

    /// Brings what is new in the secure log to the licensing center.
    pub async fn settle_log(&self) -> Result<(), SecureLogError> {
        self.secure_log.settle(&self.tls.identity(), false).await
    }

    /// Where buyers show their cards.
    pub(crate) async fn till(&self) -> Result<Till, ApiFailure> {
        Ok(self.payment.till().await?)
    }

    /// What time it is here.
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// A voucher to listen by.
    pub async fn preview(
        &self,
        media_ids: Vec<MediaId>,
        kind: PreviewKind,
    ) -> Result<VoucherFile, ApiFailure> {
        self.content.post("/v1/commerce/preview", &PreviewRequest { media_ids, kind }).await.map_err(away)
    }

    /// A cover in about the size asked for, as JPEG.
    pub async fn art(&self, media_id: &MediaId, size: u32) -> Result<bytes::Bytes, ApiFailure> {
        let none = || ApiFailure::not_found("this track has no cover");
        let shelves = self.shelves_with(media_id).await?;
        let name = shelves.art(media_id).ok_or_else(none)?;
        let picture = self.content.get(&format!("/v1/commerce/art/{name}/{size}")).await.map_err(away)?;
        picture.bytes().await.map_err(|e| away(e.into()))
    }
}

/// The content manager's refusal as it is; its silence in the merchant's words.
fn away(error: CallError) -> ApiFailure {
    error.handed_on(
        "store-unavailable",
        "the store cannot reach its music right now; nothing was charged, try again in a moment",
    )
}
