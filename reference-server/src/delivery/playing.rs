//! Which streams play here, and for whom: a voucher opens one at a time, an address so many (V3, F12).
//!
//! A player whose connection broke comes back with the same voucher before we have noticed: the session before it is ended, its stream
//! given back, and then the new one taken. So nothing that plays is counted twice, or not at all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cadenza_protocol::preview::{PreviewAddress, Refusal, RefusalKind};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::door::visitors::counted;

/// A session that was told to end has this long.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// A connection that plays, told to end by this.
pub(super) type Session = Arc<Notify>;

#[derive(Debug)]
pub(super) struct Playing {
    most_of_one: usize,
    streams: Mutex<HashMap<PreviewAddress, (Session, IpAddr)>>,
    freed: Notify,
}

impl Playing {
    pub fn new(most_of_one: usize) -> Self {
        Self { most_of_one, streams: Mutex::default(), freed: Notify::new() }
    }

    /// Makes the stream this session's; one that plays it already is ended first.
    pub async fn take(
        &self,
        address: PreviewAddress,
        session: &Session,
        visitor: IpAddr,
    ) -> Result<(), Refusal> {
        let taken = async {
            loop {
                let mut freed = std::pin::pin!(self.freed.notified());
                freed.as_mut().enable();
                if self.try_take(address, session, counted(visitor))? {
                    return Ok(());
                }
                freed.await;
            }
        };
        tokio::time::timeout(ENDS_WITHIN, taken).await.unwrap_or_else(|_| {
            let message =
                "this preview is playing already; end it there, or try again in a moment".to_owned();
            Err(Refusal { kind: RefusalKind::NoStream, message })
        })
    }

    fn try_take(&self, address: PreviewAddress, session: &Session, visitor: IpAddr) -> Result<bool, Refusal> {
        let mut streams = self.streams.lock();
        if let Some((other, _)) = streams.get(&address) {
            if Arc::ptr_eq(other, session) {
                return Ok(true);
            }
            other.notify_one();
            return Ok(false);
        }
        if streams.values().filter(|(_, whose)| *whose == visitor).count() >= self.most_of_one {
            let message = "too many previews play at this network address; end one, or try again in a minute";
            return Err(Refusal { kind: RefusalKind::NoStream, message: message.to_owned() });
        }
        streams.insert(address, (session.clone(), visitor));
        Ok(true)
    }

    /// The stream is free again, if it was this session's.
    pub fn free(&self, address: &PreviewAddress, session: &Session) {
        let mut streams = self.streams.lock();
        if streams.get(address).is_some_and(|(whose, _)| Arc::ptr_eq(whose, session)) {
            streams.remove(address);
            self.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::id::{MediaId, VoucherId};
    use cadenza_protocol::preview::PreviewKind;
    use futures_util::FutureExt;

    use super::*;

    fn preview() -> PreviewAddress {
        PreviewAddress {
            voucher_id: VoucherId::random(),
            media_id: MediaId::random(),
            kind: PreviewKind::Clip,
        }
    }

    // V3, F12
    #[tokio::test]
    async fn a_voucher_opens_one_stream_and_the_session_before_ends_first() {
        let (playing, preview, here) = (Playing::new(2), preview(), IpAddr::from([192, 0, 2, 1]));
        let (before, after) = (Session::default(), Session::default());
        playing.take(preview, &before, here).await.unwrap();
        let mut taking = std::pin::pin!(playing.take(preview, &after, here));
        assert!(taking.as_mut().now_or_never().is_none());
        before.notified().await;
        playing.free(&preview, &before);
        taking.await.unwrap();
        playing.free(&preview, &before);
        assert_eq!(playing.streams.lock().len(), 1, "a session frees its own only");
    }

    // F12
    #[tokio::test]
    async fn an_address_plays_so_many_and_others_still_can() {
        let (playing, one) = (Playing::new(2), Session::default());
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..2 {
            playing.take(preview(), &one, here).await.unwrap();
        }
        assert_eq!(playing.take(preview(), &one, here).await.unwrap_err().kind, RefusalKind::NoStream);
        playing.take(preview(), &one, there).await.unwrap();
    }
}
