//! What must not be lost or doubled (requirement B7): orders that were sent, and vouchers that are not in the library yet.
//!
//! Each is one small file in `deliveries/`, written and synced before the step that it protects:
//!
//! ```text
//! deliveries/order-<key>.json      before an order is sent; gone once its vouchers are kept, or it was refused
//! deliveries/voucher-<id>.json     before a track is redeemed; gone once it is in the library and acknowledged
//! music/<id>.part                  the track while it arrives, beside where it will stand
//! ```
//!
//! A voucher holds its receipt token, which is worth the track to whoever has this passport too: files are readable by their
//! owner only. No card is ever here.

use std::fs;
use std::path::{Path, PathBuf};

use cadenza_protocol::id::VoucherId;
use cadenza_protocol::redeem::DeliveryReport;
use cadenza_protocol::shop::OrderedTrack;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::voucher::VoucherTrack;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::atomic::{self, FileError};

const BOUND: u64 = 1 << 20;

/// An order whose outcome is not in the library yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Drawn once; the merchant takes money once for it.
    pub idempotency_key: String,
    /// The key of the merchant it went to, hexadecimal: addresses change.
    pub merchant: String,
    /// What was ordered.
    pub items: Vec<OrderedTrack>,
    /// When.
    pub placed_at: UnixTime,
    /// Known once the merchant has answered: then it is paid.
    pub order_id: Option<String>,
}

/// A voucher that is not fulfilled yet.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenVoucher {
    /// The voucher's track, with its receipt.
    pub track: VoucherTrack,
    /// When the voucher ends.
    pub expires: UnixTime,
    /// The order it came from, when it was bought in this player.
    pub order_id: Option<String>,
    /// When it came.
    pub taken_at: UnixTime,
    /// Set once the whole track is on disk: then it needs its place and the acknowledgement, no more bytes.
    pub arrived: Option<Arrived>,
}

/// A track that is whole on disk, and what is left to report about it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Arrived {
    /// Name of its file in the music folder; until the rename happened it is still the `.part`.
    pub file_name: String,
    /// What the delivery server is still to be told.
    pub report: DeliveryReport,
}

impl OpenVoucher {
    /// The transaction.
    pub const fn id(&self) -> VoucherId {
        self.track.voucher_id
    }

    /// A second copy, receipt included.
    pub fn duplicate(&self) -> Self {
        Self {
            track: self.track.duplicate(),
            expires: self.expires,
            order_id: self.order_id.clone(),
            taken_at: self.taken_at,
            arrived: self.arrived.clone(),
        }
    }
}

/// The folder of open orders and vouchers.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
    music: PathBuf,
}

impl Journal {
    /// The journal in this folder, for tracks that go to `music`.
    pub const fn new(folder: PathBuf, music: PathBuf) -> Self {
        Self { folder, music }
    }

    /// A step of a purchase is reached.
    pub(super) fn reach(&self, step: &'static str) -> Result<(), FileError> {
        atomic::reach(step, &self.folder)
    }

    /// Where finished tracks stand.
    pub fn music(&self) -> &Path {
        &self.music
    }

    /// Orders, oldest first.
    pub fn orders(&self) -> Vec<OpenOrder> {
        let mut orders: Vec<OpenOrder> = self.read_all("order-");
        orders.sort_by_key(|o| o.placed_at);
        orders
    }

    /// Keeps an order.
    pub fn keep_order(&self, order: &OpenOrder) -> Result<(), FileError> {
        keep(&self.order_path(&order.idempotency_key), order)
    }

    /// Lets go of an order.
    pub fn close_order(&self, order: &OpenOrder) -> Result<(), FileError> {
        atomic::remove_file(&self.order_path(&order.idempotency_key))
    }

    /// Vouchers, oldest first.
    pub fn vouchers(&self) -> Vec<OpenVoucher> {
        let mut vouchers: Vec<OpenVoucher> = self.read_all("voucher-");
        vouchers.sort_by_key(|v| (v.taken_at, v.id()));
        vouchers
    }

    /// One voucher.
    pub fn voucher(&self, id: VoucherId) -> Option<OpenVoucher> {
        read(&self.voucher_path(id))
    }

    /// Keeps a voucher.
    pub fn keep_voucher(&self, voucher: &OpenVoucher) -> Result<(), FileError> {
        keep(&self.voucher_path(voucher.id()), voucher)
    }

    /// Lets go of a voucher and of what arrived for it.
    pub fn close_voucher(&self, id: VoucherId) -> Result<(), FileError> {
        atomic::remove_file(&self.part_path(id))?;
        atomic::remove_file(&self.voucher_path(id))
    }

    /// Where a track lies while it arrives.
    pub fn part_path(&self, id: VoucherId) -> PathBuf {
        self.music.join(format!("{id}.part"))
    }

    fn voucher_path(&self, id: VoucherId) -> PathBuf {
        self.folder.join(format!("voucher-{id}.json"))
    }

    fn order_path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("order-{key}.json"))
    }

    /// A file that cannot be read is left where it is for a person to look at; the others go on.
    fn read_all<T: DeserializeOwned>(&self, prefix: &str) -> Vec<T> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let names = entries.filter_map(Result::ok).map(|e| e.path());
        let ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            name.starts_with(prefix) && name.ends_with(".json")
        };
        names.filter(ours).filter_map(|path| read(&path)).collect()
    }
}

fn keep<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let json = zeroize::Zeroizing::new(serde_json::to_vec(value).expect("the journal is plain data"));
    atomic::replace_file(path, &json)
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = zeroize::Zeroizing::new(atomic::read_bounded(path, BOUND).ok()?);
    let parsed = serde_json::from_slice(&bytes);
    if parsed.is_err() {
        tracing::warn!(path = %path.display(), "an entry of the delivery journal cannot be read and is left as it is");
    }
    parsed.ok()
}
