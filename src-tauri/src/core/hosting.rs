//! Which store this window speaks to, and the one that comes with the program.
//!
//! With no store configured the reference server is started inside this process, on loopback, with its own folder and the
//! demo album. From then on it is a store like any other: the player reaches it over TLS and trusts its root certificate only.

use std::path::PathBuf;
use std::time::Duration;

use cadenza_player::Failure;
use cadenza_player::store::{Reach, StoreAddress};

use super::{Core, Desk};

/// Time between two looks for a store that does not answer.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Where the bundled store keeps its data and finds its album.
#[derive(Debug, Clone)]
pub struct Bundled {
    /// Its own folder, in the player's home.
    pub data: PathBuf,
    /// Where it writes how it is reached.
    pub ready: PathBuf,
    /// Published media files, or recordings with their descriptions.
    pub album: Option<PathBuf>,
}

impl Desk {
    /// Finds out whether the store answers; starts the bundled one if that is not done yet.
    pub async fn look_for_store(&self) {
        let Ok(core) = self.core() else { return };
        if core.player.store().is_err() {
            match core.host().await {
                Ok(Some(address)) => {
                    core.player.set_store(address);
                    core.tell_passport();
                }
                // None is named: every wish for the store says so.
                Ok(None) => {}
                Err(failure) => core.player.store_watch().is_away(failure),
            }
        }
        // Whether it answers is noted by the exchange itself.
        let _ = core.player.about_store().await;
    }

    /// Looks for the store now, and again whenever it has ceased to answer.
    pub fn watch_store(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            desk.look_for_store().await;
            desk.deliver();
            let Ok(core) = desk.core() else { return };
            let mut changes = core.player.store_watch().changes();
            while changes.wait_for(|standing| matches!(standing.reach, Reach::Silent(_))).await.is_ok() {
                tokio::time::sleep(LOOK_AGAIN).await;
                desk.look_for_store().await;
                if core.player.store_watch().now().reach == Reach::Answers {
                    desk.deliver();
                }
            }
        });
    }
}

#[cfg(feature = "bundled-store")]
mod server {
    use cadenza_server::serve::{RunningServer, ServeOptions, Server};

    use cadenza_player::Code;

    use super::{Bundled, Core, Failure, StoreAddress};

    /// The store inside this process.
    #[derive(Default)]
    pub struct Host(tokio::sync::Mutex<Option<RunningServer>>);

    impl Core {
        /// Starts the bundled store, if that is the one to use, and says where it is.
        pub(super) async fn host(&self) -> Result<Option<StoreAddress>, Failure> {
            let Some(bundled) = &self.bundled else { return Ok(None) };
            let mut running = self.host.0.lock().await;
            let server = match running.take() {
                Some(server) => server,
                None => start(bundled).await?,
            };
            *running = Some(server);
            Ok(Some(StoreAddress::from_ready_file(&bundled.ready, None)?))
        }

        /// Ends the bundled store cleanly.
        pub async fn stop_hosting(&self) {
            if let Some(server) = self.host.0.lock().await.take() {
                server.shutdown().await;
            }
        }
    }

    async fn start(bundled: &Bundled) -> Result<RunningServer, Failure> {
        let mut options = ServeOptions::new(bundled.data.clone());
        options.demo = true;
        options.demo_album.clone_from(&bundled.album);
        options.ready_file = Some(bundled.ready.clone());
        Server::start(options).await.map_err(|error| {
            let message = format!("the store that comes with Cadenza cannot start: {error}");
            Failure::new(Code::StoreStart, message).with("path", bundled.data.display())
        })
    }
}

#[cfg(not(feature = "bundled-store"))]
mod server {
    use super::{Core, Failure, StoreAddress};

    /// This build has no store of its own.
    #[derive(Default)]
    pub struct Host;

    impl Core {
        pub(super) async fn host(&self) -> Result<Option<StoreAddress>, Failure> {
            Ok(None)
        }

        /// Nothing to end.
        pub async fn stop_hosting(&self) {}
    }
}

pub use server::Host;
