//! A small licensing center for the tests: one root, one issuing authority, certificates for any role and any dates, revocation
//! lists. [`samples`] has the objects, [`made`] has them signed.
#![allow(dead_code)] // Each test program uses its part of it.

pub mod made;
pub mod samples;

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use cadenza_protocol::cert::{Certificate, CertificateChain, Role, state_payment_age};
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::unhex;
use cadenza_protocol::time::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, RevokedCertParams,
    SerialNumber, SigningKey as _,
};
use rsa::pkcs8::EncodePrivateKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

pub use samples::NOW;

const ROOT: &str = "Test Root";
const AUTHORITY: &str = "Test Authority";

pub struct Center {
    pub root: Certificate,
    pub authority: Certificate,
    root_key: KeyPair,
    key: KeyPair,
}

pub struct Holder {
    pub chain: CertificateChain,
    pub key: SigningKey,
    pub pkcs8: Vec<u8>,
    receiver: Option<Receiver>,
}

/// A consumer's second key pair, for receiving media keys.
pub struct Receiver {
    pub certificate: Certificate,
    pub pkcs8: Vec<u8>,
}

impl Holder {
    /// A consumer's second key pair; those with RSA keys have one.
    pub fn receiver(&self) -> &Receiver {
        self.receiver.as_ref().expect("a consumer with RSA keys")
    }
}

impl Center {
    /// A center whose authority issues every role.
    pub fn new() -> Self {
        Self::named(ROOT, Role::ALL, 3000)
    }

    /// The same, of a name of its own, for some roles, the authority valid for some days more.
    pub fn named(name: &str, roles: &[Role], authority_days: i64) -> Self {
        let root_key = p256();
        let root = root_params(name).self_signed(&root_key).unwrap();
        let key = p256();
        let mut params = authority_params(AUTHORITY, 0, roles);
        params.not_after = date(NOW.plus_days(authority_days));
        let authority =
            params.signed_by(&key, &Issuer::from_ca_cert_der(root.der(), &root_key).unwrap()).unwrap();
        Self { root: certificate(&root), authority: certificate(&authority), root_key, key }
    }

    /// A P-256 holder of a role, valid from 10 days ago for a year.
    pub fn certify(&self, role: Role) -> Holder {
        self.certify_for(role, -10, 365)
    }

    /// The same under another name than the role's.
    pub fn certify_as(&self, name: &str, role: Role) -> Holder {
        self.issue_as(name, role, p256().serialize_der(), -10, 365)
    }

    /// The same with other dates, in days from [`NOW`].
    pub fn certify_for(&self, role: Role, from_days: i64, to_days: i64) -> Holder {
        self.issue(role, p256().serialize_der(), from_days, to_days)
    }

    /// An RSA-3072 holder, as consumers and content managers are.
    pub fn certify_rsa(&self, role: Role) -> Holder {
        let which = if role == Role::Consumer { RsaKey::Consumer } else { RsaKey::Service };
        self.issue(role, rsa_3072(which), -10, 365)
    }

    /// A consumer with another key than [`Center::certify_rsa`] gives.
    pub fn certify_stranger(&self) -> Holder {
        self.issue(Role::Consumer, rsa_3072(RsaKey::Other), -10, 365)
    }

    pub fn issue(&self, role: Role, pkcs8: Vec<u8>, from_days: i64, to_days: i64) -> Holder {
        self.issue_as(role.name(), role, pkcs8, from_days, to_days)
    }

    fn issue_as(&self, name: &str, role: Role, pkcs8: Vec<u8>, from_days: i64, to_days: i64) -> Holder {
        let key = KeyPair::try_from(&PrivateKeyDer::Pkcs8(pkcs8.clone().into())).unwrap();
        let params = leaf_params(name, role, from_days, to_days);
        let leaf = params.signed_by(&key, &issuer(&self.authority, &self.key)).unwrap();
        let chain = CertificateChain::new(vec![certificate(&leaf), self.authority.clone()]).unwrap();
        let receiver = (role == Role::Consumer && pkcs8.len() > 1000).then(|| {
            let mut params = leaf_params(name, role, from_days, to_days);
            params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
            self.receiver(params, &second_key(&pkcs8))
        });
        Holder { chain, key: SigningKey::from_pkcs8_der(&pkcs8).unwrap(), pkcs8, receiver }
    }

    /// A key pair beside another, as `params` say.
    fn receiver(&self, params: CertificateParams, pkcs8: &[u8]) -> Receiver {
        let key = KeyPair::try_from(&PrivateKeyDer::Pkcs8(pkcs8.to_vec().into())).unwrap();
        let leaf = params.signed_by(&key, &issuer(&self.authority, &self.key)).unwrap();
        Receiver { certificate: certificate(&leaf), pkcs8: pkcs8.to_vec() }
    }

    /// A second certificate of a consumer as it should not be: for another name, for another use, or for the key that signs.
    pub fn unfit_receivers(&self, consumer: &Holder) -> [(&'static str, Certificate); 4] {
        let (name, receiver) = (Role::Consumer.name(), consumer.receiver());
        let with = |name: &str, usages: &[KeyUsagePurpose], pkcs8: &[u8]| {
            let mut params = leaf_params(name, Role::Consumer, -10, 365);
            params.key_usages = usages.to_vec();
            self.receiver(params, pkcs8).certificate
        };
        let (sign, receive) = (KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment);
        [
            ("another holder's", with("somebody", &[receive], &receiver.pkcs8)),
            ("for signing", with(name, &[sign], &receiver.pkcs8)),
            ("for both", with(name, &[sign, receive], &receiver.pkcs8)),
            ("of the same key", with(name, &[receive], &consumer.pkcs8)),
        ]
    }

    /// A list by the issuing authority, in DER.
    pub fn revocation_list(&self, revoked: &[&Certificate], next_update: UnixTime) -> Vec<u8> {
        list(&issuer(&self.authority, &self.key), revoked, next_update)
    }

    /// A list that states for how many seconds money is paid by it.
    pub fn revocation_list_stating(&self, seconds: u32, next_update: UnixTime) -> Vec<u8> {
        let list = self.revocation_list(&[], next_update);
        state_payment_age(&list, seconds, |told| self.key.sign(told).ok()).unwrap()
    }

    /// A list by the root.
    pub fn root_revocation_list(&self, revoked: &[&Certificate], next_update: UnixTime) -> Vec<u8> {
        list(&issuer(&self.root, &self.root_key), revoked, next_update)
    }

    /// Our root vouches for another center's root as if it were an authority of ours.
    pub fn vouch_for_root(&self, other: &Center) -> Certificate {
        let params = authority_params(&other.root.subject(), 1, Role::ALL);
        certificate(&params.signed_by(&other.root_key, &issuer(&self.root, &self.root_key)).unwrap())
    }

    /// Our root vouches for another center's authority.
    pub fn vouch_for_authority(&self, other: &Center) -> Certificate {
        let params = authority_params(AUTHORITY, 0, Role::ALL);
        certificate(&params.signed_by(&other.key, &issuer(&self.root, &self.root_key)).unwrap())
    }

    /// Someone who is no authority issues a certificate all the same.
    pub fn usurp(by: &Holder, role: Role) -> CertificateChain {
        let key = KeyPair::try_from(&PrivateKeyDer::Pkcs8(by.pkcs8.clone().into())).unwrap();
        let leaf = leaf_params(role.name(), role, -10, 365)
            .signed_by(&p256(), &issuer(by.chain.leaf(), &key))
            .unwrap();
        CertificateChain::new([certificate(&leaf)].into_iter().chain(by.chain.iter().cloned()).collect())
            .unwrap()
    }
}

/// RSA keys take seconds to make, so each is made once a program.
#[derive(Clone, Copy)]
pub enum RsaKey {
    Consumer,
    Other,
    Service,
}

/// A PKCS #8 key.
pub fn rsa_3072(which: RsaKey) -> Vec<u8> {
    static KEYS: [OnceLock<Vec<u8>>; 3] = [const { OnceLock::new() }; 3];
    KEYS[which as usize].get_or_init(make_rsa).clone()
}

/// The key that goes with a first one, the same each time.
fn second_key(first: &[u8]) -> Vec<u8> {
    static SECOND: Mutex<Option<HashMap<Vec<u8>, Vec<u8>>>> = Mutex::new(None);
    let mut second = SECOND.lock().unwrap();
    second.get_or_insert_default().entry(first.to_vec()).or_insert_with(make_rsa).clone()
}

fn make_rsa() -> Vec<u8> {
    let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 3072).unwrap();
    key.to_pkcs8_der().unwrap().as_bytes().to_vec()
}

fn p256() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn issuer<'k>(of: &Certificate, key: &'k KeyPair) -> Issuer<'static, &'k KeyPair> {
    Issuer::from_ca_cert_der(&CertificateDer::from(of.der().to_vec()), key).unwrap()
}

fn list(issuer: &Issuer<'_, &KeyPair>, revoked: &[&Certificate], next_update: UnixTime) -> Vec<u8> {
    let entry = |c: &&Certificate| RevokedCertParams {
        serial_number: SerialNumber::from_slice(&unhex(&c.serial()).unwrap()),
        revocation_time: date(NOW.plus_days(-1)),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date(NOW.plus_days(-5)),
        next_update: date(next_update),
        crl_number: SerialNumber::from(1u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap().der().to_vec()
}

fn leaf_params(name: &str, role: Role, from_days: i64, to_days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(role.oid_arcs().to_vec())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if matches!(role, Role::Author | Role::ContentManager) {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.not_before = date(NOW.plus_days(from_days));
    params.not_after = date(NOW.plus_days(to_days));
    params
}

fn root_params(name: &str) -> CertificateParams {
    authority_params(name, 1, &[])
}

fn authority_params(name: &str, path: u8, roles: &[Role]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let roles = roles.iter().map(|r| ExtendedKeyUsagePurpose::Other(r.oid_arcs().to_vec()));
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
