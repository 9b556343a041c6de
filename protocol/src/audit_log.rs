//! The secure audit log (requirement R2): forward secure and tamper evident, after Schneier and Kelsey, *Cryptographic Support for
//! Secure Logs on Untrusted Machines* (USENIX Security 1998).
//!
//! Licensing center and writer agree on a secret `A_0`; the writer then forgets it, step by step:
//!
//! ```text
//! salt    = HMAC-SHA256(A_j, "cadenza/v1/log-salt" || kind || content), 16 bytes
//! K_j     = HMAC-SHA256(A_j, "cadenza/v1/log-encrypt" || kind || salt)   encrypts entry j (AES-256-GCM), the salt in front
//! Y_j     = SHA-256(Y_(j-1) || kind || sealed entry)                running hash, Y_(-1) = SHA-256("cadenza/v1/log" || log id)
//! Z_j     = HMAC-SHA256(A_j, "cadenza/v1/log-mac" || j || Y_j)      proves entry j and all before it
//! A_(j+1) = SHA-256("cadenza/v1/log-step" || A_j)                   the old key is wiped
//! ```
//! The salt gives each content a key of its own, also where an entry was rolled back and another takes its number.
//!
//! Whoever breaks into the writer holds only the key of the next entry: entries already written can neither be read nor altered. Deleting,
//! reordering and editing break a MAC; cutting the end is noticed against a [`Checkpoint`], which the licensing center asks for before it
//! renews the writer's certificate.
//!
//! [`LogWriter`] is the writer's end, [`LogReader`] the licensing center's, [`SaleRecord`], [`TakingRecord`], [`RefundRecord`], [`PreviewRecord`] and [`StampRecord`] are what is
//! entered, [`LogFile`] is a whole log on its way; [`LogOpening`] and [`LogUpload`] are how writer and licensing center speak.
//!
//! An entry's bytes: `u64` number, `u16` kind, `bytes` sealed content (at most 64 KiB), 32 bytes `Z_j`.

mod chain;
mod file;
mod messages;
mod records;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time_stamp::{Imprint, imprint};
use crate::wire::{Reader, WireError, Writer, base64_array};

pub use chain::{LogReader, LogWriter, OpenedEntry, verify_log};
pub use file::LogFile;
pub use messages::{LogOpened, LogOpening, LogStanding, LogUpload, SealedEntry, log_name, parse_log_name};
pub use records::{PreviewRecord, PreviewTransport, RefundRecord, SaleRecord, StampRecord, TakingRecord};

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
    /// A purchase was paid back: a [`RefundRecord`].
    Refund,
    /// A merchant took money: a [`TakingRecord`].
    Taking,
    /// How long the log was at a time, by the licensing center: a [`StampRecord`].
    Stamped,
}

impl EntryKind {
    const fn code(self) -> u16 {
        match self {
            EntryKind::Opened => 1,
            EntryKind::Sale => 2,
            EntryKind::Preview => 3,
            EntryKind::Closed => 4,
            EntryKind::Refund => 5,
            EntryKind::Taking => 6,
            EntryKind::Stamped => 7,
        }
    }

    /// The kind of a sealed entry, which is not secret.
    pub fn of(entry: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(entry);
        r.u64("entry number")?;
        Self::from_code(r.u16("entry kind")?)
    }

    const fn from_code(code: u16) -> Result<Self, WireError> {
        match code {
            1 => Ok(EntryKind::Opened),
            2 => Ok(EntryKind::Sale),
            3 => Ok(EntryKind::Preview),
            4 => Ok(EntryKind::Closed),
            5 => Ok(EntryKind::Refund),
            6 => Ok(EntryKind::Taking),
            7 => Ok(EntryKind::Stamped),
            _ => Err(WireError::Invalid { field: "entry kind" }),
        }
    }
}

/// Why a log is refused; entries count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogError {
    /// An entry cannot be read at all.
    #[error(
        "entry {entry} of the log is damaged ({source}); nothing from there on can be believed, ask its writer for a whole copy"
    )]
    Malformed {
        /// Which.
        entry: u64,
        /// What is wrong.
        source: WireError,
    },
    /// Another number than expected: entries are missing or out of order.
    #[error(
        "entry {entry} of the log is missing or out of its order; nothing from there on can be believed, ask its writer for a whole copy"
    )]
    OutOfOrder {
        /// Which was expected.
        entry: u64,
    },
    /// The MAC does not hold.
    #[error(
        "entry {entry} of the log, or one before it, was altered; nothing from there on can be believed, ask its writer to explain"
    )]
    Altered {
        /// The first that does not hold.
        entry: u64,
    },
    /// Fewer entries than a checkpoint vouches for, or others.
    #[error(
        "the log was cut: a checkpoint vouches for {promised} entries and {present} are there; ask its writer for the rest"
    )]
    Cut {
        /// By the checkpoint.
        promised: u64,
        /// In the log.
        present: u64,
    },
    /// Too much for one entry.
    #[error("an entry of the log holds at most {MAX_CONTENT} bytes; shorten its texts")]
    TooLong,
    /// Not a log file, or another log's.
    #[error(
        "this is not the log file that it should be ({source}); export it again from the content manager"
    )]
    NotALog {
        /// What is wrong.
        source: WireError,
    },
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPlace {
    /// Which log.
    #[serde(with = "base64_array")]
    pub log: LogId,
    /// Number of the entry.
    pub number: u64,
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

impl Checkpoint {
    /// What the licensing center stamps.
    pub fn imprint(&self) -> Imprint {
        let mut w = Writer::new();
        w.raw(&self.log).u64(self.entries).raw(&self.running);
        imprint("cadenza/v1/log-head", &w.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::chain::tests_only::*;
    use super::*;
    use crate::id::VoucherId;
    use crate::secret::Secret;
    use crate::time::UnixTime;

    const LOG: LogId = [9; 16];

    fn secret() -> Secret<32> {
        Secret::from_bytes([7; 32])
    }

    fn sale(title: &str) -> Vec<u8> {
        SaleRecord {
            at: UnixTime(1_790_000_000),
            media_id: crate::id::MediaId::from_bytes([3; 16]),
            author_key: [4; 32],
            title: title.into(),
            artist: "Scott Joplin".into(),
            authors: "Scott Joplin".into(),
            song_ms: 158_000,
            sold: crate::shop::sold::Sold::Album,
            cost_cents: 79,
            retail_cents: 95,
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
        assert!(!opens_with_later_keys(&writer.state(), &entries[1], 100));
    }

    #[test]
    fn a_log_file_gives_its_entries_back_and_every_cut_of_it_is_noticed() {
        // R2, F5
        let (entries, checkpoint) = five();
        let bytes = LogFile { log: LOG, entries: entries.clone() }.to_bytes();
        let whole = |bytes: &[u8]| {
            let file = LogFile::from_bytes(bytes)?;
            verify_log(&file.log, &secret(), file.entries.iter().map(Vec::as_slice), &[checkpoint])
        };
        assert_eq!(whole(&bytes).unwrap().len(), 5);
        for length in 0..bytes.len() {
            assert!(whole(&bytes[..length]).is_err(), "a log file cut to {length} bytes passed");
        }
        let mut altered = bytes.clone();
        for at in 24..bytes.len() {
            altered[at] ^= 0x04;
            assert!(whole(&altered).is_err(), "byte {at} was altered unnoticed");
            altered[at] = bytes[at];
        }
        println!("{0} bytes of a log altered, {0} lengths cut, all noticed", bytes.len());
    }

    #[test]
    fn a_writer_steps_over_an_entry_that_was_kept_before_its_state() {
        let mut writer = LogWriter::new(LOG, secret());
        let before = writer.state();
        let entry = writer.append(EntryKind::Opened, b"").unwrap();
        let mut behind = LogWriter::resume(&before).unwrap();
        behind.skip(&entry).unwrap();
        assert_eq!(behind.checkpoint(), writer.checkpoint());
        assert_eq!(behind.skip(&entry), Err(LogError::OutOfOrder { entry: 1 }));
    }

    // R2: what was rolled back may be found, in a journal or in memory; it must not help to read what took its place
    #[test]
    fn an_entry_that_takes_the_place_of_one_that_was_rolled_back_has_another_key() {
        let state = LogWriter::new(LOG, secret()).state();
        let sealed = |content: &[u8]| {
            let mut writer = LogWriter::resume(&state).unwrap();
            let entry = writer.append(EntryKind::Sale, content).unwrap();
            assert_eq!(
                check(std::slice::from_ref(&entry), &[writer.checkpoint()]).unwrap()[0].content,
                content
            );
            entry[14 + 16..entry.len() - 32 - 16].to_vec() // behind number, kind, length, salt; before tag and MAC
        };
        let (first, second) = ([0x11; 64], [0x22; 64]);
        let difference: Vec<u8> = sealed(&first).iter().zip(sealed(&second)).map(|(a, b)| a ^ b).collect();
        assert_ne!(difference, [0x33; 64], "the same key stream twice");
        assert_eq!(sealed(&first), sealed(&first), "the same again tells nothing new");
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
