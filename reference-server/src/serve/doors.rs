//! The server's listening sockets and the tasks behind them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::failure::StartError;
use crate::door::Doorkeeper;
use crate::door::http::{self, Door};
use crate::door::visitors::Rank;
use crate::tls::{ClientAuth, ServiceTls};

#[derive(Debug)]
pub(super) struct Doors {
    listen: IpAddr,
    host: String,
    stopping: watch::Receiver<bool>,
    keeper: Arc<Doorkeeper>,
    tasks: JoinSet<()>,
}

impl Doors {
    pub fn new(
        listen: IpAddr,
        host: String,
        stopping: watch::Receiver<bool>,
        keeper: Arc<Doorkeeper>,
    ) -> Self {
        Self { listen, host, stopping, keeper, tasks: JoinSet::new() }
    }

    /// Binds a port on the listen address.
    pub async fn reserve(&self, port: u16) -> Result<TcpListener, StartError> {
        bind(SocketAddr::new(self.listen, port)).await
    }

    /// Binds a port on loopback.
    pub async fn reserve_loopback(&self, port: u16) -> Result<TcpListener, StartError> {
        bind((Ipv4Addr::LOCALHOST, port).into()).await
    }

    /// A bound port's URL, as others reach it.
    pub fn url(&self, scheme: &str, listener: &TcpListener) -> String {
        format!("{scheme}://{}:{}", bracketed(&self.host), port(listener))
    }

    /// A loopback port's URL.
    pub fn url_loopback(&self, listener: &TcpListener) -> String {
        format!("http://127.0.0.1:{}", port(listener))
    }

    /// Binds and serves over TLS; gives the URL.
    pub async fn open_tls(
        &mut self,
        name: &'static str,
        port: u16,
        tls: &ServiceTls,
        auth: ClientAuth,
        router: Router,
    ) -> Result<String, StartError> {
        let listener = self.reserve(port).await?;
        let url = self.url("https", &listener);
        self.serve_tls(name, listener, tls, auth, router)?;
        Ok(url)
    }

    /// Serves over TLS on a bound port.
    pub fn serve_tls(
        &mut self,
        name: &'static str,
        listener: TcpListener,
        tls: &ServiceTls,
        auth: ClientAuth,
        router: Router,
    ) -> Result<(), StartError> {
        let rank = match auth {
            ClientAuth::Required => Rank::Services,
            ClientAuth::None => Rank::Public,
        };
        self.serve(name, rank, listener, Some(tls.http_acceptor(auth)?), router);
        Ok(())
    }

    /// Binds and serves plain HTTP on loopback, for whoever runs the server; gives the URL.
    pub async fn open_own(
        &mut self,
        name: &'static str,
        port: u16,
        router: Router,
    ) -> Result<String, StartError> {
        let listener = self.reserve_loopback(port).await?;
        let url = self.url_loopback(&listener);
        self.serve(name, Rank::Own, listener, None, router);
        Ok(url)
    }

    /// Serves plain HTTP on a bound loopback port.
    pub fn serve_plain(&mut self, name: &'static str, listener: TcpListener, router: Router) {
        self.serve(name, Rank::Public, listener, None, router);
    }

    fn serve(
        &mut self,
        name: &'static str,
        rank: Rank,
        tcp: TcpListener,
        acceptor: Option<TlsAcceptor>,
        router: Router,
    ) {
        let keeper = self.keeper.clone();
        let door = Door { name, rank, tcp, acceptor, streams: http::STREAMS, keeper };
        self.tasks.spawn(http::serve(door, router, self.stopping.clone()));
    }

    /// Runs something beside the services.
    pub fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Waits until all have ended, and ends those that take longer.
    pub async fn closed(mut self, grace: Duration) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            tracing::info!("ending requests that are still under way");
            self.tasks.shutdown().await;
        }
    }
}

/// Ends when the server shall stop.
pub(super) async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|e| StartError::Listen(address, e))
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or(0, |address| address.port())
}

/// An IPv6 address as it stands in a URL.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
