//! The secure audit log (requirement R2): forward secure and tamper evident, after Schneier and Kelsey, *Cryptographic Support for
//! Secure Logs on Untrusted Machines* (USENIX Security 1998).
//!
//! Licensing center and writer agree on a secret `A_0`; the writer then forgets it, step by step:
//!
//! ```text
//! K_j     = HMAC-SHA256(A_j, "cadenza/v1/log-encrypt" || kind)      encrypts entry j (AES-256-GCM)
//! Y_j     = SHA-256(Y_(j-1) || kind || sealed entry)                running hash, Y_(-1) = SHA-256("cadenza/v1/log" || log id)
//! Z_j     = HMAC-SHA256(A_j, "cadenza/v1/log-mac" || j || Y_j)      proves entry j and all before it
//! A_(j+1) = SHA-256("cadenza/v1/log-step" || A_j)                   the old key is wiped
//! ```
//! Whoever breaks into the writer holds only the key of the next entry: entries already written can neither be read nor altered. Deleting,
//! reordering and editing break a MAC; cutting the end is noticed against a [`Checkpoint`], which the licensing center asks for before it
//! renews the writer's certificate.
//!
//! An entry's bytes: `u64` number, `u16` kind, `bytes` sealed content (at most 64 KiB), 32 bytes `Z_j`.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::crypto::sha256;
use crate::id::{VoucherId, hex};
use crate::secret::Secret;
use crate::time::UnixTime;
use crate::wire::{Reader, WireError, Writer, base64_array};

/// Longest content of an entry.
pub const MAX_CONTENT: usize = 32 * 1024;

/// Names one log: 128 random bits.
pub type LogId = [u8; 16];

/// What an entry is about. The number is public, the content is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The first entry of every log.
    Opened,
    /// A completed delivery: a [`SaleRecord`].
    Sale,
    /// A preview.
    Preview,
    /// The last entry of a log that ended on purpose.
    Closed,
}

impl EntryKind {
    const fn code(self) -> u16 {
        match self {
            EntryKind::Opened => 1,
            EntryKind::Sale => 2,
            EntryKind::Preview => 3,
            EntryKind::Closed => 4,
        }
    }

    const fn from_code(code: u16) -> Result<Self, WireError> {
        match code {
            1 => Ok(EntryKind::Opened),
            2 => Ok(EntryKind::Sale),
            3 => Ok(EntryKind::Preview),
            4 => Ok(EntryKind::Closed),
            _ => Err(WireError::Invalid { field: "entry kind" }),
        }
    }
}

/// Why a log is refused; entries count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogError {
    /// An entry cannot be read at all.
    #[error("entry {entry} of the log is damaged: {source}")]
    Malformed {
        /// Which.
        entry: u64,
        /// What is wrong.
        source: WireError,
    },
    /// Another number than expected: entries are missing or out of order.
    #[error("entry {entry} of the log is missing or out of its order")]
    OutOfOrder {
        /// Which was expected.
        entry: u64,
    },
    /// The MAC does not hold.
    #[error("entry {entry} of the log, or one before it, was altered")]
    Altered {
        /// The first that does not hold.
        entry: u64,
    },
    /// Fewer entries than a checkpoint vouches for, or others.
    #[error("the log was cut: a checkpoint vouches for {promised} entries and {present} are there")]
    Cut {
        /// By the checkpoint.
        promised: u64,
        /// In the log.
        present: u64,
    },
    /// Too much for one entry.
    #[error("an entry holds at most {MAX_CONTENT} bytes")]
    TooLong,
}

/// Proof of a log's length at some time: number of entries, and the last MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which log.
    #[serde(with = "base64_array")]
    pub log: LogId,
    /// Entries so far.
    pub entries: u64,
    /// The running hash `Y` after the last.
    #[serde(with = "base64_array")]
    pub running: [u8; 32],
}

/// The writer's end: holds the key of the next entry and none before.
pub struct LogWriter {
    log: LogId,
    next: u64,
    key: Secret<32>,
    running: [u8; 32],
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogWriter({}, {} entries)", hex(&self.log), self.next)
    }
}

impl LogWriter {
    /// Starts a log with the agreed secret, which only the licensing center keeps.
    pub fn new(log: LogId, secret: Secret<32>) -> Self {
        Self { log, next: 0, key: secret, running: origin(&log) }
    }

    /// Continues a log from [`LogWriter::state`].
    pub fn resume(state: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(state);
        let log = r.array("log id")?;
        let next = r.u64("next entry")?;
        let key = Secret::from_bytes(r.array("log key")?);
        let running = r.array("running hash")?;
        r.finish("log state")?;
        Ok(Self { log, next, key, running })
    }

    /// What must be stored, in one transaction with the entry, and protected like a private key.
    pub fn state(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new();
        w.raw(&self.log).u64(self.next).raw(self.key.expose()).raw(&self.running);
        Zeroizing::new(w.into_bytes())
    }

    /// Seals one entry, steps the key, and gives the entry's bytes.
    pub fn append(&mut self, kind: EntryKind, content: &[u8]) -> Result<Vec<u8>, LogError> {
        if content.len() > MAX_CONTENT {
            return Err(LogError::TooLong);
        }
        let mut sealed = content.to_vec();
        entry_cipher(&self.key, kind)
            .seal_in_place_append_tag(fixed_nonce(), Aad::empty(), &mut sealed)
            .expect("an entry is far below the limit of AES-GCM");
        self.running = step_running(&self.running, kind, &sealed);
        let mac = hmac::sign(&mac_key(&self.key), &mac_message(self.next, &self.running));
        let mut w = Writer::new();
        w.u64(self.next).u16(kind.code()).bytes(&sealed).raw(mac.as_ref());
        self.key = step_key(&self.key);
        self.next += 1;
        Ok(w.into_bytes())
    }

    /// How long the log is now.
    pub const fn checkpoint(&self) -> Checkpoint {
        Checkpoint { log: self.log, entries: self.next, running: self.running }
    }
}

/// An entry that was found genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedEntry {
    /// Its number.
    pub number: u64,
    /// Its kind.
    pub kind: EntryKind,
    /// Its content.
    pub content: Vec<u8>,
}

/// Opens a whole log with the secret it was started with, and holds it against every checkpoint known. Stops at the first entry that does not hold.
pub fn verify_log<'e>(
    log: &LogId,
    secret: &Secret<32>,
    entries: impl IntoIterator<Item = &'e [u8]>,
    checkpoints: &[Checkpoint],
) -> Result<Vec<OpenedEntry>, LogError> {
    let mut key = secret.duplicate();
    let mut running = origin(log);
    let mut opened = Vec::new();
    let mut vouched: Vec<&Checkpoint> =
        checkpoints.iter().filter(|c| c.log == *log && c.entries > 0).collect();
    vouched.sort_by_key(|c| c.entries);
    let mut vouched = vouched.into_iter().peekable();
    for (expected, bytes) in (0u64..).zip(entries) {
        let entry = Entry::parse(bytes).map_err(|source| LogError::Malformed { entry: expected, source })?;
        if entry.number != expected {
            return Err(LogError::OutOfOrder { entry: expected });
        }
        let altered = LogError::Altered { entry: expected };
        running = step_running(&running, entry.kind, entry.sealed);
        hmac::verify(&mac_key(&key), &mac_message(expected, &running), entry.mac)
            .map_err(|_| altered.clone())?;
        let mut content = entry.sealed.to_vec();
        let plain = entry_cipher(&key, entry.kind)
            .open_in_place(fixed_nonce(), Aad::empty(), &mut content)
            .map_err(|_| altered.clone())?
            .len();
        content.truncate(plain);
        opened.push(OpenedEntry { number: expected, kind: entry.kind, content });
        key = step_key(&key);
        while let Some(checkpoint) = vouched.next_if(|c| c.entries == expected + 1) {
            if checkpoint.running != running {
                return Err(altered);
            }
        }
    }
    let present = opened.len() as u64;
    match vouched.next() {
        Some(checkpoint) => Err(LogError::Cut { promised: checkpoint.entries, present }),
        None => Ok(opened),
    }
}

/// What is logged when a track was delivered: the source's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleRecord {
    /// When.
    pub at: UnixTime,
    /// Track title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Composers and authors.
    pub authors: String,
    /// Length of the song in milliseconds.
    pub song_ms: u32,
    /// Price in cents.
    pub price_cents: u32,
    /// ISO 4217 code of the price.
    pub currency: String,
    /// Serial number of the player's certificate.
    pub consumer_serial: String,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// The media file's name in the store.
    pub file_name: String,
    /// Which audio image.
    pub quality: String,
}

impl SaleRecord {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.at.0).text(&self.title).text(&self.artist).text(&self.authors);
        w.u32(self.song_ms).u32(self.price_cents).text(&self.currency).text(&self.consumer_serial);
        w.raw(self.voucher_id.as_bytes()).text(&self.file_name).text(&self.quality);
        w.into_bytes()
    }

    /// Reads an entry's content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let record = Self {
            at: UnixTime(r.i64("time")?),
            title: r.text(4096, "title")?.to_owned(),
            artist: r.text(4096, "artist")?.to_owned(),
            authors: r.text(4096, "authors")?.to_owned(),
            song_ms: r.u32("song length")?,
            price_cents: r.u32("price")?,
            currency: r.text(3, "currency")?.to_owned(),
            consumer_serial: r.text(64, "certificate serial")?.to_owned(),
            voucher_id: VoucherId::from_bytes(r.array("voucher id")?),
            file_name: r.text(1024, "file name")?.to_owned(),
            quality: r.text(32, "quality")?.to_owned(),
        };
        r.finish("sale record")?;
        Ok(record)
    }
}

struct Entry<'a> {
    number: u64,
    kind: EntryKind,
    sealed: &'a [u8],
    mac: &'a [u8],
}

impl<'a> Entry<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let number = r.u64("entry number")?;
        let kind = EntryKind::from_code(r.u16("entry kind")?)?;
        let sealed = r.bytes(64 * 1024, "entry content")?;
        let mac = r.take(32, "entry MAC")?;
        r.finish("entry")?;
        Ok(Self { number, kind, sealed, mac })
    }
}

fn origin(log: &LogId) -> [u8; 32] {
    sha256(&[b"cadenza/v1/log".as_slice(), log].concat())
}

fn step_running(before: &[u8; 32], kind: EntryKind, sealed: &[u8]) -> [u8; 32] {
    sha256(&[before.as_slice(), &kind.code().to_be_bytes(), sealed].concat())
}

fn step_key(key: &Secret<32>) -> Secret<32> {
    let bytes = Zeroizing::new([b"cadenza/v1/log-step".as_slice(), key.expose()].concat());
    Secret::from_bytes(sha256(&bytes))
}

fn mac_key(key: &Secret<32>) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.expose())
}

fn mac_message(number: u64, running: &[u8; 32]) -> Vec<u8> {
    [b"cadenza/v1/log-mac".as_slice(), &number.to_be_bytes(), running].concat()
}

fn entry_cipher(key: &Secret<32>, kind: EntryKind) -> LessSafeKey {
    let message = [b"cadenza/v1/log-encrypt".as_slice(), &kind.code().to_be_bytes()].concat();
    let derived = hmac::sign(&mac_key(key), &message);
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, derived.as_ref()).expect("HMAC-SHA256 gives 32 bytes"))
}

/// Every entry has a key of its own, so the nonce can be the same.
fn fixed_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: LogId = [9; 16];

    fn secret() -> Secret<32> {
        Secret::from_bytes([7; 32])
    }

    fn sale(title: &str) -> Vec<u8> {
        SaleRecord {
            at: UnixTime(1_790_000_000),
            title: title.into(),
            artist: "Scott Joplin".into(),
            authors: "Scott Joplin".into(),
            song_ms: 158_000,
            price_cents: 129,
            currency: "USD".into(),
            consumer_serial: "0a0b".into(),
            voucher_id: VoucherId::from_bytes([2; 16]),
            file_name: "maple.cadenza".into(),
            quality: "lossless".into(),
        }
        .to_bytes()
    }

    fn five() -> (Vec<Vec<u8>>, Checkpoint) {
        let mut writer = LogWriter::new(LOG, secret());
        let mut entries = vec![writer.append(EntryKind::Opened, b"").unwrap()];
        for title in ["Maple Leaf Rag", "Solace", "Magnetic Rag", "The Entertainer"] {
            entries.push(writer.append(EntryKind::Sale, &sale(title)).unwrap());
        }
        (entries, writer.checkpoint())
    }

    fn check(entries: &[Vec<u8>], checkpoints: &[Checkpoint]) -> Result<Vec<OpenedEntry>, LogError> {
        verify_log(&LOG, &secret(), entries.iter().map(Vec::as_slice), checkpoints)
    }

    #[test]
    fn a_whole_log_opens_with_the_first_secret_and_only_with_it() {
        // R2
        let (entries, checkpoint) = five();
        let opened = check(&entries, &[checkpoint]).unwrap();
        assert_eq!(SaleRecord::from_bytes(&opened[2].content).unwrap().title, "Solace");
        let other = Secret::from_bytes([8; 32]);
        let entries = entries.iter().map(Vec::as_slice);
        assert_eq!(verify_log(&LOG, &other, entries, &[]), Err(LogError::Altered { entry: 0 }));
    }

    #[test]
    fn deletion_reordering_editing_and_truncation_are_noticed() {
        // R2, F5
        let (entries, checkpoint) = five();
        let mut without = entries.clone();
        without.remove(2);
        assert_eq!(check(&without, &[]), Err(LogError::OutOfOrder { entry: 2 }));
        let mut swapped = entries.clone();
        swapped.swap(1, 2);
        assert_eq!(check(&swapped, &[]), Err(LogError::OutOfOrder { entry: 1 }));
        let cut = &entries[..3];
        assert!(check(cut, &[]).is_ok(), "without a checkpoint a cut cannot be known");
        assert_eq!(check(cut, &[checkpoint]), Err(LogError::Cut { promised: 5, present: 3 }));
        for (n, entry) in entries.iter().enumerate() {
            for at in 0..entry.len() {
                let mut altered = entries.clone();
                altered[n][at] ^= 1;
                assert!(check(&altered, &[]).is_err(), "byte {at} of entry {n} was altered unnoticed");
            }
        }
    }

    #[test]
    fn a_broken_into_writer_gives_nothing_of_the_past_away() {
        let (entries, _) = five();
        let mut writer = LogWriter::new(LOG, secret());
        for _ in 0..5 {
            writer.append(EntryKind::Sale, b"x").unwrap();
        }
        // What a thief finds is the state; neither it nor any key that follows from it opens an old entry.
        let stolen = LogWriter::resume(&writer.state()).unwrap();
        let old = Entry::parse(&entries[1]).unwrap();
        let mut key = stolen.key;
        for _ in 0..100 {
            let mut sealed = old.sealed.to_vec();
            let opened = entry_cipher(&key, old.kind).open_in_place(fixed_nonce(), Aad::empty(), &mut sealed);
            assert!(opened.is_err());
            key = step_key(&key);
        }
    }

    #[test]
    fn a_log_goes_on_after_a_restart() {
        let mut first = LogWriter::new(LOG, secret());
        let a = first.append(EntryKind::Opened, b"").unwrap();
        let mut second = LogWriter::resume(&first.state()).unwrap();
        let b = second.append(EntryKind::Closed, b"").unwrap();
        assert_eq!(check(&[a, b], &[second.checkpoint()]).unwrap().len(), 2);
    }
}
