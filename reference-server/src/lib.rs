//! The reference server: every role behind the player, complete in what they do and small in how they do it.
//!
//! A library and one program. [`serve::Server`] starts all roles in one process, or some of them; the player does so
//! for its bundled store. Even there the roles speak to each other over TLS 1.3 with certificates.
//!
//! # The way of a song
//!
//! 1. [`authoring`] makes a media file from a recording; an author publishes it ([`content::publish`]).
//! 2. [`content`] keeps it, its media keys in custody; [`merchant`] shows it with a price, to players as JSON and through [`web`] to browsers.
//! 3. A listener gets a passport from [`licensing`], which asks [`payment`] whether the card is good.
//! 4. A preview is a voucher of the content manager and a stream of [`delivery`].
//! 5. A purchase is an order of the merchant ([`merchant::orders`]): reserved, paid, authorized. Its voucher is redeemed at the delivery server;
//!    the content manager verifies ([`content`]) and locks the keys to the buyer; the delivery is entered once into its
//!    log ([`content::log`]), which the licensing center verifies ([`licensing::log`]).
//!
//! # What all of them stand on
//!
//! [`door`] (who may come in, and how often), [`tls`] and [`identity`] (who may talk to whom), [`db`] (tables), [`atomic`] (whole files), [`rest`] (secrets on the disk), [`clock`], [`picture`] (covers within bounds), [`api`] (errors that cross the
//! network), [`call`] (what comes back from there), [`config`], [`admin`].
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod admin;
pub mod api;
pub mod atomic;
pub mod authoring;
pub mod call;
pub mod center;
pub mod clock;
pub mod config;
pub mod content;
pub mod db;
pub mod delivery;
pub mod door;
pub mod identity;
pub mod licensing;
pub mod merchant;
pub mod payment;
pub mod picture;
pub mod rest;
pub mod serve;
pub mod text;
pub mod tls;
pub mod web;
