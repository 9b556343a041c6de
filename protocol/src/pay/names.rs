//! What a payment is bound to, as 64 lower-case hexadecimal digits: the key of who is paid, and an order without its key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::cert::Certificate;
use crate::crypto::sha256;
use crate::id::{hex, unhex};

/// A text that is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a name of a key or an order is 64 hexadecimal digits in lower case")]
pub struct NoName;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The name with these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NoName;

            fn from_str(text: &str) -> Result<Self, NoName> {
                let bytes = (!text.contains(|c: char| c.is_ascii_uppercase())).then(|| unhex(text)).flatten();
                bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(NoName)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// Who someone is, across renewals and whatever their name (C9): SHA-256 of their public key.
    KeyName
);
name!(
    /// An order as the payment processor knows it: SHA-256 of its key, which opens it and stays between buyer and merchant.
    OrderName
);

impl KeyName {
    /// Whose certificate it is.
    pub fn of(certificate: &Certificate) -> Self {
        Self(certificate.key_fingerprint())
    }
}

impl OrderName {
    /// The name of an order with this key.
    pub fn of_key(key: &str) -> Self {
        Self(sha256(key.as_bytes()))
    }

    /// For what is no order: a card that is only asked about.
    pub fn random() -> Self {
        Self(crate::secret::random_bytes())
    }
}
