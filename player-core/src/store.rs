//! The store, from the listener's side: what is for sale, the cart, paying, and getting what was paid for.
//!
//! Everything goes over TLS 1.3 to servers whose certificates lead to the licensing center's root and carry the right role
//! ([`client`]). Bytes come in through [`client`] (JSON, bounded) and [`download`] (the media file, straight to disk).
//! What must not be lost or doubled when the computer stops at the wrong moment is in the [`journal`] before it is sent.

pub mod address;
pub mod basket;
pub mod board;
pub mod cart;
pub mod catalogue;
pub mod client;
pub mod deliver;
pub mod download;
pub mod journal;
pub mod licensing;
pub mod link;
pub mod orders;
pub mod payment;
pub mod purchase;
pub mod redeem;
mod seen;
pub mod standing;
pub mod whereabouts;

pub use address::{AddressError, StoreAddress};
pub use client::{ExchangeError, StoreClient};
pub use link::{Link, LinkQuestion, Wanted};
pub use standing::{Reach, Standing, StoreWatch};
