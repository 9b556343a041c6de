//! The test wallet: a token of 8 or more characters is money, `empty-wallet` is not.

use super::messages::{Instrument, PaymentMark, PaymentRequest};
use super::{Decision, PaymentProcessor};

#[derive(Debug, Default)]
pub(super) struct TestWallet;

impl PaymentProcessor for TestWallet {
    async fn decide(&self, request: &PaymentRequest) -> Decision {
        match &request.instrument {
            Instrument::Wallet { token } if token.len() >= 8 && token != "empty-wallet" => Decision::Approved,
            _ => Decision::Declined,
        }
    }

    fn mark(&self, request: &PaymentRequest) -> PaymentMark {
        let last4 = match &request.instrument {
            Instrument::Wallet { token } if token.is_ascii() && token.len() >= 8 => {
                token[token.len() - 4..].to_owned()
            }
            _ => "----".to_owned(),
        };
        PaymentMark { brand: "Wallet".into(), last4 }
    }
}
