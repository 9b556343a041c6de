//! The objects as strangers meet them: made, checked, opened, altered, cut short, signed by the wrong hand.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod agency;
mod alter;
mod certificates;
mod delivery;
mod errors;
mod free_part;
mod log;
mod media;
mod order;
mod passport;
mod signatures;
mod stamps;
mod vectors;
mod voucher;
mod wrapping;
