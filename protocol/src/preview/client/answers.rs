//! What each answer of the server means.

use std::time::{Duration, Instant};

use rtsp_types::headers::{CSEQ, RANGE, RTP_INFO, SESSION, TRANSPORT};
use rtsp_types::{HeaderName, Response};

use super::super::framer::LONGEST_BODY;
use super::super::server::content_range;
use super::super::{BYTES_TO_END, Description, DescriptionError, NEAREST_TIME, Nearest, Npt, Transport};
use super::{Asked, ClientConnection, ClientError, ClientEvent, SessionId};

/// Pieces of the free image that are asked for before the first of them has come: enough to fill a fast connection.
const PIECES_AHEAD: u64 = 8;

impl ClientConnection {
    pub(super) fn take_answer(
        &mut self,
        response: &Response<Vec<u8>>,
        now: Instant,
    ) -> Result<(), ClientError> {
        let cseq = header(response, &CSEQ).and_then(|text| text.trim().parse::<u32>().ok());
        // Answers come in order (RFC 2326, section 9.1); one to nothing we asked says nothing.
        let Some(at) = self.asked.iter().position(|(asked, _, _)| Some(*asked) == cseq) else {
            return Ok(());
        };
        let Some((_, asked, _)) = self.asked.remove(at) else { return Ok(()) };
        if !response.status().is_success() {
            return self.take_refusal(asked, response, now);
        }
        match asked {
            Asked::Describe => {
                let text = std::str::from_utf8(response.body()).map_err(|_| DescriptionError::Malformed)?;
                self.events.push_back(ClientEvent::Described(Box::new(Description::from_sdp(text)?)));
            }
            Asked::Setup => self.take_setup(response)?,
            Asked::Play { anew, .. } => self.take_play(response, anew, now)?,
            Asked::Pause => {
                self.media.pause();
                self.events.push_back(ClientEvent::Paused);
            }
            Asked::QueryTime => self.events.push_back(ClientEvent::Nearest(nearest(response.body())?)),
            Asked::FreeData { from } => self.take_free_data(response, from, now)?,
            Asked::KeepAlive => {}
            Asked::Teardown => {
                self.media.pause();
                self.session = None;
                self.events.push_back(ClientEvent::TornDown);
            }
        }
        Ok(())
    }

    fn take_setup(&mut self, response: &Response<Vec<u8>>) -> Result<(), ClientError> {
        let missing = DescriptionError::Missing;
        let session = header(response, &SESSION).ok_or(missing("session"))?;
        let (id, parameters) = session.split_once(';').unwrap_or((session, ""));
        let seconds =
            parameters.split(';').find_map(|part| part.trim().strip_prefix("timeout=")?.parse().ok());
        // Without a word the time-out is a minute (RFC 2326, section 12.37).
        let timeout = Duration::from_secs(seconds.unwrap_or(60_u64).clamp(3, 3_600));
        self.session = Some(SessionId { id: id.trim().to_owned(), timeout });
        let text = header(response, &TRANSPORT).ok_or(missing("transport"))?;
        let transport = Transport::choose(text).ok_or(missing("transport"))?;
        let ssrc =
            text.split(';').find_map(|part| u32::from_str_radix(part.trim().strip_prefix("ssrc=")?, 16).ok());
        self.media.set_up(transport, ssrc);
        self.events.push_back(ClientEvent::Ready);
        Ok(())
    }

    /// The first piece tells how long the file is; then the rest is asked for, a few pieces ahead. A piece from elsewhere than was
    /// asked is refused: a server that answered every question with the first piece would be asked ever more.
    fn take_free_data(
        &mut self,
        response: &Response<Vec<u8>>,
        asked: u64,
        now: Instant,
    ) -> Result<(), ClientError> {
        let range = header(response, &content_range()).and_then(parse_content_range);
        let piece = response.body().clone();
        let Some((offset, total)) = range.filter(|(offset, _)| *offset == asked && !piece.is_empty()) else {
            return Err(DescriptionError::Missing("Content-Range").into());
        };
        let step = LONGEST_BODY as u64;
        let ahead = offset.saturating_add(step * PIECES_AHEAD);
        let next = if offset == 0 { step..=ahead } else { ahead..=ahead };
        for from in next.step_by(LONGEST_BODY).filter(|&from| from < total) {
            self.ask_for_piece(from, now);
        }
        self.events.push_back(ClientEvent::FreeData { offset, total, piece });
        Ok(())
    }

    fn take_play(
        &mut self,
        response: &Response<Vec<u8>>,
        anew: bool,
        now: Instant,
    ) -> Result<(), ClientError> {
        let missing = DescriptionError::Missing;
        let range = header(response, &RANGE).and_then(Npt::parse_range);
        let Some((Some(from), Some(to))) = range else { return Err(missing("range").into()) };
        let info = header(response, &RTP_INFO).ok_or(missing("start"))?;
        let number = |name: &str| info.split([';', ',']).find_map(|part| part.trim().strip_prefix(name));
        let sequence = number("seq=").and_then(|n| n.parse().ok()).ok_or(missing("start"))?;
        let rtptime = number("rtptime=").and_then(|n| n.parse().ok()).ok_or(missing("start"))?;
        if self.media.play((from, to), anew, sequence, rtptime, now) {
            self.events.push_back(ClientEvent::Playing { from, to, anew });
        }
        Ok(())
    }

    fn take_refusal(
        &mut self,
        asked: Asked,
        response: &Response<Vec<u8>>,
        now: Instant,
    ) -> Result<(), ClientError> {
        let status = u16::from(response.status());
        match asked {
            // A server that does not know Pipelined-Requests: now that the session has a name, ask again.
            Asked::Play { anew, pipelined: true }
                if matches!(status, 454 | 455) && self.session.is_some() =>
            {
                let from = self.options.from.filter(|_| anew);
                self.ask_to_play(from, now);
                return Ok(());
            }
            Asked::FreeData { .. } => {
                self.events.push_back(ClientEvent::NoFreeData);
                return Ok(());
            }
            // Nothing to stop is as good as stopped.
            Asked::Pause | Asked::KeepAlive | Asked::QueryTime => return Ok(()),
            Asked::Teardown => {
                self.session = None;
                self.events.push_back(ClientEvent::TornDown);
                return Ok(());
            }
            Asked::Describe | Asked::Setup | Asked::Play { .. } => {}
        }
        let words = if response.body().is_empty() {
            response.reason_phrase().to_owned()
        } else {
            String::from_utf8_lossy(response.body()).chars().filter(|c| !c.is_control()).take(200).collect()
        };
        Err(match status {
            403 => ClientError::Forbidden,
            404 => ClientError::UnknownMedia,
            410 => ClientError::VoucherExpired,
            453 => ClientError::NotEnoughBandwidth,
            457 => ClientError::InvalidRange,
            461 => ClientError::UnsupportedTransport,
            503 => ClientError::NoStream,
            _ => ClientError::Refused { status, words },
        })
    }
}

fn header<'a>(response: &'a Response<Vec<u8>>, name: &HeaderName) -> Option<&'a str> {
    response.header(name).map(|value| value.as_str())
}

/// First byte and length of the whole.
fn parse_content_range(text: &str) -> Option<(u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()?))
}

fn nearest(body: &[u8]) -> Result<Nearest, DescriptionError> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let value = |name: &str| {
        text.lines().find_map(|line| {
            line.split_once(':').filter(|(key, _)| key.trim() == name).map(|(_, v)| v.trim())
        })
    };
    let time = value(NEAREST_TIME).and_then(Npt::parse).ok_or(DescriptionError::Missing(NEAREST_TIME))?;
    let bytes_to_end =
        value(BYTES_TO_END).and_then(|n| n.parse().ok()).ok_or(DescriptionError::Missing(BYTES_TO_END))?;
    Ok(Nearest { time, bytes_to_end })
}
