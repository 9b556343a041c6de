//! Deliveries: what was bought and is not in the library yet.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::shop::{OrderItem, TrackOffer};
use cadenza_protocol::voucher::{self, MediaVoucher, VoucherFile, VoucherKind};

use url::Url;

use super::Player;
use crate::atomic;
use crate::error::{Code, Failure};
use crate::event::{Delivery, News, Stage};
use crate::library::{TrackId, scan};
use crate::passport::vault::OpenPassport;
use crate::store::client::StoreClient;
use crate::store::deliver::{self, Courier, DeliverError, Placed};
use crate::store::journal::{OpenOrder, OpenVoucher};
use crate::store::purchase;
use crate::store::whereabouts::Whereabouts;

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
    /// Reads a voucher file that a browser brought (B4), once it is found to be a content manager's.
    pub async fn read_voucher(&self, path: &Path) -> Result<MediaVoucher, Failure> {
        let bytes = atomic::read_bounded(path, voucher::MAX_BYTES as u64)?;
        // A store that is being started brings its root.
        self.0.watch.started().await;
        self.genuine_voucher(&bytes)
    }

    /// A voucher from anywhere, once it is found to be a content manager's.
    pub fn genuine_voucher(&self, bytes: &[u8]) -> Result<MediaVoucher, Failure> {
        Ok(VoucherFile::from_json(bytes)?.verify(&self.root()?)?)
    }

    /// What to say of vouchers that were taken without a passport.
    pub fn kept_until_registered(&self) -> Failure {
        Failure::new(
            Code::NoPassport,
            "register first: the tracks of this voucher are kept and arrive once you have a passport",
        )
    }

    /// The voucher of an order, as its web page links to it. The address only names the order: the voucher is fetched from the
    /// player's own store over TLS, never from wherever the link says.
    pub async fn voucher_at(&self, link: &Url) -> Result<MediaVoucher, Failure> {
        let order_id = order_of(link).ok_or_else(|| {
            Failure::new(Code::LinkUnknown, "this link does not lead to a voucher: download the voucher file from the store's page and open that")
        })?;
        Ok(purchase::voucher_of(&self.started_store().await?, &order_id).await?)
    }

    /// Asks the merchant once more for what was bought in this player (B9); kept for [`Player::deliver_all`].
    pub async fn order_again(&self, order_id: &str) -> Result<Vec<VoucherId>, Failure> {
        let past = self.0.orders.order(order_id).ok_or_else(|| {
            Failure::new(
                Code::NotFound,
                format!("there is no order {order_id} in this player: `orders` lists those there are"),
            )
        })?;
        let voucher = purchase::voucher_of(&self.started_store().await?, &past.order.order_id).await?;
        self.take_bought(voucher, &past.order.order_id)
    }

    /// Tries a delivery again that failed, or asks the merchant once more for a track that was bought here (B9).
    pub async fn fetch_again(&self, id: MediaId) -> Result<Delivery, Failure> {
        if let Some(failed) = self.0.board.of(id).filter(|d| !matches!(d.stage, Stage::Ready)) {
            let waiting = Delivery { stage: Stage::Waiting, ..failed };
            self.note(waiting.clone());
            return Ok(waiting);
        }
        let (past, _) = self.0.orders.line_of(id).ok_or_else(|| {
            Failure::new(
                Code::NotFound,
                "this track was not bought on this computer: import its file from where it was bought",
            )
        })?;
        let mut voucher = purchase::voucher_of(&self.started_store().await?, &past.order.order_id).await?;
        voucher.tracks.retain(|track| track.media_id == id);
        self.take_bought(voucher, &past.order.order_id)?;
        self.0.board.of(id).ok_or_else(|| {
            Failure::new(Code::NotFound, "the store has no delivery for this track: ask its operator")
        })
    }

    /// The same for a voucher that was found genuine.
    pub fn take_voucher(&self, voucher: MediaVoucher) -> Result<Vec<VoucherId>, Failure> {
        if voucher.kind == VoucherKind::Preview {
            let message = "this voucher is for listening only: open it to hear the preview, or buy the track to keep it";
            return Err(Failure::new(Code::VoucherPreview, message));
        }
        let now = self.now();
        voucher.check_expiry(now)?;
        self.keep(voucher, None)
    }

    /// A voucher of an order that was paid here, whose end the merchant moves at each request.
    fn take_bought(&self, voucher: MediaVoucher, order_id: &str) -> Result<Vec<VoucherId>, Failure> {
        voucher.check_expiry(self.now())?;
        self.keep(voucher, Some(order_id))
    }

    fn keep(&self, voucher: MediaVoucher, order_id: Option<&str>) -> Result<Vec<VoucherId>, Failure> {
        let ids = purchase::keep_vouchers(&self.0.journal, voucher, order_id, self.now())?;
        for open in ids.iter().filter_map(|id| self.0.journal.voucher(*id)) {
            self.tell_stage(&open, Stage::Waiting);
        }
        Ok(ids)
    }

    /// Shows what waits to be delivered and is not shown as being on its way.
    pub(super) fn await_deliveries(&self) {
        for open in self.0.journal.vouchers() {
            if !self.0.board.is_arriving(open.track.media_id) {
                self.tell_stage(&open, Stage::Waiting);
            }
        }
    }

    /// Deliveries of this session and those that were not finished before, newest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.0.board.all()
    }

    /// How many are on their way.
    pub fn arriving(&self) -> usize {
        self.0.board.arriving()
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
    /// others. Needs the store and the open passport; without them, each delivery that waits says why.
    pub async fn deliver_all(&self) -> Result<Vec<Delivered>, Failure> {
        let _one_at_a_time = self.0.delivering.lock().await;
        self.await_deliveries();
        let delivered = self.deliver_open().await;
        if let Err(failure) = &delivered {
            for open in self.0.journal.vouchers() {
                self.tell_stage(&open, Stage::Failed(failure.clone()));
            }
        }
        delivered
    }

    async fn deliver_open(&self) -> Result<Vec<Delivered>, Failure> {
        let client = self.started_store().await?;
        let resumed = purchase::resume(&client, &self.0.journal, &self.0.orders, self.now()).await;
        let vouchers = self.0.journal.vouchers();
        if vouchers.is_empty() {
            return resumed.map(|()| Vec::new()).map_err(Failure::from);
        }
        let passport = self.0.vault.lend()?;
        let mut delivered = Vec::new();
        let mut whereabouts = Whereabouts::new(&client);
        for open in vouchers {
            let (voucher_id, media_id, title) = (open.id(), open.track.media_id, open.track.title.clone());
            let outcome = self.deliver_one(&client, &passport, &mut whereabouts, open).await;
            delivered.push(Delivered { voucher_id, media_id, title, outcome });
        }
        deliver::sweep(&self.0.journal);
        Ok(delivered)
    }

    async fn deliver_one(
        &self,
        client: &StoreClient,
        passport: &Arc<OpenPassport>,
        whereabouts: &mut Whereabouts<'_>,
        open: OpenVoucher,
    ) -> Result<TrackId, Failure> {
        let outcome = self.deliver_from_where_it_is(client, passport, whereabouts, &open).await;
        match &outcome {
            Ok(_) => self.tell_stage(&open, Stage::Ready),
            Err(failure) => self.tell_stage(&open, Stage::Failed(failure.clone())),
        }
        outcome
    }

    async fn deliver_from_where_it_is(
        &self,
        client: &StoreClient,
        passport: &Arc<OpenPassport>,
        whereabouts: &mut Whereabouts<'_>,
        open: &OpenVoucher,
    ) -> Result<TrackId, Failure> {
        let root = self.root()?;
        let told = self.delivery(open, Stage::Waiting);
        let progress = |stage| self.note(Delivery { stage, ..told.clone() });
        let courier = Courier {
            client,
            journal: &self.0.journal,
            passport: Arc::clone(passport),
            root: &root,
            clock: &*self.0.clock,
            progress: &progress,
        };
        let mut from = whereabouts.of(&open.track).await;
        if let Some(failure) = whereabouts.failure_at(&from) {
            return Err(failure);
        }
        let mut result = courier.deliver(open.duplicate(), &from).await;
        if let Err(e) = &result
            && e.is_unreachable()
        {
            // It may have been started anew meanwhile, or another one stands in for it.
            let now = whereabouts.of(&open.track).await;
            if now != from {
                from = now;
                result = courier.deliver(open.duplicate(), &from).await;
            }
        }
        if let Err(e) = &result
            && e.final_refusal() == Some(Code::VoucherExpired)
            && let Some(renewed) = renewed(client, open).await
        {
            // It was paid for here: the merchant gives a new voucher for the same purchase.
            self.0.journal.keep_voucher(&renewed)?;
            result = courier.deliver(renewed, &from).await;
        }
        let is_unreachable = result.as_ref().is_err_and(DeliverError::is_unreachable);
        let outcome = self.conclude(open, &root, result);
        if let Ok(id) = &outcome {
            self.bring_counts(*id, open.id()).await;
        }
        if let Err(failure) = &outcome
            && is_unreachable
        {
            whereabouts.is_unreachable(from, failure.clone());
        }
        outcome
    }

    /// A purchase that is fetched again comes with what was used of it.
    async fn bring_counts(&self, id: TrackId, voucher: VoucherId) {
        if self.track(id).is_ok_and(|track| track.is_limited())
            && let Err(failure) = self.settle_counts(&[voucher]).await
        {
            tracing::warn!(%failure, %voucher, "the store could not be asked how often this purchase was used");
        }
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
                atomic::reach("deliver.shelving", &placed.file_name)?;
                self.shelve(vec![record])?;
                Ok(id)
            }
            Err(e) => {
                let over = match e.final_refusal() {
                    Some(Code::VoucherUsed | Code::VoucherRefunded) => true,
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
        self.note(self.delivery(open, stage));
    }

    /// Notes how far a delivery is, and says so; and says once when the last one is here.
    fn note(&self, delivery: Delivery) {
        let is_ready = matches!(delivery.stage, Stage::Ready);
        let title = delivery.title.clone().unwrap_or_default();
        self.0.board.note(delivery.clone());
        self.tell(News::Delivery(delivery));
        if is_ready {
            let tracks = self.0.arrived.fetch_add(1, Ordering::Relaxed) + 1;
            if self.arriving() == 0 {
                self.0.arrived.store(0, Ordering::Relaxed);
                self.tell(News::Arrived { title, tracks });
            }
        }
    }

    /// A delivery with all that order and catalogue say of its track.
    fn delivery(&self, open: &OpenVoucher, stage: Stage) -> Delivery {
        let media_id = open.track.media_id;
        let line = self.0.orders.line_of(media_id).map(|(_, line)| line);
        let offer = self.known_offer(media_id);
        let either = |ordered: fn(&OrderItem) -> &String, offered: fn(&TrackOffer) -> &String| {
            line.as_ref().map(ordered).or(offer.as_ref().map(offered)).cloned()
        };
        Delivery {
            voucher_id: open.id(),
            media_id,
            title: open.track.title.clone().or_else(|| either(|line| &line.title, |offer| &offer.title)),
            artist: either(|line| &line.artist, |offer| &offer.artist),
            album: offer.as_ref().map(|offer| offer.album.clone()),
            quality: line.map(|line| line.quality),
            order_id: open.order_id.clone(),
            stage,
        }
    }
}

async fn renewed(client: &StoreClient, open: &OpenVoucher) -> Option<OpenVoucher> {
    let order_id = open.order_id.as_ref()?;
    let (track, expires) = purchase::voucher_again(client, order_id, open.id()).await.ok()??;
    Some(OpenVoucher { track, expires, ..open.duplicate() })
}

/// The order's id in `.../orders/ID/voucher`, with or without an extension.
pub(super) fn order_of(url: &Url) -> Option<String> {
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let place = parts.iter().position(|part| matches!(*part, "orders" | "order" | "retrieve"))?;
    let id = parts.get(place + 1)?.split('.').next()?;
    let is_id = (8..=100).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    // B4
    #[test]
    fn a_link_names_an_order_and_nothing_else() {
        let order = |text: &str| order_of(&Url::parse(text).unwrap());
        assert_eq!(
            order("http://127.0.0.1:8080/orders/0123456789abcdef/voucher").as_deref(),
            Some("0123456789abcdef")
        );
        assert_eq!(
            order("https://shop.example/retrieve/0123456789abcdef.cadvoucher").as_deref(),
            Some("0123456789abcdef")
        );
        assert_eq!(order("https://shop.example/orders/..%2f..%2fv1/voucher"), None);
        assert_eq!(order("https://shop.example/"), None);
    }
}
