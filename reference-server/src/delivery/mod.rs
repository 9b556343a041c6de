//! The delivery server: previews over RTSP, downloads over HTTPS (requirements V2 to V8, B5, B6, S5).
//!
//! | door | for | spoken |
//! |---|---|---|
//! | `https` | players that redeem and download | [`redeem`]: JSON and bytes over TLS 1.3 |
//! | `rtsps` | players that preview | [`rtsp`]: RTSP with interleaved RTP over TLS 1.3, or RTP over UDP |
//! | `rtsp` | ordinary clients on this machine | the same without TLS, on loopback only |
//!
//! It keeps nothing but what is live: sessions, nonces that were just used, and images in memory. Whether a song exists,
//! a voucher holds or a stream is free it asks the content manager, over mutual TLS, so any number of
//! delivery servers can stand beside each other. Files come from the object store and go out as they are.

mod download;
mod playing;
mod redeem;
mod rtsp;
mod shelf;
mod streams;
mod tickets;
mod under_way;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use cadenza_protocol::id::DeliveryServerId;
use cadenza_protocol::voucher::DeliveryAddress;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::call::CallError;
use crate::clock::Clock;
use crate::content::client::ContentClient;
use crate::content::files::MediaFiles;
use crate::content::messages::{DeliveryConfiguration, RegisterDelivery};
use crate::door::Doorkeeper;
use crate::door::allowance::Allowance;
use crate::door::guard::Allowances;
use crate::door::http::{self, Door};
use crate::door::visitors::Rank;
use crate::tls::{ClientAuth, ServiceTls, TlsError};
use playing::Playing;
use shelf::Shelf;
use tickets::{Nonces, Tickets};
use under_way::Downloads;

/// Requests at one time on one connection: each may be a download, with what of it is under way.
const STREAMS: u32 = 8;

/// What a delivery server is started with.
#[derive(Debug)]
pub struct DeliveryOptions<'a> {
    /// Its name; the common name of its certificate.
    pub id: DeliveryServerId,
    /// Where players reach it, without a port.
    pub host: String,
    /// Where it listens.
    pub listen: IpAddr,
    /// Port of redeem and download; 0 for any free one.
    pub https_port: u16,
    /// Port of previews over TLS; 0 for any free one.
    pub rtsps_port: u16,
    /// Port of previews in the clear, on loopback; 0 for any free one, `None` for no such door.
    pub rtsp_port: Option<u16>,
    /// The content manager.
    pub content: ContentClient,
    /// Where media files lie.
    pub files: MediaFiles,
    /// Its certificate, and the root it trusts.
    pub tls: ServiceTls,
    /// What time it is.
    pub clock: Clock,
    /// How often one address may ask.
    pub limits: &'a Allowances,
    /// Turns true when it has to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// Why a delivery server could not start.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A port is taken, or not allowed.
    #[error("the delivery server cannot listen on {0}; free the port or configure another: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Its certificate is not usable.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The content manager does not take it.
    #[error(
        "the content manager did not take this delivery server; check that it runs and that the certificate is of role DeliveryServer: {0}"
    )]
    Register(#[from] CallError),
}

/// A delivery server that answers.
#[derive(Debug)]
pub struct RunningDelivery {
    /// Its name and ports.
    pub address: DeliveryAddress,
    tasks: JoinSet<()>,
}

impl RunningDelivery {
    /// Waits until every session has ended; they do once `shutdown` is true.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// A delivery server: what all its doors share.
#[derive(Debug)]
struct DeliveryServer {
    id: DeliveryServerId,
    listen: IpAddr,
    content: ContentClient,
    files: MediaFiles,
    configuration: RwLock<DeliveryConfiguration>,
    keeper: Arc<Doorkeeper>,
    playing: Playing,
    shelf: Shelf,
    nonces: Nonces,
    tickets: Tickets,
    downloads: Arc<Downloads>,
    requests: Arc<Allowance>,
}

impl DeliveryServer {
    fn configuration(&self) -> DeliveryConfiguration {
        self.configuration.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// Opens the doors, registers with the content manager, and serves until `shutdown`.
pub async fn start(options: DeliveryOptions<'_>) -> Result<RunningDelivery, DeliveryError> {
    let DeliveryOptions { id, host, listen, content, files, tls, clock, limits, mut shutdown, .. } = options;
    let keeper = limits.keeper().clone();
    let (https, https_port) = listen_on(SocketAddr::new(listen, options.https_port)).await?;
    let (rtsps, rtsps_port) = listen_on(SocketAddr::new(listen, options.rtsps_port)).await?;
    let rtsp = match options.rtsp_port {
        Some(port) => Some(listen_on((Ipv4Addr::LOCALHOST, port).into()).await?),
        None => None,
    };
    let address = DeliveryAddress {
        id: id.clone(),
        host,
        https: https_port,
        rtsps: rtsps_port,
        rtsp: rtsp.as_ref().map(|(_, port)| *port),
    };
    let configuration = content.register(&registration(&address, true)).await?;
    let server = Arc::new(DeliveryServer {
        id,
        listen,
        content,
        files: files.clone(),
        configuration: RwLock::new(configuration),
        playing: Playing::new(keeper.settings().streams_per_address),
        requests: limits.requests(),
        downloads: Downloads::new(keeper.settings().downloads_per_address),
        keeper: keeper.clone(),
        shelf: Shelf::new(files, tls.root().clone()),
        nonces: Nonces::new(clock.clone()),
        tickets: Tickets::new(clock),
    });

    let mut tasks = JoinSet::new();
    let acceptor = Some(tls.http_acceptor(ClientAuth::None)?);
    let door = Door { name: "delivery", rank: Rank::Public, tcp: https, acceptor, streams: STREAMS, keeper };
    let router = limits.at_delivery(redeem::router(server.clone()));
    let (stopping, mut stop) = (shutdown.clone(), shutdown.clone());
    tasks.spawn(async move {
        // A download that is under way when the server stops is resumed from another.
        tokio::select! {
            () = http::serve(door, router, stopping) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
    tasks.spawn(rtsp::serve_tls(rtsps, tls.acceptor()?, server.clone(), shutdown.clone()));
    if let Some((rtsp, _)) = rtsp {
        tasks.spawn(rtsp::serve_plain(rtsp, server.clone(), shutdown.clone()));
    }
    let place = address.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = keep_registered(&server, &place) => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
    });
    tracing::info!(server = %address.id, https = address.https, rtsps = address.rtsps, "delivery server ready");
    Ok(RunningDelivery { address, tasks })
}

async fn keep_registered(server: &DeliveryServer, address: &DeliveryAddress) {
    loop {
        let refresh = server.configuration().refresh_seconds.max(1);
        tokio::time::sleep(Duration::from_secs(refresh.into())).await;
        match server.content.register(&registration(address, false)).await {
            Ok(configuration) => {
                *server.configuration.write().unwrap_or_else(|poisoned| poisoned.into_inner()) =
                    configuration;
            }
            // Streams go on; the content manager forgets us only after three silent rounds.
            Err(error) => tracing::warn!(%error, "the delivery server could not register again"),
        }
    }
}

fn registration(address: &DeliveryAddress, starting: bool) -> RegisterDelivery {
    RegisterDelivery {
        host: address.host.clone(),
        https: address.https,
        rtsps: address.rtsps,
        rtsp: address.rtsp,
        starting,
    }
}

async fn listen_on(address: SocketAddr) -> Result<(TcpListener, u16), DeliveryError> {
    let failed = |error| DeliveryError::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}
