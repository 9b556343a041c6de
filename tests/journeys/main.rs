//! Journeys across all crates: a real `cadenza-server` process, a real `cadenza-cli` process,
//! real TLS between them, and other people's programs as judges of the files they leave.
//!
//! Read `whole` first; the others each look closer at one stretch of it.

#[cfg(target_os = "linux")]
mod chaos;
mod completion;
mod disc;
mod interrupted;
mod limits;
#[cfg(target_os = "linux")]
mod memory;
mod once;
mod passports;
mod preview;
mod refusals;
mod secrets;
mod sound;
mod storefront;
mod streams;
#[cfg(unix)]
mod terminal;
mod troubles;
mod whole;
mod withdrawn;
