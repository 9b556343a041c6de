//! TLS 1.3 between everyone: which certificate a service shows, whom it asks for one, and whom it believes (C5).
//!
//! One [`ServiceTls`] per service holds its identity, exchangeable while it runs (the content manager's
//! certificate lives two weeks). It makes the acceptors for players ([`ClientAuth::None`]) and for other services
//! ([`ClientAuth::Required`]), and HTTPS clients that accept only a server of the expected role.
//! Trust always ends at the licensing center's root.

mod client;
pub mod gate;
mod peer;
mod revocation;
mod verify;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use cadenza_protocol::cert::{Certificate, CertificateChain, Role};
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SignatureScheme};
use rustls_pki_types::CertificateDer;
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;
use crate::identity::Identity;

pub use client::ServiceClient;
pub use gate::{Caller, RoleGate, role_gate};
pub use peer::{Peer, handshake};
pub use revocation::Revocations;

/// Does the other side have to show a certificate?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Players and browsers: no.
    None,
    /// Services and authors: yes. Their role is checked by the handler.
    Required,
}

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// rustls refused the certificate, key or parameters.
    #[error(
        "the certificate or key of this service is not usable for TLS; delete it from the data folder to have a new one issued: {0}"
    )]
    Rustls(#[from] rustls::Error),
    /// The root cannot be trusted.
    #[error("the licensing center's root certificate cannot verify others; fetch it again: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
    /// The HTTPS client could not be made.
    #[error("no HTTPS client could be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// The TLS side of one service.
#[derive(Debug, Clone)]
pub struct ServiceTls {
    root: Certificate,
    clock: Clock,
    shown: Arc<Shown>,
}

#[derive(Debug)]
struct Shown(RwLock<(Arc<Identity>, Arc<CertifiedKey>)>);

impl ServiceTls {
    /// A service with this identity that trusts this root.
    pub fn new(identity: Identity, root: Certificate, clock: Clock) -> Result<Self, TlsError> {
        let certified = certified_key(&identity)?;
        Ok(Self { root, clock, shown: Arc::new(Shown(RwLock::new((Arc::new(identity), certified)))) })
    }

    /// Shows another identity from the next connection on.
    pub fn replace(&self, identity: Identity) -> Result<(), TlsError> {
        let certified = certified_key(&identity)?;
        let mut shown = self.shown.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        *shown = (Arc::new(identity), certified);
        Ok(())
    }

    /// The identity now shown.
    pub fn identity(&self) -> Arc<Identity> {
        self.shown.now().0
    }

    /// The root that everything is checked against.
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// Accepts TLS connections that are not HTTP (RTSP): no application protocol is negotiated.
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        Ok(TlsAcceptor::from(Arc::new(self.server_config(ClientAuth::None)?)))
    }

    /// Accepts TLS connections for HTTP, version 2 rather than 1.1.
    pub fn http_acceptor(&self, auth: ClientAuth) -> Result<TlsAcceptor, TlsError> {
        let mut config = self.server_config(auth)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn server_config(&self, auth: ClientAuth) -> Result<rustls::ServerConfig, TlsError> {
        let builder = rustls::ServerConfig::builder_with_details(
            Arc::new(default_provider()),
            Arc::new(self.clock.clone()),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])?;
        let builder = match auth {
            ClientAuth::None => builder.with_no_client_auth(),
            ClientAuth::Required => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(self.roots()?, Arc::new(default_provider()))
                    .build()?,
            ),
        };
        Ok(builder.with_cert_resolver(self.shown.clone()))
    }

    /// An HTTPS client that shows this identity, whatever it is at the time, and talks only to servers of role `server`.
    pub fn client(&self, server: Role, timeout: Duration) -> Result<ServiceClient, TlsError> {
        ServiceClient::new(self.clone(), server, timeout)
    }

    /// An HTTPS client whose connections show the identity of when they were made.
    fn connections(&self, server: Role, timeout: Duration) -> Result<reqwest::Client, TlsError> {
        let config = rustls::ClientConfig::builder_with_details(
            Arc::new(default_provider()),
            Arc::new(self.clock.clone()),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous() // a stricter verifier than the default: it also checks the role
        .with_custom_certificate_verifier(Arc::new(verify::RoleVerifier::new(
            self.roots()?,
            self.root.clone(),
            server,
        )?))
        .with_client_cert_resolver(self.shown.clone());
        Ok(reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .timeout(timeout)
            .no_proxy()
            .build()?)
    }

    fn roots(&self) -> Result<Arc<RootCertStore>, TlsError> {
        roots(&self.root)
    }
}

/// An HTTPS client without a certificate of its own (an enrolling service, a tool).
pub fn anonymous_client(
    root: &Certificate,
    server: Role,
    clock: &Clock,
    timeout: Duration,
) -> Result<reqwest::Client, TlsError> {
    let config =
        rustls::ClientConfig::builder_with_details(Arc::new(default_provider()), Arc::new(clock.clone()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous() // as above
            .with_custom_certificate_verifier(Arc::new(verify::RoleVerifier::new(
                roots(root)?,
                root.clone(),
                server,
            )?))
            .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(config).timeout(timeout).no_proxy().build()?)
}

fn roots(root: &Certificate) -> Result<Arc<RootCertStore>, TlsError> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(root.der().to_vec()))?;
    Ok(Arc::new(store))
}

fn certified_key(identity: &Identity) -> Result<Arc<CertifiedKey>, TlsError> {
    let key = default_provider().key_provider.load_private_key(identity.key_for_tls())?;
    Ok(Arc::new(CertifiedKey::new(der_chain(identity.chain()), key)))
}

fn der_chain(chain: &CertificateChain) -> Vec<CertificateDer<'static>> {
    chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect()
}

impl Shown {
    fn now(&self) -> (Arc<Identity>, Arc<CertifiedKey>) {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now().1)
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _root_hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.now().1)
    }

    fn has_certs(&self) -> bool {
        true
    }
}
