//! What the journeys across crates share: finding the programs, a store and a player of one's
//! own, test songs whose every sample is known, and a sound card that can be listened to.
//!
//! Nothing here reaches into a crate's inside: programs are started as a person starts them and
//! judged by what they print, by their exit code, and by the files they leave.

pub mod browser;
#[cfg(target_os = "linux")]
pub mod chaos;
pub mod disk;
pub mod memory;
pub mod patience;
pub mod player;
pub mod programs;
pub mod purchase;
pub mod shop;
pub mod song;
#[cfg(unix)]
pub mod sound_card;
pub mod store;
#[cfg(unix)]
pub mod terminal;
pub mod webdriver;

pub use browser::Browser;
pub use player::TestPlayer;
pub use purchase::Purchase;
pub use shop::Shop;
pub use store::TestStore;
