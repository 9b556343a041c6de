//! Starting and stopping the server: all roles in one process, or some of them.
//!
//! Even in one process the roles speak to each other over TLS 1.3 with certificates, exactly as they would across a network. Order:
//! database, licensing center, payment processor, content manager, delivery server, demo album, merchant with storefront,
//! administration. When [`Server::start`] returns, everything answers.

mod demo;
mod doors;
mod failure;
mod maintenance;
mod parts;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cadenza_protocol::cert::Role;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::admin;
use crate::clock::Clock;
use crate::config::{Roles, ServerConfig};
use crate::content::client::ContentClient;
use crate::content::{self, ContentManager, ContentParts};
use crate::db::Database;
use crate::delivery::{self, RunningDelivery};
use crate::door::Doorkeeper;
use crate::door::guard::Allowances;
use crate::licensing::{self, LicensingCenter};
use crate::merchant::{self, Merchant, MerchantParts};
use crate::payment::client::PaymentClient;
use crate::payment::{self, PaymentProcess, ProcessParts};
use crate::rest::folder::close_again;
use crate::tls::{ClientAuth, Revocations, anonymous_client};
use crate::web::{self, Storefront};

use demo::Demo;
use doors::Doors;
pub use failure::{DemoError, StartError};
use maintenance::Maintenance;
use parts::Parts;

/// How long services wait for each other.
const BETWEEN_SERVICES: Duration = Duration::from_secs(15);
/// How long requests under way may take at shutdown.
const GRACE: Duration = Duration::from_secs(3);

/// What to start.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Folder of keys, tables and media.
    pub data: PathBuf,
    /// Address to listen on.
    pub listen: IpAddr,
    /// Roles to run.
    pub roles: Roles,
    /// Publish the demo album if nothing is published yet.
    pub demo: bool,
    /// Do that while the server already answers: tracks appear in the store one by one.
    pub demo_in_background: bool,
    /// Folder of the demo album: recordings with their descriptions. Default: `CADENZA_DEMO_ALBUM`.
    pub demo_album: Option<PathBuf>,
    /// Write what is ready there, too.
    pub ready_file: Option<PathBuf>,
    /// Everything else.
    pub config: ServerConfig,
    /// What time it is.
    pub clock: Clock,
}

impl ServeOptions {
    /// All roles on loopback with the system's clock.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            listen: Ipv4Addr::LOCALHOST.into(),
            roles: Roles::ALL,
            demo: false,
            demo_in_background: false,
            demo_album: None,
            ready_file: None,
            config: ServerConfig::default(),
            clock: Clock::System,
        }
    }
}

/// Where everything answers: the ready file, and the first line of standard output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ready {
    /// Merchant's JSON API, HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_url: Option<String>,
    /// Storefront for browsers, HTTP on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// Licensing center.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licensing_url: Option<String>,
    /// Content manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_url: Option<String>,
    /// Administration, HTTP on loopback with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_url: Option<String>,
    /// Delivery servers of this process.
    pub delivery: Vec<ReadyDelivery>,
    /// The root certificate, PEM.
    pub root_cert: PathBuf,
}

/// One delivery server's doors, as URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyDelivery {
    /// Its name.
    pub id: String,
    /// Redeem and download.
    pub https: String,
    /// Previews over TLS.
    pub rtsps: String,
    /// Previews in the clear, on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtsp: Option<String>,
}

/// The reference server.
#[derive(Debug)]
pub struct Server;

/// A server that answers.
#[derive(Debug)]
pub struct RunningServer {
    ready: Ready,
    stop: watch::Sender<bool>,
    doors: Doors,
    delivery: Option<RunningDelivery>,
    maintenance: Arc<Maintenance>,
    database: Database,
}

impl Server {
    /// Starts the roles; returns when all of them answer.
    pub async fn start(options: ServeOptions) -> Result<RunningServer, StartError> {
        let parts = Arc::new(Parts::open(&options).await?);
        let (stop, stopping) = watch::channel(false);
        let keeper = Doorkeeper::new(options.config.limits.clone());
        let limits = Allowances::new(keeper.clone(), &parts.clock);
        let mut doors = Doors::new(options.listen, parts.host.clone(), stopping.clone(), keeper.clone());
        let mut ready = Ready { root_cert: parts.root_path.clone(), ..Ready::default() };
        let ports = options.config.ports;
        let remote = &options.config.remote;

        // Known before it answers: the payment processor asks it who was withdrawn, and it asks the payment processor about cards.
        let licensing_door = match &parts.authority {
            Some(_) => Some(doors.reserve(ports.licensing).await?),
            None => None,
        };
        ready.licensing_url = match &licensing_door {
            Some(door) => Some(doors.url("https", door)),
            None => remote.licensing_url.clone(),
        };
        let licensing_url = ready.licensing_url.clone().unwrap_or_default();
        let revocations = || Revocations::new(&licensing_url, parts.root(), parts.clock.clone());

        let payment_url = if options.roles.payment {
            start_payment(&options, &parts, &limits, &mut doors, revocations()?).await?
        } else {
            remote.payment_url.clone().unwrap_or_default()
        };

        let mut licensing_center = None;
        if let (Some(authority), Some(door)) = (&parts.authority, licensing_door) {
            let tls = parts.service("licensing", Role::LicensingCenter).await?;
            let payment =
                PaymentClient::new(tls.client(Role::PaymentProcessor, BETWEEN_SERVICES)?, &payment_url);
            let center = LicensingCenter::open(
                &parts.licensing_folder(),
                &parts.vault,
                authority.clone(),
                parts.database.clone(),
                parts.clock.clone(),
                tls.clone(),
                payment,
            )?;
            let center = Arc::new(center);
            let router = limits.at_licensing(licensing::service::router(center.clone()));
            licensing_center = Some(center);
            doors.serve_tls("licensing", door, &tls, ClientAuth::None, router)?;
        }

        let mut manager = None;
        if options.roles.content {
            let (tls, log) = parts.content_manager(&licensing_url).await?;
            let running = ContentManager::new(ContentParts {
                database: parts.database.clone(),
                files: parts.files.clone(),
                uploads: options.data.join("uploads"),
                tls: tls.clone(),
                revocations: revocations()?,
                clock: parts.clock.clone(),
                settings: options.config.content.clone(),
                currency: options.config.currency,
                log,
                center: parts.center(&licensing_url)?,
            });
            running.begin().await;
            let running = Arc::new(running);
            let router = content::router(running.clone());
            ready.content_url =
                Some(doors.open_tls("content", ports.content, &tls, ClientAuth::Required, router).await?);
            manager = Some(running);
        } else {
            ready.content_url = remote.content_url.clone();
        }
        let content_url = ready.content_url.clone().unwrap_or_default();

        let mut delivery = None;
        if options.roles.delivery {
            let running = start_delivery(&options, &parts, &content_url, &limits, stopping.clone()).await?;
            ready.delivery.push(ReadyDelivery::new(&running));
            delivery = Some(running);
        }

        if options.demo && manager.is_some() {
            let demo = Demo::new(&options, parts.clone(), content_url.clone());
            if options.demo_in_background {
                doors.spawn(demo.publish_in_background(stopping.clone()));
            } else {
                demo.publish().await?;
            }
        }

        let mut shop = None;
        if options.roles.merchant {
            let (tls, log) = parts.merchant(&licensing_url).await?;
            let (store, web) = (doors.reserve(ports.store).await?, doors.reserve_loopback(ports.web).await?);
            let (store_url, web_url) = (doors.url("https", &store), doors.url_loopback(&web));
            let merchant = Arc::new(Merchant::new(MerchantParts {
                settings: options.config.merchant.clone(),
                currency: options.config.currency,
                content: ContentClient::new(
                    tls.client(Role::ContentManager, BETWEEN_SERVICES)?,
                    &content_url,
                ),
                payment: PaymentClient::new(
                    tls.client(Role::PaymentProcessor, BETWEEN_SERVICES)?,
                    &payment_url,
                ),
                database: parts.database.clone(),
                clock: parts.clock.clone(),
                tls: tls.clone(),
                log,
                licensing_url: licensing_url.clone(),
                web_url: web_url.clone(),
            }));
            if let Err(failure) = merchant.settle_open_orders().await {
                tracing::warn!(code = %failure.error.code, "orders left open by the last run could not be settled yet");
            }
            let router = limits.at_store(merchant::service::router(merchant.clone()));
            doors.serve_tls("store", store, &tls, ClientAuth::None, router)?;
            let licensing =
                anonymous_client(parts.root(), Role::LicensingCenter, &parts.clock, BETWEEN_SERVICES)?;
            shop = Some(merchant.clone());
            let hosts = hosts_of(&parts);
            let store = store_url.clone();
            let front = Storefront {
                merchant,
                licensing,
                licensing_url,
                store_url: store,
                hosts,
                keeper: keeper.clone(),
            };
            doors.serve_plain("web", web, web::router(front, &limits));
            (ready.store_url, ready.web_url) = (Some(store_url), Some(web_url));
        }

        let maintenance = Arc::new(Maintenance::new(
            parts.services(),
            parts.enrolment.clone(),
            parts.clock.clone(),
            manager.clone(),
            shop.clone(),
        ));
        doors.spawn(maintenance.clone().run(stopping.clone()));
        let administration = admin::Administration::open(
            &options.data,
            admin::Here { manager, licensing: licensing_center, merchant: shop },
            options.config.clone(),
            stop.clone(),
            parts.clock.clone(),
            keeper,
        )?;
        ready.admin_url = Some(doors.open_own("admin", ports.admin, admin::router(administration)).await?);
        parts::write_ready(&options, &ready)?;
        close_again(&options.data).map_err(|e| StartError::Data(options.data.clone(), e))?;
        Ok(RunningServer { ready, stop, doors, delivery, maintenance, database: parts.database.clone() })
    }
}

/// The payment processor with its three doors: for services, for players, for browsers. Gives the first one's address.
async fn start_payment(
    options: &ServeOptions,
    parts: &Parts,
    limits: &Allowances,
    doors: &mut Doors,
    revocations: Revocations,
) -> Result<String, StartError> {
    let tls = parts.service("payment", Role::PaymentProcessor).await?;
    let ports = options.config.ports;
    let (counter, page) =
        (doors.reserve(ports.payment_counter).await?, doors.reserve_loopback(ports.payment_page).await?);
    let page_url = options.config.payment.page_url.clone().unwrap_or_else(|| doors.url_loopback(&page));
    let process = Arc::new(PaymentProcess::new(ProcessParts {
        database: parts.database.clone(),
        clock: parts.clock.clone(),
        card_key: parts.vault.key(&options.data.join("payment").join("card.key"))?,
        root: parts.root(),
        declined_cards_per_hour: options.config.limits.declined_cards_per_hour,
        counter_url: doors.url("https", &counter),
        page_url: page_url.clone(),
    }));
    let router = limits.at_counter(payment::counter::router(process.clone()));
    doors.serve_tls("payment-counter", counter, &tls, ClientAuth::None, router)?;
    let mut hosts = hosts_of(parts);
    hosts.extend(url::Url::parse(&page_url).ok().and_then(|url| url.host_str().map(str::to_owned)));
    let router = web::till::router(process.clone(), hosts);
    doors.serve_plain("payment-page", page, limits.at_till(router, web::till::too_often));
    let router = payment::router(process, parts.root().clone(), revocations);
    doors.open_tls("payment", ports.payment, &tls, ClientAuth::Required, router).await
}

/// The names under which browsers may ask.
fn hosts_of(parts: &Parts) -> Vec<String> {
    vec!["localhost".into(), "127.0.0.1".into(), "::1".into(), parts.host.clone()]
}

async fn start_delivery(
    options: &ServeOptions,
    parts: &Parts,
    content_url: &str,
    limits: &Allowances,
    stopping: watch::Receiver<bool>,
) -> Result<RunningDelivery, StartError> {
    let name = options.config.delivery_id.clone().unwrap_or_else(|| "delivery-1".into());
    let id = cadenza_protocol::id::DeliveryServerId::new(&name)
        .map_err(|e| StartError::DeliveryName(e.to_string()))?;
    let tls = parts.service(&name, Role::DeliveryServer).await?;
    let ports = options.config.ports;
    let content = ContentClient::new(tls.client(Role::ContentManager, BETWEEN_SERVICES)?, content_url);
    Ok(delivery::start(delivery::DeliveryOptions {
        id,
        host: parts.host.clone(),
        listen: options.listen,
        https_port: ports.delivery_https,
        rtsps_port: ports.delivery_rtsps,
        rtsp_port: Some(ports.delivery_rtsp),
        content,
        files: parts.files.clone(),
        tls,
        clock: parts.clock.clone(),
        limits,
        shutdown: stopping,
    })
    .await?)
}

impl ReadyDelivery {
    fn new(running: &RunningDelivery) -> Self {
        let place = &running.address;
        let host = doors::bracketed(&place.host);
        Self {
            id: place.id.to_string(),
            https: format!("https://{host}:{}", place.https),
            rtsps: format!("rtsps://{host}:{}", place.rtsps),
            rtsp: place.rtsp.map(|port| format!("rtsp://127.0.0.1:{port}")),
        }
    }
}

impl RunningServer {
    /// Where everything answers.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Waits until someone asks for a shutdown through the administration.
    pub async fn stop_requested(&self) {
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Renews certificates that are due and sweeps what has lapsed, as the server itself does every minute.
    pub async fn maintain(&self) {
        self.maintenance.once().await;
    }

    /// Stops taking requests, lets those under way end (for a few seconds), closes the database.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let ends = async {
            if let Some(delivery) = self.delivery {
                delivery.stopped().await;
            }
        };
        let (_, ()) = tokio::join!(tokio::time::timeout(GRACE, ends), self.doors.closed(GRACE));
        self.database.close().await;
        tracing::info!("stopped");
    }
}
