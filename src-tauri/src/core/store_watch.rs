//! Whether the store answers: known from every exchange with it, told to the page when it changes.

use cadenza_player::{Code, Failure};
use tokio::sync::watch;

use crate::ipc::{AppError, StoreState, StoreStatus};

/// Codes that say that nobody answered.
const SILENCE: [Code; 1] = [Code::StoreUnreachable];

/// How the store stands, and who waits for it.
#[derive(Debug)]
pub struct StoreWatch(watch::Sender<StoreState>);

impl StoreWatch {
    /// A store that is being opened or looked for.
    pub fn starting(bundled: bool) -> Self {
        let state = StoreState { status: StoreStatus::Starting, bundled, address: None, error: None };
        Self(watch::Sender::new(state))
    }

    /// How it stands.
    pub fn state(&self) -> StoreState {
        self.0.borrow().clone()
    }

    /// Changes from now on.
    pub fn changes(&self) -> watch::Receiver<StoreState> {
        self.0.subscribe()
    }

    /// Waits until it is known whether there is a store.
    pub async fn known(&self) -> StoreState {
        let mut changes = self.0.subscribe();
        match changes.wait_for(|state| state.status != StoreStatus::Starting).await {
            Ok(state) => state.clone(),
            Err(_) => self.state(),
        }
    }

    /// The store that is spoken to has this address.
    pub fn named(&self, address: String) {
        self.change(|state| state.address = Some(address));
    }

    /// There is none, or none that can be spoken to.
    pub fn failed(&self, error: AppError) {
        self.change(|state| {
            state.status = StoreStatus::Unreachable;
            state.error = Some(error);
        });
    }

    /// Learns from an exchange: any answer, also a refusal, means that it is there.
    pub fn learn<T>(&self, outcome: &Result<T, Failure>) {
        match outcome {
            Err(failure) if SILENCE.contains(&failure.code) => self.failed(failure.clone().into()),
            Err(failure) if failure.code == Code::NoStore => {}
            Ok(_) | Err(_) => self.change(|state| {
                state.status = StoreStatus::Reachable;
                state.error = None;
            }),
        }
    }

    fn change(&self, change: impl FnOnce(&mut StoreState)) {
        self.0.send_if_modified(|state| {
            let before = state.clone();
            change(state);
            *state != before
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_answer_and_silence_is_not() {
        let watch = StoreWatch::starting(true);
        watch.named("127.0.0.1:1".into());
        watch.learn::<()>(&Err(Failure::new(Code::StoreUnreachable, "nobody there")));
        assert_eq!(watch.state().status, StoreStatus::Unreachable);
        assert_eq!(watch.state().error.map(|e| e.code).as_deref(), Some("store-unreachable"));
        watch.learn::<()>(&Err(Failure::new(Code::CardDeclined, "no")));
        assert_eq!(watch.state().status, StoreStatus::Reachable);
    }

    #[test]
    fn only_what_changes_is_told() {
        let watch = StoreWatch::starting(false);
        watch.learn(&Ok(()));
        let changes = watch.changes();
        watch.learn(&Ok(()));
        assert!(!changes.has_changed().unwrap_or(true));
    }
}
