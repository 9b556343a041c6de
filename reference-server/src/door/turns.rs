//! One after the other for the same key, beside each other for different ones: no key can hold up another's.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// Who is at work on which key.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

/// A turn, until this is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    key: String,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for those who came before with the same key.
    pub async fn of(&self, key: &str) -> Turn {
        let lock = self.0.lock().entry(key.to_owned()).or_default().clone();
        // before the wait, so that a caller who goes away meanwhile leaves nothing behind
        let mut turn = Turn { turns: self.clone(), key: key.to_owned(), held: None };
        turn.held = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        let mut all = self.turns.0.lock();
        if all.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    // B7
    #[tokio::test]
    async fn a_key_waits_for_itself_and_for_no_other() {
        let turns = Turns::default();
        let first = turns.of("a").await;
        assert!(turns.of("a").now_or_never().is_none());
        let others: Vec<_> = (0..100).map(|n| turns.of(&n.to_string()).now_or_never().unwrap()).collect();
        drop(first);
        assert!(turns.of("a").now_or_never().is_some());
        drop(others);
        assert!(turns.0.lock().is_empty());
    }
}
