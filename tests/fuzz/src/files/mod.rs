//! Files and answers that the programs read themselves, outside the formats of `protocol` (requirement F4). Each function takes what a
//! fuzzer, or a test with the committed seeds (`tests/seeds.rs`), wrote, and panics when something does not hold that must.

pub mod forms;
pub mod journal;
pub mod pictures;
pub mod settings;
pub mod shop;
pub mod tags;

use cadenza_protocol::time::UnixTime;

/// When it is.
const NOW: UnixTime = UnixTime(1_795_000_000);
