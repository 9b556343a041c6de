//! The chain of keys and hashes, from both ends: the writer seals and forgets, the reader opens and holds it against checkpoints.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use super::{Checkpoint, EntryKind, LogError, LogId, MAX_CONTENT};
use crate::crypto::sha256;
use crate::id::hex;
use crate::secret::Secret;
use crate::wire::{Reader, WireError, Writer};

/// Bytes of salt in front of a sealed entry.
const SALT: usize = 16;

/// Where a log stands: the key of the next entry and of none before.
struct Link {
    log: LogId,
    next: u64,
    key: Secret<32>,
    running: [u8; 32],
}

impl Link {
    fn first(log: LogId, secret: Secret<32>) -> Self {
        Self { log, next: 0, key: secret, running: origin(&log) }
    }

    fn from_state(state: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(state);
        let log = r.array("log id")?;
        let next = r.u64("next entry")?;
        let key = Secret::from_bytes(r.array("log key")?);
        let running = r.array("running hash")?;
        r.finish("log state")?;
        Ok(Self { log, next, key, running })
    }

    fn state(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new();
        w.raw(&self.log).u64(self.next).raw(self.key.expose()).raw(&self.running);
        Zeroizing::new(w.into_bytes())
    }

    const fn checkpoint(&self) -> Checkpoint {
        Checkpoint { log: self.log, entries: self.next, running: self.running }
    }

    fn step(&mut self) {
        self.key = step_key(&self.key);
        self.next += 1;
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "log {}, {} entries", hex(&self.log), self.next)
    }
}

/// The writer's end.
#[derive(Debug)]
pub struct LogWriter(Link);

impl LogWriter {
    /// Starts a log with the agreed secret, which only the licensing center keeps.
    pub fn new(log: LogId, secret: Secret<32>) -> Self {
        Self(Link::first(log, secret))
    }

    /// Continues a log from [`LogWriter::state`].
    pub fn resume(state: &[u8]) -> Result<Self, WireError> {
        Link::from_state(state).map(Self)
    }

    /// What must be stored after each entry, over the state before, and protected like a private key: 88 bytes.
    pub fn state(&self) -> Zeroizing<Vec<u8>> {
        self.0.state()
    }

    /// Seals one entry, steps the key, and gives the entry's bytes.
    pub fn append(&mut self, kind: EntryKind, content: &[u8]) -> Result<Vec<u8>, LogError> {
        if content.len() > MAX_CONTENT {
            return Err(LogError::TooLong);
        }
        let link = &mut self.0;
        let sealed = seal(&link.key, kind, content);
        link.running = step_running(&link.running, kind, &sealed);
        let mac = hmac::sign(&mac_key(&link.key), &mac_message(link.next, &link.running));
        let mut w = Writer::new();
        w.u64(link.next).u16(kind.code()).bytes(&sealed).raw(mac.as_ref());
        link.step();
        Ok(w.into_bytes())
    }

    /// Steps over an entry that this log holds already: after a crash between the entry and its state.
    pub fn skip(&mut self, entry: &[u8]) -> Result<(), LogError> {
        let link = &mut self.0;
        link.running = check(link, entry)?.1;
        link.step();
        Ok(())
    }

    /// Which log it is.
    pub const fn log(&self) -> &LogId {
        &self.0.log
    }

    /// How long the log is now.
    pub const fn checkpoint(&self) -> Checkpoint {
        self.0.checkpoint()
    }
}

/// The licensing center's end: opens entry by entry, in order.
#[derive(Debug)]
pub struct LogReader(Link);

impl LogReader {
    /// Begins with the secret that the log was started with.
    pub fn new(log: LogId, secret: Secret<32>) -> Self {
        Self(Link::first(log, secret))
    }

    /// Continues from [`LogReader::state`].
    pub fn resume(state: &[u8]) -> Result<Self, WireError> {
        Link::from_state(state).map(Self)
    }

    /// To go on from later; as secret as the log's secret.
    pub fn state(&self) -> Zeroizing<Vec<u8>> {
        self.0.state()
    }

    /// Checks and opens the next entry. After an error the reader stands where it stood.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<OpenedEntry, LogError> {
        let link = &mut self.0;
        let number = link.next;
        let (entry, running) = check(link, bytes)?;
        let content =
            unseal(&link.key, entry.kind, entry.sealed).ok_or(LogError::Altered { entry: number })?;
        link.running = running;
        link.step();
        Ok(OpenedEntry { number, kind: entry.kind, content })
    }

    /// How far it has read.
    pub const fn checkpoint(&self) -> Checkpoint {
        self.0.checkpoint()
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
    let mut reader = LogReader::new(*log, secret.duplicate());
    let mut vouched: Vec<&Checkpoint> =
        checkpoints.iter().filter(|c| c.log == *log && c.entries > 0).collect();
    vouched.sort_by_key(|c| c.entries);
    let mut vouched = vouched.into_iter().peekable();
    let mut opened = Vec::new();
    for bytes in entries {
        let entry = reader.accept(bytes)?;
        let now = reader.checkpoint();
        while let Some(checkpoint) = vouched.next_if(|c| c.entries == now.entries) {
            if checkpoint.running != now.running {
                return Err(LogError::Altered { entry: entry.number });
            }
        }
        opened.push(entry);
    }
    let present = opened.len() as u64;
    match vouched.next() {
        Some(checkpoint) => Err(LogError::Cut { promised: checkpoint.entries, present }),
        None => Ok(opened),
    }
}

/// The entry's fields and the running hash after it, if number and MAC are those of the next entry.
fn check<'e>(link: &Link, bytes: &'e [u8]) -> Result<(Entry<'e>, [u8; 32]), LogError> {
    let number = link.next;
    let entry = Entry::parse(bytes).map_err(|source| LogError::Malformed { entry: number, source })?;
    if entry.number != number {
        return Err(LogError::OutOfOrder { entry: number });
    }
    let running = step_running(&link.running, entry.kind, entry.sealed);
    hmac::verify(&mac_key(&link.key), &mac_message(number, &running), entry.mac)
        .map_err(|_| LogError::Altered { entry: number })?;
    Ok((entry, running))
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

/// Salt, then what is sealed. The salt follows from the content, so a second entry under the same number, after the first was rolled back,
/// has another key; the same content again gives the same bytes.
fn seal(key: &Secret<32>, kind: EntryKind, content: &[u8]) -> Vec<u8> {
    let message = [b"cadenza/v1/log-salt".as_slice(), &kind.code().to_be_bytes(), content].concat();
    let salt = &hmac::sign(&mac_key(key), &message).as_ref()[..SALT].to_vec();
    let mut sealed = content.to_vec();
    entry_cipher(key, kind, salt)
        .seal_in_place_append_tag(fixed_nonce(), Aad::empty(), &mut sealed)
        .expect("an entry is far below the limit of AES-GCM");
    [salt.as_slice(), &sealed].concat()
}

fn unseal(key: &Secret<32>, kind: EntryKind, sealed: &[u8]) -> Option<Vec<u8>> {
    let (salt, sealed) = sealed.split_at_checked(SALT)?;
    let mut content = sealed.to_vec();
    let plain =
        entry_cipher(key, kind, salt).open_in_place(fixed_nonce(), Aad::empty(), &mut content).ok()?.len();
    content.truncate(plain);
    Some(content)
}

fn entry_cipher(key: &Secret<32>, kind: EntryKind, salt: &[u8]) -> LessSafeKey {
    let message = [b"cadenza/v1/log-encrypt".as_slice(), &kind.code().to_be_bytes(), salt].concat();
    let derived = hmac::sign(&mac_key(key), &message);
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, derived.as_ref()).expect("HMAC-SHA256 gives 32 bytes"))
}

/// Every content has a key of its own, so the nonce can be the same.
fn fixed_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
pub(super) mod tests_only {
    use super::*;

    /// Whether any of the keys from a stolen state on opens an old entry.
    pub fn opens_with_later_keys(state: &[u8], old: &[u8], steps: usize) -> bool {
        let mut key = Link::from_state(state).unwrap().key;
        let old = Entry::parse(old).unwrap();
        (0..steps).any(|_| {
            let opened = unseal(&key, old.kind, old.sealed).is_some();
            key = step_key(&key);
            opened
        })
    }
}
