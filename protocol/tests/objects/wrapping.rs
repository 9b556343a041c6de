//! Two libraries, one lock (C2): what the player's `rsa` wraps the server's `aws-lc-rs` opens, and the other way about.

use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::crypto::wrap::{KeyBundle, MAX_KEYS, RsaPrivateKey, WrapLabel, wrap_keys};
use cadenza_protocol::id::{KeyId, MediaId, VoucherId};
use cadenza_protocol::secret::ContentKey;

use crate::support::Center;

fn wrap_there(keys: &KeyBundle, to: &Certificate, label: &WrapLabel) -> Vec<u8> {
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(to.spki()).unwrap()).unwrap();
    let mut wrapped = vec![0; key.ciphertext_size()];
    let label = Some(label.as_str().as_bytes());
    let length = key.encrypt(&OAEP_SHA256_MGF1SHA256, &keys.to_bytes(), &mut wrapped, label).unwrap().len();
    wrapped.truncate(length);
    wrapped
}

fn open_there(pkcs8: &[u8], wrapped: &[u8], label: &WrapLabel) -> Option<KeyBundle> {
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).unwrap();
    let key = OaepPrivateDecryptingKey::new(key).unwrap();
    let mut plain = vec![0; key.min_output_size()];
    let label = Some(label.as_str().as_bytes());
    let plain = key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut plain, label).ok()?;
    Some(KeyBundle::from_bytes(plain).unwrap())
}

#[test]
fn keys_wrapped_by_either_library_open_in_the_other_under_the_same_label_only() {
    // C2, F6
    let center = Center::new();
    let (media, voucher) = (MediaId::random(), VoucherId::random());
    let (mut opened, mut refused) = (0, 0);
    let (consumer, manager) = (center.certify_rsa(Role::Consumer), center.certify_rsa(Role::ContentManager));
    let receiver = consumer.receiver();
    for (leaf, pkcs8) in [(&receiver.certificate, &receiver.pkcs8), (manager.chain.leaf(), &manager.pkcs8)] {
        let here = RsaPrivateKey::from_pkcs8_der(pkcs8).unwrap();
        let labels =
            [WrapLabel::purchase(&media, &voucher, &leaf.fingerprint()), WrapLabel::custody(&media, leaf)];
        for count in 1..=MAX_KEYS {
            let id = |n| KeyId(u16::try_from(n).unwrap());
            let keys = KeyBundle::new((0..count).map(|n| (id(n), ContentKey::random())).collect()).unwrap();
            for (label, other) in [(&labels[0], &labels[1]), (&labels[1], &labels[0])] {
                let (by_us, by_them) =
                    (wrap_keys(&keys, leaf, label).unwrap(), wrap_there(&keys, leaf, label));
                assert_eq!(open_there(pkcs8, &by_us, label).unwrap().to_bytes(), keys.to_bytes());
                assert_eq!(here.unwrap_keys(&by_them, label).unwrap().to_bytes(), keys.to_bytes());
                assert!(
                    open_there(pkcs8, &by_us, other).is_none() && here.unwrap_keys(&by_them, other).is_err()
                );
                (opened, refused) = (opened + 2, refused + 2);
            }
        }
    }
    let key = KeyBundle::new(vec![(KeyId(0), ContentKey::random())]).unwrap();
    let label = WrapLabel::custody(&media, consumer.chain.leaf());
    assert!(wrap_keys(&key, consumer.chain.leaf(), &label).is_err(), "the key that signs receives none");
    println!("wrapped keys across libraries: {opened} opened, {refused} refused under another label");
}
