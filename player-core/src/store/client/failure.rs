//! Why a server did not do what it was asked, and whether it may have done it all the same.

use cadenza_protocol::voucher::VoucherError;
use thiserror::Error;

use crate::error::{Code, Explain};

/// Why a server did not do what it was asked.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// No connection, or it broke.
    #[error(
        "{host} cannot be reached ({reason}): check your network and that the store is running, then try again"
    )]
    Unreachable {
        /// Host and port.
        host: String,
        /// In the system's words.
        reason: String,
    },
    /// Connected, but no answer in time.
    #[error("{host} did not answer in time: try again in a moment")]
    Silent {
        /// Host and port.
        host: String,
    },
    /// Its certificate is not good for what it was asked.
    #[error(
        "{host} cannot be trusted ({reason}): nothing was sent to it. Check the store address and root certificate"
    )]
    NotTrusted {
        /// Host and port.
        host: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// Nobody says which certificates were withdrawn, so nothing was sent that must not reach such a server.
    #[error(
        "whether the store's certificates are still good cannot be told ({reason}): nothing was sent and nothing was charged; try again in a moment"
    )]
    Unchecked {
        /// Why there is no list that is new enough.
        reason: String,
    },
    /// The payment processor does not answer; no one was asked to pay.
    #[error("the payment processor at {host} does not answer: nothing was charged; try again in a minute")]
    NoProcessor {
        /// Host and port.
        host: String,
    },
    /// It answered with a refusal of its own.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it means.
        code: Code,
        /// The server's own word for that, when it is none that we know.
        unknown: Option<String>,
        /// The server's words.
        message: String,
        /// The field of a form that is meant.
        field: Option<String>,
    },
    /// Its answer is not what the interface says.
    #[error(
        "{host} gave an answer that this player does not understand: update the player, or tell the store's operator"
    )]
    Garbled {
        /// Host and port.
        host: String,
    },
    /// The voucher that it gave is not genuine.
    #[error(transparent)]
    Voucher(#[from] VoucherError),
}

impl ExchangeError {
    /// Whether the merchant says that it sells no such track.
    pub fn is_unknown_track(&self) -> bool {
        matches!(self, Self::Refused { code: Code::NotFound | Code::UnknownMedia, .. })
    }

    /// Whether the server may have done what it was asked although no good answer came.
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Self::Silent { .. } | Self::Garbled { .. } | Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || is_put_off(*status),
            Self::NotTrusted { .. }
            | Self::Unchecked { .. }
            | Self::NoProcessor { .. }
            | Self::Voucher(_) => false,
        }
    }
}

impl ExchangeError {
    /// What the server said, when it said no for good: the same, asked again, is refused again.
    pub fn final_refusal(&self) -> Option<Code> {
        match self {
            Self::Refused { status: status @ 400..=499, code, .. } if !is_put_off(*status) => Some(*code),
            _ => None,
        }
    }

    /// Whether the merchant says for good what became of an order: nothing is owed under its key, and the next try takes another. Any
    /// other refusal speaks of this request, not of what was sent under the key before.
    pub fn ends_order(&self) -> bool {
        matches!(
            self.said(),
            Some(
                (402, _)
                    | (404, "not-found" | "not-for-sale")
                    | (409, "wrong-price" | "other-currency" | "price-changed")
                    | (410, ORDER_REFUNDED)
                    | (422, "order-too-large")
            )
        )
    }

    /// Whether the merchant says that the order was paid back.
    pub fn is_refunded(&self) -> bool {
        matches!(self.said(), Some((410, ORDER_REFUNDED)))
    }

    /// Status and word of a refusal.
    fn said(&self) -> Option<(u16, &str)> {
        match self {
            Self::Refused { status, code, unknown, .. } => {
                Some((*status, unknown.as_deref().unwrap_or_else(|| code.as_str())))
            }
            _ => None,
        }
    }
}

/// The merchant's word for an order that was paid back.
const ORDER_REFUNDED: &str = "order-refunded";

/// Too slow, too early, too often: the same request may be served later, or was served before.
const fn is_put_off(status: u16) -> bool {
    matches!(status, 408 | 425 | 429)
}

impl Explain for ExchangeError {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } => Code::StoreUnreachable,
            Self::NotTrusted { .. } => Code::StoreNotTrusted,
            Self::Unchecked { .. } => Code::RevocationUnknown,
            Self::NoProcessor { .. } => Code::PaymentTimeout,
            Self::Refused { code, .. } => *code,
            Self::Garbled { .. } => Code::StoreGarbled,
            Self::Voucher(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable { host, .. }
            | Self::Silent { host }
            | Self::NotTrusted { host, .. }
            | Self::NoProcessor { host }
            | Self::Garbled { host } => vec![("host", host.clone())],
            Self::Refused { field, unknown, .. } => {
                let said = [("field", field), ("server-code", unknown)];
                said.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
            }
            Self::Unchecked { .. } => Vec::new(),
            Self::Voucher(e) => e.fields(),
        }
    }
}

impl Explain for VoucherError {
    fn code(&self) -> Code {
        match self {
            Self::TooLarge | Self::Malformed(_) | Self::NewerVersion(_) => Code::VoucherBroken,
            Self::Altered | Self::Certificate(_) | Self::OtherCenter => Code::VoucherAltered,
            Self::Expired => Code::VoucherExpired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, word: &str) -> ExchangeError {
        let known = Code::from_server(word);
        ExchangeError::Refused {
            status,
            code: known.unwrap_or(Code::StoreRefused),
            unknown: known.is_none().then(|| word.to_owned()),
            message: String::new(),
            field: None,
        }
    }

    // B7
    #[test]
    fn a_request_that_was_put_off_leaves_doubt_and_is_no_final_no() {
        for status in [408, 425, 429, 500, 503] {
            let error = refused(status, "too-many-attempts");
            assert!(error.leaves_doubt() && error.final_refusal().is_none(), "{status}");
            assert!(!error.ends_order(), "{status}");
        }
        assert_eq!(refused(410, "voucher-used").final_refusal(), Some(Code::VoucherUsed));
    }

    // B7
    #[test]
    fn only_a_word_about_the_order_ends_it() {
        let last = [
            (402, "card-declined"),
            (404, "not-for-sale"),
            (410, "order-refunded"),
            (422, "order-too-large"),
        ];
        assert!(last.iter().all(|(status, word)| refused(*status, word).ends_order()));
        let other =
            [(400, "invalid-request"), (403, "forbidden"), (409, "key-reused"), (422, "invalid-form")];
        assert!(other.iter().all(|(status, word)| !refused(*status, word).ends_order()));
    }
}
