//! Proof that the holder of a passport also holds the receipt (requirement C4).
//!
//! HMAC-SHA256 (RFC 2104) keyed with the receipt token, over five length-prefixed fields in the writer of [`crate::wire`]:
//! the domain `cadenza/v1/redeem-mac`, voucher id, certificate fingerprint, delivery server id, server nonce. The nonce
//! makes a recorded proof worthless the second time; the server's id makes it worthless elsewhere.

use ring::hmac;
use thiserror::Error;

use crate::id::{DeliveryServerId, VoucherId};
use crate::secret::ReceiptToken;
use crate::wire::Writer;

/// The proof does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the proof of purchase does not fit this voucher; fetch the voucher again from the store")]
pub struct MacError;

/// The proof that the player sends.
pub fn redeem_mac(
    receipt: &ReceiptToken,
    voucher: &VoucherId,
    certificate_fingerprint: &[u8; 32],
    delivery_server: &DeliveryServerId,
    nonce: &[u8; 32],
) -> [u8; 32] {
    let message = message(voucher, certificate_fingerprint, delivery_server, nonce);
    let key = hmac::Key::new(hmac::HMAC_SHA256, receipt.expose());
    hmac::sign(&key, &message).as_ref().try_into().expect("HMAC-SHA256 gives 32 bytes")
}

/// The check that the content manager makes, in constant time.
pub fn verify_redeem_mac(
    receipt: &ReceiptToken,
    voucher: &VoucherId,
    certificate_fingerprint: &[u8; 32],
    delivery_server: &DeliveryServerId,
    nonce: &[u8; 32],
    mac: &[u8; 32],
) -> Result<(), MacError> {
    let message = message(voucher, certificate_fingerprint, delivery_server, nonce);
    let key = hmac::Key::new(hmac::HMAC_SHA256, receipt.expose());
    hmac::verify(&key, &message, mac).map_err(|_| MacError)
}

fn message(
    voucher: &VoucherId,
    fingerprint: &[u8; 32],
    server: &DeliveryServerId,
    nonce: &[u8; 32],
) -> Vec<u8> {
    let mut w = Writer::new();
    w.text("cadenza/v1/redeem-mac").bytes(voucher.as_bytes()).bytes(fingerprint);
    w.text(server.as_str()).bytes(nonce);
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_holds_for_its_transaction_only() {
        let receipt = ReceiptToken::from_bytes([3; 32]);
        let voucher = VoucherId::from_bytes([1; 16]);
        let server = DeliveryServerId::new("delivery-1").unwrap();
        let mac = redeem_mac(&receipt, &voucher, &[2; 32], &server, &[4; 32]);
        assert!(verify_redeem_mac(&receipt, &voucher, &[2; 32], &server, &[4; 32], &mac).is_ok());
        let elsewhere = DeliveryServerId::new("delivery-2").unwrap();
        assert!(verify_redeem_mac(&receipt, &voucher, &[2; 32], &elsewhere, &[4; 32], &mac).is_err());
        assert!(verify_redeem_mac(&receipt, &voucher, &[9; 32], &server, &[4; 32], &mac).is_err());
        assert!(verify_redeem_mac(&receipt, &voucher, &[2; 32], &server, &[5; 32], &mac).is_err());
    }
}
