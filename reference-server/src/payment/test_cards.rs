//! The test card processor: some numbers have a fate, all others are approved.

use cadenza_protocol::card::test_cards::Fate;

use super::messages::{Instrument, PaymentMark, PaymentRequest};
use super::{Decision, PaymentProcessor};

#[derive(Debug, Default)]
pub(super) struct TestCards;

impl PaymentProcessor for TestCards {
    async fn decide(&self, request: &PaymentRequest) -> Decision {
        let Instrument::Card(card) = &request.instrument else { return Decision::Declined };
        match Fate::of(&card.number) {
            Fate::Approved => Decision::Approved,
            Fate::Declined => Decision::Declined,
            Fate::Expired => Decision::ExpiredCard,
            Fate::NoAnswer => std::future::pending().await,
        }
    }

    fn mark(&self, request: &PaymentRequest) -> PaymentMark {
        match &request.instrument {
            Instrument::Card(card) => {
                PaymentMark { brand: card.number.brand().name.into(), last4: card.number.last4().into() }
            }
            Instrument::Wallet { .. } => PaymentMark { brand: "Wallet".into(), last4: "----".into() },
        }
    }
}
