//! Certificates, their roles, and whether a chain may be trusted (requirements C5, S1).
//!
//! X.509 v3 (RFC 5280). One root, that of the media licensing center, is carried by every player and service. What the holder
//! of a certificate *is* stands in the extended key usage as one of our own object identifiers ([`Role`]); intermediates list
//! every role they may issue, so a consumer authority cannot make a content manager. Paths are validated by
//! `rustls-webpki` at a time the caller states: a connection is judged now, a stored file at its signing time.

mod binary;
mod dated;
mod list_age;
mod path;

use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::digest::sha256;
use crate::id::hex;
use crate::time::UnixTime;

pub use dated::DatedList;
pub use list_age::{ListAge, ListUse, OTHER_DAYS, PAYMENT_SECONDS, state_payment_age};
pub use path::{RevocationLists, verify_chain, verify_encryption_certificate, verify_unrevoked_chain};

/// Longest certificate that is read, in bytes.
pub const MAX_CERTIFICATE: usize = 8 * 1024;
/// Most certificates in a chain, leaf and intermediates, the root not counted.
pub const MAX_CHAIN: usize = 4;

/// What the holder of a certificate may act as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Issues passports and certificates.
    LicensingCenter,
    /// Keeps master files, answers for purchases.
    ContentManager,
    /// Streams previews, delivers purchases.
    DeliveryServer,
    /// Sells.
    Merchant,
    /// Moves money.
    PaymentProcessor,
    /// Signs media data files.
    Author,
    /// Adds agency and product codes.
    Hub,
    /// Receives usage reports.
    RightsAgent,
    /// Buys and listens; the holder of a passport.
    Consumer,
}

// 2.25.4281736509178340613.1.N: the arc of numbers anyone may draw for themselves (X.667), ours drawn once, then
// 1 for roles. In DER, so that webpki can compare it.
macro_rules! role_oids {
    ($($role:ident = $n:literal, $name:literal;)*) => {
        impl Role {
            /// Every role.
            pub const ALL: &[Role] = &[$(Role::$role),*];

            /// The role's object identifier, arc by arc, for an extended key usage.
            pub const fn oid_arcs(self) -> &'static [u64] {
                match self { $(Role::$role => &[2, 25, 4_281_736_509_178_340_613, 1, $n],)* }
            }

            const fn oid_der(self) -> &'static [u8] {
                match self {
                    $(Role::$role => &[0x69, 0xbb, 0xb5, 0xf2, 0x95, 0xb6, 0x9b, 0x95, 0xca, 0x05, 1, $n],)*
                }
            }

            /// The role in words, for messages.
            pub const fn name(self) -> &'static str {
                match self { $(Role::$role => $name,)* }
            }
        }
    };
}

role_oids! {
    LicensingCenter = 1, "licensing center";
    ContentManager = 2, "content manager";
    DeliveryServer = 3, "delivery server";
    Merchant = 4, "merchant";
    PaymentProcessor = 5, "payment processor";
    Author = 6, "author";
    Hub = 7, "distribution hub";
    RightsAgent = 8, "rights agent";
    Consumer = 9, "consumer";
}

/// Why a certificate or its chain is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Not DER, not X.509 v3, too large, or a key of an unfit kind.
    #[error(
        "this is not a certificate that Cadenza understands; use the one that the licensing center issued"
    )]
    Malformed,
    /// No certificate, or more than [`MAX_CHAIN`].
    #[error("a certificate chain holds 1 to 4 certificates; use the one that the licensing center issued")]
    BadChain,
    /// Past its last day.
    #[error("the certificate of '{subject}' has expired; renew it")]
    Expired {
        /// Whose.
        subject: String,
    },
    /// Before its first day.
    #[error("the certificate of '{subject}' is not valid yet; check this computer's date and time")]
    NotYetValid {
        /// Whose.
        subject: String,
    },
    /// Withdrawn by the licensing center.
    #[error("the certificate of '{subject}' was revoked; contact the licensing center")]
    Revoked {
        /// Whose.
        subject: String,
    },
    /// The chain ends at somebody else's root, or before it reaches ours.
    #[error(
        "the certificate of '{subject}' leads to '{issuer}', not to this licensing center; use one that it issued"
    )]
    UnknownIssuer {
        /// Whose.
        subject: String,
        /// The issuer that the chain's last certificate names.
        issuer: String,
    },
    /// Names our root as its issuer, without our root's signature: another center of the same name, or an altered certificate.
    #[error(
        "the certificate of '{subject}' says it comes from this licensing center and does not: it is forged, altered, or from another center of the same name; use one that it issued"
    )]
    Forged {
        /// Whose.
        subject: String,
    },
    /// The chain carries our root's own key under another certificate: someone vouches for our root as if it were theirs.
    #[error(
        "the certificate of '{subject}' comes with a cross-signed root; use the chain that this licensing center issued"
    )]
    CrossSigned {
        /// Whose.
        subject: String,
    },
    /// Whether it was withdrawn cannot be told: the list that would say so is out of date or not signed by its issuer.
    #[error(
        "whether the certificate of '{subject}' was revoked cannot be told, the revocation list is out of date or not its issuer's; try again later"
    )]
    RevocationUnknown {
        /// Whose.
        subject: String,
    },
    /// A genuine certificate of someone else's kind.
    #[error("'{subject}' holds no certificate of a {wanted}; use one that was issued for this")]
    WrongRole {
        /// Whose.
        subject: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Any other rule of RFC 5280: altered after it was issued, issued by an authority that may not, and what is rarer.
    #[error(
        "the certificate of '{subject}' breaks the rules for certificates ({rule}); use one that the licensing center issued"
    )]
    Unfit {
        /// Whose.
        subject: String,
        /// Which rule.
        rule: String,
    },
}

/// Kinds of public keys that our certificates have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
    /// ECDSA over NIST P-256.
    P256,
}

/// One parsed certificate. Parsing it says nothing about trusting it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    serial: String,
    subject: String,
    issuer: String,
    /// Distinguished names as they are encoded: what RFC 5280 compares.
    subject_name: Vec<u8>,
    issuer_name: Vec<u8>,
    not_before: UnixTime,
    not_after: UnixTime,
    spki: Vec<u8>,
    public_key: Vec<u8>,
    key_algorithm: KeyAlgorithm,
    /// Key usage (RFC 5280, section 4.2.1.3): digital signature, key encipherment. A certificate that is silent allows both.
    signs: bool,
    receives_keys: bool,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({}, serial {})", self.subject, self.serial)
    }
}

impl Certificate {
    /// Parses DER of at most [`MAX_CERTIFICATE`] bytes, with nothing behind it.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(CertificateError::Malformed);
        }
        let (rest, x509) = X509Certificate::from_der(&der).map_err(|_| CertificateError::Malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        let spki = x509.public_key();
        let key_algorithm = match spki.algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.1" => KeyAlgorithm::Rsa,
            "1.2.840.10045.2.1" => KeyAlgorithm::P256,
            _ => return Err(CertificateError::Malformed),
        };
        let usage = x509.key_usage().map_err(|_| CertificateError::Malformed)?.map(|usage| usage.value);
        let (spki, public_key) = (spki.raw.to_vec(), spki.subject_public_key.data.to_vec());
        let facts = Self {
            serial: hex(x509.raw_serial()),
            subject: common_name(x509.subject()),
            issuer: common_name(x509.issuer()),
            subject_name: x509.subject().as_raw().to_vec(),
            issuer_name: x509.issuer().as_raw().to_vec(),
            not_before: UnixTime(x509.validity().not_before.timestamp()),
            not_after: UnixTime(x509.validity().not_after.timestamp()),
            spki,
            public_key,
            key_algorithm,
            signs: usage.is_none_or(|usage| usage.digital_signature()),
            receives_keys: usage.is_none_or(|usage| usage.key_encipherment()),
            der: Vec::new(),
        };
        Ok(Self { der, ..facts })
    }

    /// The first certificate of a PEM text.
    pub fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| CertificateError::Malformed)?;
        Self::from_der(der.to_vec())
    }

    /// As PEM text (RFC 7468).
    pub fn to_pem(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).expect("base64 is ASCII")).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Serial number in hexadecimal.
    pub fn serial(&self) -> String {
        self.serial.clone()
    }

    /// Common name of the holder.
    pub fn subject(&self) -> String {
        self.subject.clone()
    }

    /// Common name of the authority that it says issued it.
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }

    /// First second of validity.
    pub const fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// Last second of validity.
    pub const fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// `SubjectPublicKeyInfo`, DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key itself: PKCS #1 `RSAPublicKey`, or an uncompressed P-256 point.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// What kind of key it is.
    pub const fn key_algorithm(&self) -> KeyAlgorithm {
        self.key_algorithm
    }

    /// Whether its key may sign.
    pub const fn signs(&self) -> bool {
        self.signs
    }

    /// Whether media keys may be wrapped to its key.
    pub const fn receives_keys(&self) -> bool {
        self.receives_keys
    }

    /// SHA-256 of the DER: the certificate's name in labels, proofs and grants.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.der)
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`: the holder's name across renewals, which keep the key.
    pub fn key_fingerprint(&self) -> [u8; 32] {
        sha256(&self.spki)
    }
}

fn common_name(name: &x509_parser::x509::X509Name<'_>) -> String {
    let name = name.iter_common_name().next().and_then(|cn| cn.as_str().ok());
    name.unwrap_or("unnamed").chars().filter(|c| !c.is_control()).take(100).collect()
}

/// A leaf and its intermediates, leaf first, without the root. In JSON a list of base64 DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateChain(Vec<Certificate>);

impl CertificateChain {
    /// 1 to [`MAX_CHAIN`] certificates, leaf first.
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, CertificateError> {
        if certificates.is_empty() || certificates.len() > MAX_CHAIN {
            return Err(CertificateError::BadChain);
        }
        Ok(Self(certificates))
    }

    /// All certificates of a PEM text, in their order.
    pub fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        let ders = CertificateDer::pem_slice_iter(pem.as_bytes());
        let parse = |der: Result<CertificateDer<'_>, _>| {
            Certificate::from_der(der.map_err(|_| CertificateError::Malformed)?.to_vec())
        };
        Self::new(ders.take(MAX_CHAIN + 1).map(parse).collect::<Result<_, _>>()?)
    }

    /// As PEM text, leaf first.
    pub fn to_pem(&self) -> String {
        self.0.iter().map(Certificate::to_pem).collect()
    }

    /// The certificate that the chain is about.
    pub fn leaf(&self) -> &Certificate {
        &self.0[0]
    }

    /// Leaf first.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.0.iter()
    }
}

/// As base64 DER.
impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        crate::wire::base64_bytes::serialize(&self.der, s)
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_der(crate::wire::base64_bytes::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for CertificateChain {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for CertificateChain {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}
