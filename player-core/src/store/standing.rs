//! Whether the store answers: known from every exchange with it, and news when it changes.

use tokio::sync::watch;

use crate::error::Failure;

/// Whether the store answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// It is being started by this program: whoever wants something of it waits.
    Starting,
    /// Nothing was asked of it yet.
    #[default]
    Unasked,
    /// It gave an answer, if only a refusal.
    Answers,
    /// There is none, or none that answers.
    Silent(Failure),
}

/// The store as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Its host and port, once it is named.
    pub name: Option<String>,
    /// Whether it answers.
    pub reach: Reach,
}

/// How the store stands, and who waits for it. Clones watch the same store.
#[derive(Debug, Clone, Default)]
pub struct StoreWatch(watch::Sender<Standing>);

impl StoreWatch {
    /// How it stands.
    pub fn now(&self) -> Standing {
        self.0.borrow().clone()
    }

    /// Changes from now on.
    pub fn changes(&self) -> watch::Receiver<Standing> {
        self.0.subscribe()
    }

    /// Waits while a store is being started.
    pub async fn started(&self) {
        // Fails only when nobody could start it any more.
        let _ = self.0.subscribe().wait_for(|standing| standing.reach != Reach::Starting).await;
    }

    /// A store is being started.
    pub fn starts(&self) {
        self.change(|standing| standing.reach = Reach::Starting);
    }

    /// This is the store that is spoken to from now on.
    pub fn is_named(&self, name: String) {
        self.change(|standing| *standing = Standing { name: Some(name), reach: Reach::Unasked });
    }

    /// There is none, or none that can be spoken to.
    pub fn is_away(&self, failure: Failure) {
        self.change(|standing| standing.reach = Reach::Silent(failure));
    }

    /// It gave an answer, if only a refusal.
    pub(super) fn answers(&self) {
        self.change(|standing| standing.reach = Reach::Answers);
    }

    fn change(&self, change: impl FnOnce(&mut Standing)) {
        self.0.send_if_modified(|standing| {
            let before = standing.clone();
            change(standing);
            *standing != before
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_told() {
        let watch = StoreWatch::default();
        watch.answers();
        let changes = watch.changes();
        watch.answers();
        assert!(!changes.has_changed().unwrap_or(true));
    }

    #[tokio::test]
    async fn whoever_needs_a_store_that_is_being_started_waits_for_it() {
        let watch = StoreWatch::default();
        watch.starts();
        let waiting = tokio::spawn({
            let watch = watch.clone();
            async move { watch.started().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        watch.is_named("127.0.0.1:1".into());
        waiting.await.unwrap();
    }
}
