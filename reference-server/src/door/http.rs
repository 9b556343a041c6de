//! HTTP at a door: connections beside each other, each with its time for handshake, header, body and answer, until the server stops.
//!
//! HTTP/2 where TLS agreed on it, else HTTP/1.1. Handlers get a [`Peer`] as `ConnectInfo`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::Doorkeeper;
use super::pace::{Activity, Arriving, Leaving};
use super::visitors::Rank;
use crate::api::ApiFailure;
use crate::tls::{Peer, handshake};

/// Longest header of a request, bytes.
const LONGEST_HEADER: usize = 32 << 10;
/// Requests at one time on one connection, where answers are small.
pub const STREAMS: u32 = 64;
/// A peer that went away without a word is noticed after this long.
const PING: Duration = Duration::from_secs(30);
/// How long a connection that is closed for its silence has for its last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// One listening socket.
#[expect(missing_debug_implementations, reason = "an acceptor has none")]
pub struct Door {
    /// Its name, for limits and logs.
    pub name: &'static str,
    /// Who is to find room at it.
    pub rank: Rank,
    /// The socket.
    pub tcp: TcpListener,
    /// None: in the clear.
    pub acceptor: Option<TlsAcceptor>,
    /// Requests at one time on one connection.
    pub streams: u32,
    /// Its limits.
    pub keeper: Arc<Doorkeeper>,
}

/// What each connection needs.
#[derive(Clone)]
struct Served {
    router: Router,
    keeper: Arc<Doorkeeper>,
    streams: u32,
    stopping: watch::Receiver<bool>,
}

/// Serves everyone who comes until `stopping`; returns when the last connection has ended.
pub async fn serve(door: Door, router: Router, mut stopping: watch::Receiver<bool>) {
    let Door { name, rank, mut tcp, acceptor, streams, keeper } = door;
    let served = Served { router, keeper: keeper.clone(), streams, stopping: stopping.clone() };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // axum's accept: it logs failures, and waits when the process is out of files
            (stream, address) = axum::serve::Listener::accept(&mut tcp) => {
                let Some(visit) = keeper.admit(name, rank, address.ip()) else { continue };
                let _ = stream.set_nodelay(true);
                let (served, acceptor) = (served.clone(), acceptor.clone());
                connections.spawn(async move {
                    served.receive(stream, address, acceptor).await;
                    drop(visit);
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    drop(tcp);
    while connections.join_next().await.is_some() {}
}

impl Served {
    async fn receive(self, stream: TcpStream, address: SocketAddr, acceptor: Option<TlsAcceptor>) {
        let Some(acceptor) = acceptor else {
            return self.talk(stream, Peer { address, chain: None }, false).await;
        };
        if let Some((tls, peer)) =
            handshake(&acceptor, stream, address, self.keeper.settings().handshake()).await
        {
            let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
            self.talk(tls, peer, http2).await;
        }
    }

    async fn talk<S>(mut self, stream: S, peer: Peer, http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.keeper.settings().clone();
        let activity = Activity::new();
        let address = peer.address;
        let service = service_fn(|request| {
            answer(self.router.clone(), request, peer.clone(), activity.clone(), limits.body())
        });
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header())
            .max_buf_size(LONGEST_HEADER);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.streams)
            .max_header_list_size(LONGEST_HEADER as u32)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        let http = if http2 { http.http2_only() } else { http.http1_only() };
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut ending = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%address, %error, "a connection ended");
                    }
                    return;
                }
                () = activity.over(limits.idle(), limits.stall()) => {
                    tracing::debug!(%address, "a connection was closed: nothing moved on it");
                    break;
                }
                _ = self.stopping.wait_for(|stop| *stop), if !ending => {
                    connection.as_mut().graceful_shutdown();
                    ending = true;
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(LAST_WORDS, connection).await;
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: Peer,
    activity: Activity,
    patience: Duration,
) -> Result<Response, Infallible> {
    let under_way = activity.begin();
    let too_slow = Arc::new(AtomicBool::new(false));
    let mut request =
        request.map(|body| Body::new(Arriving::new(body, patience, activity.clone(), too_slow.clone())));
    request.extensions_mut().insert(ConnectInfo(peer));
    let Ok(mut response) = router.oneshot(request).await;
    if too_slow.load(Ordering::Relaxed) {
        let why = "the request took too long to arrive; check the connection and send it again";
        response = ApiFailure::new(StatusCode::REQUEST_TIMEOUT, "too-slow", why).into_response();
    }
    Ok(response.map(|body| Body::new(Leaving::new(body, activity, under_way))))
}
