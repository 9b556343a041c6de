//! A store and a player with bad luck (F0, F2, F3): a flow, one fault somewhere in it, everything started anew, and then the books.
//!
//! A run is drawn from its seed: what a person does ([`plan::Flow`]), and what goes wrong meanwhile ([`plan::Fault`]) - a step at which
//! player or store ends or fails, a kill at any time, or a reply that is late, cut short or lost at one of the store's doors
//! ([`wire`]). Then everything is started again, the person tries again, and [`books`] and [`flow`] look whether anything that was
//! paid for is lost or doubled. `cargo xtask chaos` makes many runs, the journeys a few.

mod books;
pub mod dice;
pub mod flow;
pub mod machine;
pub mod plan;
mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

pub use machine::Template;
pub use plan::Plan;

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// What was to go wrong, in what.
    pub plan: Plan,
    /// Whether it did: a step may never be reached, a process be done before its kill.
    pub struck: bool,
    /// Longest that the person waited for one answer while it went wrong.
    pub waited: Duration,
    /// All of it.
    pub took: Duration,
    /// Every promise that did not hold; empty as it should be.
    pub broken: Vec<String>,
}

/// One run, from its seed.
pub fn run(template: &Template, seed: u64) -> Outcome {
    let plan = Plan::drawn(seed);
    let started = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| flow::run(template, &plan)));
    let took = started.elapsed();
    match ended {
        Ok(flow::Ended { struck, waited, broken }) => Outcome { plan, struck, waited, took, broken },
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let broken = vec![text.unwrap_or_else(|| "it panicked".to_owned())];
            Outcome { plan, struck: true, waited: took, took, broken }
        }
    }
}
