//! The thread behind a live preview: it turns the wheels of a [`ClientConnection`].
//!
//! The machine in `cadenza-protocol` decides everything; this file moves its bytes over TLS (and its datagrams over UDP), hands
//! sound to the decoder and the decoder's samples to the buffer, and passes on what the engine asks for: another place,
//! a pause, the end.

use std::future::pending;
use std::io;
use std::time::{Duration, Instant};

use cadenza_protocol::preview::{ClientConnection, ClientError, ClientEvent, ClientOptions, Npt, Wish};
use cadenza_protocol::rtp::CLOCK_RATE;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::keep::Keeping;
use super::opus::OpusSound;
use super::{CHANNELS, Phase, Shared, StreamPlace, StreamSetup};
use crate::store::client::trust;

/// With this much in the buffer the server is asked to pause,
const FULL: usize = 12 * CLOCK_RATE as usize * CHANNELS;
/// and with this little to go on.
const LOW: usize = 4 * CLOCK_RATE as usize * CHANNELS;
/// A goodbye that is not answered in this time is left at that.
const PARTING: Duration = Duration::from_millis(500);

/// Why a stream broke.
#[derive(Debug, Error)]
enum StreamError {
    #[error(
        "the delivery server {host} cannot be reached ({cause}); check the network and try the preview again"
    )]
    Unreachable { host: String, cause: io::Error },
    #[error("the delivery server {host} does not answer; check the network and try the preview again")]
    NoConnection { host: String },
    #[error("{host} is not a delivery server to be trusted: {reason}; nothing was played")]
    Untrusted { host: String, reason: String },
    #[error("the preview stopped: the delivery server closed the connection; try it again")]
    Closed,
    #[error("the preview cannot be received here ({0}); free some memory or ports and try again")]
    Local(String),
    #[error(transparent)]
    Protocol(#[from] ClientError),
}

/// Runs until the stream is complete, broken, or no longer wanted; without `from` until the free image is kept.
pub(super) fn run(shared: &Shared, from: Option<Npt>) {
    let local = |error: String| StreamError::Local(error);
    let mut plays = from.is_some();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match (runtime, OpusSound::new()) {
        (Ok(runtime), Ok(opus)) => {
            let mut ear = Ear::new(from, opus);
            let ended = runtime.block_on(receive(shared, from, &mut ear));
            plays = ear.plays;
            ended
        }
        (Err(error), _) => Err(local(error.to_string())),
        (_, Err(error)) => Err(local(error.message().to_owned())),
    };
    let Err(error) = ended else { return };
    tracing::warn!(%error, media = %shared.place.address.media_id, "a preview broke off");
    if plays {
        shared.break_off(error.to_string());
    } else {
        shared.state().stats.kept = Some(Err(error.to_string()));
    }
}

async fn receive(shared: &Shared, from: Option<Npt>, ear: &mut Ear) -> Result<(), StreamError> {
    let Shared { place, setup, .. } = shared;
    let url = place
        .address
        .to_url(&place.host, place.port, true)
        .map_err(|error| StreamError::Local(error.to_string()))?;
    let mut options = ClientOptions::new(url);
    options.bandwidth = setup.bandwidth;
    options.from = from;
    options.patience = setup.patience;
    let stream = connect(place, setup).await?;
    let server = stream.get_ref().0.peer_addr().map_err(|cause| unreachable(place, cause))?;
    let udp = if setup.udp && from.is_some() { Some(open_udp(&stream).await?) } else { None };
    if let Some(local) = udp.as_ref().and_then(|udp| udp.local_addr().ok()) {
        options.wish = Wish::Udp(local.port());
    }
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut client = ClientConnection::new(options, Instant::now());
    let (mut input, mut datagram, mut unflushed) = (vec![0; 16 << 10], vec![0; 2 << 10], false);
    loop {
        let now = Instant::now();
        client.advance(now)?;
        ear.listen(&mut client, shared, now);
        if ear.obey(&mut client, shared, now) == Wanted::Nothing {
            return part(client, &mut writer, &mut reader).await;
        }
        while let Some((port, proof)) = client.next_datagram(now) {
            if let Some(udp) = &udp {
                // A proof that does not go out is repeated.
                let _ = udp.send_to(&proof, (server.ip(), port)).await;
            }
        }
        let wake = client
            .deadline()
            .map_or(now + Duration::from_secs(1), |at| at.max(now + Duration::from_millis(1)));
        tokio::select! {
            read = reader.read(&mut input) => match read {
                Ok(0) | Err(_) => return Err(StreamError::Closed),
                Ok(count) => client.receive(&input[..count], Instant::now())?,
            },
            pushed = push(&mut writer, client.outgoing(), unflushed) => match pushed {
                Ok(0) => unflushed = false,
                Ok(count) => {
                    client.sent(count);
                    unflushed = true;
                }
                Err(_) => return Err(StreamError::Closed),
            },
            Some((count, sender)) = receive_datagram(&udp, &mut datagram) => {
                if sender == server.ip() {
                    client.receive_datagram(&datagram[..count], Instant::now());
                }
            }
            () = shared.news.notified() => {}
            () = tokio::time::sleep_until(wake.into()) => {}
        }
    }
}

/// The listening end: decoder, what the engine last asked for, and the file that is being kept.
struct Ear {
    opus: OpusSound,
    /// Sound is wanted, not only the file.
    plays: bool,
    target: Npt,
    paused: bool,
    ready: bool,
    ended: bool,
    keeping: Option<Keeping>,
}

/// What a connection is still good for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    More,
    Nothing,
}

impl Ear {
    fn new(from: Option<Npt>, opus: OpusSound) -> Self {
        let (plays, target) = (from.is_some(), from.unwrap_or_default());
        Self { opus, plays, target, paused: false, ready: false, ended: false, keeping: None }
    }

    /// Takes news and sound.
    fn listen(&mut self, client: &mut ClientConnection, shared: &Shared, now: Instant) {
        let mut samples = Vec::new();
        loop {
            while let Some(event) = client.next_event() {
                self.take(event, shared, &mut samples);
            }
            match client.next_sound(now) {
                Some(sound) => self.opus.take(&sound, &mut samples),
                None if client.has_events() => {}
                None => break,
            }
        }
        if self.plays {
            shared.give(&samples);
            shared.state().stats.packets = client.counts();
        }
    }

    fn take(&mut self, event: ClientEvent, shared: &Shared, samples: &mut Vec<f32>) {
        match event {
            ClientEvent::Described(told) => shared.state().stats.description = Some(*told),
            ClientEvent::Ready => self.ready = true,
            // The server starts at or before the place asked for; the engine gets exactly that place.
            ClientEvent::Playing { from, to, anew } => {
                self.opus.play(self.target.max(from), to, anew);
                self.ended = false;
            }
            ClientEvent::Ended => {
                self.opus.finish(samples);
                self.ended = true;
            }
            ClientEvent::FreeData { offset, total, piece } => {
                let Some(mut keeping) = self.keeping.take() else { return };
                let kept = match keeping.take(offset, total, &piece) {
                    Ok(true) => keeping.finish(),
                    Ok(false) => return self.keeping = Some(keeping),
                    Err(told) => Err(told),
                };
                shared.state().stats.kept = Some(kept);
            }
            ClientEvent::NoFreeData => {
                self.keeping = None;
                shared.state().stats.kept =
                    Some(Err("the store gives no file of this preview; buy the track to keep it".to_owned()));
            }
            ClientEvent::Nearest(_) | ClientEvent::Paused | ClientEvent::TornDown => {}
        }
    }

    /// Does what the engine and the listener ask for.
    fn obey(&mut self, client: &mut ClientConnection, shared: &Shared, now: Instant) -> Wanted {
        let mut state = shared.state();
        if self.ready
            && self.keeping.is_none()
            && let Some(path) = state.keep.take()
        {
            match Keeping::begin(path) {
                Ok(keeping) => {
                    self.keeping = Some(keeping);
                    client.fetch_free_data(now);
                }
                Err(told) => state.stats.kept = Some(Err(told)),
            }
        }
        let keeps = self.keeping.is_some() || state.keep.is_some();
        if !self.plays {
            return if keeps { Wanted::More } else { Wanted::Nothing };
        }
        if state.closed {
            return if keeps && self.ready { Wanted::More } else { Wanted::Nothing };
        }
        let buffered = state.samples.len();
        let stop = state.held || buffered > FULL || (self.paused && buffered > LOW);
        if let Some(place) = state.seek.take() {
            self.target = place;
            (self.paused, self.ended) = (false, false);
            client.seek(place, now);
        } else if self.ended {
            // A later seek makes a connection of its own; this one at most finishes the file.
            state.phase = Phase::Complete;
            state.waker.wake();
            self.plays = false;
            return if keeps { Wanted::More } else { Wanted::Nothing };
        } else if stop != self.paused && !self.ended && state.begun {
            self.paused = stop;
            if stop { client.pause(now) } else { client.resume(now) }
        }
        Wanted::More
    }
}

async fn connect(place: &StreamPlace, setup: &StreamSetup) -> Result<TlsStream<TcpStream>, StreamError> {
    let host = || place.host.clone();
    let late = |_| StreamError::NoConnection { host: host() };
    let name = ServerName::try_from(place.host.clone()).map_err(|_| StreamError::Untrusted {
        host: host(),
        reason: "its name cannot be in a certificate".into(),
    })?;
    let tcp = TcpStream::connect((place.host.as_str(), place.port));
    let tcp = timeout(setup.patience, tcp).await.map_err(late)?.map_err(|cause| unreachable(place, cause))?;
    let _ = tcp.set_nodelay(true);
    let tls = TlsConnector::from(setup.tls.clone()).connect(name, tcp);
    timeout(setup.patience, tls).await.map_err(late)?.map_err(|cause| match trust::refusal(&cause) {
        Some(reason) => StreamError::Untrusted { host: host(), reason },
        None => unreachable(place, cause),
    })
}

fn unreachable(place: &StreamPlace, cause: io::Error) -> StreamError {
    StreamError::Unreachable { host: place.host.clone(), cause }
}

/// A datagram socket beside the control connection: the server checks that both come from one address.
async fn open_udp(stream: &TlsStream<TcpStream>) -> Result<UdpSocket, StreamError> {
    let failed = |error: io::Error| StreamError::Local(error.to_string());
    let local = stream.get_ref().0.local_addr().map_err(failed)?;
    UdpSocket::bind((local.ip(), 0)).await.map_err(failed)
}

async fn receive_datagram(udp: &Option<UdpSocket>, buffer: &mut [u8]) -> Option<(usize, std::net::IpAddr)> {
    match udp {
        Some(udp) => udp.recv_from(buffer).await.ok().map(|(count, from)| (count, from.ip())),
        None => pending().await,
    }
}

/// Writes what there is; once that is done, sees that TLS holds none of it back (0). Can be dropped at any point.
async fn push<W: AsyncWriteExt + Unpin>(writer: &mut W, bytes: &[u8], unflushed: bool) -> io::Result<usize> {
    match (bytes.is_empty(), unflushed) {
        (false, _) => match writer.write(bytes).await? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            count => Ok(count),
        },
        (true, true) => writer.flush().await.map(|()| 0),
        (true, false) => pending().await,
    }
}

/// Gives the stream back, politely but briefly.
async fn part<R: AsyncReadExt + Unpin, W: AsyncWriteExt + Unpin>(
    mut client: ClientConnection,
    writer: &mut W,
    reader: &mut R,
) -> Result<(), StreamError> {
    client.teardown(Instant::now());
    let farewell = async {
        writer.write_all(client.outgoing()).await?;
        writer.flush().await?;
        let mut input = [0; 4 << 10];
        loop {
            let count = reader.read(&mut input).await?;
            let over = count == 0 || client.receive(&input[..count], Instant::now()).is_err();
            while let Some(event) = client.next_event() {
                if event == ClientEvent::TornDown {
                    return writer.shutdown().await;
                }
            }
            if over {
                return Ok(());
            }
        }
    };
    let _ = timeout(PARTING, farewell).await;
    Ok(())
}
