//! News from the core to whoever shows it: rare changes, through a bounded channel. A listener that falls behind misses the
//! oldest and asks for the state again; the core never waits for it. Playback has its own, faster channel.

use cadenza_protocol::id::{MediaId, VoucherId};

use crate::error::Failure;

/// Something changed.
#[derive(Debug, Clone)]
pub enum News {
    /// The passport was made, opened, closed, brought in.
    Passport,
    /// The cart has other items.
    Cart,
    /// Tracks or playlists came, went or changed.
    Library,
    /// A delivery went on, ended or failed.
    Delivery(Delivery),
    /// Nothing is on its way any more: so many tracks have arrived since the last such word, this one last. An album is
    /// announced once.
    Arrived {
        /// The last one's title.
        title: String,
        /// How many.
        tracks: usize,
    },
}

/// One bought track on its way.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The transaction.
    pub voucher_id: VoucherId,
    /// The track.
    pub media_id: MediaId,
    /// As the merchant named it.
    pub title: Option<String>,
    /// Its artist, where the order or the catalogue says so.
    pub artist: Option<String>,
    /// Its album, where the catalogue says so.
    pub album: Option<String>,
    /// The quality that was bought in this player.
    pub quality: Option<String>,
    /// The order it belongs to, when it was bought in this player.
    pub order_id: Option<String>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a delivery is.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Waiting for its turn.
    Waiting,
    /// Proving to the delivery server who is asking.
    Redeeming,
    /// Bytes are coming in.
    Receiving {
        /// Bytes here so far.
        received: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Comparing hash and signature.
    Checking,
    /// In the library, ready to play.
    Ready,
    /// Stopped; what has arrived is kept, and it can be tried again.
    Failed(Failure),
}
