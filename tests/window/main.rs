//! The window, used as a person uses it: under a display nobody sees, by remote control.
//!
//! Everything behind the page is real: the bundled store on TLS, the passport, the encrypted files, the sound server.

#![cfg(target_os = "linux")]

mod journey;
mod memory;
mod page;
mod passports;
mod pictures;
mod refusals;
mod seat;
mod troubles;
