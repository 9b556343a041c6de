//! The test card processor: some numbers have a fate, all others are approved.

use cadenza_protocol::card::test_cards::Fate;
use cadenza_protocol::pay::CardMark;

use super::{Decision, Means, PaymentProcessor};

#[derive(Debug, Default)]
pub(super) struct TestCards;

impl PaymentProcessor for TestCards {
    async fn decide(&self, means: &Means) -> Decision {
        let Means::Card(card) = means else { return Decision::Declined };
        match Fate::of(&card.number) {
            Fate::Approved => Decision::Approved,
            Fate::Declined => Decision::Declined,
            Fate::Expired => Decision::ExpiredCard,
            Fate::NoAnswer => std::future::pending().await,
        }
    }

    fn mark(&self, means: &Means) -> CardMark {
        match means {
            Means::Card(card) => {
                CardMark { brand: card.number.brand().name.into(), last4: card.number.last4().into() }
            }
            Means::Wallet(_) => CardMark { brand: "Wallet".into(), last4: "----".into() },
        }
    }
}
