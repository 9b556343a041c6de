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
            Self::Refused { status, .. } => *status >= 500,
            Self::NotTrusted { .. }
            | Self::Unchecked { .. }
            | Self::NoProcessor { .. }
            | Self::Voucher(_) => false,
        }
    }
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
