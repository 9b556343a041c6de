//! Media keys in the content manager's custody (C2): wrapped to its certificate, opened only to lock them to a buyer.
//!
//! The content manager answers strangers, so it decrypts with `aws-lc-rs`, in constant time (RUSTSEC-2023-0071), under the same
//! OAEP label bytes as [`cadenza_protocol::crypto::wrap`].

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapError, WrapLabel};
use zeroize::Zeroizing;

/// Why custody keys do not open.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// The content manager's key is no RSA key.
    #[error(
        "the content manager's key is not a usable RSA key; delete its account file to have a new one issued"
    )]
    Key,
    /// Not for this key, not for this file, or altered.
    #[error("the media keys are not locked to this content manager for this file; publish it again")]
    NotForUs,
    /// What came out is no bundle.
    #[error("the media keys are damaged; publish the file again: {0}")]
    Bundle(#[from] WrapError),
}

/// Opens wrapped media keys with a PKCS#8 RSA key.
pub fn unwrap_keys(key_pkcs8: &[u8], wrapped: &[u8], label: &WrapLabel) -> Result<KeyBundle, CustodyError> {
    let key = PrivateDecryptingKey::from_pkcs8(key_pkcs8).map_err(|_| CustodyError::Key)?;
    let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CustodyError::Key)?;
    let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
    let length = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut plain, Some(label.as_str().as_bytes()))
        .map_err(|_| CustodyError::NotForUs)?
        .len();
    Ok(KeyBundle::from_bytes(&plain[..length])?)
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::cert::Role;
    use cadenza_protocol::crypto::wrap::wrap_keys;
    use cadenza_protocol::id::{KeyId, MediaId};
    use cadenza_protocol::secret::ContentKey;
    use cadenza_protocol::time::UnixTime;

    use super::*;
    use crate::licensing::authority::{Authority, Subject};
    use crate::licensing::keys;

    // C2
    #[test]
    fn what_the_protocol_wraps_the_server_opens_under_the_same_label_only() {
        let folder = tempfile::tempdir().unwrap();
        let authority =
            Authority::open(folder.path(), &crate::rest::Vault::default(), UnixTime(1_800_000_000)).unwrap();
        let subject = Subject { name: "cm".into(), role: Role::ContentManager, hosts: vec![] };
        let keeper =
            authority.issue_identity(&subject, keys::rsa_3072().unwrap(), UnixTime(1_800_000_000)).unwrap();
        let keys = KeyBundle::new(vec![(KeyId(1), ContentKey::random())]).unwrap();
        let media = MediaId::random();
        let label = WrapLabel::custody(&media, keeper.chain().leaf());
        let wrapped = wrap_keys(&keys, keeper.chain().leaf(), &label).unwrap();
        let opened = unwrap_keys(keeper.key_pkcs8(), &wrapped, &label).unwrap();
        assert_eq!(opened.to_bytes(), keys.to_bytes());
        let other = WrapLabel::custody(&MediaId::random(), keeper.chain().leaf());
        assert!(unwrap_keys(keeper.key_pkcs8(), &wrapped, &other).is_err());
    }
}
