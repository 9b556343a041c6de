//! The objects and messages of Cadenza, and the cryptography that protects them.
//!
//! This crate does no I/O, reads no clock, starts no thread: bytes (and the time) come in, bytes and
//! verdicts go out. It is the one place where a byte of a format is decided; `docs/formats/` describes
//! the same bytes for people who write a reader in another language.
//!
//! # A tour, in the order in which a song travels
//!
//! 1. An author builds a **media data file** ([`media::MediaBuilder`]): descriptive items, encrypted
//!    purchase images, clear previews, a table of contents, one signature over all of it.
//!    The bulk is encrypted once, in [`crypto::chunked`] (Cobblestone-256).
//! 2. A consumer registers and receives a **passport** ([`passport`]): certificate, keys and personal
//!    facts, locked by a passphrase ([`crypto::kdf`]).
//! 3. A merchant offers tracks and takes orders ([`shop`]). A **voucher** ([`voucher`]) names a transaction and the delivery server that fulfils it. A preview
//!    voucher opens a stream ([`preview`], [`rtp`], [`reorder`]); a purchase voucher carries a receipt token.
//! 4. The merchant **reserves** and authorises ([`reserve`]), the player **redeems** ([`redeem`]): it proves that it
//!    holds receipt and passport, and gets the media keys wrapped to its own key ([`crypto::wrap`]).
//! 5. The player appends a **transaction block** ([`media::TransactionBlock`]) and plays: [`media::MediaFile`] opens
//!    the file, checks the author, and gives a reader that decrypts while it is read.
//!
//! When something was there, the licensing center says with a [`time_stamp`]: of what is sold, and of how far a log has come.
//!
//! What may be done so many times is counted on both sides ([`counts`]). Every sale is entered in an [`audit_log`] that its own writer cannot alter afterwards.
//!
//! A card is shown to the payment processor alone, which gives a token for it ([`pay`]).
//!
//! The rules of the trade that every side keeps: what a payment [`card`] and a [`form`] are, what a cart costs ([`shop::price`]), how a service
//! refuses ([`api`]), which [`colour`] a cover has and how large a [`picture`] may be.
//!
//! Certificates and their roles are in [`cert`], requests that prove who sent them in [`signed`], secrets in [`secret`], the bounded reader and writer under
//! every binary format in [`wire`].
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod api;
pub mod audit_log;
pub mod card;
pub mod cert;
pub mod colour;
pub mod counts;
pub mod crypto;
mod digest;
pub mod form;
pub mod id;
pub mod line;
pub mod media;
pub mod passport;
pub mod pay;
pub mod picture;
pub mod preview;
pub mod redeem;
pub mod reorder;
pub mod reserve;
pub mod rtp;
pub mod secret;
pub mod shop;
pub mod signed;
pub mod time;
pub mod time_stamp;
pub mod voucher;
pub mod wire;
