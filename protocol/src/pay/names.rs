//! What a payment is bound to, as 64 lower-case hexadecimal digits: the key of who is paid, and an order without its key.

use crate::cert::Certificate;
use crate::crypto::sha256;
use crate::id::hex_id;

hex_id!(
    /// Who someone is, across renewals and whatever their name (C9): SHA-256 of their public key.
    KeyName, 32
);
hex_id!(
    /// An order as the payment processor knows it: SHA-256 of its key, which opens it and stays between buyer and merchant. A random one
    /// is for what is no order: a card that is only asked about.
    OrderName, 32
);

impl KeyName {
    /// Whose certificate it is.
    pub fn of(certificate: &Certificate) -> Self {
        Self::from_bytes(certificate.key_fingerprint())
    }
}

impl OrderName {
    /// The name of an order with this key.
    pub fn of_key(key: &str) -> Self {
        Self::from_bytes(sha256(key.as_bytes()))
    }
}
