//! The board of deliveries: how far each track is that was bought or redeemed in this session or not finished before.

use cadenza_protocol::id::MediaId;
use parking_lot::{Mutex, MutexGuard};

use crate::event::{Delivery, Stage};

/// Most entries; the oldest finished ones go first.
const MOST: usize = 500;

/// Deliveries, oldest first.
#[derive(Debug, Default)]
pub struct Board(Mutex<Vec<Delivery>>);

impl Board {
    /// Notes how far a delivery is.
    pub fn note(&self, news: Delivery) {
        let mut board = self.board();
        match board.iter_mut().find(|known| known.voucher_id == news.voucher_id) {
            Some(known) => {
                // A later word may know less than the first one.
                let before = std::mem::replace(known, news);
                known.title = known.title.take().or(before.title);
                known.order_id = known.order_id.take().or(before.order_id);
            }
            None => board.push(news),
        }
        while board.len() > MOST {
            let oldest = board.iter().position(|d| matches!(d.stage, Stage::Ready)).unwrap_or(0);
            board.remove(oldest);
        }
    }

    /// All, newest first.
    pub fn all(&self) -> Vec<Delivery> {
        self.board().iter().rev().cloned().collect()
    }

    /// The latest delivery of a track.
    pub fn of(&self, id: MediaId) -> Option<Delivery> {
        self.board().iter().rev().find(|d| d.media_id == id).cloned()
    }

    /// Whether a track is on its way.
    pub fn is_arriving(&self, id: MediaId) -> bool {
        self.of(id).is_some_and(|d| is_open(&d.stage))
    }

    /// How many are on their way.
    pub fn arriving(&self) -> usize {
        self.board().iter().filter(|d| is_open(&d.stage)).count()
    }

    fn board(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.0.lock()
    }
}

fn is_open(stage: &Stage) -> bool {
    match stage {
        Stage::Waiting | Stage::Redeeming | Stage::Receiving { .. } | Stage::Checking => true,
        Stage::Ready | Stage::Failed(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::id::VoucherId;

    use super::*;

    fn delivery(voucher_id: VoucherId, media_id: MediaId, title: Option<&str>, stage: Stage) -> Delivery {
        let title = title.map(str::to_owned);
        Delivery {
            voucher_id,
            media_id,
            title,
            artist: None,
            album: None,
            quality: None,
            order_id: None,
            stage,
        }
    }

    // B9
    #[test]
    fn a_delivery_stands_once_however_often_there_is_news_of_it() {
        let board = Board::default();
        let (voucher, media) = (VoucherId::random(), MediaId::random());
        board.note(delivery(voucher, media, Some("Solace"), Stage::Waiting));
        assert!(board.is_arriving(media));
        board.note(delivery(voucher, media, None, Stage::Ready));
        assert_eq!(board.all().len(), 1);
        assert_eq!(board.all()[0].title.as_deref(), Some("Solace"));
        assert_eq!(board.arriving(), 0);
    }
}
