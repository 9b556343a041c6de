//! The handshake of a connection that came in, and who is at its other end.

use std::net::SocketAddr;
use std::time::Duration;

use cadenza_protocol::cert::CertificateChain;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::verify::chain_from_der;

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Network address.
    pub address: SocketAddr,
    /// Certificates shown in the handshake, leaf first; path and validity were checked there, the role was not.
    pub chain: Option<CertificateChain>,
}

/// Agrees on TLS within `limit`, or says nothing and closes.
pub async fn handshake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
    limit: Duration,
) -> Option<(TlsStream<TcpStream>, Peer)> {
    match tokio::time::timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(tls)) => {
            let chain = peer_chain(&tls);
            Some((tls, Peer { address, chain }))
        }
        Ok(Err(error)) => {
            tracing::debug!(%address, %error, "TLS handshake refused");
            None
        }
        Err(_) => {
            tracing::debug!(%address, "TLS handshake timed out");
            None
        }
    }
}

fn peer_chain(tls: &TlsStream<TcpStream>) -> Option<CertificateChain> {
    chain_from_der(tls.get_ref().1.peer_certificates()?.iter()).ok()
}
