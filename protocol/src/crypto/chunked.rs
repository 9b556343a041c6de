//! Bulk encryption: C2SP chunked encryption, instance `Cobblestone-256` (requirement C1).
//!
//! ```text
//! salt (24) | commitment (32) | chunk 0 | chunk 1 | ... | last chunk
//! ```
//!
//! Every chunk is 16 KiB of plaintext under AES-256-GCM (16 bytes longer when sealed), the last one is always
//! shorter and may be empty, so a missing end is noticed. Key, base nonce and commitment come from
//! HKDF-Expand-SHA512 over the content key, salt and a context that says where the bytes belong; a wrong key is noticed
//! before any chunk. Plaintext byte `i` lies in chunk `i / 16384`, so any place can be opened by itself.

use std::hint::black_box;
use std::io::{self, Read, Seek, SeekFrom, Write};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA512, KeyType, Prk};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::secret::{ContentKey, random_bytes, without_traces};

/// Plaintext bytes in every chunk but the last.
pub const CHUNK: usize = 16 * 1024;
/// Bytes that a sealed chunk is longer than its plaintext.
pub const TAG: usize = 16;
/// Salt and commitment before the first chunk.
pub const HEADER: usize = SALT + COMMITMENT;
/// Most chunks in one message: 2^38 (4 PiB).
pub const MAX_CHUNKS: u64 = 1 << 38;

const SALT: usize = 24;
const COMMITMENT: usize = 32;
const NONCE: usize = 12;
const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// Why sealed bytes could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChunkedError {
    /// The commitment does not belong to this key and place.
    #[error(
        "the key does not open this encrypted part, or the part was moved here from elsewhere; download it again"
    )]
    WrongKey,
    /// The length is none that a whole message can have.
    #[error("the encrypted part is cut short; download it again")]
    Truncated,
    /// A chunk does not authenticate.
    #[error("chunk {chunk} of the encrypted part was altered; download it again")]
    Altered {
        /// Its number, from 0.
        chunk: u64,
    },
    /// More than 2^38 chunks.
    #[error("the encrypted part is longer than the encryption allows; make it shorter")]
    TooLong,
}

/// How long `plain` bytes are once sealed.
pub const fn sealed_len(plain: u64) -> u64 {
    HEADER as u64 + plain + (plain / CHUNK as u64 + 1) * TAG as u64
}

/// How many plaintext bytes a sealed message of this length holds.
pub const fn plain_len(sealed: u64) -> Result<u64, ChunkedError> {
    let Some(body) = sealed.checked_sub(HEADER as u64) else { return Err(ChunkedError::Truncated) };
    let (full, last) = (body / (CHUNK + TAG) as u64, body % (CHUNK + TAG) as u64);
    if last < TAG as u64 {
        return Err(ChunkedError::Truncated);
    }
    if full >= MAX_CHUNKS {
        return Err(ChunkedError::TooLong);
    }
    Ok(full * CHUNK as u64 + last - TAG as u64)
}

/// Seals a short message at once.
pub fn seal(key: &ContentKey, context: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(usize::try_from(sealed_len(plain.len() as u64)).unwrap_or(0));
    let mut sealer = Sealer::new(key, context, &mut sealed).expect("writing to memory does not fail");
    sealer.write_all(plain).expect("writing to memory does not fail");
    sealer.finish().expect("writing to memory does not fail");
    sealed
}

/// Opens a short message at once; nothing is returned unless all of it is genuine.
pub fn open(key: &ContentKey, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ChunkedError> {
    let (header, body) = sealed.split_first_chunk::<HEADER>().ok_or(ChunkedError::Truncated)?;
    let opener = Opener::new(key, context, header, sealed.len() as u64)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    for (k, chunk) in (0..).zip(body.chunks(CHUNK + TAG)) {
        let mut buffer = Zeroizing::new(chunk.to_vec());
        plain.extend_from_slice(opener.open_chunk(k, &mut buffer)?);
    }
    // A body that is an exact multiple of full chunks was refused by `Opener::new` already.
    Ok(plain)
}

/// Seals a stream while it is written; [`Sealer::finish`] must be called, or the message stays unreadable.
pub struct Sealer<W: Write> {
    keys: MessageKeys,
    next: u64,
    plain: Zeroizing<Vec<u8>>,
    out: W,
}

impl<W: Write> std::fmt::Debug for Sealer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer(chunk {})", self.next)
    }
}

impl<W: Write> Sealer<W> {
    /// Writes the header with a fresh salt.
    pub fn new(key: &ContentKey, context: &[u8], out: W) -> io::Result<Self> {
        Self::with_salt(key, context, &random_bytes(), out)
    }

    /// The same with a given salt, which must never repeat under one key: for worked examples and vectors.
    pub fn with_salt(key: &ContentKey, context: &[u8], salt: &[u8; SALT], mut out: W) -> io::Result<Self> {
        let keys = MessageKeys::derive(key, context, salt);
        out.write_all(salt)?;
        out.write_all(&keys.commitment)?;
        Ok(Self { keys, next: 0, plain: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)), out })
    }

    /// Seals the last chunk and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal_chunk()?;
        Ok(self.out)
    }

    fn seal_chunk(&mut self) -> io::Result<()> {
        if self.next >= MAX_CHUNKS {
            return Err(io::Error::other(ChunkedError::TooLong));
        }
        let nonce = self.keys.nonce(self.next);
        let tag = self
            .keys
            .aead
            .0
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut self.plain)
            .expect("a chunk is far below the limit of AES-GCM");
        self.out.write_all(&self.plain)?;
        self.out.write_all(tag.as_ref())?;
        self.plain.clear();
        self.next += 1;
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(CHUNK - self.plain.len());
        self.plain.extend_from_slice(&bytes[..fits]);
        if self.plain.len() == CHUNK {
            self.seal_chunk()?;
        }
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens any chunk of one message; holds the message's keys, not its bytes.
pub struct Opener {
    keys: MessageKeys,
    plain_len: u64,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener({} bytes)", self.plain_len)
    }
}

impl Opener {
    /// Checks the commitment and the total length (header included).
    pub fn new(
        key: &ContentKey,
        context: &[u8],
        header: &[u8; HEADER],
        sealed_len: u64,
    ) -> Result<Self, ChunkedError> {
        let plain_len = plain_len(sealed_len)?;
        let (salt, commitment) = header.split_first_chunk::<SALT>().expect("the header is longer");
        let keys = MessageKeys::derive(key, context, salt);
        // The commitment is public; comparing it needs no constant time.
        if keys.commitment != commitment {
            return Err(ChunkedError::WrongKey);
        }
        Ok(Self { keys, plain_len })
    }

    /// Plaintext bytes of the whole message.
    pub const fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// Where chunk `k` lies from the start of the message, header included: first byte, and length. The
    /// last chunk is number `plain_len / CHUNK`.
    pub const fn sealed_range(&self, k: u64) -> (u64, usize) {
        let start = HEADER as u64 + k * (CHUNK + TAG) as u64;
        let full = self.plain_len / CHUNK as u64;
        let plain = if k < full { CHUNK as u64 } else { self.plain_len % CHUNK as u64 };
        (start, plain as usize + TAG)
    }

    /// Opens sealed chunk `k` in place and returns its plaintext.
    pub fn open_chunk<'b>(&self, k: u64, sealed: &'b mut [u8]) -> Result<&'b [u8], ChunkedError> {
        if sealed.len() != self.sealed_range(k).1 || k > self.plain_len / CHUNK as u64 {
            return Err(ChunkedError::Truncated);
        }
        self.keys
            .aead
            .0
            .open_in_place(self.keys.nonce(k), Aad::empty(), sealed)
            .map(|plain| &*plain)
            .map_err(|_| ChunkedError::Altered { chunk: k })
    }
}

/// A sealed message read as if it were its plaintext: `Read + Seek`, one chunk in memory at a time.
///
/// Errors of the encryption come as [`io::ErrorKind::InvalidData`] around a [`ChunkedError`].
pub struct DecryptingReader<R> {
    sealed: R,
    opener: Opener,
    position: u64,
    /// The open chunk: its number and its bytes (sealed length; the plaintext stands in front).
    current: Option<u64>,
    buffer: Vec<u8>,
}

impl<R> std::fmt::Debug for DecryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecryptingReader({} of {} bytes)", self.position, self.opener.plain_len)
    }
}

impl<R: Read + Seek> DecryptingReader<R> {
    /// Reads the header at the start of `sealed`, which must hold this one message and nothing else.
    pub fn new(key: &ContentKey, context: &[u8], mut sealed: R) -> io::Result<Self> {
        let length = sealed.seek(SeekFrom::End(0))?;
        sealed.seek(SeekFrom::Start(0))?;
        let mut header = [0; HEADER];
        if length < HEADER as u64 {
            return Err(invalid(ChunkedError::Truncated));
        }
        sealed.read_exact(&mut header)?;
        let opener = Opener::new(key, context, &header, length).map_err(invalid)?;
        Ok(Self { sealed, opener, position: 0, current: None, buffer: Vec::with_capacity(CHUNK + TAG) })
    }

    /// Plaintext bytes of the whole message.
    pub const fn plain_len(&self) -> u64 {
        self.opener.plain_len
    }

    fn load(&mut self, k: u64) -> io::Result<()> {
        if self.current == Some(k) {
            return Ok(());
        }
        self.current = None;
        let (start, length) = self.opener.sealed_range(k);
        self.buffer.resize(length, 0);
        self.sealed.seek(SeekFrom::Start(start))?;
        self.sealed.read_exact(&mut self.buffer)?;
        self.opener.open_chunk(k, &mut self.buffer).map_err(invalid)?;
        self.current = Some(k);
        Ok(())
    }
}

impl<R: Read + Seek> Read for DecryptingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.position >= self.opener.plain_len {
            // An empty last chunk says nothing but that this is the end, and must say it genuinely.
            if self.opener.plain_len.is_multiple_of(CHUNK as u64) {
                self.load(self.opener.plain_len / CHUNK as u64)?;
            }
            return Ok(0);
        }
        self.load(self.position / CHUNK as u64)?;
        let within = usize::try_from(self.position % CHUNK as u64).expect("below 16 KiB");
        let plain = &self.buffer[within..self.buffer.len() - TAG];
        let count = plain.len().min(out.len());
        out[..count].copy_from_slice(&plain[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl<R> Seek for DecryptingReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(p) => Some(p),
            SeekFrom::End(d) => self.opener.plain_len.checked_add_signed(d),
            SeekFrom::Current(d) => self.position.checked_add_signed(d),
        };
        self.position =
            target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}

impl<R> Drop for DecryptingReader<R> {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

fn invalid(error: ChunkedError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

struct MessageKeys {
    aead: ChunkKey,
    base_nonce: [u8; NONCE],
    commitment: [u8; COMMITMENT],
}

impl MessageKeys {
    fn derive(key: &ContentKey, context: &[u8], salt: &[u8; SALT]) -> Self {
        struct Length;
        impl KeyType for Length {
            fn len(&self) -> usize {
                32 + NONCE + COMMITMENT
            }
        }
        without_traces(|| {
            let mut okm = Zeroizing::new([0u8; 32 + NONCE + COMMITMENT]);
            Prk::new_less_safe(HKDF_SHA512, key.expose())
                .expand(&[INFO, salt, context], Length)
                .and_then(|expanded| expanded.fill(okm.as_mut_slice()))
                .expect("76 bytes are within HKDF's limit");
            Self {
                aead: ChunkKey::new(&okm[..32]),
                base_nonce: okm[32..32 + NONCE].try_into().expect("12 bytes"),
                commitment: okm[32 + NONCE..].try_into().expect("32 bytes"),
            }
        })
    }

    fn nonce(&self, chunk: u64) -> Nonce {
        let mut nonce = self.base_nonce;
        for (n, c) in nonce[4..].iter_mut().zip(chunk.to_be_bytes()) {
            *n ^= c;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// The key of a message's chunks, ready for use. `ring` leaves such keys as they are when they are dropped, so this one is
/// boxed, where no move copies it, and overwritten in its place.
struct ChunkKey(Box<LessSafeKey>);

impl ChunkKey {
    fn new(key: &[u8]) -> Self {
        Self(Box::new(expanded(key)))
    }

    /// Puts the expanded key of 32 zeros over this one. The optimiser cannot leave that out: it has to assume that
    /// `black_box` looks at it.
    fn wipe(&mut self) {
        *self.0 = expanded(&[0; 32]);
        black_box(&mut *self.0);
    }
}

impl Drop for ChunkKey {
    fn drop(&mut self) {
        self.wipe();
    }
}

fn expanded(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key is 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn key() -> ContentKey {
        ContentKey::from_bytes(std::array::from_fn(|i| i as u8))
    }

    #[test]
    fn every_length_around_a_chunk_border_opens_again() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            let plain: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            let sealed = seal(&key(), b"here", &plain);
            assert_eq!(sealed.len() as u64, sealed_len(length as u64));
            assert_eq!(plain_len(sealed.len() as u64), Ok(length as u64));
            assert_eq!(*open(&key(), b"here", &sealed).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn any_place_can_be_read_by_itself() {
        let plain: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
        let sealed = seal(&key(), b"here", &plain);
        let mut reader = DecryptingReader::new(&key(), b"here", Cursor::new(sealed)).unwrap();
        for start in [99_990u64, 0, 16_383, 16_384, 50_000] {
            reader.seek(SeekFrom::Start(start)).unwrap();
            let mut got = Vec::new();
            reader.by_ref().take(40_000).read_to_end(&mut got).unwrap();
            let start = start as usize;
            assert_eq!(got, plain[start..(start + 40_000).min(plain.len())]);
        }
        assert!(reader.seek(SeekFrom::Current(-200_000)).is_err());
    }

    // C7
    #[test]
    fn a_wiped_key_is_the_key_of_zeros() {
        let mut key = ChunkKey::new(&[7; 32]);
        key.wipe();
        let nonce = || Nonce::assume_unique_for_key([1; NONCE]);
        let mut sealed = b"for anybody".to_vec();
        expanded(&[0; 32]).seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed).unwrap();
        assert_eq!(key.0.open_in_place(nonce(), Aad::empty(), &mut sealed).unwrap(), b"for anybody");
    }

    #[test]
    fn another_key_another_place_an_altered_byte_and_a_cut_are_told_apart() {
        let sealed = seal(&key(), b"here", &[9; CHUNK + 100]);
        let other = ContentKey::from_bytes([1; 32]);
        assert_eq!(open(&other, b"here", &sealed).unwrap_err(), ChunkedError::WrongKey);
        assert_eq!(open(&key(), b"there", &sealed).unwrap_err(), ChunkedError::WrongKey);
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(open(&key(), b"here", &altered).unwrap_err(), ChunkedError::Altered { chunk: 1 });
        let first_chunk_only = &sealed[..HEADER + CHUNK + TAG];
        assert_eq!(open(&key(), b"here", first_chunk_only).unwrap_err(), ChunkedError::Truncated);
        assert!(open(&key(), b"here", &sealed[..30]).is_err());
    }

    #[test]
    fn a_reader_notices_that_whole_chunks_are_missing_at_the_end() {
        // C1
        let sealed = seal(&key(), b"here", &[9; 3 * CHUNK]);
        let read = |sealed: &[u8]| {
            let mut plain = Vec::new();
            let mut reader = DecryptingReader::new(&key(), b"here", Cursor::new(sealed.to_vec()))?;
            reader.read_to_end(&mut plain).map(|_| plain)
        };
        assert_eq!(read(&sealed).unwrap().len(), 3 * CHUNK);
        let cut = [&sealed[..HEADER + 2 * (CHUNK + TAG)], &[0; TAG]].concat();
        let error = read(&cut).unwrap_err();
        let error = error.get_ref().and_then(|e| e.downcast_ref::<ChunkedError>());
        assert_eq!(error, Some(&ChunkedError::Altered { chunk: 2 }));
    }
}
