//! Whether a chain may be trusted: it leads to our root, was valid then, may act in this role, and was not withdrawn (RFC 5280,
//! section 6, by `rustls-webpki`).

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

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
/// issuers in the chain; certificates whose issuer has no list among them pass.
pub fn verify_unrevoked_chain<'c>(
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
    let refuse = |error| refusal(chain, root, role, error);
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

fn refusal(
    chain: &CertificateChain,
    root: &Certificate,
    role: Role,
    error: webpki::Error,
) -> CertificateError {
    use webpki::Error as E;
    let subject = chain.leaf().subject();
    match error {
        E::CertExpired { .. } => CertificateError::Expired { subject },
        E::CertNotValidYet { .. } => CertificateError::NotYetValid { subject },
        E::CertRevoked => CertificateError::Revoked { subject },
        E::CrlExpired { .. }
        | E::InvalidCrlSignatureForPublicKey
        | E::IssuerNotCrlSigner
        | E::UnknownRevocationStatus => CertificateError::RevocationUnknown { subject },
        E::RequiredEkuNotFoundContext(_) => CertificateError::WrongRole { subject, wanted: role.name() },
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => {
            let last = chain.iter().last().unwrap_or(chain.leaf());
            if last.issuer_name == root.subject_name {
                CertificateError::Forged { subject }
            } else {
                CertificateError::UnknownIssuer { subject, issuer: last.issuer() }
            }
        }
        other => CertificateError::Unfit { subject, rule: other.to_string() },
    }
}
