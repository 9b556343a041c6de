//! Ordinary RTSP clients, as recorded: what ffmpeg, GStreamer and mpv sent to a delivery server is sent to the machine once more, and every
//! request is answered as it has to be (V4).
//!
//! `data/rtsp-clients/*.rtsp` is what came from a client on its connection, byte for byte: requests, and between them the RTCP packets that
//! it interleaved (RFC 2326, section 10.12). Only the session has another name each time, which is put into what the client says.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/samples.rs"]
mod samples;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cadenza_protocol::preview::{
    Npt, Preview, PreviewKind, ServerAction, ServerConnection, ServerLimits, SessionSeeds, StreamEnd,
};

// V4, V8: no datagrams to an address that is not proven
#[test]
fn ffmpeg_is_refused_udp_and_hears_the_clip_over_tcp() {
    let heard = replay("ffmpeg");
    let answers = ["OPTIONS 200", "DESCRIBE 200", "SETUP 461", "SETUP 200", "PLAY 200", "TEARDOWN 200"];
    assert_eq!(heard.answers, answers);
    assert!(heard.packets > 5, "{} packets", heard.packets);
}

// V4
#[test]
fn mpv_hears_the_clip() {
    let heard = replay("mpv");
    assert_eq!(heard.answers, ["OPTIONS 200", "DESCRIBE 200", "SETUP 200", "PLAY 200", "TEARDOWN 200"]);
    assert!(heard.packets > 5, "{} packets", heard.packets);
}

// V4: a pause and another time
#[test]
fn mpv_seeks() {
    let heard = replay("mpv-seek");
    let sought = ["PLAY 200", "PAUSE 200", "PLAY 200", "TEARDOWN 200"];
    assert_eq!(heard.answers[3..], sought);
    let nearest = "npt=4.993500-11.993500"; // to 5 s: where a packet begins
    assert_eq!(heard.ranges, ["npt=0.000000-11.993500", nearest]);
}

// V4, V8
#[test]
fn gstreamer_is_refused_udp_and_multicast_and_its_reports_are_taken() {
    let heard = replay("gstreamer");
    let set_up = ["OPTIONS 200", "DESCRIBE 200", "SETUP 461", "SETUP 461", "SETUP 200", "PLAY 200"];
    assert_eq!(heard.answers, [&set_up[..], &["TEARDOWN 200"]].concat());
    assert_eq!(heard.reports, 6);
    assert!(heard.packets > 50, "{} packets", heard.packets);
}

/// What came of a recorded conversation.
#[derive(Debug, Default)]
struct Heard {
    /// Method and status of each request.
    answers: Vec<String>,
    /// The `Range` of each answer that has one.
    ranges: Vec<String>,
    /// Packets that the client was sent.
    packets: usize,
    /// Packets that it sent.
    reports: usize,
}

/// Says once more what the client said, and hears the answers.
fn replay(name: &str) -> Heard {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/rtsp-clients/{name}.rtsp"));
    let said = std::fs::read(path).unwrap();
    let mut line = Line::new();
    let mut heard = Heard::default();
    for frame in frames(&said) {
        if frame[0] == b'$' {
            line.hand_in(frame);
            heard.reports += 1;
            continue;
        }
        let request = line.in_this_session(std::str::from_utf8(frame).unwrap());
        line.hand_in(request.as_bytes());
        let answer = line.answer();
        assert_eq!(header(&answer, "CSeq"), header(&request, "CSeq"), "{answer}");
        line.session =
            header(&answer, "Session").map(|id| id.split(';').next().unwrap().to_owned()).or(line.session);
        heard.ranges.extend(header(&answer, "Range").map(str::to_owned));
        let (method, status) = (request.split(' ').next().unwrap(), answer.split(' ').nth(1).unwrap());
        heard.answers.push(format!("{method} {status}"));
    }
    assert!(!line.server.is_closing());
    assert_eq!(line.ends, [StreamEnd::Completed], "torn down once, by the client");
    heard.packets = line.packets;
    heard
}

/// A connection to a server with one song.
struct Line {
    server: ServerConnection,
    preview: Arc<Preview>,
    now: Instant,
    session: Option<String>,
    unread: Vec<u8>,
    packets: usize,
    ends: Vec<StreamEnd>,
}

impl Line {
    fn new() -> Self {
        let image = Arc::new(samples::opus_image(600));
        let preview = Preview::new(samples::description(), image, Npt::ZERO, Npt(u64::MAX)).unwrap();
        let now = Instant::now();
        Self {
            server: ServerConnection::new(ServerLimits::default(), Ipv4Addr::LOCALHOST.into(), now),
            preview: Arc::new(preview),
            now,
            session: None,
            unread: Vec::new(),
            packets: 0,
            ends: Vec::new(),
        }
    }

    fn in_this_session(&self, request: &str) -> String {
        match (header(request, "Session"), &self.session) {
            (Some(recorded), Some(session)) => request.replace(recorded, session),
            _ => request.to_owned(),
        }
    }

    /// Sends it, and lets the server work for a while.
    fn hand_in(&mut self, bytes: &[u8]) {
        self.server.receive(bytes, self.now);
        for _ in 0..20 {
            self.server.advance(self.now);
            while let Some(action) = self.server.next_action() {
                match action {
                    ServerAction::Open { address, .. } => {
                        assert_eq!(address.kind, PreviewKind::Clip);
                        self.server.opened(Ok(self.preview.clone()), self.now);
                    }
                    ServerAction::Allocate { udp, .. } => {
                        assert!(!udp, "an ordinary client cannot prove its address");
                        self.server.allocated(Ok((SessionSeeds::random(), None)), self.now);
                    }
                    ServerAction::Release { end, .. } => self.ends.push(end),
                }
            }
            self.unread.extend_from_slice(self.server.outgoing());
            self.server.sent(self.server.outgoing().len(), self.now);
            self.now += Duration::from_millis(10);
        }
    }

    /// The one answer among what the server sent.
    fn answer(&mut self) -> String {
        let unread = std::mem::take(&mut self.unread);
        let (packets, answers): (Vec<&[u8]>, Vec<&[u8]>) =
            frames(&unread).partition(|frame| frame[0] == b'$');
        self.packets += packets.len();
        assert_eq!(answers.len(), 1, "each request has one answer");
        String::from_utf8(answers[0].to_vec()).unwrap()
    }
}

/// Messages and interleaved packets, one after the other.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = match bytes {
            [] => return None,
            [b'$', _, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
            message => {
                let head = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
                let body = header(std::str::from_utf8(&message[..head]).unwrap(), "Content-Length");
                head + body.map_or(0, |length| length.parse::<usize>().unwrap())
            }
        };
        let (frame, rest) = bytes.split_at(length);
        bytes = rest;
        Some(frame)
    })
}

fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}
