//! The memory of a running program, searched for what opens a passport or a track (C7, F8).
//!
//! The [`needles`] are computed from the home folder and the passphrase by the formats alone; the program that is [searched](search())
//! is a process of its own.

mod needles;
mod search;

pub use needles::{Kind, Needle, needles};
pub use search::{Found, search};

/// What a test says that cannot search.
pub const SKIPPED: &str =
    "skipped: this system lets nobody read the memory of another process, not even of a child";

/// What `cargo test -- --nocapture` shows, and the record of a failure.
pub fn print_table(moments: &[(&str, &Found)]) {
    let titles: Vec<&str> = moments.iter().map(|(when, _)| *when).collect();
    eprintln!("{:50} {}", "copies in memory", titles.join(" | "));
    for (at, name) in moments[0].1.names() {
        let counts = moments.iter().map(|(when, found)| format!("{:>1$}", found.count(at), when.len()));
        eprintln!("{name:50} {}", counts.collect::<Vec<_>>().join(" | "));
    }
}
