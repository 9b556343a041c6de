//! The player without a window: everything between a wish ("buy this", "play that") and the bytes that fulfil it.
//!
//! [`Player`] is the door: it opens a home folder and owns what lives there. `cadenza-cli` and the window are two
//! faces of it. Behind the door, in the order in which a person meets it:
//!
//! 1. [`passport`]: registering, and the vault that opens and closes the passport;
//! 2. [`store`]: catalogue, cart, purchase, redemption, delivery, over TLS to a pinned root;
//! 3. [`library`]: what is on this computer, searching it, playlists, and how often a track may still be recorded;
//! 4. [`audio`] and [`playback`]: from encrypted bytes to the ear;
//! 5. [`disc`]: from encrypted bytes to a disc.
//!
//! [`memory`] keeps what is secret out of dumps, swap and leftovers.
//!
//! A purchase is a file in `music/` and the passport is a file: they are the truth. What `sled` holds can be made again
//! from them. [`home`] says where everything lies, [`error`] how a failure reaches a person.

#![deny(missing_docs)]

pub mod atomic;
pub mod audio;
pub mod clock;
pub mod disc;
pub mod error;
pub mod event;
pub mod form_file;
pub mod home;
pub mod library;
pub mod memory;
pub mod passport;
pub mod path;
pub mod playback;
pub mod player;
pub mod settings;
pub mod store;

pub use error::{Code, Explain, Failure};
pub use player::{Player, PlayerConfig};
