//! Who may use a service: the role in the caller's certificate, checked after the handshake (C5, F7).
//!
//! rustls has verified path and validity; it cannot know our roles. The gate checks the whole chain again for each request,
//! so a certificate that expires during a connection stops counting, and hands the handler a [`Caller`].

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use cadenza_protocol::cert::{Certificate, CertificateError, RevocationLists, Role, verify_unrevoked_chain};
use cadenza_protocol::id::hex;

use super::{Peer, Revocations};
use crate::api::ApiFailure;
use crate::clock::Clock;

/// Which roles may pass.
#[derive(Debug, Clone)]
pub struct RoleGate {
    /// What chains must end at.
    pub root: Certificate,
    /// When they must be valid.
    pub clock: Clock,
    /// Which count no longer; none: all count.
    pub revocations: Option<Revocations>,
    /// One of these the caller must be.
    pub roles: &'static [Role],
}

/// The service or person that a request comes from.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The role that let it pass.
    pub role: Role,
    /// Its certificate.
    pub certificate: Certificate,
}

impl Caller {
    /// Who it is, across renewals and whatever its name: SHA-256 of its public key, hexadecimal (C9).
    pub fn key(&self) -> String {
        hex(&self.certificate.key_fingerprint())
    }
}

/// Middleware: `from_fn_with_state(RoleGate { .. }, role_gate)`.
pub async fn role_gate(
    State(gate): State<RoleGate>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiFailure> {
    let caller = gate.admit(&peer).await?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

impl RoleGate {
    async fn admit(&self, peer: &Peer) -> Result<Caller, ApiFailure> {
        let chain = peer.chain.as_ref().ok_or_else(|| {
            ApiFailure::new(
                StatusCode::UNAUTHORIZED,
                "certificate-needed",
                "show a certificate of the licensing center",
            )
        })?;
        let revoked = match &self.revocations {
            Some(revocations) => revocations.lists().await?,
            None => Arc::new(RevocationLists::none()),
        };
        let mut refusal = None;
        for &role in self.roles {
            match verify_unrevoked_chain(chain, &self.root, role, self.clock.now(), &revoked) {
                Ok(leaf) => return Ok(Caller { role, certificate: leaf.clone() }),
                // Who is of another role says nothing about why the right one was refused.
                Err(CertificateError::WrongRole { .. }) if refusal.is_some() => {}
                Err(error) => refusal = Some(error),
            }
        }
        let error = refusal.unwrap_or(CertificateError::BadChain);
        tracing::warn!(address = %peer.address, %error, "a caller was turned away");
        Err(ApiFailure::new(StatusCode::FORBIDDEN, code(&error), error.to_string()))
    }
}

/// The stable code of a certificate's refusal.
pub fn code(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Malformed => "certificate-malformed",
        CertificateError::BadChain => "certificate-chain",
        CertificateError::Expired { .. } => "certificate-expired",
        CertificateError::NotYetValid { .. } => "certificate-not-yet-valid",
        CertificateError::Revoked { .. } => "certificate-revoked",
        CertificateError::UnknownIssuer { .. } => "certificate-unknown-issuer",
        CertificateError::Forged { .. } => "certificate-forged",
        CertificateError::CrossSigned { .. } => "certificate-cross-signed",
        CertificateError::RevocationUnknown { .. } => "revocation-unknown",
        CertificateError::WrongRole { .. } => "wrong-role",
        CertificateError::Unfit { .. } => "certificate-unfit",
    }
}
