//! Asking the licensing center: for a passport (requirement G2), for a lost one (G7), for another year (G8).
//!
//! What it answers is bytes here, wiped when they are let go: they may hold a key. Whether they are genuine is for
//! [`crate::passport`] to judge, which knows no network.

use cadenza_protocol::signed::SignedMessage;
use zeroize::Zeroizing;

use super::client::{ExchangeError, StoreClient};
use crate::error::Code;
use crate::passport::form::{CheckedForm, CheckedRecovery};

/// How often a passport is asked for in one go.
const TRIES: u8 = 3;

impl StoreClient {
    /// Shows the card of a registration to the payment processor, and sends the rest of the form. Comes back while the center makes
    /// keys, for which it waits some seconds each time.
    pub async fn ask_for_passport(&self, form: CheckedForm) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let card = self.show_card_to_register(form.card()).await?;
            match self.post_licensing_paid("v1/passports", &form.with(card)).await {
                Err(ExchangeError::Refused { code: Code::Busy, .. }) if tries < TRIES => {}
                answer => return answer,
            }
        }
    }

    /// Shows the card that was registered to the payment processor, and sends the rest of what proves who someone is.
    pub async fn ask_for_recovery(&self, form: CheckedRecovery) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        let card = self.show_card_to_register(form.card()).await?;
        self.post_licensing_paid("v1/passports/recover", &form.with(card)).await
    }

    /// Sends a request that the passport has signed.
    pub async fn ask_for_renewal(
        &self,
        request: &SignedMessage,
    ) -> Result<Zeroizing<Vec<u8>>, ExchangeError> {
        self.post_licensing("v1/passports/renew", request).await
    }
}
