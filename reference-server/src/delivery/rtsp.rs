//! The RTSP doors: one task per connection turns the wheels of a [`ServerConnection`].
//!
//! The machine decides everything; this file only moves bytes between it and the sockets, asks the content manager what the
//! machine wants to know, and wakes it in time. A task wakes about five times a second while it plays and sends ten
//! packets in one write.

use std::collections::{HashSet, VecDeque};
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cadenza_protocol::preview::{
    Preview, PreviewAddress, Refusal, RefusalKind, ServerAction, ServerConnection, ServerLimits, SessionSeeds,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::DeliveryServer;
use super::playing::Session;
use super::streams::{Streamed, allocate, open, release};
use crate::door::Doorkeeper;
use crate::door::guard::in_words;
use crate::door::visitors::Rank;
use crate::tls::handshake;

/// Read at one time: requests are small.
const READ: usize = 4 << 10;
/// Datagrams sent before the other duties get a turn.
const DATAGRAMS_IN_A_ROW: usize = 64;

/// Serves players over TLS.
pub(super) async fn serve_tls(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    server: Arc<DeliveryServer>,
    shutdown: watch::Receiver<bool>,
) {
    let stop = shutdown.clone();
    let keeper = server.keeper.clone();
    accept("rtsps", listener, keeper, shutdown, move |stream, peer| {
        let (acceptor, server, stop) = (acceptor.clone(), server.clone(), stop.clone());
        async move {
            let limit = server.keeper.settings().handshake();
            if let Some((tls, _)) = handshake(&acceptor, stream, peer, limit).await {
                serve(tls, peer, server, stop).await;
            }
        }
    })
    .await;
}

/// Serves ordinary clients on loopback.
pub(super) async fn serve_plain(
    listener: TcpListener,
    server: Arc<DeliveryServer>,
    shutdown: watch::Receiver<bool>,
) {
    let stop = shutdown.clone();
    let keeper = server.keeper.clone();
    accept("rtsp", listener, keeper, shutdown, move |stream, peer| {
        serve(stream, peer, server.clone(), stop.clone())
    })
    .await;
}

async fn accept<F: Future<Output = ()> + Send + 'static>(
    door: &'static str,
    mut listener: TcpListener,
    keeper: Arc<Doorkeeper>,
    mut shutdown: watch::Receiver<bool>,
    serve: impl Fn(TcpStream, SocketAddr) -> F,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // axum's accept logs failures, and waits when the process is out of files
            (stream, peer) = axum::serve::Listener::accept(&mut listener) => {
                let Some(visit) = keeper.admit(door, Rank::Public, peer.ip()) else { continue };
                let _ = stream.set_nodelay(true);
                let connection = serve(stream, peer);
                connections.spawn(async move {
                    connection.await;
                    drop(visit);
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = shutdown.wait_for(|stop| *stop) => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

/// What a session has asked the content manager, on its way.
type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

enum Answer {
    Released,
    Opened(Result<Arc<Preview>, Refusal>),
    Allocated(PreviewAddress, Result<(SessionSeeds, Option<UdpSocket>), Refusal>),
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send>(
    stream: S,
    peer: SocketAddr,
    server: Arc<DeliveryServer>,
    mut shutdown: watch::Receiver<bool>,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let settings = server.keeper.settings();
    let limits =
        ServerLimits { message: settings.header(), idle: settings.idle(), ..ServerLimits::default() };
    let mut connection = ServerConnection::new(limits, peer.ip(), Instant::now());
    // One after the other: a stream is given back before the same one is taken again.
    let mut asking: VecDeque<Asking> = VecDeque::new();
    let mut udp: Option<UdpSocket> = None;
    let mut held = HashSet::new();
    let session = Session::default();
    let (mut input, mut datagram_in, mut datagram) = ([0; READ], [0; 256], Vec::with_capacity(1_500));
    let mut unflushed = false;
    loop {
        let now = Instant::now();
        connection.advance(now);
        while let Some(action) = connection.next_action() {
            if let ServerAction::Release { address, .. } = &action {
                held.remove(address);
            }
            asking.push_back(ask(server.clone(), action, peer, session.clone()));
        }
        if let Some(udp) = &udp {
            send_datagrams(&mut connection, udp, &mut datagram).await;
        }
        if connection.is_closing() && connection.outgoing().is_empty() && !unflushed {
            break;
        }
        let room = connection.room().min(READ);
        let wake = connection.deadline().max(now + Duration::from_millis(1));
        tokio::select! {
            read = reader.read(&mut input[..room]), if room > 0 => match read {
                Ok(0) | Err(_) => connection.disconnected(Instant::now()),
                Ok(count) => connection.receive(&input[..count], Instant::now()),
            },
            pushed = push(&mut writer, connection.outgoing(), unflushed) => match pushed {
                Ok(Pushed::Written(count)) => {
                    connection.sent(count, Instant::now());
                    unflushed = true;
                }
                Ok(Pushed::Flushed) => unflushed = false,
                Err(_) => connection.disconnected(Instant::now()),
            },
            answer = wait_for(&mut asking) => {
                asking.pop_front();
                match answer {
                    Answer::Released => {}
                    Answer::Opened(answer) => connection.opened(answer, Instant::now()),
                    Answer::Allocated(address, answer) => {
                        let answer = answer.map(|(seeds, socket)| {
                            held.insert(address);
                            let port = socket.as_ref().and_then(|socket| socket.local_addr().ok()).map(|local| local.port());
                            udp = socket;
                            (seeds, port)
                        });
                        connection.allocated(answer, Instant::now());
                    }
                }
            }
            Some((count, from)) = receive_datagram(&udp, &mut datagram_in) => {
                connection.receive_datagram(from, &datagram_in[..count], Instant::now());
            }
            () = tokio::time::sleep_until(wake.into()) => {}
            () = session.notified() => connection.disconnected(Instant::now()),
            _ = shutdown.wait_for(|stop| *stop) => connection.disconnected(Instant::now()),
        }
        if connection.is_closing() && unflushed && connection.outgoing().is_empty() {
            // The last words; a client that does not take them has had its time.
            let _ = tokio::time::timeout(Duration::from_secs(1), writer.flush()).await;
            unflushed = false;
        }
    }
    // A stream that was asked for when the client went away has to be given back too.
    for question in asking {
        if let Answer::Allocated(address, Ok(_)) = question.await {
            held.insert(address);
        }
    }
    for address in held {
        release(&server, address, Streamed::nothing()).await;
        server.playing.free(&address, &session);
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), writer.shutdown()).await;
}

enum Pushed {
    Written(usize),
    Flushed,
}

/// Writes what there is; once that is done, sees that TLS holds none of it back. Can be dropped at any point.
async fn push<W: AsyncWrite + Unpin>(
    writer: &mut W,
    bytes: &[u8],
    unflushed: bool,
) -> std::io::Result<Pushed> {
    match (bytes.is_empty(), unflushed) {
        (false, _) => match writer.write(bytes).await? {
            0 => Err(std::io::ErrorKind::WriteZero.into()),
            count => Ok(Pushed::Written(count)),
        },
        (true, true) => writer.flush().await.map(|()| Pushed::Flushed),
        (true, false) => pending().await,
    }
}

/// What the machine wants to know or to have done, as a question to the content manager.
fn ask(server: Arc<DeliveryServer>, action: ServerAction, peer: SocketAddr, session: Session) -> Asking {
    Box::pin(async move {
        match action {
            ServerAction::Open { address, bandwidth } => {
                let opened = match may_ask(&server, peer) {
                    Ok(()) => open(&server, address, bandwidth).await,
                    Err(refusal) => Err(refusal),
                };
                Answer::Opened(opened)
            }
            ServerAction::Allocate { address, bandwidth, udp } => {
                let taken = match may_ask(&server, peer) {
                    Ok(()) => server.playing.take(address, &session, peer.ip()).await,
                    Err(refusal) => Err(refusal),
                };
                let taken = match taken {
                    Ok(()) => allocate(&server, address, bandwidth, udp, peer).await,
                    Err(refusal) => {
                        server.keeper.turn_away("preview streams");
                        Err(refusal)
                    }
                };
                if taken.is_err() {
                    server.playing.free(&address, &session);
                }
                Answer::Allocated(address, taken)
            }
            ServerAction::Release { address, played, image, udp, kept, end } => {
                release(&server, address, Streamed { played, image, udp, kept, end }).await;
                server.playing.free(&address, &session);
                Answer::Released
            }
        }
    })
}

/// A question to the content manager counts as a request of its address does at the other doors.
fn may_ask(server: &DeliveryServer, peer: SocketAddr) -> Result<(), Refusal> {
    server.requests.take(peer.ip()).map_err(|wait| {
        server.keeper.turn_away(server.requests.name());
        Refusal { kind: RefusalKind::NoStream, message: in_words(server.requests.name(), wait) }
    })
}

async fn wait_for(asking: &mut VecDeque<Asking>) -> Answer {
    match asking.front_mut() {
        Some(answer) => answer.await,
        None => pending().await,
    }
}

async fn receive_datagram(udp: &Option<UdpSocket>, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    match udp {
        // An error here is an echo of something we sent (port unreachable); the session's own time-out judges it.
        Some(udp) => udp.recv_from(buffer).await.ok(),
        None => pending().await,
    }
}

async fn send_datagrams(connection: &mut ServerConnection, udp: &UdpSocket, datagram: &mut Vec<u8>) {
    for _ in 0..DATAGRAMS_IN_A_ROW {
        let Some(to) = connection.next_datagram(Instant::now(), datagram) else { break };
        // A datagram that cannot go out is a lost one.
        let _ = udp.send_to(datagram, to).await;
    }
}
