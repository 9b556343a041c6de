//! The writer's state on the disk: 88 bytes of [`LogWriter::state`] and a SHA-256 over them, in a file for its owner only, sealed under
//! the data key where there is one.
//!
//! It is overwritten in place and synced with each entry, never renamed or appended to: the key that opened the entry before is
//! where the new one stands, and so is gone. (A disk that remaps sectors by itself may keep it; nothing above it can help that.)
//! The hash only tells a damaged file from a whole one; the log itself needs no trust in this file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cadenza_protocol::audit_log::LogWriter;
use cadenza_protocol::crypto::sha256;
use zeroize::Zeroizing;

use crate::rest::Vault;

const STATE: usize = 88;
const LENGTH: usize = STATE + 32;
/// Sealed, it is 28 bytes longer.
const MOST: usize = LENGTH + 28;
const LABEL: &str = "log state";

/// Where a log's state lies, and what it is sealed by.
#[derive(Debug, Clone)]
pub struct StateFile {
    path: PathBuf,
    vault: Vault,
}

impl StateFile {
    /// The state of the log that belongs to a service's account file.
    pub fn beside(account: &Path, vault: &Vault) -> Self {
        Self { path: account.with_extension("logstate"), vault: vault.clone() }
    }

    /// Its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The writer as it was left; `None` when there is no state, or a damaged one.
    pub fn load(&self) -> io::Result<Option<LogWriter>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST));
        Read::by_ref(&mut file).take(MOST as u64).read_to_end(&mut bytes)?;
        if let Some(opened) = self.vault.open_bytes(LABEL, &bytes) {
            return Ok(writer_of(&opened));
        }
        // It was written before there was a data key.
        let writer = writer_of(&bytes);
        if let Some(writer) = &writer {
            self.store(writer)?;
            tracing::info!(file = %self.path.display(), "sealed under the data key");
        }
        Ok(writer)
    }

    /// Writes the state over the one before, and waits for the disk.
    pub fn store(&self, writer: &LogWriter) -> io::Result<()> {
        let state = writer.state();
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[..STATE].copy_from_slice(&state);
        bytes[STATE..].copy_from_slice(&sha256(&state));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        file.seek(SeekFrom::Start(0))?;
        let bytes = self.vault.seal_bytes(LABEL, bytes.as_ref()).map_err(io::Error::other)?;
        cadenza_failpoint::reach("log.state")?;
        file.write_all(&bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    }
}

/// The writer of a whole state.
fn writer_of(bytes: &[u8]) -> Option<LogWriter> {
    let (state, check) = bytes.split_at_checked(STATE)?;
    if sha256(state) == check { LogWriter::resume(state).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use cadenza_protocol::audit_log::EntryKind;
    use cadenza_protocol::secret::Secret;

    use super::*;

    // R2
    #[test]
    fn a_state_comes_back_and_the_one_before_is_nowhere_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = StateFile::beside(&folder.path().join("cm.account"), &Vault::default());
        assert!(place.load().unwrap().is_none());
        let mut writer = LogWriter::new([1; 16], Secret::from_bytes([7; 32]));
        place.store(&writer).unwrap();
        writer.append(EntryKind::Opened, b"").unwrap();
        place.store(&writer).unwrap();
        assert_eq!(place.load().unwrap().unwrap().checkpoint(), writer.checkpoint());
        let bytes = std::fs::read(place.path()).unwrap();
        assert!(!bytes.windows(32).any(|w| w == [7; 32]), "the first secret is still there");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    // R2, S4
    #[test]
    fn a_state_from_before_there_was_a_data_key_goes_on_and_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let account = folder.path().join("cm.account");
        let writer = LogWriter::new([1; 16], Secret::from_bytes([7; 32]));
        StateFile::beside(&account, &Vault::default()).store(&writer).unwrap();
        let place = StateFile::beside(&account, &Vault::from_hex("5a".repeat(32).as_bytes()).unwrap());
        for _ in 0..2 {
            assert_eq!(place.load().unwrap().unwrap().checkpoint(), writer.checkpoint());
            let bytes = std::fs::read(place.path()).unwrap();
            assert!(!bytes.windows(32).any(|w| w == [7; 32]), "the secret lies open");
        }
        let other = StateFile::beside(&account, &Vault::from_hex("a5".repeat(32).as_bytes()).unwrap());
        assert!(other.load().unwrap().is_none(), "another key opens nothing");
    }

    #[test]
    fn a_damaged_state_is_no_state() {
        let folder = tempfile::tempdir().unwrap();
        let place = StateFile::beside(&folder.path().join("cm.account"), &Vault::default());
        place.store(&LogWriter::new([1; 16], Secret::from_bytes([7; 32]))).unwrap();
        let whole = std::fs::read(place.path()).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(place.path(), bytes).unwrap();
            assert!(place.load().unwrap().is_none(), "byte {at}");
        }
        std::fs::write(place.path(), &whole[..whole.len() - 1]).unwrap();
        assert!(place.load().unwrap().is_none());
    }
}
