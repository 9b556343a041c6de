//! Waiting for what comes by itself: asking again and again, but not for ever.

use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything that a person would call immediate, on a machine that is slow and busy besides.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Asks until there is an answer.
#[track_caller]
pub fn wait_for<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    let Some(answer) = answer_within(PATIENCE, ask) else { panic!("waited {PATIENCE:?} for {what}") };
    answer
}

/// Asks until there is an answer or the time is over.
pub fn answer_within<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + patience;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= until {
            return answer;
        }
        thread::park_timeout(Duration::from_millis(20));
    }
}
