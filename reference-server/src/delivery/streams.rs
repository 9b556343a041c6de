//! What an RTSP session asks the content manager: is there such a song, is a stream free, and that one is free again.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cadenza_protocol::preview::{
    Npt, Preview, PreviewAddress, Refusal, RefusalKind, SessionSeeds, StreamEnd,
};
use tokio::net::UdpSocket;

use super::DeliveryServer;
use crate::call::CallError;
use crate::content::messages::{AllocateStream, ReleaseStream, StreamStatus, Transport};

/// The content manager has this long for an answer; the player waits five seconds.
const ANSWER: Duration = Duration::from_secs(4);

/// Finds the song and loads the image that suits the player (V5).
pub(super) async fn open(
    server: &DeliveryServer,
    address: PreviewAddress,
    bandwidth: Option<u32>,
) -> Result<Arc<Preview>, Refusal> {
    let facts = in_time(server.content.media(address.media_id)).await?;
    let preview = server.shelf.preview(&facts, address.kind, bandwidth).await;
    preview.map(Arc::new).map_err(|error| error.refusal())
}

/// Takes a stream (V3), and a socket when it goes out as datagrams.
pub(super) async fn allocate(
    server: &DeliveryServer,
    address: PreviewAddress,
    bandwidth: Option<u32>,
    udp: bool,
    peer: SocketAddr,
) -> Result<(SessionSeeds, Option<UdpSocket>), Refusal> {
    let socket = if udp { Some(open_socket(server).await?) } else { None };
    let stream = AllocateStream {
        voucher_id: address.voucher_id,
        media_id: address.media_id,
        kind: address.kind,
        player: peer.to_string(),
        transport: transport(udp),
        bandwidth_kbps: bandwidth.unwrap_or(0) / 1_000,
    };
    in_time(server.content.allocate(&stream)).await?;
    Ok((SessionSeeds::random(), socket))
}

/// What went over a stream.
pub(super) struct Streamed {
    pub played: Npt,
    pub image: String,
    pub udp: bool,
    pub kept: bool,
    pub end: StreamEnd,
}

impl Streamed {
    /// Of a stream that was taken and never used.
    pub fn nothing() -> Self {
        let (played, image, end) = (Npt::ZERO, String::new(), StreamEnd::Disconnected);
        Self { played, image, udp: false, kept: false, end }
    }
}

/// Gives a stream back. A content manager that does not answer forgets it with the voucher.
pub(super) async fn release(server: &DeliveryServer, address: PreviewAddress, streamed: Streamed) {
    let Streamed { played, image, udp, kept, end } = streamed;
    let image = Some(image).filter(|image| !image.is_empty());
    let stream = ReleaseStream {
        voucher_id: address.voucher_id,
        media_id: address.media_id,
        kind: address.kind,
        transport: transport(udp),
        status: match end {
            StreamEnd::Completed => StreamStatus::Completed,
            StreamEnd::Disconnected => StreamStatus::Disconnected,
        },
        played_ms: played.as_millis(),
        kept: image.clone().filter(|_| kept),
        image,
    };
    match tokio::time::timeout(ANSWER, server.content.release(&stream)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, voucher = %stream.voucher_id, "a stream could not be given back")
        }
        Err(_) => {
            tracing::warn!(voucher = %stream.voucher_id, "the content manager did not answer a release")
        }
    }
}

fn transport(udp: bool) -> Transport {
    if udp { Transport::Udp } else { Transport::Interleaved }
}

async fn in_time<T>(question: impl Future<Output = Result<T, CallError>>) -> Result<T, Refusal> {
    match tokio::time::timeout(ANSWER, question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => Err(unreachable()),
    }
}

fn refusal(error: &CallError) -> Refusal {
    match error {
        CallError::Refused { status, error } => {
            let kind = match status {
                404 => RefusalKind::UnknownMedia,
                403 => RefusalKind::Forbidden,
                410 => RefusalKind::Expired,
                503 => RefusalKind::NoStream,
                _ => RefusalKind::Internal,
            };
            Refusal { kind, message: error.message.clone() }
        }
        CallError::Unreachable(error) => {
            tracing::warn!(%error, "the content manager cannot be reached");
            unreachable()
        }
    }
}

fn unreachable() -> Refusal {
    let message = "the store behind this delivery server does not answer; try again in a moment".to_owned();
    Refusal { kind: RefusalKind::Internal, message }
}

/// A free port from the configured base on, or any free one.
async fn open_socket(server: &DeliveryServer) -> Result<UdpSocket, Refusal> {
    let configuration = server.configuration();
    let none =
        || Refusal { kind: RefusalKind::NoStream, message: "no UDP port is free; play without UDP".into() };
    let Some(base) = configuration.udp_base_port else {
        return bind(server.listen, 0).await.ok_or_else(none);
    };
    // Each stream has a port, and as many again are spare.
    let ports = u16::try_from(configuration.streams.saturating_mul(2)).unwrap_or(u16::MAX);
    for port in (base..=u16::MAX).take(ports.into()) {
        if let Some(socket) = bind(server.listen, port).await {
            return Ok(socket);
        }
    }
    Err(none())
}

async fn bind(listen: IpAddr, port: u16) -> Option<UdpSocket> {
    UdpSocket::bind((listen, port)).await.ok()
}
