//! The core's news, told to the page, and what follows from them.

use cadenza_player::event::{Delivery, News, Stage};
use cadenza_player::library::TrackOrder;
use cadenza_player::settings::AfterDelivery;
use tokio::sync::broadcast::error::RecvError;

use super::{Core, Desk};
use crate::convert;
use crate::events::{
    CartChanged, DownloadChanged, LibraryChanged, NoticeLevel, PassportChanged, StoreReachable,
};

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
            let mut changes = core.player.store_watch().changes();
            while changes.changed().await.is_ok() {
                changes.borrow_and_update();
                core.tell(StoreReachable(core.store_state()));
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
                core.tell_library();
                self.look_at_covers();
            }
            News::Delivery(delivery) => follow_delivery(core, &delivery).await,
            News::Arrived { title, tracks } => {
                core.notice(NoticeLevel::Good, convert::arrived(title, tracks))
            }
        }
    }

    /// Brings home everything that is paid for, in the background. What happens comes as news.
    pub fn deliver(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            // One that cannot be found now is asked for again.
            let _ = core.player.find_lost_orders().await;
            if core.player.has_open_deliveries() {
                // Each delivery that fails has said why.
                let _ = core.player.deliver_all().await;
            }
        });
    }

    /// Works out the colours of covers that are new.
    pub fn look_at_covers(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            let tracks = core.player.library().tracks(TrackOrder::Album);
            if core.sleeves.look_at_new(&core.player, &tracks).await {
                core.tell_library();
            }
        });
    }
}

async fn follow_delivery(core: &Core, delivery: &Delivery) {
    core.tell(DownloadChanged(core.download(delivery)));
    let is_ready = matches!(delivery.stage, Stage::Ready);
    if is_ready
        && core.player.settings().after_delivery == AfterDelivery::Play
        && let Err(error) = core.play_when_idle(delivery.media_id).await
    {
        core.notice(NoticeLevel::Warning, error);
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
