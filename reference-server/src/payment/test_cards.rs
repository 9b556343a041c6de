//! The test card processor: some numbers have a fate, all others are approved.

use super::messages::{Instrument, PaymentMark, PaymentRequest};
use super::{Decision, PaymentProcessor};

const DECLINED: &str = "4000000000000002";
const EXPIRED: &str = "4000000000000069";
const NEVER_ANSWERS: &str = "4000000000000119";

#[derive(Debug, Default)]
pub(super) struct TestCards;

impl PaymentProcessor for TestCards {
    async fn decide(&self, request: &PaymentRequest) -> Decision {
        let Instrument::Card { number, .. } = &request.instrument else { return Decision::Declined };
        match number.expose() {
            DECLINED => Decision::Declined,
            EXPIRED => Decision::ExpiredCard,
            NEVER_ANSWERS => std::future::pending().await,
            _ => Decision::Approved,
        }
    }

    fn mark(&self, request: &PaymentRequest) -> PaymentMark {
        match &request.instrument {
            Instrument::Card { number, .. } => {
                PaymentMark { brand: number.brand().into(), last4: number.last4().into() }
            }
            Instrument::Wallet { .. } => PaymentMark { brand: "Wallet".into(), last4: "----".into() },
        }
    }
}
