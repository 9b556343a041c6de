//! A revocation list with its age ([`ListAge`]), for whoever must not go by an old one: before money is paid.

use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::list_age::{ListAge, ListUse};
use super::path::{MAX_LIST, RevocationLists, verify_unrevoked_chain};
use super::{Certificate, CertificateChain, CertificateError, Role};
use crate::time::UnixTime;

/// One authority's list. Its signature is checked with each chain.
#[derive(Debug)]
pub struct DatedList {
    age: ListAge,
    issuer_name: Vec<u8>,
    list: RevocationLists,
}

impl DatedList {
    /// Reads a list in DER, of at most [`MAX_LIST`] bytes.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_LIST {
            return Err(CertificateError::Malformed);
        }
        let list = RevocationLists::from_ders([der])?;
        let (_, parsed) =
            CertificateRevocationList::from_der(der).map_err(|_| CertificateError::Malformed)?;
        Ok(Self { age: ListAge::stated_in(der)?, issuer_name: parsed.issuer().as_raw().to_vec(), list })
    }

    /// When its authority made it.
    pub const fn issued(&self) -> UnixTime {
        self.age.issued
    }

    /// Whether something is done by it now, as it states itself.
    pub const fn serves(&self, what: ListUse, now: UnixTime) -> bool {
        self.age.serves(what, now)
    }

    /// [`verify_unrevoked_chain`], which here refuses too what another authority has issued: this list says nothing about it.
    pub fn verify<'c>(
        &self,
        chain: &'c CertificateChain,
        root: &Certificate,
        role: Role,
        at: UnixTime,
    ) -> Result<&'c Certificate, CertificateError> {
        let leaf = verify_unrevoked_chain(chain, root, role, at, &self.list)?;
        if leaf.issuer_name != self.issuer_name {
            return Err(CertificateError::RevocationUnknown { subject: leaf.subject() });
        }
        Ok(leaf)
    }
}
