//! A TLS listener for `axum::serve`: handshakes run beside each other, and a handler learns who called.
//!
//! A slow or silent client holds up nobody: each handshake has its own task and ten seconds.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use cadenza_protocol::cert::CertificateChain;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::verify::chain_from_der;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Handshakes in progress and connections not yet taken, at most.
const WAITING: usize = 256;

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Network address.
    pub address: SocketAddr,
    /// Certificates shown in the handshake, leaf first; path and validity were checked there, the role was not.
    pub chain: Option<CertificateChain>,
}

/// Accepts TCP connections and hands them on once TLS stands.
#[derive(Debug)]
pub struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, Peer)>,
    accepting: AbortHandle,
}

impl TlsListener {
    pub(super) fn new(tcp: TcpListener, acceptor: TlsAcceptor) -> Self {
        let address = tcp.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        let (hand_over, ready) = mpsc::channel(WAITING);
        let accepting = tokio::spawn(accept_all(tcp, acceptor, hand_over)).abort_handle();
        Self { address, ready, accepting }
    }
}

async fn accept_all(
    mut tcp: TcpListener,
    acceptor: TlsAcceptor,
    hand_over: mpsc::Sender<(TlsStream<TcpStream>, Peer)>,
) {
    loop {
        // axum's own accept: it logs failures and waits when the process is out of files
        let (stream, address) = Listener::accept(&mut tcp).await;
        let Ok(place) = hand_over.clone().reserve_owned().await else { return };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
                Ok(Ok(tls)) => {
                    let chain = peer_chain(&tls);
                    place.send((tls, Peer { address, chain }));
                }
                Ok(Err(error)) => tracing::debug!(%address, %error, "TLS handshake refused"),
                Err(_) => tracing::debug!(%address, "TLS handshake timed out"),
            }
        });
    }
}

fn peer_chain(tls: &TlsStream<TcpStream>) -> Option<CertificateChain> {
    chain_from_der(tls.get_ref().1.peer_certificates()?.iter()).ok()
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await, // the accepting task ended: only at shutdown
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { address: self.address, chain: None })
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}
