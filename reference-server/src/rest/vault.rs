//! Secrets on the disk, sealed under the owner's data key if there is one.
//!
//! The data key is 64 hexadecimal digits, and is looked for in this order: the file that the configuration names (`data_key_file`), the systemd
//! credential `cadenza-data-key`, the environment variable `CADENZA_DATA_KEY`. Where there is none, secrets lie as they are, in files for their
//! owner only. A secret that lies open is sealed when it is first read with a key.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::secret::Secret;
use zeroize::Zeroizing;

use super::seal;
use crate::atomic::write_private;
use crate::text::{from_base64, to_base64};

/// The environment variable.
pub const VARIABLE: &str = "CADENZA_DATA_KEY";
/// The systemd credential.
pub const CREDENTIAL: &str = "cadenza-data-key";
/// How a sealed file or text begins.
const MARK: &str = "cadenza-sealed-1:";

/// The data key, or that there is none. Clones share it.
#[derive(Clone, Default)]
pub struct Vault(Option<Arc<Secret<32>>>);

/// Why a secret cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file cannot be read or written.
    #[error("{0} cannot be read or written; check its path, its permissions and the space on the disk: {1}")]
    Io(PathBuf, io::Error),
    /// The key is none.
    #[error(
        "the key in {0} is not 64 hexadecimal digits; restore it from a backup (a new data key: openssl rand -hex 32)"
    )]
    Key(String),
    /// Sealed, and no key was given.
    #[error(
        "{0} is sealed; give the data key by data_key_file in the configuration, by the systemd credential cadenza-data-key, or by CADENZA_DATA_KEY"
    )]
    Sealed(String),
    /// Another key, or altered.
    #[error(
        "{0} does not open with this data key; give the key it was sealed with, or restore it from a backup"
    )]
    Other(String),
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Vault(sealed)" } else { "Vault(open)" })
    }
}

impl Vault {
    /// Looks for the data key; `file` is what the configuration names.
    pub fn find(file: Option<&Path>) -> Result<Self, VaultError> {
        Self::from_places(file, std::env::var_os("CREDENTIALS_DIRECTORY"), std::env::var_os(VARIABLE))
    }

    fn from_places(
        file: Option<&Path>,
        credentials: Option<OsString>,
        variable: Option<OsString>,
    ) -> Result<Self, VaultError> {
        let credential = credentials.map(|folder| Path::new(&folder).join(CREDENTIAL));
        let credential = credential.filter(|path| path.is_file());
        let (text, place) = match (file, credential, variable) {
            (Some(file), ..) => (read(file)?, file.display().to_string()),
            (None, Some(file), _) => (read(&file)?, file.display().to_string()),
            (None, None, Some(value)) => {
                let value = Zeroizing::new(value.into_string().unwrap_or_default());
                (Zeroizing::new(value.as_bytes().to_vec()), VARIABLE.to_owned())
            }
            (None, None, None) => return Ok(Self::default()),
        };
        Self::from_hex(&text).ok_or(VaultError::Key(place))
    }

    pub(crate) fn from_hex(text: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(unhex(std::str::from_utf8(text).ok()?.trim())?);
        Some(Self(Some(Arc::new(Secret::from_slice(&bytes)?))))
    }

    /// Whether secrets are sealed.
    pub fn seals(&self) -> bool {
        self.0.is_some()
    }

    /// Writes a secret file, whole or not at all.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
        let failed = |e| VaultError::Io(path.to_owned(), e);
        match &self.0 {
            None => write_private(path, bytes).map_err(failed),
            Some(_) => {
                let sealed = self.seal_text(&label(path), bytes)?;
                write_private(path, sealed.as_bytes()).map_err(failed)
            }
        }
    }

    /// Reads a secret file. One that lies open is sealed now, if there is a key.
    pub fn read(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let bytes = read(path)?;
        match std::str::from_utf8(&bytes).ok().filter(|text| text.starts_with(MARK)) {
            Some(sealed) => self.open_text(&label(path), sealed),
            None => {
                if self.seals() {
                    tracing::info!(file = %path.display(), "sealed under the data key");
                    self.write(path, &bytes)?;
                }
                Ok(bytes)
            }
        }
    }

    /// The 32 bytes in a key file, as 64 hexadecimal digits; drawn and written when there is none.
    pub fn key(&self, path: &Path) -> Result<Secret<32>, VaultError> {
        if !path.exists() {
            let key = Secret::<32>::random();
            self.write(path, Zeroizing::new(hex(key.expose())).as_bytes())?;
            return Ok(key);
        }
        let text = self.read(path)?;
        let bytes = std::str::from_utf8(&text).ok().and_then(|text| unhex(text.trim())).map(Zeroizing::new);
        bytes
            .and_then(|bytes| Secret::from_slice(&bytes))
            .ok_or_else(|| VaultError::Key(path.display().to_string()))
    }

    /// A secret as a column takes it; as it is where there is no key.
    pub fn seal_column(&self, label: &str, text: String) -> Result<String, VaultError> {
        if self.seals() { self.seal_text(label, text.as_bytes()) } else { Ok(text) }
    }

    /// What [`Vault::seal_column`] made of it.
    pub fn open_column(&self, label: &str, column: &str) -> Result<String, VaultError> {
        if !column.starts_with(MARK) {
            return Ok(column.to_owned());
        }
        let text = self.open_text(label, column)?;
        String::from_utf8(text.to_vec()).map_err(|_| VaultError::Other(label.to_owned()))
    }

    /// Bytes of a file that is overwritten in place: always the same length longer than `bytes`.
    pub(crate) fn seal_bytes(&self, label: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        match &self.0 {
            None => Ok(Zeroizing::new(bytes.to_vec())),
            Some(key) => {
                let sealed =
                    seal::seal(key, label, bytes).map_err(|_| VaultError::Other(label.to_owned()))?;
                Ok(Zeroizing::new(sealed))
            }
        }
    }

    /// What [`Vault::seal_bytes`] made of them; `None` if that was not it.
    pub(crate) fn open_bytes(&self, label: &str, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match &self.0 {
            None => Some(Zeroizing::new(bytes.to_vec())),
            Some(key) => seal::open(key, label, bytes).ok(),
        }
    }

    fn seal_text(&self, label: &str, bytes: &[u8]) -> Result<String, VaultError> {
        let key = self.0.as_ref().ok_or_else(|| VaultError::Sealed(label.to_owned()))?;
        let sealed = seal::seal(key, label, bytes).map_err(|_| VaultError::Other(label.to_owned()))?;
        Ok(format!("{MARK}{}", to_base64(&sealed)))
    }

    fn open_text(&self, label: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let key = self.0.as_ref().ok_or_else(|| VaultError::Sealed(label.to_owned()))?;
        let other = || VaultError::Other(label.to_owned());
        let bytes = from_base64(sealed.trim_start_matches(MARK).trim()).ok_or_else(other)?;
        seal::open(key, label, &bytes).map_err(|_| other())
    }
}

/// A file is sealed by its name, so that none can stand in for another of the same folder.
fn label(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    std::fs::read(path).map(Zeroizing::new).map_err(|e| VaultError::Io(path.to_owned(), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn with_key(key: &str) -> Vault {
        Vault::from_places(None, None, Some(key.into())).unwrap()
    }

    #[test]
    fn a_secret_opens_with_its_key_in_its_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("root.account"), folder.path().join("players.account"));
        let vault = with_key(KEY);
        vault.write(&path, b"a private key").unwrap();
        assert!(!std::fs::read(&path).unwrap().windows(7).any(|w| w == b"private"));
        assert_eq!(vault.read(&path).unwrap().as_slice(), b"a private key");
        std::fs::copy(&path, &other).unwrap();
        assert!(matches!(vault.read(&other), Err(VaultError::Other(_))));
        assert!(matches!(Vault::default().read(&path), Err(VaultError::Sealed(_))));
        assert!(matches!(with_key(&KEY.replace('0', "1")).read(&path), Err(VaultError::Other(_))));
    }

    #[test]
    fn what_lay_open_is_sealed_when_a_key_first_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        Vault::default().write(&path, b"secret").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"secret");
        assert_eq!(with_key(KEY).read(&path).unwrap().as_slice(), b"secret");
        assert!(Vault::default().read(&path).is_err());
    }

    #[test]
    fn the_configured_file_comes_first_then_the_credential_then_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.key");
        std::fs::write(&file, format!("{KEY}\n")).unwrap();
        let credentials = || Some(folder.path().as_os_str().to_owned());
        let other = || Some(OsString::from("not a key"));
        assert!(Vault::from_places(Some(&file), credentials(), other()).unwrap().seals());
        assert!(Vault::from_places(None, credentials(), other()).is_err());
        std::fs::write(folder.path().join(CREDENTIAL), KEY).unwrap();
        assert!(Vault::from_places(None, credentials(), other()).unwrap().seals());
        assert!(!Vault::from_places(None, None, None).unwrap().seals());
        assert!(Vault::from_places(Some(&folder.path().join("missing")), None, None).is_err());
    }
}
