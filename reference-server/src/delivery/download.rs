//! A download: the author-signed bytes of one media file, whole or from any byte on (RFC 9110, section 14), no faster than
//! the content manager allows.
//!
//! Bytes come from the store's file as they lie and go to the player; they are the same for every buyer. The file is opened when the
//! first of them is asked for: an answer that nobody takes costs no file.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::BytesMut;
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::Instant;

use super::tickets::Ticket;
use super::under_way::Place;
use crate::api::ApiFailure;

/// Read at one time.
const PIECE: usize = 256 << 10;

/// Answers a `GET`.
pub(super) async fn answer(
    path: &Path,
    ticket: &Ticket,
    headers: &HeaderMap,
    rate: Option<u64>,
    place: Place,
) -> Result<Response, ApiFailure> {
    let etag = format!("\"{}\"", ticket.sha256);
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // A range of something else is no use to the player: then it gets the whole.
    let fresh = text(header::IF_RANGE).is_none_or(|known| known == etag);
    let range = text(header::RANGE).filter(|_| fresh);
    let asked = range.map_or(Asked::Whole, |range| Asked::read(range, ticket.length));
    let (status, first, length) = match asked {
        Asked::Whole => (StatusCode::OK, 0, ticket.length),
        Asked::Part { first, length } => (StatusCode::PARTIAL_CONTENT, first, length),
        Asked::Beyond => {
            return response(StatusCode::RANGE_NOT_SATISFIABLE, &etag, 0)
                .header(header::CONTENT_RANGE, format!("bytes */{}", ticket.length))
                .body(Body::empty())
                .map_err(ApiFailure::internal);
        }
    };
    let mut response = response(status, &etag, length);
    if status == StatusCode::PARTIAL_CONTENT {
        let last = first + length - 1;
        response = response.header(header::CONTENT_RANGE, format!("bytes {first}-{last}/{}", ticket.length));
    }
    let source = Source::Closed { path: path.to_owned(), first };
    response.body(paced(source, length, rate, place)).map_err(ApiFailure::internal)
}

fn response(status: StatusCode, etag: &str, length: u64) -> axum::http::response::Builder {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/vnd.cadenza.media")
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, etag)
        .header(header::CACHE_CONTROL, "private")
        .header(header::CONTENT_LENGTH, length)
}

/// Where the bytes come from.
enum Source {
    /// Nobody has asked for any yet.
    Closed {
        path: PathBuf,
        first: u64,
    },
    Open(File),
}

impl Source {
    async fn opened(&mut self) -> std::io::Result<&mut File> {
        if let Self::Closed { path, first } = self {
            let mut file = File::open(path).await?;
            file.seek(SeekFrom::Start(*first)).await?;
            *self = Self::Open(file);
        }
        match self {
            Self::Open(file) => Ok(file),
            Self::Closed { .. } => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
}

struct Sending {
    source: Source,
    left: u64,
    sent: u64,
    started: Instant,
    rate: Option<u64>,
    _place: Place,
}

/// The body: pieces of the file, each at its time.
fn paced(source: Source, length: u64, rate: Option<u64>, place: Place) -> Body {
    let sending = Sending { source, left: length, sent: 0, started: Instant::now(), rate, _place: place };
    Body::from_stream(stream::try_unfold(sending, |mut sending| async move {
        if sending.left == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        if let Some(rate) = sending.rate.filter(|&rate| rate > 0) {
            let due = Duration::from_micros(sending.sent.saturating_mul(1_000_000) / rate);
            tokio::time::sleep_until(sending.started + due).await;
        }
        let wanted = usize::try_from(sending.left).unwrap_or(PIECE).min(PIECE);
        let mut piece = BytesMut::with_capacity(wanted);
        let count = sending.source.opened().await?.take(wanted as u64).read_buf(&mut piece).await?;
        if count == 0 {
            // Shorter than its signed length: the connection breaks off and the player sees it.
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        sending.left -= count as u64;
        sending.sent += count as u64;
        Ok(Some((piece.freeze(), sending)))
    }))
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part { first: u64, length: u64 },
    Beyond,
}

impl Asked {
    /// One range; several, or something else, are answered with the whole (RFC 9110, section 14.2).
    fn read(range: &str, total: u64) -> Self {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
        else {
            return Self::Whole;
        };
        let (first, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(total)),
            (Ok(first), Err(_)) if last.is_empty() => (first, total),
            (Err(_), Ok(suffix)) if first.is_empty() => (total.saturating_sub(suffix), total),
            _ => return Self::Whole,
        };
        if first >= end { Self::Beyond } else { Self::Part { first, length: end - first } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // B6
    #[test]
    fn ranges_are_read_as_http_means_them() {
        let part = |first, length| Asked::Part { first, length };
        assert_eq!(Asked::read("bytes=0-", 100), part(0, 100));
        assert_eq!(Asked::read("bytes=40-", 100), part(40, 60));
        assert_eq!(Asked::read("bytes=40-49", 100), part(40, 10));
        assert_eq!(Asked::read("bytes=90-200", 100), part(90, 10));
        assert_eq!(Asked::read("bytes=-10", 100), part(90, 10));
        assert_eq!(Asked::read("bytes=-200", 100), part(0, 100));
        assert_eq!(Asked::read("bytes=100-", 100), Asked::Beyond);
        assert_eq!(Asked::read("bytes=0-18446744073709551615", 100), part(0, 100));
        for other in ["bytes=", "bytes=x-", "bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-"] {
            assert_eq!(Asked::read(other, 100), Asked::Whole, "{other}");
        }
    }
}
