//! Previews: RTSP 1.0 (RFC 2326) for control, RTP (RFC 3550, RFC 7587) for sound, as machines without I/O.
//!
//! The source's messages map one to one (V4): *Initiate* and *Stream Ready* are `DESCRIBE` and `SETUP`, *Query Time* and
//! *Nearest Time* are a `GET_PARAMETER`, *Transport* is `PLAY` with a `Range`, a negative time is `PAUSE`, release is
//! `TEARDOWN`. `docs/protocol.md` shows them with examples. Read in this order:
//!
//! 1. [`PreviewAddress`]: the URL of a preview. [`Npt`]: a time in it.
//! 2. [`OpusImage`], [`Preview`]: the packets of an audio image, and the stretch of it that is played.
//! 3. [`Description`]: what a player is told about it (SDP). [`Transport`]: how the packets travel.
//! 4. [`ServerConnection`] and [`ClientConnection`]: bytes and `now` in, bytes and actions out.
//!
//! Bytes come from a TLS or loopback connection that the caller owns, and go back into it; every buffer has a stated bound.

mod address;
mod client;
mod description;
mod framer;
mod image;
mod npt;
mod sender;
mod server;
mod transport;

#[cfg(test)]
mod simulation;

pub use address::{AddressError, PreviewAddress, PreviewKind};
pub use client::{ClientConnection, ClientError, ClientEvent, ClientOptions, Sound, Wish};
pub use description::{Description, DescriptionError};
pub use framer::FramerError;
pub use image::{Nearest, OpusImage, OpusImageError, Preview};
pub use npt::Npt;
pub use server::{
    Refusal, RefusalKind, ServerAction, ServerConnection, ServerLimits, SessionSeeds, StreamEnd,
};
pub use transport::{ProofToken, Transport};

/// What the parameter of *Query Time* is called in a `GET_PARAMETER` body.
pub const QUERY_TIME: &str = "query-time";
/// What its answer, *Nearest Time*, is called.
pub const NEAREST_TIME: &str = "nearest-time";
/// The second line of that answer: bytes from there to the end.
pub const BYTES_TO_END: &str = "bytes-to-end";
/// The parameter that asks for a piece of the free image itself, from a byte on (V6).
pub const FREE_DATA: &str = "free-data";
