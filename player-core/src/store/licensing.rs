//! Asking the licensing center: for a passport (requirement G2), for a lost one (G7), for another year (G8).
//!
//! What it answers is bytes here, wiped when they are let go: they may hold a key. Whether they are genuine is for
//! [`crate::passport`] to judge, which knows no network.

use cadenza_protocol::signed::SignedMessage;
use zeroize::Zeroizing;

use super::client::{ExchangeError, StoreClient};
use crate::passport::form::{CheckedForm, CheckedRecovery};

impl StoreClient {
    /// Sends the form of a registration.
    pub async fn ask_for_passport(&self, form: &CheckedForm) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        self.post_licensing_card("v1/passports", form).await
    }

    /// Sends what proves who someone is.
    pub async fn ask_for_recovery(
        &self,
        form: &CheckedRecovery,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        self.post_licensing_card("v1/passports/recover", form).await
    }

    /// Sends a request that the passport has signed.
    pub async fn ask_for_renewal(
        &self,
        request: &SignedMessage,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        self.post_licensing("v1/passports/renew", request).await
    }
}
