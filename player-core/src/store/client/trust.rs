//! Whom a connection trusts (requirement C5): the ordinary checks of a server's certificate (path to the pinned root, dates,
//! name), that its extended key usage allows the role it is asked to play, and, where something leaves that must not reach a
//! server that was withdrawn, the list of those ([`services`](super::services)). All in the handshake, before a request leaves.

use std::error::Error as StdError;
use std::sync::Arc;

use cadenza_protocol::cert::{self, Certificate, CertificateChain, Role};
use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::services::ServiceList;
use crate::clock::Clock;

/// The certificate that a server proved in its latest handshake. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shown(Arc<Mutex<Option<Certificate>>>);

impl Shown {
    /// It; none before the first handshake.
    pub fn certificate(&self) -> Option<Certificate> {
        self.0.lock().clone()
    }
}

/// What a handshake does beyond the ordinary checks.
#[derive(Debug, Default)]
pub struct Watch {
    /// Where it is noted who the peer was.
    pub shown: Shown,
    /// The list that a peer must not be on; none: it is not asked.
    pub services: Option<ServiceList>,
}

/// TLS 1.3, the pinned root, and a peer that may act as `role`.
pub fn tls_config(root: &Certificate, role: Role, clock: Arc<dyn Clock>) -> ClientConfig {
    tls_config_watched(root, role, clock, Watch::default())
}

/// The same with further checks.
pub fn tls_config_watched(
    root: &Certificate,
    role: Role,
    clock: Arc<dyn Clock>,
    watch: Watch,
) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let is_checked = watch.services.is_some();
    let verifier = RoleVerifier { watch, ..RoleVerifier::new(root.clone(), role, clock, &provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("ring offers TLS 1.3")
        // 'Dangerous' to rustls, because the verifier is ours: it asks webpki first and then asks for more.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    if is_checked {
        // A resumed session shows no certificate, so nobody would look at the list.
        config.resumption = Resumption::disabled();
    }
    config
}

/// Why a handshake refused the peer's certificate, if that is what went wrong.
pub fn refusal(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<Error>() {
            return in_words(tls);
        }
        // An io::Error shows its cause through `get_ref`; its `source` is already the cause's own.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn in_words(error: &Error) -> Option<String> {
    let Error::InvalidCertificate(reason) = error else { return None };
    Some(match reason {
        CertificateError::Other(OtherError(inner)) => inner.to_string(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check this computer's date".into()
        }
        // A root of the same name and another key is another licensing center as well.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate comes from another licensing center".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another address".into()
        }
        CertificateError::Revoked => "its certificate was revoked".into(),
        other => format!("its certificate was refused: {other}"),
    })
}

#[derive(Debug)]
struct RoleVerifier {
    webpki: Arc<WebPkiServerVerifier>,
    root: Certificate,
    role: Role,
    clock: OpaqueClock,
    watch: Watch,
}

struct OpaqueClock(Arc<dyn Clock>);

impl std::fmt::Debug for OpaqueClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("clock")
    }
}

impl RoleVerifier {
    fn new(root: Certificate, role: Role, clock: Arc<dyn Clock>, provider: &Arc<CryptoProvider>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.der().to_vec())).expect("a parsed root is a trust anchor");
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .expect("one root and no revocation lists make a verifier");
        Self { webpki, root, role, clock: OpaqueClock(clock), watch: Watch::default() }
    }
}

impl ServerCertVerifier for RoleVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let now = self.clock.0.now();
        let seconds = u64::try_from(now.0).unwrap_or(0);
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let verified =
            self.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at)?;
        let certificates = std::iter::once(end_entity).chain(intermediates);
        let refuse = |e: cert::CertificateError| {
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(e))))
        };
        let chain: Result<Vec<_>, _> = certificates
            .filter(|der| der.as_ref() != self.root.der())
            .map(|der| Certificate::from_der(der.to_vec()))
            .collect();
        let chain = chain.and_then(CertificateChain::new).map_err(refuse)?;
        let leaf = cert::verify_chain(&chain, &self.root, self.role, now).map_err(refuse)?;
        if let Some(services) = &self.watch.services {
            let unknown = || cert::CertificateError::RevocationUnknown { subject: leaf.subject() };
            let list = services.now().ok_or_else(|| refuse(unknown()))?;
            list.verify(&chain, &self.root, self.role, now).map_err(refuse)?;
        }
        *self.watch.shown.0.lock() = Some(leaf.clone());
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}
