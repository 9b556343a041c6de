//! What each request does. Requests are taken one after the other; while the caller finds something out for one, the rest
//! wait, so a client may send `DESCRIBE`, `SETUP` and `PLAY` in one go.

use std::sync::Arc;
use std::time::Instant;

use rtsp_types::headers::{
    BANDWIDTH, CONTENT_TYPE, CSEQ, PIPELINED_REQUESTS, RANGE, REQUIRE, SESSION, TRANSPORT, UNSUPPORTED,
};
use rtsp_types::{HeaderName, Method, Request, StatusCode, Url, Version};

use super::super::framer::LONGEST_BODY;
use super::super::{AddressError, FREE_DATA, Npt, PreviewAddress, QUERY_TIME};
use super::answer::CSeq;
use super::{
    Opened, Preview, Refusal, RefusalKind, ServerAction, ServerConnection, Session, SessionSeeds, StreamEnd,
    Transport,
};

/// The request that waits for the caller's answer.
#[derive(Debug)]
pub(super) enum Waiting {
    /// `DESCRIBE` for the song.
    Describe(Asked),
    /// `SETUP` for the song.
    Find(Asked, Setup),
    /// `SETUP` for a stream.
    Allocate(Asked, Setup, Arc<Preview>),
}

#[derive(Debug)]
pub(super) struct Asked {
    cseq: CSeq,
    url: Url,
    address: PreviewAddress,
    bandwidth: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Setup {
    transport: Transport,
    pipeline: Option<String>,
}

impl ServerConnection {
    /// The answer to [`ServerAction::Open`].
    pub fn opened(&mut self, answer: Result<Arc<Preview>, Refusal>, now: Instant) {
        self.heard_at = now;
        self.note_drained(now);
        match (self.waiting.take(), answer) {
            (Some(Waiting::Describe(asked)), Ok(preview)) => {
                self.answer_description(&asked.cseq, &asked.url, &preview);
                self.remember(&asked, preview);
            }
            (Some(Waiting::Find(asked, setup)), Ok(preview)) => {
                self.remember(&asked, preview.clone());
                self.allocate(asked, setup, preview);
            }
            (Some(Waiting::Describe(asked) | Waiting::Find(asked, _)), Err(refusal)) => {
                self.answer_refusal(&asked.cseq, &refusal);
            }
            // An answer that nobody waits for.
            (waiting @ (Some(Waiting::Allocate(..)) | None), _) => self.waiting = waiting,
        }
        self.advance(now);
    }

    /// The answer to [`ServerAction::Allocate`]; the port only for UDP.
    pub fn allocated(&mut self, answer: Result<(SessionSeeds, Option<u16>), Refusal>, now: Instant) {
        self.heard_at = now;
        self.note_drained(now);
        let Some(Waiting::Allocate(asked, setup, preview)) = self.waiting.take() else { return };
        match answer {
            Err(refusal) => self.answer_refusal(&asked.cseq, &refusal),
            Ok((seeds, port)) => {
                let transport = match setup.transport {
                    Transport::Udp { client_port, .. } => {
                        Transport::Udp { client_port, answer: port.map(|port| (port, seeds.token)) }
                    }
                    interleaved @ Transport::Interleaved { .. } => interleaved,
                };
                let session = Session::new(asked.address, preview, transport, setup.pipeline, &seeds, now);
                self.answer_setup(&asked.cseq, &session, transport);
                self.session = Some(session);
                if self.closing {
                    self.release(StreamEnd::Disconnected, now);
                }
            }
        }
        self.advance(now);
    }

    pub(super) fn handle(&mut self, request: &Request<Vec<u8>>, now: Instant) {
        let Some(cseq) = header(request, &CSEQ).map(CSeq) else {
            return self.answer(&CSeq("0".into()), StatusCode::BadRequest, &[]);
        };
        if request.version() != Version::V1_0 {
            return self.answer(&cseq, StatusCode::RTSPVersionNotSupported, &[]);
        }
        if let Some(required) = header(request, &REQUIRE) {
            return self.answer(&cseq, StatusCode::OptionNotSupported, &[(UNSUPPORTED, required)]);
        }
        self.keep_alive(now);
        match request.method() {
            Method::Options => self.answer_options(&cseq),
            Method::Describe => self.describe(cseq, request),
            Method::Setup => self.setup(cseq, request),
            Method::GetParameter if request.body().is_empty() => self.ping(&cseq, request),
            Method::Play | Method::Pause | Method::Teardown | Method::GetParameter => {
                self.in_session(&cseq, request, now);
            }
            Method::Announce
            | Method::Record
            | Method::Redirect
            | Method::SetParameter
            | Method::PlayNotify => {
                self.answer_method(&cseq, StatusCode::MethodNotAllowed);
            }
            Method::Extension(_) => self.answer_method(&cseq, StatusCode::NotImplemented),
        }
    }

    fn describe(&mut self, cseq: CSeq, request: &Request<Vec<u8>>) {
        let Some(asked) = self.asked(cseq, request) else { return };
        self.actions.push_back(ServerAction::Open { address: asked.address, bandwidth: asked.bandwidth });
        self.waiting = Some(Waiting::Describe(asked));
    }

    fn setup(&mut self, cseq: CSeq, request: &Request<Vec<u8>>) {
        if self.session.is_some() {
            return self.answer(&cseq, StatusCode::MethodNotValidInThisState, &[]);
        }
        let offers = header(request, &TRANSPORT).unwrap_or_default();
        let Some(transport) = Transport::choose(&offers) else {
            return self.answer(&cseq, StatusCode::UnsupportedTransport, &[]);
        };
        let Some(asked) = self.asked(cseq, request) else { return };
        let setup = Setup { transport, pipeline: header(request, &PIPELINED_REQUESTS) };
        // A client states its bandwidth once, with DESCRIBE or with SETUP.
        let known = self.opened.as_ref().filter(|opened| {
            opened.address == asked.address
                && (asked.bandwidth.is_none() || asked.bandwidth == opened.bandwidth)
        });
        if let Some(preview) = known.map(|opened| opened.preview.clone()) {
            return self.allocate(asked, setup, preview);
        }
        self.actions.push_back(ServerAction::Open { address: asked.address, bandwidth: asked.bandwidth });
        self.waiting = Some(Waiting::Find(asked, setup));
    }

    fn allocate(&mut self, asked: Asked, setup: Setup, preview: Arc<Preview>) {
        let udp = matches!(setup.transport, Transport::Udp { .. });
        let bandwidth = asked.bandwidth.or(self.opened.as_ref().and_then(|opened| opened.bandwidth));
        self.actions.push_back(ServerAction::Allocate { address: asked.address, bandwidth, udp });
        self.waiting = Some(Waiting::Allocate(asked, setup, preview));
    }

    fn remember(&mut self, asked: &Asked, preview: Arc<Preview>) {
        self.opened = Some(Opened { address: asked.address, bandwidth: asked.bandwidth, preview });
    }

    /// An empty `GET_PARAMETER` keeps a session alive (RFC 2326, section 10.8), or just asks whether we live.
    fn ping(&mut self, cseq: &CSeq, request: &Request<Vec<u8>>) {
        let named = header(request, &SESSION);
        let known = self.session.as_ref().is_some_and(|session| session.is_meant_by(named.as_deref(), None));
        let status = if named.is_some() && !known { StatusCode::SessionNotFound } else { StatusCode::Ok };
        self.answer(cseq, status, &[]);
    }

    fn in_session(&mut self, cseq: &CSeq, request: &Request<Vec<u8>>, now: Instant) {
        let named = header(request, &SESSION);
        let pipeline = header(request, &PIPELINED_REQUESTS);
        let Some(session) = &mut self.session else {
            let nothing = named.is_none() && pipeline.is_none();
            let status =
                if nothing { StatusCode::MethodNotValidInThisState } else { StatusCode::SessionNotFound };
            return self.answer(cseq, status, &[]);
        };
        if !session.is_meant_by(named.as_deref(), pipeline.as_deref()) {
            return self.answer(cseq, StatusCode::SessionNotFound, &[]);
        }
        let id = session.id().to_owned();
        match request.method() {
            Method::Play => {
                let range =
                    header(request, &RANGE).map_or(Some((None, None)), |range| Npt::parse_range(&range));
                let started = range.and_then(|(from, to)| session.play(from, to, now));
                match (started, request.request_uri().cloned()) {
                    (Some(started), Some(url)) => self.answer_play(cseq, id, &url, started),
                    (None, _) => self.answer(cseq, StatusCode::InvalidRange, &[]),
                    (Some(_), None) => self.answer(cseq, StatusCode::BadRequest, &[]),
                }
            }
            Method::Pause => {
                session.pause(now);
                self.answer(cseq, StatusCode::Ok, &[(SESSION, id)]);
            }
            Method::Teardown => {
                self.release(StreamEnd::Completed, now);
                self.answer(cseq, StatusCode::Ok, &[]);
            }
            _ => self.answer_parameter(cseq, id, request.body()),
        }
    }

    fn answer_parameter(&mut self, cseq: &CSeq, id: String, body: &[u8]) {
        let Some(session) = &self.session else { return };
        let preview = session.shared_preview();
        match Parameter::read(body) {
            Some(Parameter::QueryTime(asked)) => match preview.nearest(asked) {
                None => self.answer(cseq, StatusCode::InvalidRange, &[]),
                Some(nearest) => self.answer_nearest(cseq, id, nearest),
            },
            Some(Parameter::FreeData(offset)) => match preview.free_data(offset, LONGEST_BODY) {
                None => self.answer(cseq, StatusCode::InvalidRange, &[]),
                Some((piece, total)) => {
                    let end = offset + piece.len() as u64;
                    if let Some(session) = &mut self.session {
                        session.note_fetched(end, self.heard_at);
                        if end == total as u64 {
                            session.keep();
                        }
                    }
                    self.answer_free_data(cseq, id, offset, piece, total);
                }
            },
            None => {
                let kind = [(CONTENT_TYPE, "text/parameters".to_owned())];
                self.answer(cseq, StatusCode::ParameterNotUnderstood, &kind);
            }
        }
    }

    /// The address and bandwidth of a request; answers it itself when they make no sense.
    fn asked(&mut self, cseq: CSeq, request: &Request<Vec<u8>>) -> Option<Asked> {
        let Some(url) = request.request_uri() else {
            self.answer(&cseq, StatusCode::BadRequest, &[]);
            return None;
        };
        match PreviewAddress::from_url(url) {
            Ok(address) => {
                let bandwidth = header(request, &BANDWIDTH).and_then(|value| value.trim().parse().ok());
                Some(Asked { cseq, url: url.clone(), address, bandwidth })
            }
            Err(error) => {
                let kind = match error {
                    AddressError::NotRtsp | AddressError::NoMedia | AddressError::Kind => {
                        RefusalKind::UnknownMedia
                    }
                    AddressError::NoVoucher => RefusalKind::Forbidden,
                };
                self.answer_refusal(&cseq, &Refusal { kind, message: error.to_string() });
                None
            }
        }
    }
}

fn header(request: &Request<Vec<u8>>, name: &HeaderName) -> Option<String> {
    request.header(name).map(|value| value.as_str().to_owned())
}

/// What a `GET_PARAMETER` asks: one line in its body.
enum Parameter {
    QueryTime(Npt),
    FreeData(u64),
}

impl Parameter {
    fn read(body: &[u8]) -> Option<Self> {
        let (name, value) = std::str::from_utf8(body).ok()?.trim().split_once(':')?;
        match name.trim().to_ascii_lowercase().as_str() {
            QUERY_TIME => Npt::parse(value).map(Self::QueryTime),
            FREE_DATA => value.trim().parse().ok().map(Self::FreeData),
            _ => None,
        }
    }
}
