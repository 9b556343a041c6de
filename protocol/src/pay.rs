//! Paying by card so that the payment processor alone sees the card (requirements C8, B3): whoever pays shows it there and gets a token, good
//! once and for ten minutes, for one payee, one order, one amount. The payee gets the token, the brand and the last four digits.
//!
//! | request | to | answer |
//! |---|---|---|
//! | `POST /v1/orders` | merchant | [`OrderAnswer`]: without a token [`PaymentNeeded`] |
//! | `GET /v1/till` | licensing center | [`Till`]: registering and recovering need a token for an amount of 0 |
//! | `POST /v1/tokens` [`TokenRequest`] | payment processor | [`IssuedToken`]; 422 `invalid-form` with `field`, 429 `too-many-requests` |

mod names;

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::id::{hex, unhex};
use crate::secret::Secret;
use crate::shop::Order;
use crate::shop::money::Currency;

pub use names::{KeyName, OrderName};

/// How long a token is good for, seconds.
pub const TOKEN_SECONDS: i64 = 600;

/// What one card is shown for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// Who may use the token.
    pub payee: KeyName,
    /// For which order.
    pub order: OrderName,
    /// How much, in cents; 0 only asks whether the card is good.
    pub amount_cents: u64,
    /// Of what.
    pub currency: Currency,
}

impl Purpose {
    /// Whether a card is good: nothing is paid.
    pub fn of_asking(payee: KeyName, order: OrderName) -> Self {
        Self { payee, order, amount_cents: 0, currency: Currency::default() }
    }
}

/// Shows a card to the payment processor: a [`Card`](crate::card::Card) that was checked, read as a [`TypedCard`](crate::card::TypedCard).
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenRequest<C> {
    /// The card.
    pub card: C,
    /// What for.
    #[serde(flatten)]
    pub purpose: Purpose,
}

/// What may be known of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardMark {
    /// E.g. `Visa`.
    pub brand: String,
    /// Last four digits.
    pub last4: String,
}

/// The processor's answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct IssuedToken {
    /// In place of the card.
    pub token: CardToken,
    /// What may be known of it.
    #[serde(flatten)]
    pub mark: CardMark,
}

/// A card that the payment processor has seen, as its payee gets it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownCard {
    /// What it was shown for.
    pub order: OrderName,
    /// In place of the card.
    pub token: CardToken,
}

/// Where a card is shown, and who is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Till {
    /// The key of whoever answers.
    pub payee: KeyName,
    /// The payment processor's door for players.
    pub processor: String,
    /// Its page for browsers.
    pub page: String,
}

/// What a merchant says to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrderAnswer {
    /// It is paid, now or before.
    Paid(Order),
    /// Nothing was done yet (HTTP status 202): the same order again, with a token for this.
    PaymentNeeded(PaymentNeeded),
}

/// A merchant's answer to an order that is not paid: what it costs, and where the card is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentNeeded {
    /// In cents.
    pub total_cents: u64,
    /// Of what.
    pub currency: Currency,
    /// Where.
    pub till: Till,
}

/// 256 random bits in place of a card, 64 hexadecimal digits on the wire. Whoever keeps something under one keeps it under
/// [its name](Self::name) and sealed under [its key](Self::key), so that nothing of it can be had without the token.
pub struct CardToken(Secret<32>);

impl CardToken {
    /// A new one.
    pub fn random() -> Self {
        Self(Secret::random())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::from_slice(&Zeroizing::new(unhex(text)?)).map(Self)
    }

    /// As it is sent, or stands in a form.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(self.0.expose()))
    }

    /// What it is found by; it cannot be told from that.
    pub fn name(&self) -> [u8; 32] {
        self.derived(b"cadenza/v1/card-token/name")
    }

    /// What it seals.
    pub fn key(&self) -> Secret<32> {
        Secret::from_bytes(self.derived(b"cadenza/v1/card-token/key"))
    }

    fn derived(&self, label: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose()), label);
        tag.as_ref().try_into().expect("a SHA-256 is 32 bytes long")
    }
}

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(hidden)")
    }
}

impl Serialize for CardToken {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for CardToken {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        // The message must not repeat the input.
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a token"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Card, TypedCard};
    use crate::time::UnixTime;

    fn purpose() -> Purpose {
        let (payee, order) = (KeyName::from_bytes([7; 32]), OrderName::of_key("order-0001"));
        Purpose { payee, order, amount_cents: 129, currency: Currency::USD }
    }

    // C8
    #[test]
    fn a_card_is_read_as_it_was_shown() {
        let typed = r#"{"number":"4242 4242 4242 4242","expiry":"09/29","name":"Ada"}"#;
        let card = serde_json::from_str::<TypedCard>(typed).unwrap().check(UnixTime(1_795_000_000)).unwrap();
        let sent: TokenRequest<&Card> = TokenRequest { card: &card, purpose: purpose() };
        let json = serde_json::to_string(&sent).unwrap();
        let read: TokenRequest<TypedCard> = serde_json::from_str(&json).unwrap();
        assert_eq!(read.purpose, purpose());
        assert_eq!(read.card.check(UnixTime(1_795_000_000)).unwrap().number.last4(), "4242");
    }

    // C8
    #[test]
    fn a_token_survives_its_json_and_is_shown_by_nothing_else() {
        let token = CardToken::random();
        let json = serde_json::to_string(&token).unwrap();
        let read: CardToken = serde_json::from_str(&json).unwrap();
        assert_eq!((read.name(), read.key().expose()), (token.name(), token.key().expose()));
        assert_ne!(&token.name(), token.key().expose());
        assert!(!format!("{token:?}").contains(&token.to_text()[..8]));
        let refused = serde_json::from_str::<CardToken>("\"4242424242424242\"").unwrap_err().to_string();
        assert!(!refused.contains("4242"), "{refused}");
    }

    // B7: whoever has an order's key has the order, so the processor never learns it
    #[test]
    fn an_order_s_name_is_not_its_key() {
        let name = OrderName::of_key("order-0001");
        assert_eq!(name, OrderName::of_key("order-0001"));
        assert_ne!(name, OrderName::of_key("order-0002"));
        assert_eq!(name.to_string().parse(), Ok(name));
    }
}
