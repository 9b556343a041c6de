//! One message, one signer, one signature that is taken (F5): without the key nobody writes it in a second way.

use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::sign;

use crate::support::Center;

const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// `n - s`, byte by byte.
fn mirrored(signature: &[u8]) -> Vec<u8> {
    let (mut mirrored, mut borrow) = (signature.to_vec(), 0);
    for at in (0..32).rev() {
        let difference = i16::from(ORDER[at]) - i16::from(signature[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        mirrored[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    mirrored
}

#[test]
fn the_second_signature_that_fits_by_arithmetic_is_refused() {
    let center = Center::new();
    let author = center.certify(Role::Author);
    for n in 0..64u8 {
        let signature = author.key.sign("cadenza/v1/test", &[n]);
        let check = |signature: &[u8]| sign::verify(author.chain.leaf(), "cadenza/v1/test", &[n], signature);
        assert_eq!(signature.len(), 64);
        check(&signature).unwrap();
        assert!(check(&mirrored(&signature)).is_err());
        assert!(check(&[signature.as_slice(), &[0]].concat()).is_err());
        assert!(check(&signature[..63]).is_err());
        // Integers of ASN.1, as in a certificate
        let der = [&[0x30, 0x44, 0x02, 0x20], &signature[..32], &[0x02, 0x20], &signature[32..]].concat();
        assert!(check(&der).is_err());
    }
}
