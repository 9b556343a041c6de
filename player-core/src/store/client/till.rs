//! Showing a card (requirements C8, B3): the one place from which a card number leaves the player, and the one server that it goes to.
//!
//! Where the payment processor is, merchant and licensing center say; whether it is one, its certificate says in the handshake, by the same
//! root and the same list of withdrawn services as theirs. The token that comes back is bound to the key that the payee has **proven**, not to what it says of
//! itself.

use cadenza_protocol::card::Card;
use cadenza_protocol::pay::{
    CardToken, IssuedToken, KeyName, OrderName, PaymentNeeded, Purpose, ShownCard, Till, TokenRequest,
};

use super::exchange::{json_body, read_json};
use super::services::Leaving;
use super::trust::Shown;
use super::{ExchangeError, StoreClient, join};
use crate::store::address::{host_of, https};

impl StoreClient {
    /// Shows a card for what the merchant asks for an order with this key.
    pub async fn show_card(
        &self,
        card: &Card,
        order_key: &str,
        needed: &PaymentNeeded,
    ) -> Result<CardToken, ExchangeError> {
        let purpose = Purpose {
            payee: payee(&self.merchant_shown, &needed.till, || self.address.name())?,
            order: OrderName::of_key(order_key),
            amount_cents: needed.total_cents,
            currency: needed.currency,
        };
        self.token(card, &needed.till, purpose).await
    }

    /// Shows a card to be asked about, for the licensing center; nothing is charged.
    pub async fn show_card_to_register(&self, card: &Card) -> Result<ShownCard, ExchangeError> {
        let url = join(&self.licensing_url().await?, "v1/till");
        let request = self.licensing_center.get(url.clone()).timeout(self.patience.answer);
        let till: Till = self.heard(read_json(&url, request).await)?;
        let payee = payee(&self.licensing_shown, &till, || host_of(&url))?;
        let order = OrderName::random();
        let token = self.token(card, &till, Purpose::of_asking(payee, order)).await?;
        Ok(ShownCard { order, token })
    }

    async fn token(&self, card: &Card, till: &Till, purpose: Purpose) -> Result<CardToken, ExchangeError> {
        self.check_services(Leaving::Card).await?;
        let base =
            https(&till.processor).map_err(|_| ExchangeError::Garbled { host: self.address.name() })?;
        let url = join(&base, "v1/tokens");
        let body = TokenRequest { card, purpose };
        let request = json_body(self.processor.post(url.clone()), &body).timeout(self.patience.answer);
        let issued: IssuedToken = read_json(&url, request).await.map_err(|error| match error {
            // Nobody was asked to pay yet, whatever became of the card there.
            error if error.leaves_doubt() => ExchangeError::NoProcessor { host: host_of(&url) },
            error => error,
        })?;
        Ok(issued.token)
    }
}

/// Whoever answered, if it says the same of itself.
fn payee(shown: &Shown, till: &Till, host: impl FnOnce() -> String) -> Result<KeyName, ExchangeError> {
    let proven = shown.certificate().map(|certificate| KeyName::of(&certificate));
    match proven {
        Some(proven) if proven == till.payee => Ok(proven),
        Some(_) | None => Err(ExchangeError::Garbled { host: host() }),
    }
}
