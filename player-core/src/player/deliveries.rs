//! Deliveries: what was bought and is not in the library yet.

use std::collections::HashMap;
use std::path::Path;

use cadenza_protocol::id::{DeliveryServerId, MediaId, VoucherId};
use cadenza_protocol::voucher::{self, MediaVoucher, VoucherFile, VoucherKind};

use super::Player;
use crate::atomic;
use crate::error::{Code, Failure};
use crate::event::{Delivery, News, Stage};
use crate::library::{TrackId, scan};
use crate::store::client::StoreClient;
use crate::store::deliver::{self, Courier, DeliverError, Placed};
use crate::store::journal::{OpenOrder, OpenVoucher};
use crate::store::purchase;

/// What became of one delivery.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The transaction.
    pub voucher_id: VoucherId,
    /// The track.
    pub media_id: MediaId,
    /// As the merchant named it.
    pub title: Option<String>,
    /// The library's track, or why it is not there yet.
    pub outcome: Result<TrackId, Failure>,
}

impl Player {
    /// Reads a voucher file that a browser brought (B4), and keeps its tracks for [`Player::deliver_all`].
    pub fn take_voucher_file(&self, path: &Path) -> Result<Vec<VoucherId>, Failure> {
        let bytes = atomic::read_bounded(path, voucher::MAX_BYTES as u64)?;
        self.take_voucher(self.genuine_voucher(&bytes)?)
    }

    /// A voucher from anywhere, once it is found to be a content manager's.
    pub fn genuine_voucher(&self, bytes: &[u8]) -> Result<MediaVoucher, Failure> {
        Ok(VoucherFile::from_json(bytes)?.verify(&self.root()?)?)
    }

    /// The same for a voucher that was found genuine.
    pub fn take_voucher(&self, voucher: MediaVoucher) -> Result<Vec<VoucherId>, Failure> {
        if voucher.kind == VoucherKind::Preview {
            let message = "this voucher is for listening only: open it to hear the preview, or buy the track to keep it";
            return Err(Failure::new(Code::VoucherPreview, message));
        }
        let now = self.now();
        voucher.check_expiry(now)?;
        let ids = purchase::keep_vouchers(&self.0.journal, voucher, None, now)?;
        for open in ids.iter().filter_map(|id| self.0.journal.voucher(*id)) {
            self.tell_stage(&open, Stage::Waiting);
        }
        Ok(ids)
    }

    /// Deliveries that are not finished.
    pub fn open_deliveries(&self) -> Vec<Delivery> {
        let vouchers = self.0.journal.vouchers();
        vouchers.iter().map(|open| delivery(open, Stage::Waiting)).collect()
    }

    /// Whether anything paid for is not in the library yet, or not acknowledged.
    pub fn has_open_deliveries(&self) -> bool {
        !self.0.journal.vouchers().is_empty() || self.0.journal.orders().iter().any(|o| o.order_id.is_some())
    }

    /// Orders that were sent and never answered: placing the same order again asks for the same order, and pays once.
    pub fn unanswered_orders(&self) -> Vec<OpenOrder> {
        self.0.journal.orders().into_iter().filter(|o| o.order_id.is_none()).collect()
    }

    /// Brings everything that was bought, and everything that an earlier run was cut off at. One failure does not stop the
    /// others. Needs the store and the open passport.
    pub async fn deliver_all(&self) -> Result<Vec<Delivered>, Failure> {
        let _one_at_a_time = self.0.delivering.lock().await;
        let client = self.store()?;
        let resumed = purchase::resume(&client, &self.0.journal, self.now()).await;
        let vouchers = self.0.journal.vouchers();
        if vouchers.is_empty() {
            return resumed.map(|()| Vec::new()).map_err(Failure::from);
        }
        let session = self.0.vault.session()?;
        let mut delivered = Vec::new();
        let mut gone: HashMap<DeliveryServerId, Failure> = HashMap::new();
        for open in vouchers {
            let (voucher_id, media_id, title) = (open.id(), open.track.media_id, open.track.title.clone());
            let server = open.track.delivery.id.clone();
            let outcome = match gone.get(&server) {
                // One wait for a server that is gone is enough for all its tracks.
                Some(failure) => {
                    self.tell_stage(&open, Stage::Failed(failure.clone()));
                    Err(failure.clone())
                }
                None => self.deliver_one(&client, &session, open).await,
            };
            if let Err(failure) = &outcome
                && matches!(failure.code, Code::StoreUnreachable | Code::DownloadFailed)
            {
                gone.insert(server, failure.clone());
            }
            delivered.push(Delivered { voucher_id, media_id, title, outcome });
        }
        deliver::sweep(&self.0.journal);
        Ok(delivered)
    }

    async fn deliver_one(
        &self,
        client: &StoreClient,
        session: &std::sync::Arc<crate::passport::vault::Session>,
        open: OpenVoucher,
    ) -> Result<TrackId, Failure> {
        let root = self.root()?;
        let told = delivery(&open, Stage::Waiting);
        let news = self.0.news.clone();
        let progress = move |stage| {
            let _ = news.send(News::Delivery(Delivery { stage, ..told.clone() }));
        };
        let courier = Courier {
            client,
            journal: &self.0.journal,
            session: std::sync::Arc::clone(session),
            root: &root,
            clock: &*self.0.clock,
            progress: &progress,
        };
        let again = open.duplicate();
        let mut result = courier.deliver(open).await;
        if let Err(e) = &result
            && e.final_refusal() == Some(Code::VoucherExpired)
            && let Some(renewed) = renewed(client, &again).await
        {
            // It was paid for here: the merchant gives a new voucher for the same purchase.
            self.0.journal.keep_voucher(&renewed)?;
            result = courier.deliver(renewed).await;
        }
        let outcome = self.conclude(&again, &root, result);
        match &outcome {
            Ok(_) => self.tell_stage(&again, Stage::Ready),
            Err(failure) => self.tell_stage(&again, Stage::Failed(failure.clone())),
        }
        outcome
    }

    fn conclude(
        &self,
        open: &OpenVoucher,
        root: &cadenza_protocol::cert::Certificate,
        result: Result<Placed, DeliverError>,
    ) -> Result<TrackId, Failure> {
        match result {
            Ok(placed) => {
                let record = scan::read(&self.0.home.music(), &placed.file_name, root);
                let record = record.map_err(|e| Failure::from(DeliverError::Unusable(e)))?;
                let id = record.id;
                self.shelve(vec![record])?;
                Ok(id)
            }
            Err(e) => {
                let over = match e.final_refusal() {
                    Some(Code::VoucherUsed) => true,
                    // A voucher from a file can be opened again; what was paid for here is never let go of.
                    Some(_) => open.order_id.is_none(),
                    None => false,
                };
                if over {
                    self.0.journal.close_voucher(open.id())?;
                }
                Err(e.into())
            }
        }
    }

    fn tell_stage(&self, open: &OpenVoucher, stage: Stage) {
        self.tell(News::Delivery(delivery(open, stage)));
    }
}

async fn renewed(client: &StoreClient, open: &OpenVoucher) -> Option<OpenVoucher> {
    let order_id = open.order_id.as_ref()?;
    let (track, expires) = purchase::voucher_again(client, order_id, open.id()).await.ok()??;
    Some(OpenVoucher { track, expires, ..open.duplicate() })
}

fn delivery(open: &OpenVoucher, stage: Stage) -> Delivery {
    Delivery {
        voucher_id: open.id(),
        media_id: open.track.media_id,
        title: open.track.title.clone(),
        order_id: open.order_id.clone(),
        stage,
    }
}
