//! Responses, written into the connection's outgoing bytes.

use rtsp_types::headers::{
    ALLOW, CONTENT_BASE, CONTENT_TYPE, CSEQ, PUBLIC, RANGE, RETRY_AFTER, RTP_INFO, SERVER, SESSION, TRANSPORT,
};
use rtsp_types::{HeaderName, Response, ResponseBuilder, StatusCode, Url, Version};

use super::super::framer::FramerError;
use super::super::sender::Started;
use super::super::{BYTES_TO_END, NEAREST_TIME, Nearest};
use super::{Preview, Refusal, RefusalKind, ServerConnection, Session, Transport};

/// What a server of ours can do, for `OPTIONS` and `Allow`.
const METHODS: &str = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER";

/// When to ask again for a stream, seconds.
const AGAIN_SECONDS: u32 = 60;

/// A request's number, to be repeated in its response.
#[derive(Debug, Clone)]
pub(super) struct CSeq(pub(super) String);

impl ServerConnection {
    pub(super) fn answer(&mut self, cseq: &CSeq, status: StatusCode, headers: &[(HeaderName, String)]) {
        self.send(build(cseq, status, headers).empty().map_body(|_| Vec::new()));
    }

    pub(super) fn answer_options(&mut self, cseq: &CSeq) {
        self.answer(cseq, StatusCode::Ok, &[(PUBLIC, METHODS.into())]);
    }

    pub(super) fn answer_method(&mut self, cseq: &CSeq, status: StatusCode) {
        self.answer(cseq, status, &[(ALLOW, METHODS.into())]);
    }

    /// `DESCRIBE`. The control address is absolute: clients disagree on how to join a relative one to a query.
    pub(super) fn answer_description(&mut self, cseq: &CSeq, url: &Url, preview: &Preview) {
        let mut control = url.clone();
        control.query_pairs_mut().append_pair("stream", "audio");
        let session = u64::from_be_bytes(crate::secret::random_bytes()) >> 1;
        let sdp = preview.description().to_sdp(session, &control);
        let headers = [(CONTENT_TYPE, "application/sdp".to_owned()), (CONTENT_BASE, url.to_string())];
        self.send(build(cseq, StatusCode::Ok, &headers).build(sdp.into_bytes()));
    }

    /// `SETUP`.
    pub(super) fn answer_setup(&mut self, cseq: &CSeq, session: &Session, transport: Transport) {
        let header = format!("{};timeout={}", session.id(), self.limits.session.as_secs());
        let transport = format!("{transport};ssrc={:08X};mode=\"PLAY\"", session.ssrc());
        self.answer(cseq, StatusCode::Ok, &[(SESSION, header), (TRANSPORT, transport)]);
    }

    /// `PLAY`: `RTP-Info` names the first packet, and the timestamp at which the range begins. What comes before that
    /// timestamp settles the decoder and is not heard.
    pub(super) fn answer_play(&mut self, cseq: &CSeq, session: String, url: &Url, started: Started) {
        let Started { from, to, sequence, rtptime } = started;
        let info = format!("url={url};seq={sequence};rtptime={rtptime}");
        let headers = [(SESSION, session), (RANGE, format!("npt={from}-{to}")), (RTP_INFO, info)];
        self.answer(cseq, StatusCode::Ok, &headers);
    }

    /// *Nearest Time*.
    pub(super) fn answer_nearest(&mut self, cseq: &CSeq, session: String, nearest: Nearest) {
        let Nearest { time, bytes_to_end } = nearest;
        let body = format!("{NEAREST_TIME}: {time}\r\n{BYTES_TO_END}: {bytes_to_end}\r\n");
        let headers = [(SESSION, session), (CONTENT_TYPE, "text/parameters".to_owned())];
        self.send(build(cseq, StatusCode::Ok, &headers).build(body.into_bytes()));
    }

    /// A piece of the free image.
    pub(super) fn answer_free_data(
        &mut self,
        cseq: &CSeq,
        session: String,
        offset: u64,
        piece: &[u8],
        total: usize,
    ) {
        let last = offset + piece.len() as u64 - 1;
        let headers = [
            (SESSION, session),
            (CONTENT_TYPE, "audio/ogg".to_owned()),
            (content_range(), format!("bytes {offset}-{last}/{total}")),
        ];
        self.send(build(cseq, StatusCode::Ok, &headers).build(piece.to_vec()));
    }

    /// A refusal, with its words in the reason phrase and the body.
    pub(super) fn answer_refusal(&mut self, cseq: &CSeq, refusal: &Refusal) {
        let status = match refusal.kind {
            RefusalKind::UnknownMedia => StatusCode::NotFound,
            RefusalKind::Forbidden => StatusCode::Forbidden,
            RefusalKind::Expired => StatusCode::Gone,
            RefusalKind::NotEnoughBandwidth => StatusCode::NotEnoughBandwidth,
            RefusalKind::NoStream => StatusCode::ServiceUnavailable,
            RefusalKind::Internal => StatusCode::InternalServerError,
        };
        let words = refusal.message.replace(|c: char| c.is_control(), " ");
        let mut headers = vec![(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned())];
        if refusal.kind == RefusalKind::NoStream {
            headers.push((RETRY_AFTER, AGAIN_SECONDS.to_string()));
        }
        self.send(build(cseq, status, &headers).build(words.into_bytes()));
    }

    /// Bytes that are not RTSP: 400, and the end of the connection.
    pub(super) fn refuse_bytes(&mut self, error: FramerError) {
        let status = match error {
            FramerError::TooLarge => StatusCode::RequestMessageBodyTooLarge,
            FramerError::NotRtsp => StatusCode::BadRequest,
        };
        self.answer(&CSeq("0".into()), status, &[]);
        self.release(super::StreamEnd::Disconnected, self.heard_at);
        self.closing = true;
    }

    fn send(&mut self, response: Response<Vec<u8>>) {
        // Writing to memory fails only for bodies over 4 GB.
        let _ = response.write(&mut self.outgoing);
    }
}

/// `Content-Range`, as in HTTP (RFC 9110, section 14.4).
pub(in super::super) fn content_range() -> HeaderName {
    HeaderName::from_static_str("Content-Range").expect("it is ASCII")
}

fn build(cseq: &CSeq, status: StatusCode, headers: &[(HeaderName, String)]) -> ResponseBuilder {
    let start =
        Response::builder(Version::V1_0, status).header(CSEQ, cseq.0.as_str()).header(SERVER, "cadenza");
    headers.iter().fold(start, |response, (name, value)| response.header(name.clone(), value.as_str()))
}
