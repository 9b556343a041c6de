//! The core's news, told to the page, and what follows from them.

use std::sync::atomic::Ordering;

use cadenza_player::Code;
use cadenza_player::event::{Delivery, News, Stage};
use tokio::sync::broadcast::error::RecvError;

use super::{Core, Desk};
use crate::convert;
use crate::events::{
    CartChanged, DownloadChanged, LibraryChanged, NoticeLevel, PassportChanged, StoreReachable,
};
use crate::ipc::AppError;

impl Desk {
    /// Passes the news on for as long as the program runs.
    pub fn follow_news(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            let mut news = core.player.news();
            loop {
                match news.recv().await {
                    Ok(news) => desk.follow(core, news).await,
                    // The page asks for the whole state with each of these.
                    Err(RecvError::Lagged(_)) => {
                        for news in [News::Passport, News::Cart, News::Library] {
                            desk.follow(core, news).await;
                        }
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    /// Tells the page when the store begins or ceases to answer.
    pub fn follow_store(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            let mut changes = core.store.changes();
            while changes.changed().await.is_ok() {
                let state = changes.borrow_and_update().clone();
                core.tell(StoreReachable(state));
            }
        });
    }

    async fn follow(&self, core: &Core, news: News) {
        match news {
            News::Passport => {
                core.tell_passport();
                // Vouchers may have been waiting for the keys.
                self.deliver();
            }
            News::Cart => match core.cart().await {
                Ok(cart) => core.tell(CartChanged(cart)),
                Err(error) => tracing::warn!(message = error.message, "the cart cannot be shown"),
            },
            News::Library => {
                core.collection.forget_order();
                core.tell_library();
                self.look_at_covers();
            }
            News::Delivery(delivery) => self.follow_delivery(core, delivery).await,
        }
    }

    async fn follow_delivery(&self, core: &Core, delivery: Delivery) {
        let (id, is_ready) = (delivery.media_id, matches!(delivery.stage, Stage::Ready));
        let download = core.note_delivery(delivery);
        let title = download.title.clone();
        core.tell(DownloadChanged(download));
        if !is_ready {
            return;
        }
        let wants_to_hear =
            core.player.settings().after_delivery == cadenza_player::settings::AfterDelivery::Play;
        if wants_to_hear && let Err(error) = core.play_when_idle(id).await {
            core.notice(NoticeLevel::Warning, error);
        }
        let count = core.arrived.fetch_add(1, Ordering::Relaxed) + 1;
        // An album is announced once, when its last track is here.
        if core.arriving() == 0 {
            core.arrived.store(0, Ordering::Relaxed);
            let what = AppError::new(Code::PurchaseReady, format!("'{title}' is ready to play."));
            core.notice(NoticeLevel::Good, what.with("title", title).with("count", count));
        }
    }

    /// Works out the colours of covers that are new.
    pub fn look_at_covers(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            let tracks = core.collection.tracks(cadenza_player::library::TrackOrder::Album);
            if core.collection.sleeves().look_at_new(&core.player, &tracks).await {
                core.tell_library();
            }
        });
    }
}

impl Core {
    /// The passport, as the page's frame shows it.
    pub fn tell_passport(&self) {
        self.tell(PassportChanged {
            phase: convert::phase(&self.player),
            owner: convert::owner(&self.player),
            owner_name: convert::owner_name(&self.player),
        });
    }

    fn tell_library(&self) {
        self.tell(LibraryChanged { tracks: u32::try_from(self.player.library().len()).unwrap_or(u32::MAX) });
    }
}
