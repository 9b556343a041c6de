//! A small licensing center for the tests: one root, one issuing authority, certificates for any role and any dates.

use cadenza_protocol::cert::{Certificate, CertificateChain, Role};
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::time::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rsa::pkcs8::EncodePrivateKey;
use rustls_pki_types::PrivateKeyDer;

/// The day on which everything in the tests happens.
pub const NOW: UnixTime = UnixTime(1_790_000_000);

pub struct Center {
    pub root: Certificate,
    authority: Certificate,
    key: KeyPair,
}

pub struct Holder {
    pub chain: CertificateChain,
    pub key: SigningKey,
    pub pkcs8: Vec<u8>,
}

impl Center {
    pub fn new() -> Self {
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut root = authority_params("Test Root", 1);
        root.extended_key_usages.clear();
        let root_certificate = root.self_signed(&root_key).unwrap();
        let issuer = Issuer::from_params(&root, &root_key);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let authority = authority_params("Test Authority", 0).signed_by(&key, &issuer).unwrap();
        Self { root: certificate(&root_certificate), authority: certificate(&authority), key }
    }

    /// A P-256 holder of a role, valid from 10 days ago for a year.
    pub fn certify(&self, role: Role) -> Holder {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        self.issue(role, key.serialize_der(), -10, 365)
    }

    /// An RSA-3072 holder, as consumers, authors and content managers are.
    pub fn certify_rsa(&self, role: Role) -> Holder {
        let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 3072).unwrap();
        self.issue(role, key.to_pkcs8_der().unwrap().as_bytes().to_vec(), -10, 365)
    }

    pub fn issue(&self, role: Role, pkcs8: Vec<u8>, from_days: i64, to_days: i64) -> Holder {
        let key = KeyPair::try_from(&PrivateKeyDer::Pkcs8(pkcs8.clone().into())).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, role.name());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(role.oid_arcs().to_vec())];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date(NOW.plus_days(from_days));
        params.not_after = date(NOW.plus_days(to_days));
        let der = rustls_pki_types::CertificateDer::from(self.authority.der().to_vec());
        let issuer = Issuer::from_ca_cert_der(&der, &self.key).unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let chain = CertificateChain::new(vec![certificate(&leaf), self.authority.clone()]).unwrap();
        Holder { chain, key: SigningKey::from_pkcs8_der(&pkcs8).unwrap(), pkcs8 }
    }
}

fn authority_params(name: &str, path: u8) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let roles = Role::ALL.iter().map(|r| ExtendedKeyUsagePurpose::Other(r.oid_arcs().to_vec()));
    params.extended_key_usages = roles.collect();
    params.not_before = date(NOW.plus_days(-1000));
    params.not_after = date(NOW.plus_days(3000));
    params
}

fn certificate(issued: &rcgen::Certificate) -> Certificate {
    Certificate::from_der(issued.der().to_vec()).unwrap()
}

fn date(t: UnixTime) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(t.0).unwrap()
}
