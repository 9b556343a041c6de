//! The keys of an authored file, kept beside it until it is published: `SONG.cadenza.keys`.
//!
//! JSON: `{ "media_id": hex, "wrapped_keys": base64 }`, locked to the author's own certificate under a custody label. Whoever
//! publishes opens it with the account's private key and locks the same keys to the content manager.

use std::path::{Path, PathBuf};

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::{KeyBundle, RsaPrivateKey, WrapError, WrapLabel, wrap_keys};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::wire::base64_bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identity::Identity;

/// Why a key file cannot be used.
#[derive(Debug, Error)]
pub enum AuthorKeysError {
    /// It cannot be read.
    #[error("the key file {path} cannot be read: {source}; it was written beside the media file by `author`")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Not a key file.
    #[error("{0} is not a key file; author the recording again")]
    Malformed(PathBuf),
    /// Locked to someone else.
    #[error("the media keys belong to another author's account: {0}")]
    Wrap(#[from] WrapError),
}

/// The key file's contents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorKeys {
    /// Which media the keys open.
    pub media_id: MediaId,
    #[serde(with = "base64_bytes")]
    wrapped_keys: Vec<u8>,
}

/// Where the keys of a media file lie.
pub fn keys_path(media: &Path) -> PathBuf {
    let mut name = media.as_os_str().to_owned();
    name.push(".keys");
    PathBuf::from(name)
}

impl AuthorKeys {
    /// Locks keys to the author.
    pub fn lock(media_id: MediaId, keys: &KeyBundle, author: &Certificate) -> Result<Self, WrapError> {
        let wrapped_keys = wrap_keys(keys, author, &WrapLabel::custody(&media_id, author))?;
        Ok(Self { media_id, wrapped_keys })
    }

    /// Reads the key file beside a media file.
    pub fn load(media: &Path) -> Result<Self, AuthorKeysError> {
        let path = keys_path(media);
        let bytes =
            std::fs::read(&path).map_err(|source| AuthorKeysError::Read { path: path.clone(), source })?;
        serde_json::from_slice(&bytes).map_err(|_| AuthorKeysError::Malformed(path))
    }

    /// Opens the keys and locks them to the content manager instead: what is sent with the file.
    pub fn hand_over(&self, account: &Identity, to: &Certificate) -> Result<Vec<u8>, AuthorKeysError> {
        let label = WrapLabel::custody(&self.media_id, account.chain().leaf());
        let keys =
            RsaPrivateKey::from_pkcs8_der(account.key_pkcs8())?.unwrap_keys(&self.wrapped_keys, &label)?;
        Ok(wrap_keys(&keys, to, &WrapLabel::custody(&self.media_id, to))?)
    }

    /// The file's bytes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("text keys only")
    }
}
