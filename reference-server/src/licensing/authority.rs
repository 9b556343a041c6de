//! The certificate authorities: a root that signs two issuing authorities, one for passports and one for services.
//!
//! Root: ECDSA P-256, 10 years, `licensing/root.pem` (public, pinned by every player) and `licensing/root.account`.
//! 'Cadenza Player CA' may issue consumers only; 'Cadenza Services CA' every other role: their extended key usages say
//! so, and path validation holds them to it. Every leaf has role, key usage and, for servers, names.

use std::path::{Path, PathBuf};

use cadenza_protocol::cert::{
    Certificate, CertificateChain, CertificateError, OTHER_DAYS, PAYMENT_SECONDS, Role, state_payment_age,
};
use cadenza_protocol::id::unhex;
use cadenza_protocol::secret::Secret;
use cadenza_protocol::time::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose as Usage, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevokedCertParams, SerialNumber, SigningKey as _,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;

use super::keys::{self, KeyError};
use crate::atomic::write_private;
use crate::identity::{Identity, IdentityError};
use crate::rest::Vault;

const ROOT_YEARS: i64 = 10;
/// Certificates begin a little in the past: players' clocks are not exact.
const SKEW_SECONDS: i64 = 3600;

/// Days that a certificate of a role lives (S1).
pub const fn lifetime_days(role: Role) -> i64 {
    match role {
        Role::ContentManager => 14,
        Role::Consumer | Role::Author => 365,
        _ => 90,
    }
}

/// What a certificate shall say.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Common name.
    pub name: String,
    /// What the holder may do.
    pub role: Role,
    /// Host names and addresses of a server; empty for people.
    pub hosts: Vec<String>,
}

/// Why the authority cannot issue.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file of the authority is missing or broken.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file could not be written.
    #[error("{0} could not be written; check space and permissions of the data folder: {1}")]
    Io(PathBuf, std::io::Error),
    /// The certificate could not be encoded or signed.
    #[error("a certificate could not be issued: {0}")]
    Encoding(#[from] rcgen::Error),
    /// An issued or stored certificate cannot be read.
    #[error("a certificate of the licensing center cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// The date is outside what certificates can say.
    #[error("the clock shows a date that certificates cannot express; set the clock")]
    Date,
}

/// The licensing center's authorities, ready to issue.
#[derive(Debug)]
pub struct Authority {
    root: Certificate,
    root_path: PathBuf,
    players: Identity,
    services: Identity,
}

impl Authority {
    /// Opens the authorities in `folder`, or makes them on the first start.
    pub fn open(folder: &Path, vault: &Vault, now: UnixTime) -> Result<Self, AuthorityError> {
        let root_path = folder.join("root.pem");
        let account = |name: &str| folder.join(name).with_extension("account");
        if !account("services").exists() {
            create(folder, vault, now, &account)?;
        }
        let root = Identity::open(vault, &account("root"))?;
        write_public(&root_path, root.chain().to_pem().as_bytes())?;
        Ok(Self {
            root: root.chain().leaf().clone(),
            root_path,
            players: Identity::open(vault, &account("players"))?,
            services: Identity::open(vault, &account("services"))?,
        })
    }

    /// The certificate that every player and service trusts.
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// Where it stands as PEM.
    pub fn root_path(&self) -> &Path {
        &self.root_path
    }

    /// Issues a certificate for a public key: leaf and issuing authority. A consumer's key signs and nothing else.
    pub fn issue(
        &self,
        subject: &Subject,
        key: &impl PublicKeyData,
        now: UnixTime,
    ) -> Result<CertificateChain, AuthorityError> {
        let mut usages = vec![KeyUsagePurpose::DigitalSignature];
        if matches!(subject.role, Role::ContentManager | Role::Author) {
            usages.push(KeyUsagePurpose::KeyEncipherment); // media keys are wrapped to them
        }
        self.issue_for(subject, usages, key, now)
    }

    /// Issues a consumer's second certificate, for the key to which media keys are wrapped: leaf and issuing authority.
    pub fn issue_encryption(
        &self,
        subject: &Subject,
        key: &impl PublicKeyData,
        now: UnixTime,
    ) -> Result<CertificateChain, AuthorityError> {
        self.issue_for(subject, vec![KeyUsagePurpose::KeyEncipherment], key, now)
    }

    fn issue_for(
        &self,
        subject: &Subject,
        usages: Vec<KeyUsagePurpose>,
        key: &impl PublicKeyData,
        now: UnixTime,
    ) -> Result<CertificateChain, AuthorityError> {
        let authority = if subject.role == Role::Consumer { &self.players } else { &self.services };
        let mut params = CertificateParams::new(subject.hosts.clone())?;
        name_and_date(&mut params, &subject.name, now, lifetime_days(subject.role))?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = usages;
        params.extended_key_usages = vec![Usage::ClientAuth, role_usage(subject.role)];
        if !subject.hosts.is_empty() {
            params.extended_key_usages.push(Usage::ServerAuth);
        }
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(key, &issuer(authority)?)?;
        let leaf = Certificate::from_der(leaf.der().to_vec())?;
        Ok(CertificateChain::new(std::iter::once(leaf).chain(authority.chain().iter().cloned()).collect())?)
    }

    /// The revocation list of one authority, of passports or of services, DER: serial in hexadecimal, time of revocation.
    pub fn revocation_list(
        &self,
        players: bool,
        revoked: &[(String, i64)],
        now: UnixTime,
    ) -> Result<Vec<u8>, AuthorityError> {
        let authority = if players { &self.players } else { &self.services };
        let date = |t: i64| OffsetDateTime::from_unix_timestamp(t).map_err(|_| AuthorityError::Date);
        let entry = |(serial, at): &(String, i64)| -> Result<RevokedCertParams, AuthorityError> {
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(&unhex(serial).unwrap_or_default()),
                revocation_time: date(*at)?,
                reason_code: None,
                invalidity_date: None,
            })
        };
        let params = CertificateRevocationListParams {
            this_update: date(now.0)?,
            next_update: date(now.plus_days(OTHER_DAYS).0)?,
            crl_number: SerialNumber::from_slice(&now.0.to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect::<Result<_, _>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&issuer(authority)?)?;
        let key = key_pair(authority.key_pkcs8())?;
        Ok(state_payment_age(list.der(), PAYMENT_SECONDS, |told| key.sign(told).ok())?)
    }

    /// Issues for a private key held here.
    pub fn issue_identity(
        &self,
        subject: &Subject,
        key_pkcs8: zeroize::Zeroizing<Vec<u8>>,
        now: UnixTime,
    ) -> Result<Identity, AuthorityError> {
        let chain = self.issue(subject, &key_pair(&key_pkcs8)?, now)?;
        Ok(Identity::new(chain, key_pkcs8))
    }
}

/// A PKCS#8 key as rcgen takes it, RSA or P-256.
pub fn key_pair(key_pkcs8: &[u8]) -> Result<KeyPair, rcgen::Error> {
    KeyPair::try_from(&PrivateKeyDer::Pkcs8(key_pkcs8.into()))
}

fn create(
    folder: &Path,
    vault: &Vault,
    now: UnixTime,
    account: &dyn Fn(&str) -> PathBuf,
) -> Result<(), AuthorityError> {
    tracing::info!(folder = %folder.display(), "first start: making the certificate authorities");
    let key = keys::p256()?;
    let mut params = CertificateParams::default();
    name_and_date(&mut params, "Cadenza Root CA", now, ROOT_YEARS * 365)?;
    authority_usages(&mut params, 1);
    let root = params.self_signed(&key_pair(&key)?)?;
    let root = Identity::new(CertificateChain::new(vec![Certificate::from_der(root.der().to_vec())?])?, key);
    root.save(vault, &account("root"))?;
    let service_roles: Vec<Role> = Role::ALL.iter().copied().filter(|role| *role != Role::Consumer).collect();
    for (file, name, roles) in [
        ("players", "Cadenza Player CA", &[Role::Consumer][..]),
        ("services", "Cadenza Services CA", &service_roles),
    ] {
        let key = keys::p256()?;
        let mut params = CertificateParams::default();
        name_and_date(&mut params, name, now, ROOT_YEARS * 365 - 1)?;
        authority_usages(&mut params, 0);
        params.extended_key_usages = vec![Usage::ClientAuth, Usage::ServerAuth];
        params.extended_key_usages.extend(roles.iter().copied().map(role_usage));
        params.use_authority_key_identifier_extension = true;
        let issued = params.signed_by(&key_pair(&key)?, &issuer(&root)?)?;
        let chain = CertificateChain::new(vec![Certificate::from_der(issued.der().to_vec())?])?;
        Identity::new(chain, key).save(vault, &account(file))?;
    }
    Ok(())
}

fn issuer(authority: &Identity) -> Result<Issuer<'static, KeyPair>, AuthorityError> {
    let certificate = CertificateDer::from(authority.chain().leaf().der().to_vec());
    Ok(Issuer::from_ca_cert_der(&certificate, key_pair(authority.key_pkcs8())?)?)
}

fn role_usage(role: Role) -> Usage {
    Usage::Other(role.oid_arcs().to_vec())
}

fn authority_usages(params: &mut CertificateParams, path_length: u8) {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
}

fn name_and_date(
    params: &mut CertificateParams,
    name: &str,
    now: UnixTime,
    days: i64,
) -> Result<(), AuthorityError> {
    let date = |t: UnixTime| OffsetDateTime::from_unix_timestamp(t.0).map_err(|_| AuthorityError::Date);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Cadenza");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date(now.plus_seconds(-SKEW_SECONDS))?;
    params.not_after = date(now.plus_days(days))?;
    let mut serial = *Secret::<16>::random().expose();
    serial[0] = serial[0] & 0x3f | 0x40; // positive, and never with a leading zero (RFC 5280, 4.1.2.2)
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

fn write_public(path: &Path, bytes: &[u8]) -> Result<(), AuthorityError> {
    if std::fs::read(path).is_ok_and(|same| same == bytes) {
        return Ok(());
    }
    write_private(path, bytes).map_err(|e| AuthorityError::Io(path.to_owned(), e))
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::cert::verify_chain;

    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn issued(role: Role) -> (Authority, CertificateChain) {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), &Vault::default(), NOW).unwrap();
        let subject =
            Subject { name: "someone".into(), role, hosts: vec!["localhost".into(), "127.0.0.1".into()] };
        let identity = authority.issue_identity(&subject, keys::p256().unwrap(), NOW).unwrap();
        (authority, identity.chain().clone())
    }

    // C5, F7
    #[test]
    fn a_certificate_serves_its_role_and_no_other() {
        let (authority, chain) = issued(Role::Merchant);
        assert!(verify_chain(&chain, authority.root(), Role::Merchant, NOW).is_ok());
        let refusal = verify_chain(&chain, authority.root(), Role::ContentManager, NOW).unwrap_err();
        assert!(matches!(refusal, CertificateError::WrongRole { .. }), "{refusal:?}");
    }

    // S1
    #[test]
    fn a_content_manager_is_certified_for_two_weeks() {
        let (authority, chain) = issued(Role::ContentManager);
        assert!(verify_chain(&chain, authority.root(), Role::ContentManager, NOW.plus_days(13)).is_ok());
        let refusal =
            verify_chain(&chain, authority.root(), Role::ContentManager, NOW.plus_days(15)).unwrap_err();
        assert!(matches!(refusal, CertificateError::Expired { .. }), "{refusal:?}");
    }

    #[test]
    fn a_second_start_keeps_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::open(folder.path(), &Vault::default(), NOW).unwrap();
        let second = Authority::open(folder.path(), &Vault::default(), NOW.plus_days(1)).unwrap();
        assert_eq!(first.root().fingerprint(), second.root().fingerprint());
    }
}
