//! What crosses between the window and the core: the shapes. [`bridge`](crate::bridge) lists the commands and events that carry them.
//!
//! Times are integer milliseconds (or seconds since 1970 for dates), money is integer hundredths,
//! ids are text. Nothing secret ever goes to the window; what it sends (a passphrase, a card number)
//! is handed to the core at once and kept nowhere.

mod common;
mod disc;
mod error;
mod library;
mod passport;
mod playback;
mod settings;
mod store;

pub use common::*;
pub use disc::*;
pub use error::*;
pub use library::*;
pub use passport::*;
pub use playback::*;
pub use settings::*;
pub use store::*;
