//! Whether a chain may be trusted: it leads to our root, was valid then, may act in this role, and was not withdrawn (RFC 5280,
//! section 6, by `rustls-webpki`).

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Certificate, CertificateChain, CertificateError, Role};
use crate::time::UnixTime;

/// Longest revocation list that is read, in bytes: some 400,000 entries.
pub const MAX_LIST: usize = 16 << 20;

/// Certificate revocation lists (RFC 5280, section 5), at most one of each authority.
#[derive(Debug, Default)]
pub struct RevocationLists(Vec<CertRevocationList<'static>>);

impl RevocationLists {
    /// Reads lists in DER, each at most [`MAX_LIST`] bytes. Their signatures are checked when a chain is.
    pub fn from_ders<'d>(ders: impl IntoIterator<Item = &'d [u8]>) -> Result<Self, CertificateError> {
        let parse = |der: &[u8]| {
            let fits = der.len() <= MAX_LIST;
            let list = fits.then(|| OwnedCertRevocationList::from_der(der).ok()).flatten();
            list.map(Into::into).ok_or(CertificateError::Malformed)
        };
        ders.into_iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// No lists: nothing counts as withdrawn.
    pub const fn none() -> Self {
        Self(Vec::new())
    }
}

/// Checks that a chain leads to the root, was valid at `at`, and that its leaf may act as `role`; gives the leaf. For stored objects,
/// which are judged at their signing time: a later revocation does not undo them.
pub fn verify_chain<'c>(
    chain: &'c CertificateChain,
    root: &Certificate,
    role: Role,
    at: UnixTime,
) -> Result<&'c Certificate, CertificateError> {
    verify_unrevoked_chain(chain, root, role, at, &RevocationLists::none())
}

/// The same, refusing what the lists name, and anything if a list is past its next update. The lists must be signed by the
/// issuers in the chain; certificates whose issuer has no list among them pass. A consumer's key must be for signing and nothing else.
pub fn verify_unrevoked_chain<'c>(
    chain: &'c CertificateChain,
    root: &Certificate,
    role: Role,
    at: UnixTime,
    lists: &RevocationLists,
) -> Result<&'c Certificate, CertificateError> {
    let leaf = verify_path(chain, root, role, at, lists)?;
    if role == Role::Consumer && (!leaf.signs() || leaf.receives_keys()) {
        let rule = "its key is not for signing alone".into();
        return Err(CertificateError::Unfit { subject: leaf.subject(), rule });
    }
    Ok(leaf)
}

/// Checks the second certificate of a consumer, to whose key media keys are wrapped: issued beside the first by the same authority for the
/// same holder, valid and not withdrawn, its key for receiving keys and nothing else.
pub fn verify_encryption_certificate(
    encryption: &Certificate,
    chain: &CertificateChain,
    root: &Certificate,
    at: UnixTime,
    lists: &RevocationLists,
) -> Result<(), CertificateError> {
    let issuers = chain.iter().skip(1).cloned();
    let beside = CertificateChain::new(std::iter::once(encryption.clone()).chain(issuers).collect())?;
    verify_path(&beside, root, Role::Consumer, at, lists)?;
    let unfit =
        |rule: &str| Err(CertificateError::Unfit { subject: encryption.subject(), rule: rule.into() });
    if encryption.signs() || !encryption.receives_keys() {
        return unfit("its key is not for receiving media keys alone");
    }
    let signing = chain.leaf();
    if encryption.subject_name != signing.subject_name || encryption.spki() == signing.spki() {
        return unfit("it is not the second certificate of the passport's holder");
    }
    Ok(())
}

fn verify_path<'c>(
    chain: &'c CertificateChain,
    root: &Certificate,
    role: Role,
    at: UnixTime,
    lists: &RevocationLists,
) -> Result<&'c Certificate, CertificateError> {
    let leaf = chain.leaf();
    let subject = leaf.subject();
    if chain.iter().any(|c| c.spki() == root.spki() && c.der() != root.der()) {
        return Err(CertificateError::CrossSigned { subject });
    }
    let refuse = |error| refusal(chain, root, role, at, error);
    let leaf_der = CertificateDer::from(leaf.der());
    let end_entity = EndEntityCert::try_from(&leaf_der).map_err(refuse)?;
    let intermediates: Vec<_> = chain.iter().skip(1).map(|c| CertificateDer::from(c.der())).collect();
    let root_der = CertificateDer::from(root.der());
    let anchor = webpki::anchor_from_trusted_cert(&root_der).map_err(refuse)?;
    let seconds = u64::try_from(at.0).map_err(|_| CertificateError::NotYetValid { subject })?;
    let lists: Vec<&CertRevocationList<'_>> = lists.0.iter().collect();
    let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|builder| {
        builder
            .with_status_policy(UnknownStatusPolicy::Allow)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build()
    });
    end_entity
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &[anchor],
            &intermediates,
            rustls_pki_types::UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::required(role.oid_der()),
            revocation,
            None,
        )
        .map_err(refuse)?;
    Ok(leaf)
}

/// webpki's verdict in our words, which say whose certificate is at fault.
fn refusal(
    chain: &CertificateChain,
    root: &Certificate,
    role: Role,
    at: UnixTime,
    error: webpki::Error,
) -> CertificateError {
    use webpki::Error as E;
    let subject = chain.leaf().subject();
    let whose = |at_fault: &dyn Fn(&Certificate) -> bool| {
        chain.iter().find(|c| at_fault(c)).map_or(subject.clone(), Certificate::subject)
    };
    match error {
        E::CertExpired { .. } => CertificateError::Expired { subject: whose(&|c| at > c.not_after()) },
        E::CertNotValidYet { .. } => {
            CertificateError::NotYetValid { subject: whose(&|c| at < c.not_before()) }
        }
        E::CertRevoked => CertificateError::Revoked { subject },
        E::CrlExpired { .. }
        | E::InvalidCrlSignatureForPublicKey
        | E::IssuerNotCrlSigner
        | E::UnknownRevocationStatus => CertificateError::RevocationUnknown { subject },
        E::RequiredEkuNotFoundContext(_) if lists(chain.leaf(), role) => {
            let issuer = whose(&|c| !lists(c, role));
            let rule = format!("'{issuer}' may not issue certificates of a {}", role.name());
            CertificateError::Unfit { subject, rule }
        }
        E::RequiredEkuNotFoundContext(_) => CertificateError::WrongRole { subject, wanted: role.name() },
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => broken_link(chain, root),
        other => CertificateError::Unfit { subject, rule: in_words(&other) },
    }
}

fn in_words(error: &webpki::Error) -> String {
    use webpki::Error as E;
    match error {
        E::CaUsedAsEndEntity => "an authority's stands where a holder's should".into(),
        E::EndEntityUsedAsCa => "whoever issued it is no authority".into(),
        E::PathLenConstraintViolated => "there are more authorities above it than the root allows".into(),
        other => other.to_string(),
    }
}

/// Why signatures do not lead from leaf to root: a missing or foreign link, a link that claims to be our root's, or an altered one.
fn broken_link(chain: &CertificateChain, root: &Certificate) -> CertificateError {
    let subject = chain.leaf().subject();
    let links: Vec<_> = chain.iter().zip(chain.iter().skip(1).chain([root])).collect();
    if let Some((certificate, _)) = links.iter().find(|(c, issuer)| c.issuer_name != issuer.subject_name) {
        return CertificateError::UnknownIssuer { subject, issuer: certificate.issuer() };
    }
    // By name every link fits. If the root signed the last certificate, one below it was changed.
    match links.last() {
        Some((last, root)) if signed_by(last, root) => {
            CertificateError::Unfit { subject, rule: "it was altered after it was issued".into() }
        }
        _ => CertificateError::Forged { subject },
    }
}

fn lists(certificate: &Certificate, role: Role) -> bool {
    let Ok((_, x509)) = X509Certificate::from_der(certificate.der()) else { return false };
    let usage = x509.extended_key_usage().ok().flatten();
    usage.is_some_and(|usage| usage.value.other.iter().any(|oid| oid.as_bytes() == role.oid_der()))
}

fn signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let issuer = CertificateDer::from(issuer.der());
    let Ok(issuer) = EndEntityCert::try_from(&issuer) else { return false };
    let Ok((_, x509)) = X509Certificate::from_der(certificate.der()) else { return false };
    let (message, signature) = (x509.tbs_certificate.as_ref(), &x509.signature_value.data);
    webpki::ALL_VERIFICATION_ALGS.iter().any(|alg| issuer.verify_signature(*alg, message, signature).is_ok())
}
