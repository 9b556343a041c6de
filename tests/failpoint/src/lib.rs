//! Failpoints (F2): steps at which a test ends the process from one moment to the next, or has the step fail.
//!
//! Which one, how, and at which time it is reached, is said in the environment: `CADENZA_FAILPOINT=NAME=die@2` ends the process
//! when the step NAME is reached for the second time, `NAME=fail` lets it fail once with an I/O error. In a build without debug
//! assertions, as every release is, [`reach`] is `Ok(())` and the variable is not read.
//!
//! The `fail` crate does the same with a dozen more actions, none of which ends the process; this is less than its set-up.

use std::io;

/// The environment variable that names the step.
pub const VARIABLE: &str = "CADENZA_FAILPOINT";

/// A step is reached. The error is the one that was asked for.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reach(_step: &'static str) -> io::Result<()> {
    Ok(())
}

/// A step is reached. The error is the one that was asked for.
#[cfg(debug_assertions)]
pub fn reach(step: &'static str) -> io::Result<()> {
    static CHOSEN: std::sync::OnceLock<Option<armed::Failpoint>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| armed::Failpoint::parse(&std::env::var(VARIABLE).ok()?));
    chosen.as_ref().map_or(Ok(()), |failpoint| failpoint.reach(step))
}

#[cfg(debug_assertions)]
mod armed {
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Act {
        Die,
        Fail,
    }

    #[derive(Debug)]
    pub struct Failpoint {
        step: String,
        act: Act,
        at: u32,
        reached: AtomicU32,
    }

    impl Failpoint {
        pub fn parse(text: &str) -> Option<Self> {
            let (step, act) = text.split_once('=')?;
            let (act, at) = act.split_once('@').unwrap_or((act, "1"));
            let act = match act {
                "die" => Act::Die,
                "fail" => Act::Fail,
                _ => return None,
            };
            Some(Self { step: step.to_owned(), act, at: at.parse().ok()?, reached: AtomicU32::new(0) })
        }

        pub fn reach(&self, step: &str) -> io::Result<()> {
            if step != self.step || self.reached.fetch_add(1, Ordering::Relaxed) + 1 != self.at {
                return Ok(());
            }
            eprintln!("failpoint {step}: {:?}", self.act);
            match self.act {
                // No destructor runs, nothing is flushed: what is not with the system yet is lost.
                Act::Die => std::process::abort(),
                Act::Fail => Err(io::Error::other(format!("failpoint {step}"))),
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        // F2
        #[test]
        fn a_step_fails_at_the_time_that_was_named_and_no_other_does() {
            let failpoint = Failpoint::parse("buy.sent=fail@2").unwrap();
            assert!(failpoint.reach("buy.sent").is_ok());
            assert!(failpoint.reach("buy.noted").is_ok());
            assert!(failpoint.reach("buy.sent").is_err());
            assert!(failpoint.reach("buy.sent").is_ok());
            assert!(Failpoint::parse("buy.sent=explode").is_none());
        }
    }
}
