//! Why a preview cannot play: each status of the server, and each silence, in words for the listener.

use thiserror::Error;

use super::super::{DescriptionError, FramerError};

/// Why a preview cannot play, or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// 404.
    #[error("the store has no such preview any more; look the song up again")]
    UnknownMedia,
    /// 403.
    #[error("the preview voucher does not allow this; press preview again for a new one")]
    Forbidden,
    /// 410.
    #[error("the preview voucher has expired; press preview again for a new one")]
    VoucherExpired,
    /// 453.
    #[error("the connection is too slow for this preview; try a faster one, or state a higher bandwidth")]
    NotEnoughBandwidth,
    /// 503.
    #[error("all streams are in use now; try again in a moment")]
    NoStream,
    /// 457.
    #[error("that time is not in the preview; choose an earlier one")]
    InvalidRange,
    /// 461.
    #[error("the delivery server does not stream this way; play without --udp")]
    UnsupportedTransport,
    /// Any other status.
    #[error("the delivery server refused to stream ({status} {words}); try again later")]
    Refused {
        /// The status code.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// No answer in time.
    #[error("the delivery server does not answer; check the network and try again")]
    NoAnswer,
    /// Sound stopped coming.
    #[error("the preview stopped: the delivery server fell silent; check the network and try again")]
    Silent,
    /// Not one datagram came.
    #[error("no UDP packet of the preview arrives here, a firewall may block them; play without --udp")]
    NoDatagrams,
    /// Not RTSP.
    #[error(transparent)]
    Framing(#[from] FramerError),
    /// The answer to `DESCRIBE` or `PLAY` cannot be used.
    #[error(transparent)]
    Description(#[from] DescriptionError),
}
