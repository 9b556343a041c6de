//! The licensing center of `assets/`: its root, and one holder of each role that signs something. Written by `examples/make_seeds.rs`;
//! the private keys lie open, no installation trusts this root.

use std::sync::LazyLock;

use cadenza_protocol::cert::{Certificate, CertificateChain};
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::passport::Passport;

pub use crate::samples::NOW;

/// Somebody with a certificate.
pub struct Holder {
    /// The certificate and its issuer.
    pub chain: CertificateChain,
    /// P-256, so that signing costs little; only `consumer` and `receiver` have RSA.
    pub key: SigningKey,
    /// The same, PKCS #8.
    pub pkcs8: &'static [u8],
}

macro_rules! holders {
    ($($(#[$doc:meta])* $holder:ident = $name:literal,)*) => {
        $(
            $(#[$doc])*
            pub fn $holder() -> &'static Holder {
                static HOLDER: LazyLock<Holder> = LazyLock::new(|| Holder::read(
                    include_str!(concat!("../assets/", $name, ".pem")),
                    include_bytes!(concat!("../assets/", $name, ".p8")),
                ));
                &HOLDER
            }
        )*
    };
}

holders! {
    /// Signs media files.
    author = "author",
    /// Signs vouchers and grants.
    manager = "manager",
    /// Signs passports.
    licensing = "licensing",
    /// Signs agency blocks.
    hub = "hub",
    /// Signs transaction blocks.
    listener = "listener",
    /// Owns the passport; RSA.
    consumer = "consumer",
    /// The second certificate of `consumer` and `listener`, for receiving media keys; RSA.
    receiver = "receiver",
}

impl Holder {
    fn read(chain: &str, pkcs8: &'static [u8]) -> Self {
        let chain = CertificateChain::from_pem(chain).expect("assets are well formed");
        Self { chain, key: SigningKey::from_pkcs8_der(pkcs8).expect("assets are well formed"), pkcs8 }
    }
}

/// The certificate that every target trusts.
pub fn root() -> &'static Certificate {
    static ROOT: LazyLock<Certificate> = LazyLock::new(|| {
        Certificate::from_pem(include_str!("../assets/root.pem")).expect("assets are well formed")
    });
    &ROOT
}

/// The consumer's passport.
pub fn passport() -> &'static Passport {
    static PASSPORT: LazyLock<Passport> = LazyLock::new(|| {
        Passport::from_json(include_bytes!("../assets/passport.json"), root())
            .expect("assets are well formed")
    });
    &PASSPORT
}
