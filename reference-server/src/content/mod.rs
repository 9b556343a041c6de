//! The content manager (S2): keeps the master files, answers for previews and purchases.
//!
//! One HTTPS port, always with a certificate from the caller: authors publish ([`publish`]), merchants read the inventory, reserve and
//! authorize ([`commerce`], [`preview`]), delivery servers allocate streams and have redemptions verified ([`delivery_servers`],
//! [`redeem`]). Files lie in [`files`], tables in [`crate::db`], media keys in [`custody`]; what is sold and
//! previewed is entered in [`log`].

pub mod art;
pub mod catalogue;
pub mod client;
mod commerce;
mod counts;
pub mod custody;
mod delivery_servers;
pub mod files;
pub mod log;
pub mod messages;
mod preview;
pub mod publish;
mod redeem;
pub(crate) mod signed_order;
mod tracks;
mod vouchers;
mod whereabouts;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use cadenza_protocol::cert::Role;
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::center::CenterClient;
use crate::clock::Clock;
use crate::db::Database;
use crate::tls::{Revocations, RoleGate, ServiceTls, role_gate};
use files::MediaFiles;
use log::{SecureLog, SecureLogError};

/// Longest JSON message from another service.
const MESSAGE_LIMIT: usize = 1 << 20;

/// How the content manager runs; the `[content]` table of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContentSettings {
    /// A reservation that is not authorized by then lapses, seconds.
    pub reservation_seconds: u32,
    /// A purchase can be retrieved for this long before it was first redeemed, days.
    pub retrieve_days: u32,
    /// A preview voucher is good for this long, seconds.
    pub preview_seconds: u32,
    /// Streams that each delivery server may play at once.
    pub streams: u32,
    /// First UDP port of delivery servers; none: any free port.
    pub udp_base_port: Option<u16>,
    /// Upper bound of one download, bytes per second; none: no bound.
    pub download_rate: Option<u64>,
    /// Bytes that uploads may take up at one time, all authors together.
    pub upload_space: u64,
    /// Bytes that one author's uploads may take up at one time.
    pub upload_space_per_author: u64,
    /// An upload that nothing was sent of for this long is given up, hours.
    pub upload_hours: u32,
}

impl Default for ContentSettings {
    fn default() -> Self {
        Self {
            reservation_seconds: 900,
            retrieve_days: 30,
            preview_seconds: 3600,
            streams: 64,
            udp_base_port: None,
            download_rate: None,
            upload_space: 8 << 30,
            upload_space_per_author: 2 << 30,
            upload_hours: 24,
        }
    }
}

/// Seconds between two registrations of a delivery server.
const DELIVERY_REFRESH: u32 = 30;

/// What a content manager is made of.
#[derive(Debug)]
pub struct ContentParts {
    /// Its tables.
    pub database: Database,
    /// The published files.
    pub files: MediaFiles,
    /// Folder of unfinished uploads.
    pub uploads: PathBuf,
    /// Its identity.
    pub tls: ServiceTls,
    /// Certificates that count no longer.
    pub revocations: Revocations,
    /// What time it is.
    pub clock: Clock,
    /// How it runs.
    pub settings: ContentSettings,
    /// What it sells in.
    pub currency: Currency,
    /// Its secure log, ready for entries.
    pub log: SecureLog,
    /// The way to the licensing center, which stamps what is published.
    pub center: CenterClient,
}

/// The running content manager.
#[derive(Debug)]
pub struct ContentManager {
    database: Database,
    files: MediaFiles,
    uploads: PathBuf,
    tls: ServiceTls,
    revocations: Revocations,
    clock: Clock,
    settings: ContentSettings,
    currency: Currency,
    log: SecureLog,
    center: CenterClient,
    counters: Counters,
}

/// What administration wants to know (S4).
#[derive(Debug, Default)]
struct Counters {
    vouchers: AtomicU64,
    accesses: AtomicU64,
    misses: AtomicU64,
}

/// Statistics of a content manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentStatistics {
    /// Vouchers issued since the start.
    pub vouchers: u64,
    /// Published tracks.
    pub items: u64,
    /// Look-ups of tracks since the start.
    pub accesses: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
    /// Purchases delivered, ever.
    pub delivered: u64,
    /// Delivery servers, with streams allocated to them and in use.
    pub delivery_servers: Vec<(String, u64, u64)>,
}

impl ContentManager {
    /// A content manager of these parts.
    pub fn new(parts: ContentParts) -> Self {
        let ContentParts {
            database,
            files,
            uploads,
            tls,
            revocations,
            clock,
            settings,
            currency,
            log,
            center,
        } = parts;
        Self {
            database,
            files,
            uploads,
            tls,
            revocations,
            clock,
            settings,
            currency,
            log,
            center,
            counters: Counters::default(),
        }
    }

    /// Clears up after the run before, and says what is not for sale any more.
    pub async fn begin(&self) {
        self.sweep_unsealed();
        if let Err(failure) = self.warn_of_other_currencies().await {
            tracing::warn!(code = %failure.error.code, "the shelf could not be looked through");
        }
    }

    /// Its secure log (R2).
    pub fn log(&self) -> &SecureLog {
        &self.log
    }

    /// Brings what is new in the secure log to the licensing center; `report` even when nothing is, before a renewal.
    pub async fn settle_log(&self, report: bool) -> Result<(), SecureLogError> {
        self.log.settle(&self.tls.identity(), report).await
    }

    /// Who it is: fingerprint of its key.
    fn key(&self) -> [u8; 32] {
        self.tls.identity().chain().leaf().key_fingerprint()
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Vouchers, items, accesses, delivery servers.
    pub async fn statistics(&self) -> Result<ContentStatistics, sqlx::Error> {
        let pool = self.database.pool();
        let count = async |sql: &'static str| -> Result<u64, sqlx::Error> {
            let (count,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await?;
            Ok(u64::try_from(count).unwrap_or_default())
        };
        let servers: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT d.id, d.streams, (SELECT COUNT(*) FROM streams s WHERE s.server = d.id) FROM delivery_servers d ORDER BY d.id",
        )
        .fetch_all(pool)
        .await?;
        Ok(ContentStatistics {
            vouchers: self.counters.vouchers.load(Ordering::Relaxed),
            items: count("SELECT COUNT(*) FROM media").await?,
            accesses: self.counters.accesses.load(Ordering::Relaxed),
            misses: self.counters.misses.load(Ordering::Relaxed),
            delivered: count("SELECT COUNT(*) FROM delivery_log").await?,
            delivery_servers: servers
                .into_iter()
                .map(|(id, total, used)| (id, total.unsigned_abs(), used.unsigned_abs()))
                .collect(),
        })
    }
}

/// The service's routes: each part for its own role.
pub fn router(manager: Arc<ContentManager>) -> Router {
    let role_of = |roles, revocations| {
        let (root, clock) = (manager.tls.root().clone(), manager.clock.clone());
        from_fn_with_state(RoleGate { root, clock, revocations, roles }, role_gate)
    };
    let gate = |roles| role_of(roles, Some(manager.revocations.clone()));
    let limit = || DefaultBodyLimit::max(MESSAGE_LIMIT);
    Router::new()
        .merge(
            commerce::routes()
                .merge(preview::routes())
                .merge(whereabouts::routes())
                .merge(counts::routes())
                .layer(limit())
                .layer(gate(&[Role::Merchant])),
        )
        .merge(commerce::ways_back().layer(limit()).layer(role_of(&[Role::Merchant], None)))
        .merge(
            delivery_servers::routes()
                .merge(redeem::routes())
                .layer(limit())
                .layer(gate(&[Role::DeliveryServer])),
        )
        .merge(publish::routes().layer(gate(&[Role::Author])))
        .with_state(manager)
}
