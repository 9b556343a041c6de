//! Sectors on their way into an image (requirement D4): sealed under a key that lives in this process alone, until the image has its
//! name. Whatever ends the player before that leaves bytes that nobody can read.
//!
//! ```text
//! .cadenza-….new   block 0, tag | block 1, tag | …   while sectors are written and read back
//! NAME.bin         the same                            renamed; now the recording is counted
//! NAME.bin         sectors                             opened in place, from the front, and cut to length
//! ```
//! A block is [`BLOCK`] bytes of sectors, sealed with AES-256-GCM; its number is its nonce, so none can be moved. A tag is 16 bytes,
//! which is why a block can be opened where it stands: what is written ends before what is still to be read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use cadenza_protocol::secret::random_bytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use super::failure::{BurnError, Cancel};
use super::layout::{SECTOR_BYTES, Sectors};
use crate::atomic::NewFile;

/// Bytes that are sealed together: 64 sectors.
pub const BLOCK: usize = 64 * SECTOR_BYTES as usize;
const TAG: usize = 16;

/// Length of the file that so many bytes of sectors are sealed in.
pub const fn sealed_length(clear: u64) -> u64 {
    clear + clear.div_ceil(BLOCK as u64) * TAG as u64
}

/// Sealed sectors in a file without a name.
pub struct SealedSectors {
    file: NewFile,
    key: BlockKey,
    clear: u64,
}

/// Sealed sectors in a file that has its name.
pub struct NamedSectors {
    file: File,
    key: BlockKey,
    clear: u64,
}

impl SealedSectors {
    /// Begins a file that will stand at `place`. Only its owner may read it, before and after.
    pub fn begin(place: &Path) -> io::Result<Self> {
        Ok(Self { file: NewFile::private(place)?, key: BlockKey::random(), clear: 0 })
    }

    /// Where it lies until it has its name.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Seals some sectors: a whole [`BLOCK`], or less of it and then nothing more. What stands in `sectors` is sealed afterwards.
    pub fn write(&mut self, sectors: &mut [u8]) -> io::Result<()> {
        cadenza_failpoint::reach("burn.writing")?;
        let tag = self.key.seal(self.clear, sectors)?;
        self.clear += sectors.len() as u64;
        self.file.write_all(sectors)?;
        self.file.write_all(&tag)
    }

    /// What was written lasts.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.file().sync_all()
    }

    /// Reads everything back and sees that it is what was written: a tag fits nothing else.
    pub fn verify(&self, cancel: &Cancel, mut progress: impl FnMut(Sectors)) -> Result<(), BurnError> {
        let mut file = File::open(self.path()).map_err(BurnError::ReadBack)?;
        let mut block = Zeroizing::new(vec![0; BLOCK + TAG]);
        let mut from = 0;
        while from < self.clear {
            cancel.check()?;
            let sealed = sealed_part(&mut block, self.clear - from);
            file.read_exact(sealed).map_err(BurnError::ReadBack)?;
            from += self.key.open(from, sealed).map_err(|_| BurnError::Differs)?.len() as u64;
            progress(Sectors((from / SECTOR_BYTES) as u32));
        }
        Ok(())
    }

    /// Gives it its name, sealed as it is.
    pub fn place(self, place: &Path) -> io::Result<NamedSectors> {
        let Self { file, key, clear } = self;
        file.place()?;
        let file = OpenOptions::new().read(true).write(true).open(place);
        let file = file.inspect_err(|_| drop(fs::remove_file(place)))?;
        Ok(NamedSectors { file, key, clear })
    }
}

impl NamedSectors {
    /// Opens every block where it stands.
    pub fn unseal(mut self) -> io::Result<()> {
        let mut block = Zeroizing::new(vec![0; BLOCK + TAG]);
        let (mut from, mut at) = (0, 0);
        while from < self.clear {
            let sealed = sealed_part(&mut block, self.clear - from);
            self.file.seek(SeekFrom::Start(at))?;
            self.file.read_exact(sealed)?;
            at += sealed.len() as u64;
            let clear = self.key.open(from, sealed)?;
            self.file.seek(SeekFrom::Start(from))?;
            cadenza_failpoint::reach("burn.opening")?;
            self.file.write_all(clear)?;
            from += clear.len() as u64;
        }
        self.file.set_len(self.clear)?;
        self.file.sync_all()
    }
}

/// Room for the next sealed block, of `left` bytes that are still to come.
fn sealed_part(block: &mut [u8], left: u64) -> &mut [u8] {
    let clear = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
    &mut block[..clear + TAG]
}

struct BlockKey(LessSafeKey);

impl BlockKey {
    fn random() -> Self {
        let mut bytes = random_bytes::<32>();
        let key = UnboundKey::new(&AES_256_GCM, &bytes).expect("32 bytes are a key");
        bytes.zeroize();
        Self(LessSafeKey::new(key))
    }

    /// Seals the block that begins at byte `from` of the sectors.
    fn seal(&self, from: u64, block: &mut [u8]) -> io::Result<[u8; TAG]> {
        let tag = self.0.seal_in_place_separate_tag(nonce(from), Aad::empty(), block);
        let tag = tag.map_err(|_| io::Error::other("a block of sectors cannot be sealed"))?;
        Ok(tag.as_ref().try_into().expect("a tag of AES-GCM has 16 bytes"))
    }

    fn open<'b>(&self, from: u64, sealed: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let clear = self.0.open_in_place(nonce(from), Aad::empty(), sealed);
        clear.map(|clear| &*clear).map_err(|_| io::Error::other("the image was changed while it was written"))
    }
}

/// Each block has its own, and each image its own key.
fn nonce(from: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&from.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

impl std::fmt::Debug for SealedSectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedSectors({} bytes)", self.clear)
    }
}

impl std::fmt::Debug for NamedSectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NamedSectors({} bytes)", self.clear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sectors() -> Vec<u8> {
        (0..BLOCK * 2 + 2_352).map(|n| (n % 251) as u8).collect()
    }

    fn sealed(place: &Path) -> SealedSectors {
        let mut sealed = SealedSectors::begin(place).unwrap();
        for block in sectors().chunks_mut(BLOCK) {
            sealed.write(block).unwrap();
        }
        sealed
    }

    // D4
    #[test]
    fn sectors_are_unreadable_until_they_have_their_name_and_come_out_as_they_went_in() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("disc.bin");
        let mut on_the_way = sealed(&place);
        on_the_way.sync().unwrap();
        let wanted = sectors();
        let lies = std::fs::read(on_the_way.path()).unwrap();
        assert_eq!(lies.len() as u64, sealed_length(wanted.len() as u64));
        assert!(!lies.windows(64).any(|w| w == &wanted[..64]));
        on_the_way.verify(&Cancel::default(), |_| ()).unwrap();
        let named = on_the_way.place(&place).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), lies, "renamed before it can be read");
        named.unseal().unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), wanted);
    }

    // D5
    #[test]
    fn a_byte_that_the_disk_changed_is_found_when_it_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let on_the_way = sealed(&folder.path().join("disc.bin"));
        let mut lies = std::fs::read(on_the_way.path()).unwrap();
        lies[BLOCK + 100] ^= 1;
        std::fs::write(on_the_way.path(), lies).unwrap();
        assert!(matches!(on_the_way.verify(&Cancel::default(), |_| ()), Err(BurnError::Differs)));
    }
}
