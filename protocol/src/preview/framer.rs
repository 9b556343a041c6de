//! Cuts the bytes of an RTSP connection into messages and interleaved packets (RFC 2326, sections 4 and 10.12).
//!
//! Bytes come in as they arrive, in any pieces; whole frames go out. A head may be [`LONGEST_HEAD`] long, a body
//! [`LONGEST_BODY`]; what is larger is refused before it is buffered.

use rtsp_types::{Message, Request, Response};
use thiserror::Error;

/// Longest request or response head.
pub const LONGEST_HEAD: usize = 8 << 10;
/// Longest request or response body.
pub const LONGEST_BODY: usize = 16 << 10;
/// Most bytes that are held at one time: one interleaved packet of the largest size, and a read behind it.
pub const MOST_HELD: usize = 128 << 10;

/// Bytes that are not RTSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FramerError {
    /// A head or body over its bound.
    #[error("the other side sent a message larger than this protocol allows; the connection was closed")]
    TooLarge,
    /// Not a message.
    #[error("the other side does not speak RTSP; check the address and port")]
    NotRtsp,
}

/// One whole thing off the connection.
#[derive(Debug)]
pub(super) enum Frame {
    Request(Request<Vec<u8>>),
    Response(Response<Vec<u8>>),
    Packet { channel: u8, bytes: Vec<u8> },
}

#[derive(Debug, Default)]
pub(super) struct Framer {
    held: Vec<u8>,
    taken: usize,
    searched: usize,
}

impl Framer {
    /// Takes bytes in.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), FramerError> {
        if self.taken > 0 {
            self.held.drain(..self.taken);
            self.taken = 0;
        }
        if self.held.len() + bytes.len() > MOST_HELD {
            return Err(FramerError::TooLarge);
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// How many more bytes [`push`](Self::push) takes.
    pub(super) fn room(&self) -> usize {
        MOST_HELD - (self.held.len() - self.taken)
    }

    /// Whether part of a message is waiting for its rest.
    pub(super) fn is_inside_a_frame(&self) -> bool {
        self.held.len() > self.taken
    }

    /// The next whole frame, if it is there.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, FramerError> {
        while let Some(b'\r' | b'\n') = self.held.get(self.taken) {
            self.taken += 1; // empty lines between messages are allowed (RFC 2326, section 4.1)
        }
        let rest = self.held.get(self.taken..).unwrap_or_default();
        match *rest {
            [] => Ok(None),
            [b'$', channel, high, low, ref body @ ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                let packet = body.get(..length).map(|bytes| Frame::Packet { channel, bytes: bytes.to_vec() });
                if packet.is_some() {
                    self.take(4 + length);
                }
                Ok(packet)
            }
            [b'$', ..] => Ok(None),
            _ => self.next_message(),
        }
    }

    fn next_message(&mut self) -> Result<Option<Frame>, FramerError> {
        let rest = &self.held[self.taken..];
        // The head is parsed once, when it is whole; a slow sender costs one look at each byte.
        let from = self.searched.saturating_sub(3);
        let Some(end) = rest[from.min(rest.len())..].windows(4).position(|four| four == b"\r\n\r\n") else {
            self.searched = rest.len();
            return if rest.len() > LONGEST_HEAD { Err(FramerError::TooLarge) } else { Ok(None) };
        };
        let head = from + end + 4;
        self.searched = head - 1;
        if head > LONGEST_HEAD {
            return Err(FramerError::TooLarge);
        }
        if head + body_length(&rest[..head])? > rest.len() {
            return Ok(None);
        }
        let (message, length) = Message::parse(rest).map_err(|_| FramerError::NotRtsp)?;
        self.take(length);
        Ok(Some(match message {
            Message::Request(request) => Frame::Request(request),
            Message::Response(response) => Frame::Response(response),
            Message::Data(_) => return Err(FramerError::NotRtsp),
        }))
    }

    fn take(&mut self, length: usize) {
        self.taken += length;
        self.searched = 0;
    }
}

fn body_length(head: &[u8]) -> Result<usize, FramerError> {
    let text = std::str::from_utf8(head).map_err(|_| FramerError::NotRtsp)?;
    let value = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-length").then_some(value.trim())
    });
    let length = value.map_or(Ok(0), |value| value.parse().map_err(|_| FramerError::NotRtsp))?;
    if length > LONGEST_BODY { Err(FramerError::TooLarge) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(framer: &mut Framer) -> Vec<String> {
        std::iter::from_fn(|| framer.next().unwrap())
            .map(|frame| match frame {
                Frame::Request(request) => format!("{:?} {}", request.method(), request.body().len()),
                Frame::Response(response) => format!("{}", u16::from(response.status())),
                Frame::Packet { channel, bytes } => format!("{channel}:{}", bytes.len()),
            })
            .collect()
    }

    const MIXED: &[u8] = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n\r\n$\x01\x00\x03abc\
        GET_PARAMETER rtsp://h/ RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 4\r\n\r\nxyz\n\
        RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n$\x00\x00\x00";

    #[test]
    fn frames_come_out_whole_however_the_bytes_were_cut() {
        for piece in 1..MIXED.len() {
            let mut framer = Framer::default();
            let mut seen = Vec::new();
            for bytes in MIXED.chunks(piece) {
                framer.push(bytes).unwrap();
                seen.extend(kinds(&mut framer));
            }
            assert_eq!(seen, ["Options 0", "1:3", "GetParameter 4", "200", "0:0"], "in pieces of {piece}");
            assert!(!framer.is_inside_a_frame());
        }
    }

    #[test]
    fn heads_and_bodies_over_their_bounds_are_refused() {
        let mut framer = Framer::default();
        framer.push(&vec![b'A'; LONGEST_HEAD + 1]).unwrap();
        assert_eq!(framer.next().unwrap_err(), FramerError::TooLarge);

        let mut framer = Framer::default();
        framer.push(b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n").unwrap();
        assert_eq!(framer.next().unwrap_err(), FramerError::TooLarge);

        let mut framer = Framer::default();
        assert_eq!(framer.push(&vec![0; MOST_HELD + 1]), Err(FramerError::TooLarge));
    }

    #[test]
    fn what_is_not_rtsp_is_an_error_and_never_a_panic() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\r\n\r\n",
            b"OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
            b": :\r\n\r\n",
            b"DESCRIBE not-a-url RTSP/1.0\r\n\r\n",
        ] {
            let mut framer = Framer::default();
            framer.push(bytes).unwrap();
            assert_eq!(
                framer.next().unwrap_err(),
                FramerError::NotRtsp,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
