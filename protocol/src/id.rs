//! Names of things: media, vouchers, delivery servers, keys inside a file.
//!
//! Media and voucher ids are 128 random bits written as 32 lower-case hexadecimal digits, in URLs, file names
//! and JSON alike.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Not so many lower-case hexadecimal digits.
    #[error("'{text}' is not an id: an id is {digits} hexadecimal digits in lower case; copy it whole")]
    NotHex {
        /// What stands there instead.
        text: String,
        /// How many there have to be.
        digits: usize,
    },
    /// Not 1 to 64 letters, digits, dots, hyphens or underscores.
    #[error("'{0}' is not a delivery server id: use 1 to 64 letters, digits, '.', '-' or '_'")]
    NotServerId(String),
}

/// A name of so many bytes, written in lower-case hexadecimal digits wherever there is text.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Bits from the operating system's generator.
            pub fn random() -> Self {
                Self(crate::secret::random_bytes())
            }

            /// The id with these bytes.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes, as they stand in binary formats.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::id::hex(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // One text for one id: 'AB' for 'ab' would be a second way to write the same voucher.
                let is_lower = !text.contains(|c: char| c.is_ascii_uppercase());
                let bytes = is_lower.then(|| $crate::id::unhex(text)).flatten().and_then(|b| b.try_into().ok());
                bytes.map(Self).ok_or_else(|| Self::Err::NotHex {
                    text: text.chars().take(40).collect(),
                    digits: 2 * $bytes,
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use hex_id;

hex_id!(
    /// Names a media data file: one song as its author published it.
    MediaId, 16
);
hex_id!(
    /// Names one transaction: a preview, or the purchase of one track.
    VoucherId, 16
);

/// Names a delivery server within a content manager, e.g. `delivery-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryServerId(String);

impl DeliveryServerId {
    /// 1 to 64 ASCII letters, digits, `.`, `-`, `_`.
    pub fn new(name: &str) -> Result<Self, IdError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if (1..=64).contains(&name.len()) && name.chars().all(fits) {
            Ok(Self(name.to_owned()))
        } else {
            Err(IdError::NotServerId(name.chars().take(70).collect()))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeliveryServerId {
    type Error = IdError;

    fn try_from(name: String) -> Result<Self, IdError> {
        Self::new(&name)
    }
}

impl From<DeliveryServerId> for String {
    fn from(id: DeliveryServerId) -> String {
        id.0
    }
}

impl fmt::Display for DeliveryServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names a content key within one media data file. 0 opens the encrypted descriptive items; the
/// purchase images count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyId(pub u16);

impl KeyId {
    /// The key of the encrypted descriptive items.
    pub const DESCRIPTIVE: KeyId = KeyId(0);
}

/// Lower-case hexadecimal text of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

/// The bytes of a hexadecimal text, either case; `None` if it is not one.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| (pair[0] << 4) | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_and_json_forms() {
        let id = MediaId::random();
        assert_eq!(id.to_string().parse::<MediaId>().unwrap(), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json.len(), 34);
        assert_eq!(serde_json::from_str::<MediaId>(&json).unwrap(), id);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "12",
            "zz000000000000000000000000000000",
            "0000000000000000000000000000000",
            "AB000000000000000000000000000000",
        ] {
            assert!(text.parse::<VoucherId>().is_err(), "{text}");
        }
        assert!(DeliveryServerId::new("").is_err());
        assert!(DeliveryServerId::new("a/b").is_err());
        assert!(DeliveryServerId::new("delivery-1").is_ok());
    }
}
