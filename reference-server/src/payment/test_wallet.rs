//! The test wallet: a token of 8 or more characters is money, `empty-wallet` is not.

use cadenza_protocol::pay::CardMark;

use super::{Decision, Means, PaymentProcessor};

#[derive(Debug, Default)]
pub(super) struct TestWallet;

impl PaymentProcessor for TestWallet {
    async fn decide(&self, means: &Means) -> Decision {
        match means {
            Means::Wallet(token) if token.len() >= 8 && token != "empty-wallet" => Decision::Approved,
            _ => Decision::Declined,
        }
    }

    fn mark(&self, means: &Means) -> CardMark {
        let last4 = match means {
            Means::Wallet(token) if token.is_ascii() && token.len() >= 8 => {
                token[token.len() - 4..].to_owned()
            }
            _ => "----".to_owned(),
        };
        CardMark { brand: "Wallet".into(), last4 }
    }
}
