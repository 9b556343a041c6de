//! The reference server.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod admin;
pub mod api;
pub mod authoring;
pub mod clock;
pub mod config;
pub mod content;
pub mod db;
pub mod delivery;
pub mod identity;
pub mod licensing;
pub mod merchant;
pub mod payment;
pub mod serve;
pub mod text;
pub mod tls;
pub mod web;
