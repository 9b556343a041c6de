//! A client's view of a server: the chain must end at the root, the name must fit, and the role must be the expected one.
//!
//! rustls checks path, name, validity and serverAuth; the role (an extended key usage of ours, C5) comes on top.

use std::sync::Arc;

use cadenza_protocol::cert::{Certificate, CertificateChain, CertificateError, Role, verify_chain};
use cadenza_protocol::time::UnixTime;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::{DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime as PkiTime};

#[derive(Debug)]
pub(super) struct RoleVerifier {
    path: Arc<WebPkiServerVerifier>,
    root: Certificate,
    role: Role,
}

impl RoleVerifier {
    pub(super) fn new(
        roots: Arc<RootCertStore>,
        root: Certificate,
        role: Role,
    ) -> Result<Self, rustls::client::VerifierBuilderError> {
        let path =
            WebPkiServerVerifier::builder_with_provider(roots, Arc::new(default_provider())).build()?;
        Ok(Self { path, root, role })
    }
}

impl ServerCertVerifier for RoleVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: PkiTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.path.verify_server_cert(leaf, intermediates, name, ocsp, now)?;
        let chain = chain_from_der(std::iter::once(leaf).chain(intermediates)).map_err(refused)?;
        let now = UnixTime(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        verify_chain(&chain, &self.root, self.role, now).map_err(refused)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.path.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.path.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.path.supported_verify_schemes()
    }
}

/// The certificates of a handshake as our own chain, leaf first.
pub(super) fn chain_from_der<'a>(
    certificates: impl Iterator<Item = &'a CertificateDer<'a>>,
) -> Result<CertificateChain, CertificateError> {
    let parsed: Result<Vec<_>, _> =
        certificates.map(|der| Certificate::from_der(der.as_ref().to_vec())).collect();
    CertificateChain::new(parsed?)
}

fn refused(error: CertificateError) -> rustls::Error {
    rustls::Error::InvalidCertificate(rustls::CertificateError::Other(OtherError(Arc::new(error))))
}
